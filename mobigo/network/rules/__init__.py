"""The rules a feed is held against: pure functions from exact tables to findings.

`validate` (in `mobigo.network.rules.validation`) runs them all. Codes are MobilityData's; refusing is our own
decision, for the few blocking faults after which there is nothing to serve: a required table or key column missing,
tables that do not join at all, another time zone.
"""
