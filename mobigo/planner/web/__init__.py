"""The traveller's pages: search and answers, departure boards, lines and their timetables, and the data of the map."""

from flask import Blueprint

bp = Blueprint("planner", __name__, template_folder="../templates")

# each puts its views on `bp`
from mobigo.planner.web import after as _after  # noqa: E402,F401 - as above
from mobigo.planner.web import areas as _areas  # noqa: E402,F401 - as above
from mobigo.planner.web import assistance as _assistance  # noqa: E402,F401 - as above
from mobigo.planner.web import boards, disruptions, following, journeys, lines  # noqa: E402,F401 - after `bp`
from mobigo.planner.web import comparisons as _comparisons  # noqa: E402,F401 - as above
from mobigo.planner.web import driving as _driving  # noqa: E402,F401 - as above
from mobigo.planner.web import how as _how  # noqa: E402,F401 - as above
from mobigo.planner.web import maps as _maps  # noqa: E402,F401 - as above
from mobigo.planner.web import matrices as _matrices  # noqa: E402,F401 - as above
from mobigo.planner.web import near as _near  # noqa: E402,F401 - as above
from mobigo.planner.web import payers as _payers  # noqa: E402,F401 - as above
from mobigo.planner.web import posters as _posters  # noqa: E402,F401 - as above
from mobigo.planner.web import scenarios as _scenarios  # noqa: E402,F401 - as above
from mobigo.planner.web import screens as _screens  # noqa: E402,F401 - as above
from mobigo.planner.web import texted as _texted  # noqa: E402,F401 - as above
