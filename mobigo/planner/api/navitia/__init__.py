"""The planner in the vocabulary of Navitia, read only, under /navitia/v1: coverage, places, journeys, stop_schedules.

For programs written for Navitia that want to try us; ours is /api/v1. What is not given is listed in
docs/planner-features.md. Errors are in Navitia's words too (`{"error": {"id", "message"}}`).
"""

from flask import Blueprint

bp = Blueprint("planner_navitia", __name__, url_prefix="/navitia/v1")

from mobigo.planner.api.navitia import views  # noqa: E402,F401 - puts its views on `bp`
