"""The use cases of carpool, one function each: what pages, commands, API and tasks call.

ingest handover journeys registry exchange              journeys from operators, and the national registry
communes                                                the commune of each end
proofs settling papers                                  from evidence to a journey
lines offers bookings partners texts fares              the lines now, seats offered and taken, and by others
guarantee                                               départ et retour garantis, case by case
pricing_run awards award_writing campaign_run budgets   what is priced, and the money that moves
closing statements driver                               a closed month; what a driver sees
claims ibans telephones                                 a driver's money, where it goes, whose number it is
payments payment_steps payment_papers returns           from a batch to the bank and back
calls debts                                             paying operators, and what was paid too much
cases bans ages counter inbox rights                    what agents do, and who may
identities joining personal                             a person before an account, two files joined, what is held
fraud verification                                      the checks of a month; everything computed again
figures simulation exports month_export                 for those who decide and who reuse
citizen_text                                            what a citizen reads of a scale
"""
