"""What a school, a mairie or another organisation sees of its own pupils: names, classes, stops; no address."""

import csv
import io

from flask import Response, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from mobigo.base.instants import paris_day
from mobigo.base.sheets import neutral
from mobigo.infra import auth
from mobigo.infra.auth import Permission, requires
from mobigo.infra.clock import now
from mobigo.infra.i18n import gettext as _
from mobigo.infra.web import services
from scolaire.rules.asking import current_year
from scolaire.service import access, desk, documents
from scolaire.store import stops
from scolaire.store.pupils import HomeRow
from scolaire.store.registrations import legs
from scolaire.web import bp, words
from scolaire.web.forms import looking, me, writing

ROWS_MAX = 20_000


@bp.get("/scolaire/eleves")
@requires(Permission.SCHOOL_PUPILS)
def own_pupils() -> ResponseReturnValue:
    """The pupils of one's own schools and communes, this school year; `?q=` finds one by name."""
    asked = request.args.get("q", "").strip()[:80]
    given = request.args.get("page", "1")
    at = max(0, int(given) - 1) if given.isascii() and given.isdigit() and len(given) < 6 else 0
    with looking() as session:
        year = current_year(paris_day(now()))
        found = desk.find(session, _scope(session), services().config, words=asked, year=year, page=at)
        stop_of, own = _stops(session, found.lines), _scope(session).schools
    return render_template(
        "scolaire/own_pupils.html", found=found, asked=asked, at=at, size=desk.PAGE, words=words, stop_of=stop_of,
        year=year, level_words=dict(words.levels()), own=own,
    )  # fmt: skip


@bp.get("/scolaire/eleves.csv")
@requires(Permission.SCHOOL_PUPILS)
def own_pupils_file() -> ResponseReturnValue:
    """The same list, whole, for a spreadsheet."""
    lines: list[desk.Line] = []
    with looking() as session:
        scope, year = _scope(session), current_year(paris_day(now()))
        while len(lines) < ROWS_MAX:
            more = desk.find(session, scope, services().config, year=year, page=len(lines) // desk.PAGE)
            lines += more.lines
            if len(lines) >= more.total or not more.lines:
                break
        stop_of = _stops(session, tuple(lines))
    written = io.StringIO()
    sheet = csv.writer(written, delimiter=";", lineterminator="\r\n")
    sheet.writerow([_("Nom"), _("Prénom"), _("Établissement"), _("Classe"), _("État"), _("Arrêt")])
    classes = dict(words.levels())
    for line in lines:
        state = words.state(line.row.state, line.row.outcome)[0]
        cells = [
            line.identity.last_name, line.identity.first_name, line.school.name, classes[line.row.level], state,
            stop_of[line.row.id],
        ]  # fmt: skip
        sheet.writerow([neutral(cell) for cell in cells])
    return Response(
        "\ufeff" + written.getvalue(), content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": 'attachment; filename="eleves.csv"', "Cache-Control": "private, no-store"},
    )  # fmt: skip


@bp.post("/scolaire/eleves/<registration>/inconnu")
@requires(Permission.SCHOOL_PUPILS)
def unknown_pupil(registration: str) -> ResponseReturnValue:
    """A school says that it does not know a pupil who is registered for it."""
    with writing() as session:
        schools = _scope(session).schools
        row = access.get_in_scope(session, registration, access.Scope(False, schools))
        documents.deny(session, row, me(), now())
    flash(_("C’est noté : un agent demandera à la famille."), "good")
    return redirect(url_for("scolaire.own_pupils"), 303)


def _scope(session: Session) -> access.Scope:
    return access.scope_of(session, auth.signed_in(), Permission.SCHOOL_PUPILS, paris_day(now()))


def _stops(session: Session, lines: tuple[desk.Line, ...]) -> dict[str, str]:
    """The stops of registrations by name, those of a placement left out."""
    names: dict[str, str] = {}
    found = {}
    for registration, rows in legs(session, [line.row.id for line in lines]).items():
        told = []
        for leg in rows:
            if leg.stop is not None and session.get_one(HomeRow, leg.home).kind != "placement":
                if leg.stop not in names:
                    names[leg.stop] = stops.get_stop(session, leg.stop).name
                told.append(names[leg.stop])
        found[registration] = ", ".join(dict.fromkeys(told))
    return found
