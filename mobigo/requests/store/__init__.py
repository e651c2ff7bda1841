"""Tables and queries of requests."""
