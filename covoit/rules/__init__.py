"""The rules of carpool, as pure functions that read like the texts they apply.

subsidy caps campaign campaign_awards legal   pass one, pass two, what campaigns add, the legal ceiling
zones                                         whether a place is in a campaign's zone
terms status anomalies exchange               the registry's terms, statuses and anomalies; what it is told
proofs telephones identity age                what proves a ride, a telephone, a person; who is adult
awards payments claims decisions              from a priced trip to money; what may be asked, and the decisions
fraud                                         the checks of a month
lines bookings guarantee places               lines, seats, départ et retour garantis, which stop is which place
documents words                               priced trips as JSON; lengths and rates in sentences
"""
