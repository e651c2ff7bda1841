"""Pages of fares: comparing one trip with one's week; for the fare manager, versions of tariffs and offers."""

from billettique.web.fares import compare, offers, places, versions  # noqa: F401 - each puts its views on the blueprint
