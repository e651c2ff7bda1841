"""The optimiser of school transport: pure, and deterministic for a seed under limits of iterations.

solve half day                               a problem to a checked plan, one half-day made better, a demand to its day
stops tours seats stop_rules seating lines   before circuits: stops and who walks to which; who rides a regular line
pool routes                                  routes of each school, many ways (`routes`: the one door to PyVRP)
choice links fleet vehicles                  one way for each school, chained on the fewest buses (OR-Tools); which bus
mixed mixing                                 buses given up, their pupils put on others: several schools on a bus
bells variants steady                        hours of schools moved, several plans, held against delays
crews                                        half-days joined by coaches and drivers
delays relaxed                               what delays do to a plan, and what each constraint costs
repair exchange                              the plan carried over to tomorrow; pupils who come in the year
book edits held                              by hand: one half-day, one change at a time, what locks hold
going                                        how a search is stopped
"""
