"""The pages of school transport: families, the desk of registrations, the planner's desk."""

from flask import Blueprint

bp = Blueprint("scolaire", __name__, template_folder="../templates")

# each puts its views on `bp`
