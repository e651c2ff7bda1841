"""The customer relation (gestion de la relation usagers, GRU): what people ask of the service, wherever they ask it.

model     requests, what they are about, what happens to them: frozen values
rules     the number one can say, the steps of a request, its deadlines, what may be written
gateway   the deadlines, dated files
store     tables and queries
export    the letter of an answer
service   one function per use case
web tasks parse, one call, render

Complaints that another package keeps (carpool, constats, appeals of families) are shown here as `model.Elsewhere`
gives them, and stay theirs.
"""
