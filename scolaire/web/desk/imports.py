"""Bringing files in: looked at first, line by line; then whole or the good part; wrong rows come back as a file."""

from datetime import date
from typing import Final

from flask import Response, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import select

from mobigo.base.errors import InvalidInput, NotFound
from mobigo.base.instants import paris_day
from mobigo.infra.auth import Permission, requires
from mobigo.infra.blobs import BlobRow
from mobigo.infra.clock import now
from mobigo.infra.db import transaction
from mobigo.infra.i18n import gettext as _
from mobigo.infra.i18n import sentence
from mobigo.infra.web import body_limit, services
from scolaire.gateway import sheets
from scolaire.model.schools import SchoolYear
from scolaire.model.sheets import SheetKind
from scolaire.rules.asking import current_year
from scolaire.rules.importing import COLUMNS, WANTED
from scolaire.service import importing
from scolaire.web import bp
from scolaire.web.forms import Faults, me, text, writing

SHOWN: Final = 200
OWNER: Final = "scolaire:import"
KEEP_DAYS: Final = 7


@bp.get("/scolaire/agents/imports")
@requires(Permission.SCHOOL_REFERENCE, everywhere=True)
def imports() -> ResponseReturnValue:
    """What may be brought in, and the columns each file has to have."""
    return _page(Faults())


@bp.post("/scolaire/agents/imports")
@requires(Permission.SCHOOL_REFERENCE, everywhere=True)
@body_limit(sheets.BYTES_MAX + 100_000)
def import_look() -> ResponseReturnValue:
    """Looks at a file: nothing changes, the file waits for a week."""
    faults, kind, digest, looked = Faults(), _kind(text("kind", 20)), "", None
    with faults.caught(), writing() as session:
        sent = request.files.get("file")
        content = b"" if sent is None else sent.read(sheets.BYTES_MAX + 1)
        name = "" if sent is None else str(sent.filename)[:200]
        looked = importing.look(session, kind, sheets.read(content, name), bringing(name))
        digest = services().blobs.put(
            session, content, owner=f"{OWNER}:{me()}", purpose="scolaire.import", keep_days=KEEP_DAYS, now=now(),
            name=name,
        )  # fmt: skip
    if faults or looked is None:
        return _page(faults)
    return render_template(
        "scolaire/import_looked.html", kind=kind, digest=digest, looked=looked, shown=looked.wrong[:SHOWN],
        sentence=sentence, kinds=kind_words(), year=text("year", 4), first_day=text("first_day", 10),
    )  # fmt: skip


@bp.post("/scolaire/agents/imports/<kind>/<digest>")
@requires(Permission.SCHOOL_REFERENCE, everywhere=True)
def import_bring(kind: str, digest: str) -> ResponseReturnValue:
    """Brings in the file that was looked at."""
    faults, done = Faults(), None
    with faults.caught(), writing() as session:
        done = importing.bring(
            session, _kind(kind), sheets.read(_content(digest)), bringing(), good_part=bool(text("good_part"))
        )
    if faults or done is None:
        return _page(faults)
    flash(
        _("C’est importé. Nouveautés : %(new)s, changements : %(changed)s, lignes déjà connues : %(same)s.",
          new=done.counts["new"], changed=done.counts["changed"], same=done.counts["same"]), "good",
    )  # fmt: skip
    return redirect(url_for("scolaire.imports"), 303)


@bp.post("/scolaire/agents/imports/<kind>/<digest>/fautes.csv")
@requires(Permission.SCHOOL_REFERENCE, everywhere=True)
def import_faults(kind: str, digest: str) -> ResponseReturnValue:
    """The wrong rows as they were, with what is wrong in a last column: to be put right and sent again."""
    with transaction(services().engine) as session:
        looked = importing.look(session, _kind(kind), sheets.read(_content(digest)), bringing())
    headers = {"Content-Disposition": 'attachment; filename="lignes-a-corriger.csv"', "Cache-Control": "no-store"}
    return Response(importing.wrong_file(looked), content_type="text/csv; charset=utf-8", headers=headers)


def bringing(name: str = "") -> importing.Bringing:
    """Who brings a file in, of the form. Raises InvalidInput("scolaire.bad_day")."""
    today = paris_day(now())
    year, given = text("year", 4), text("first_day", 10)
    try:
        first_day = date.fromisoformat(given) if given else SchoolYear(current_year(today)).period.first_day
    except ValueError:
        raise InvalidInput("scolaire.bad_day") from None
    at = int(year) if year.isascii() and year.isdigit() else current_year(today)
    return importing.Bringing(me(), now(), services().config, first_day, at, name[:200])


def kind_words() -> dict[str, str]:
    """What a file brings."""
    return {
        "schools": _("Établissements"), "bells": _("Horaires des établissements"), "sectors": _("Secteurs"),
        "stops": _("Arrêts"), "days": _("Calendrier"), "pupils": _("Élèves inscrits sur papier"),
        "counts": _("Comptages à bord"), "indices": _("Valeurs d’indices de prix"),
    }  # fmt: skip


def _kind(given: str) -> SheetKind:
    try:
        return SheetKind(given)
    except ValueError:
        raise NotFound("scolaire.unknown_import") from None


def _content(digest: str) -> bytes:
    """A file that this person sent to be looked at. Raises NotFound for any other."""
    with transaction(services().engine) as session:
        own = select(BlobRow.id).where(BlobRow.sha256 == digest, BlobRow.owner == f"{OWNER}:{me()}").limit(1)
        if session.scalar(own) is None:
            raise NotFound("scolaire.unknown_import")
    return services().blobs.read(digest)


def _page(faults: Faults) -> ResponseReturnValue:
    today = paris_day(now())
    page = render_template(
        "scolaire/imports.html", kinds=kind_words(), errors=faults.by_field, typed=request.form,
        columns={str(kind): [COLUMNS[name][0] for name in names] for kind, names in WANTED.items()},
        year=current_year(today), first_day=SchoolYear(current_year(today)).period.first_day,
    )  # fmt: skip
    return page, faults.status if faults else 200
