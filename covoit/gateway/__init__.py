"""The outside of carpool: data files, the national registry, telephones.

scales campaigns territories   dated scales, ceilings and acts; campaigns; territories
lines communes                 the lines as data files, outlines of communes
conventions payer              agreements with operators; who pays, under which codes
rpc open_trips                 the national registry: as an operator, and its open data
ndjson journey_lines           journeys as files
partners wire texts bank       other operators, JSON over HTTP, text messages, what a bank writes back
"""
