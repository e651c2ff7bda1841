"""The API says what it is: its OpenAPI document, and a page made from it on our server, that runs without scripts."""

from typing import cast

from apiflask import APIFlask
from flask import Blueprint, current_app, jsonify, render_template
from flask.typing import ResponseReturnValue

from mobigo.app.api import PREFIX, operations
from mobigo.base.errors import NotFound
from mobigo.infra.auth import public
from mobigo.infra.i18n import template_of

bp = Blueprint("api", __name__, url_prefix=PREFIX)


@bp.get("/openapi.json")
@public
def openapi() -> ResponseReturnValue:
    """The OpenAPI 3.1 document of this API."""
    return jsonify(operations(cast(APIFlask, current_app)))


@bp.get("/docs")
@public
def documentation() -> ResponseReturnValue:
    """The same for people, made from the document."""
    return render_template("shell/api.html", document=operations(cast(APIFlask, current_app)))


@bp.get("/problems/<code>")
@public
def problem(code: str) -> ResponseReturnValue:
    """What a problem's `type` leads to: the code, and its sentence with the names of its parameters."""
    words = template_of(code) if "." in code else None
    if words is None:
        raise NotFound("api.unknown_problem", named=code[:80])
    return render_template("shell/problem.html", code=code, words=words)
