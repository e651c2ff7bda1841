"""On-demand transport (transport à la demande, TAD): what runs when somebody asked for it in time.

model     services, requests, promises, rounds, bookings: frozen values
rules     the cut-off, what is promised, allowed changes, no-shows; the checker of rounds, which trusts no engine
engine    rounds: insertion with promises kept, re-optimisation before the cut-off
store     tables and queries                 gateway   services from files, GTFS-Flex, travel times
export    GTFS-Flex, the driver's sheet
service   one function per use case          web api tasks   parse, one call, render
"""
