"""The traveller's pages: search and answers, departure boards, lines and their timetables, and the data of the map."""

from flask import Blueprint

bp = Blueprint("planner", __name__, template_folder="../templates")

from mobigo.planner.web import boards, journeys, lines, maps  # noqa: E402,F401 - each puts its views on `bp`
