"""School transport (transports scolaires): rights and registrations, schools and stops, circuits and their optimiser.

model     what is asked (schools, pupils at stops, vehicles, travel times), what a plan is; rights, people, forms
rules     who is entitled and why; the checker: every rule of a plan, recomputed from the problem alone
engine    pools of routes (PyVRP), the choice among them and the chaining of buses (OR-Tools)
store     pupils (names and addresses apart), registrations, schools, stops, contracts, plans
gateway   dated rules and prices, files people send, plans read back
export    letters, sheets, GTFS, drawings
service   registering, judging, deciding, telling; plans, searches, papers
web cli tasks   families, the desk of registrations, the planner's desk
"""
