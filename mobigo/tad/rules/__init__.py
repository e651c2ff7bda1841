"""Rules of on-demand transport: pure functions. The checker of rounds lives here and imports nothing of the engine."""
