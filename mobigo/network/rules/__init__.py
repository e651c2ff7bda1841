"""The rules a feed is held against: pure functions from exact tables to findings.

validation view collect codes                every rule on a feed, what it looks at, what it finds, under which code
schema fields keys translated                what holds for each file and cell
days fares bookings lines                    calendars, fares, booking rules, agencies and routes
places reached pathways links shapes drawn   stops and what joins them
visits vehicles                              calls, and what one vehicle does
identity                                     which place a stop is
propagation tracking                         a day as it runs; what is told of a coach
osm parks opening addresses                  what others' files and tags say

`validate` (in `mobigo.network.rules.validation`) runs them all. Codes are MobilityData's; refusing is our own
decision, for the few blocking faults after which there is nothing to serve: a required table or key column missing,
tables that do not join at all, another time zone.
"""
