"""Values of the network: a feed as read (`feed`), what validation says of it (`notices`), the compiled timetable
(`timetable`)."""
