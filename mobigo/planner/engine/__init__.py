"""The search: RAPTOR (Delling, Pajor, Werneck: Round-Based Public Transit Routing, Transportation Science 2015) in
numba.

views      the timetable of a few days as one direction of search sees it
raptor     one departure: earliest arrival for each number of vehicles
range      every departure of a window (rRAPTOR)
search     queries in, itineraries out
"""
