"""Counts of many services in one file: looked at first, line by line, then brought in; of one’s own services alone."""

from typing import Final

from flask import Response, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import select

from mobigo.base.errors import NotFound
from mobigo.base.instants import paris_day
from mobigo.infra import auth
from mobigo.infra.auth import Permission, requires
from mobigo.infra.blobs import BlobRow
from mobigo.infra.clock import now
from mobigo.infra.i18n import gettext as _
from mobigo.infra.i18n import sentence
from mobigo.infra.web import body_limit, services
from scolaire.gateway import sheets
from scolaire.model.sheets import SheetKind
from scolaire.rules.asking import current_year
from scolaire.service import importing
from scolaire.web import bp
from scolaire.web.forms import Faults, looking, me, text, writing

SHOWN: Final = 200
OWNER: Final = "scolaire:counts"
KEEP_DAYS: Final = 7
BYTES_MAX: Final = 2_000_000


@bp.get("/scolaire/jour/fichier")
@requires(Permission.SCHOOL_PUPILS)
def counts_file() -> ResponseReturnValue:
    """What a file of counts has to hold."""
    return render_template("scolaire/counts_file.html", errors={})


@bp.post("/scolaire/jour/fichier")
@requires(Permission.SCHOOL_PUPILS)
@body_limit(BYTES_MAX + 100_000)
def counts_look() -> ResponseReturnValue:
    """Looks at a file: nothing changes, the file waits for a week."""
    faults, digest, looked = Faults(), "", None
    with faults.caught(), writing() as session:
        sent = request.files.get("file")
        content = b"" if sent is None else sent.read(BYTES_MAX + 1)
        name = "" if sent is None else str(sent.filename)[:200]
        looked = importing.look(session, SheetKind.COUNTS, sheets.read(content, name), _bringing(name))
        digest = services().blobs.put(
            session, content, owner=f"{OWNER}:{me()}", purpose="scolaire.import", keep_days=KEEP_DAYS, now=now(),
            name=name,
        )  # fmt: skip
    if faults or looked is None:
        return render_template("scolaire/counts_file.html", errors=faults.by_field), faults.status
    return render_template(
        "scolaire/counts_looked.html", digest=digest, looked=looked, shown=looked.wrong[:SHOWN], sentence=sentence
    )


@bp.post("/scolaire/jour/fichier/<digest>")
@requires(Permission.SCHOOL_PUPILS)
def counts_bring(digest: str) -> ResponseReturnValue:
    """Brings in the file that was looked at."""
    faults, done = Faults(), None
    content = _content(digest)
    with faults.caught(), writing() as session:
        done = importing.bring(
            session, SheetKind.COUNTS, sheets.read(content), _bringing(), good_part=bool(text("good_part"))
        )
    if faults or done is None:
        return render_template("scolaire/counts_file.html", errors=faults.by_field), faults.status
    flash(
        _("C’est importé. Comptages nouveaux : %(new)s, corrigés : %(changed)s, déjà connus : %(same)s.",
          new=done.counts["new"], changed=done.counts["changed"], same=done.counts["same"]), "good",
    )  # fmt: skip
    return redirect(url_for("scolaire.runs_of_day"), 303)


@bp.post("/scolaire/jour/fichier/<digest>/fautes.csv")
@requires(Permission.SCHOOL_PUPILS)
def counts_faults(digest: str) -> ResponseReturnValue:
    """The wrong rows as they were, with what is wrong in a last column."""
    content = _content(digest)
    with writing() as session:
        looked = importing.look(session, SheetKind.COUNTS, sheets.read(content), _bringing())
    headers = {"Content-Disposition": 'attachment; filename="lignes-a-corriger.csv"', "Cache-Control": "no-store"}
    return Response(importing.wrong_file(looked), content_type="text/csv; charset=utf-8", headers=headers)


def _bringing(name: str = "") -> importing.Bringing:
    today = paris_day(now())
    theirs = auth.signed_in().organisations(Permission.SCHOOL_PUPILS)
    return importing.Bringing(me(), now(), services().config, today, current_year(today), name[:200], theirs)


def _content(digest: str) -> bytes:
    """A file that this person sent to be looked at. Raises NotFound for any other."""
    with looking() as session:
        own = select(BlobRow.id).where(BlobRow.sha256 == digest, BlobRow.owner == f"{OWNER}:{me()}").limit(1)
        if session.scalar(own) is None:
            raise NotFound("scolaire.unknown_import")
    return services().blobs.read(digest)
