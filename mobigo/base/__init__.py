"""Pure vocabulary of the whole product: money, time, geography, ids, errors, decisions. Imports nothing of ours.

money                          whole cents
servicetime instants periods   seconds of a service day; instants and days in France; periods
publicholidays                 the days off of metropolitan France
geo ids errors decisions       positions, ids, the five errors, a code with its parameters
datasets canonical             what is offered for publication; one value, one sequence of bytes
archives pictures sheets       zips, photographs and cells that people send or open
"""
