"""School transport (transports scolaires): the optimiser of circuits, and the checker that does not trust it.

model     what is asked (schools, pupils at stops, vehicles, travel times), and what a plan is
rules     the checker: every rule of a plan, recomputed from the problem alone
engine    pools of routes (PyVRP), the choice among them and the chaining of buses (OR-Tools)
"""
