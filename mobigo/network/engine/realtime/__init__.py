"""Realtime over a compiled timetable: which trip of which day is spoken of (`matching`), and the timetable of today
(`overlay`)."""
