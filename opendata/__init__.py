"""Open data: catalogue, judges, anonymisation, publication.

model     declarations of datasets, editions, checks, what secrecy asks: frozen values
rules     the national rules, scores, policies of secrecy, what two releases tell together; the witness of a proof
engine    the gate: recoding, suppression, the audit by linear programming; differences of feeds
store     versions, pointers, releases, followers, measures     gateway   judges of others, probes, signed calls
export    tables, schemas, DCAT, drawings
service   publishing, comparing, following, governing, measuring
web api cli tasks   the pages of reusers and of who publishes, the catalogue, commands, jobs of the night
"""
