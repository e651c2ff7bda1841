"""The search: RAPTOR (Delling, Pajor, Werneck: Round-Based Public Transit Routing, Transportation Science 2015) in
numba.

search found                                         queries in, itineraries out
views via filters days                               the timetable as a search sees it, and as limits leave it
raptor range latest upcoming                         one departure (RAPTOR), a window (rRAPTOR), the last, the next
ahead labels criteria weighed tariffs alternatives   by metres and price too: McRAPTOR, and what it adds
everywhere areas simplified                          from one place to all, and the area around
doors reach onfoot indoors streetdoors paced         between doors and stops
ownway hubs parks parted                             by a vehicle of one's own, or a shared one
changes journeys following watch                     itineraries to journeys, one being followed, what a search took
production                                           what a timetable takes to run
"""
