"""The pages of carpool: lines, driving, riding, the panel of a stop, joining, and the agents' desk of the lines.

board panel ride lines        the passenger's pages, the panel of a stop, the driver's, the lines
onboarding telephone driver   joining, my telephone, a driver's own space
desk agents money figures     the agents' desks of lines and of money, their words; figures
gbfs forms                    the stops for programs; what forms share
"""

from flask import Blueprint

bp = Blueprint("covoit", __name__, template_folder="../templates")

# each puts its views on `bp`
from covoit.web import board, desk, driver, figures, gbfs, lines, money, onboarding, panel, ride, telephone  # noqa: E402,F401 - after `bp`, which they need
