"""The pages of requests: making one and following it, the agents' desk."""

from flask import Blueprint

bp = Blueprint("requests", __name__, template_folder="../templates", static_folder=None)

# each puts its views on `bp`
from mobigo.requests.web import citizen, desk  # noqa: E402,F401 - after `bp`, which they need
