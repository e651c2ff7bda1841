"""The tables of the planner: who asked to be told of one journey."""
