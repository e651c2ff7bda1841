"""The rules of carpool, as pure functions that read like the texts they apply."""
