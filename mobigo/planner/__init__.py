"""Journey search over the compiled network, and its faces: web, API, command line.

model     a question, journeys and legs, what others may add (fares, carpools, on-demand)
rules     presets, emissions, assistance, a journey followed and certified
engine    RAPTOR and its like in numba, access and egress, areas within reach
store     who asked to be told of a journey     gateway   the territory, dated figures, terms of assistance, tiles
export    answers as JSON, SIRI and calendars, posters, text messages
service   one function per use case
web api cli tasks   pages, /api/v1, Navitia's and SIRI's words, commands, messages that are due
"""
