"""Searches: the cheapest way to pay."""
