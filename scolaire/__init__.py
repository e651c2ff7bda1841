"""School transport: pupils, circuits, optimisation."""
