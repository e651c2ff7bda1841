"""The rules of ticketing, as pure functions that read like the texts they apply."""
