"""Carpool lines (covoiturage): proof of a ride, the subsidy to the cent, the payment of drivers, the exports.

model     journeys, people, lines, scales, priced trips, claims: frozen values
rules     subsidy (pass one, pure per vehicle trip), caps (pass two, ordered), terms, statuses, fraud checks
engine    recomputing and simulating many trips at once
store     tables and queries                 gateway   the national registry, scale files, telephones, NDJSON
export    statements, payment files, rows for open data
service   one function per use case          web api cli tasks   parse, one call, render
"""
