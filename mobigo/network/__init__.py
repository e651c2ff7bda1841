"""What runs and where: GTFS in, validation, versions, and the compiled timetable every search reads."""
