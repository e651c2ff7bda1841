"""A person's own pages: signing in and out, registering, their account, their data, their API keys, their providers."""

from flask import Blueprint

bp = Blueprint("account", __name__)

from mobigo.app.web.account import home, keys, links, provider, signin  # noqa: E402, F401 - they add their views to bp
