"""The pages of school transport: families and agents. The planner's desk is a blueprint of its own (`web.plans`)."""

from flask import Blueprint

bp = Blueprint("scolaire", __name__, template_folder="../templates")

# each puts its views on `bp`
from scolaire.web import days, desk, families  # noqa: E402,F401 - after `bp`, which they need
