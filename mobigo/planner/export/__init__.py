"""Values in, bytes out: journeys as JSON, GeoJSON and iCalendar; stops, lines and boards as JSON.

journeys shapes names offered on_demand   an answer, its lines on a map, its names, what may be chosen, what is booked
today following                           what realtime adds; a journey that is followed
emissions traced                          what it emits; how the search went
ical sms texted posters                   for a calendar, for telephones, on paper
areas matrices compared                   what planners study
siri delay                                boards for programs; a certificate of delay
"""
