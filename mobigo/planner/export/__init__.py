"""Values in, bytes out: journeys as JSON, GeoJSON and iCalendar; stops, lines and boards as JSON."""
