"""The demonstration: a territory built from facts by rule, accounts for each role, and the command that runs it."""
