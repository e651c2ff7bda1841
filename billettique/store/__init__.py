"""Tables and queries of ticketing."""
