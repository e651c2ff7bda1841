"""Papers of requests."""
