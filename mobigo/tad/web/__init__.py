"""The pages of on-demand transport: services, booking, the desk of a day, the driver's round, versions of a service."""

from flask import Blueprint

bp = Blueprint("tad", __name__, template_folder="../templates", static_folder=None)

# each puts its views on `bp`
from mobigo.tad.web import booking, desk, driving, editing  # noqa: E402,F401 - after `bp`, which they need
