"""The agents' pages of the counter: the till, selling, finding and refunding, the régie; without scripts too."""

from billettique.web.counter import clearing, found, paper, regie, sell, till  # noqa: F401 - each puts its views on the blueprint
