"""The optimiser of school transport: pure, and deterministic for a seed under limits of iterations.

Single load, one half-day:  pool      routes of each school, many ways (`routes`: the one door to PyVRP)
                            choice    one way for each school, chained on the fewest buses (OR-Tools)
                            prices    what one more circuit of a school is worth, given back to the routes
                            fleet     the buses of given circuits, exactly
Several schools on a bus:   mixed     buses given up and their pupils put on others (`mixing`, compiled)
A day:                      day       stops, half-days, warm starts; `repair` and `exchange` for pupils who come
                            bells     hours of schools moved where that saves buses
                            variants  several plans instead of one answer
"""
