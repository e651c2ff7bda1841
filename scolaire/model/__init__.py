"""School transport as frozen values: what a planner asks, and what a plan is."""
