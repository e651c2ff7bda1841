"""The pages that belong to no package: help, who is competent where, accessibility, legal notice, the site's icon."""

from collections.abc import Mapping
from typing import Final

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from mobigo.app.web import guides
from mobigo.base.instants import paris_day
from mobigo.infra import competence
from mobigo.infra.auth import public
from mobigo.infra.clock import now
from mobigo.infra.competence import Authority, Competence, Service
from mobigo.infra.web import services

bp = Blueprint("shell", __name__)


def _(message: str) -> str:
    """Marks a message for the catalogues; templates translate it when it is shown."""
    return message


SERVICE_WORDS: Final = {
    Service.RAIL: _("trains régionaux"),
    Service.COACH: _("cars entre les villes et les villages"),
    Service.TOWN: _("réseau local (bus, tramway)"),
    Service.ON_DEMAND: _("transport à la demande"),
    Service.CARPOOL: _("covoiturage"),
    Service.SCHOOL: _("transport scolaire"),
    Service.ADAPTED_SCHOOL: _("transport scolaire adapté (élèves en situation de handicap)"),
}


def _by_authority(rows: Mapping[Service, Competence]) -> list[tuple[Authority, list[Service]]]:
    """The authorities of a commune, each with its services, in the order people ask about them."""
    answers: dict[str, tuple[Authority, list[Service]]] = {}
    for service, found in rows.items():
        answers.setdefault(found.authority.code, (found.authority, []))[1].append(service)
    return list(answers.values())


@bp.get("/aide")
@public
def help() -> ResponseReturnValue:
    """How to travel and how to reach someone, with or without this site."""
    return render_template("shell/help.html", guides=guides.addresses())


@bp.get("/competences")
@public
def authorities() -> ResponseReturnValue:
    """Which authority answers for what, in the commune asked for (`?commune=`, a name or an INSEE code)."""
    asked = request.args.get("commune", "").strip()[:80]
    found = competence.communes_named(asked) if asked else []
    today = paris_day(now())
    rows = competence.table().of_commune(found[0].code, today) if len(found) == 1 else {}
    return render_template(
        "shell/authorities.html",
        asked=asked,
        found=found,
        answers=_by_authority(rows),
        production=services().config.production,
        service_words=SERVICE_WORDS,
    )


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
