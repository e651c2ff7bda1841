"""The traveller's pages: search and answers, departure boards, lines and their timetables, and the data of the map.

asked narrowed presets payers          what a traveller typed, and chose
here journeys how robust               what every view needs; answers, how they were found, what they bear
shown legs carpool on_demand near      journeys and what else goes there, in words
boards lines screens posters maps      stops, lines, paper, and the data of the map
following after delays texted          on the way, afterwards, by text message
disruptions driving assistance         what agents and drivers enter
areas                                  how far one gets
scenarios edits comparisons matrices   studies of planners
"""

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
