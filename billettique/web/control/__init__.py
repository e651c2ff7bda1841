"""Checking tickets and what follows: the inspector's page, cases for agents and for those concerned, use in figures."""

from billettique.web.control import cases, give_backs, inspector, rounds, usage  # noqa: F401 - each puts its views on the blueprint
