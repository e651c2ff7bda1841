"""The pages of tickets: the one its holder shows, and the agents' pages of keys and of one ticket."""

from billettique.web.tickets import agents, holder  # noqa: F401 - each puts its views on the blueprint
