"""The planner's desk: plans, versions, services, searches, comparisons, papers. No name of a pupil is on its pages."""

from flask import Blueprint

bp = Blueprint("school_plans", __name__, template_folder="../../templates", url_prefix="/scolaire/plans")

# each puts its views on `bp`
from scolaire.web.plans import desk, indices, letters, lines, lots, papers, parameters, searches, services, versions  # noqa: E402,F401 - after `bp`, which they need
