"""The jobs of ticketing, and when they run by themselves."""
