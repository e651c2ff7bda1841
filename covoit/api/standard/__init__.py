"""The standard-covoiturage interface (fabmob, OpenAPI 0.0.1) under /api/standard-covoiturage: our lines as LINE
journeys, and bookings by other platforms. Its errors have the standard's own form, `{"error": code}`, and its prices
are floats: here, at the border, and nowhere else. It is described by the standard's own file, not by ours.
"""

from flask import Blueprint

bp = Blueprint("covoit_standard", __name__, url_prefix="/api/standard-covoiturage")

from covoit.api.standard import bookings, search  # noqa: E402,F401 - each puts its views on `bp`
