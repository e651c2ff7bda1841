"""The demonstration: a territory built from facts by rule, accounts for each role, and the command that runs it.

command prepare warming suggestion                the command, its steps, and what to search first
facts territory places feed days trips villages   the territory and its timetables
people                                            accounts for each role
carpool carpool_past registry_month               months of carpool, and a month of the registry
circuits pupils                                   a plan to be drawn, and its pupils
on_demand selling asking disruptions              bookings, orders, requests, a disruption
"""
