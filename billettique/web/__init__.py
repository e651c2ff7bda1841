"""The pages of ticketing. Each module puts its views on `bp`; a module more is one name in the line below."""

from flask import Blueprint

bp = Blueprint("billettique", __name__, template_folder="../templates")

from billettique.web import control, counter, fares, reconcile, selling, sim, tickets, waiting  # noqa: E402,F401 - after `bp`, which they need
