"""The pages of carpool: lines, driving, riding, the panel of a stop, joining, and the agents' desk of the lines."""

from flask import Blueprint

bp = Blueprint("covoit", __name__, template_folder="../templates")

# each puts its views on `bp`
from covoit.web import board, desk, driver, figures, gbfs, lines, money, onboarding, panel, ride, telephone  # noqa: E402,F401 - after `bp`, which they need
