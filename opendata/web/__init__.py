"""The pages and the files of open data. Each module puts its views on `bp`."""

from flask import Blueprint

bp = Blueprint("opendata", __name__, template_folder="../templates")

from opendata.web import catalogues, changes, checker, desk, feeds, files, follow, pages  # noqa: E402,F401 - after `bp`, which they need
