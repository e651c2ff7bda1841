"""The page of a draft's places: which stops of the network are in each town or station that tariffs name."""

from collections.abc import Mapping
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from billettique.gateway import fares as gateway
from billettique.gateway.place_files import read_places
from billettique.rules import placing as rules
from billettique.service import placing, tariffs
from billettique.web import bp
from billettique.web.fares.versions import draft_code, draft_day, edition_of, list_page, spots_here, text_of
from mobigo.base.errors import MobigoError
from mobigo.infra import auth
from mobigo.infra.auth import Permission, requires
from mobigo.infra.clock import now
from mobigo.infra.db import reading, transaction
from mobigo.infra.http_errors import status_of
from mobigo.infra.i18n import gettext as _
from mobigo.infra.i18n import sentence
from mobigo.infra.web import body_limit, services

FILE_BYTES_MAX = 30_000_000
BRANCH = "/billettique/agents/tarifs/brouillons/<draft_id>/lieux"


@bp.post("/billettique/agents/tarifs/lieux")
@requires(Permission.FARES_EDIT)
def fare_places_begin() -> ResponseReturnValue:
    """Begins a version of the table of places, and leads to its page."""
    try:
        with transaction(services().engine) as session:
            draft = placing.begin(
                session, services().config.home, draft_code(), draft_day("first_day"), auth.signed_in().subject, now()
            )
    except MobigoError as error:
        return list_page(sentence(error.decision), status_of(error))
    return redirect(url_for("billettique.fare_places", draft_id=draft), 303)


@bp.get(BRANCH)
@requires(Permission.SALES_READ)
def fare_places(draft_id: str) -> ResponseReturnValue:
    """Every place that tariffs name, its stops, and those that could be there."""
    return _page(draft_id, "")


def _page(draft_id: str, wrong: str, status: int = 200) -> ResponseReturnValue:
    home = services().config.home
    with reading(services().engine) as session:
        row = tariffs.get_draft(session, draft_id)
    document = gateway.document_of_text(row.document, row.code)
    spots = spots_here()
    page = render_template(
        "billettique/fare_places.html", row=row, wrong=wrong, served=bool(spots), sentence=sentence,
        forms=placing.forms(home, document, spots), may=lambda name: auth.signed_in().may(Permission(name)),
        remarks=list(rules.remarks(placing.contents(home, document), spots)),
        pairs=[(each["network"], each["kind"], each.get("source", ""), len(each["rows"]))
               for each in document.get("pairs", ())],
    )  # fmt: skip
    return page, status


@bp.post(BRANCH)
@requires(Permission.FARES_EDIT)
def fare_places_change(draft_id: str) -> ResponseReturnValue:
    """Keeps the stops ticked, and the one typed, of each place of the form."""
    try:
        with transaction(services().engine) as session:
            document = _document(session, draft_id)
            stops = {
                place: [*request.form.getlist(f"stop.{place}"), *_typed(place)]
                for place in request.form.getlist("place")
            }
            names = placing.names_of(services().config.home, document)
            spots = spots_here()
            _keep(session, draft_id, placing.ticked(document, names, stops, spots))
    except MobigoError as error:
        if error.decision.code == "billettique.no_such_draft":
            raise
        return _page(draft_id, sentence(error.decision), status_of(error))
    flash(_("Les arrêts sont enregistrés dans le brouillon."), "good")
    return redirect(url_for("billettique.fare_places", draft_id=draft_id), 303)


def _typed(place: str) -> list[str]:
    text = request.form.get(f"more.{place}", "").strip()
    return [text] if text else []


@bp.post(f"{BRANCH}/fichier")
@requires(Permission.FARES_EDIT)
@body_limit(FILE_BYTES_MAX)
def fare_places_file(draft_id: str) -> ResponseReturnValue:
    """Takes in a file of stops, of outlines, or of pairs of stations."""
    try:
        with transaction(services().engine) as session:
            document = _document(session, draft_id)
            file = request.files.get("file")
            name = "" if file is None else (file.filename or "")[:120]
            read = read_places(text_of(b"" if file is None else file.read()), name)
            names = placing.names_of(services().config.home, document)
            spots = spots_here()
            _keep(session, draft_id, placing.taken_in(document, names, read, name, spots))
    except MobigoError as error:
        if error.decision.code == "billettique.no_such_draft":
            raise
        return _page(draft_id, sentence(error.decision), status_of(error))
    flash(_("Le fichier est enregistré dans le brouillon."), "good")
    return redirect(url_for("billettique.fare_places", draft_id=draft_id), 303)


def _document(session: Session, draft_id: str) -> dict[str, Any]:
    row = tariffs.get_draft(session, draft_id)
    return gateway.document_of_text(row.document, row.code)


def _keep(session: Session, draft_id: str, document: Mapping[str, Any]) -> None:
    home, by = services().config.home, auth.signed_in().subject
    tariffs.change(session, home, draft_id, edition_of(), document, by, now())
