"""What the planner reads outside the compiled network: the names of the territory."""
