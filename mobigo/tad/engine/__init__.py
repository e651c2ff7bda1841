"""Rounds of vehicles: insertion with promises kept, improvement and re-optimisation that break none."""
