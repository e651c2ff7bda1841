"""Tables of carpool and the queries over them; no rule is decided here.

journeys journey_rows trips registry communes   journeys, as trips, as files received, with their communes
proofs telephones                               evidence, and numbers that wait for their code
lines offers bookings                           stops where somebody waits, offers, bookings
awards award_rows award_uses statements         what was awarded, and closed months
payments calls ibans claims                     batches, calls of operators, where drivers are paid, what is asked
fraud figures                                   alerts; sums
people files riders subjects traces             people, and what is held of each
"""
