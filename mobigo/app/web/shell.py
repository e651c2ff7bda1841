"""The pages that belong to no package: help, who is competent where, accessibility, legal notice, the site's icon."""

from flask import Blueprint, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from mobigo.infra.auth import public

bp = Blueprint("shell", __name__)


@bp.get("/aide")
@public
def help() -> ResponseReturnValue:
    """How to travel and how to reach someone, with or without this site."""
    return render_template("shell/help.html")


@bp.get("/competences")
@public
def authorities() -> ResponseReturnValue:
    """Which authority answers for what, in the commune asked for."""
    return render_template("shell/authorities.html")


@bp.get("/accessibilite")
@public
def accessibility() -> ResponseReturnValue:
    """The accessibility statement (loi n° 2005-102, article 47; décret n° 2019-768)."""
    return render_template("shell/accessibility.html")


@bp.get("/mentions-legales")
@public
def legal() -> ResponseReturnValue:
    """Who publishes this site, what it keeps about people, and their rights."""
    return render_template("shell/legal.html")


@bp.get("/favicon.ico")
@public
def icon() -> ResponseReturnValue:
    """Browsers that ask for an icon by its old name get ours."""
    return redirect(url_for("static", filename="icon.svg"), 301)
