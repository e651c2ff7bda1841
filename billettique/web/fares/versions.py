"""The fare manager's pages: versions of tariffs, drafts, what changes, what it costs, approval, files."""

import io
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from decimal import Decimal, InvalidOperation
from pathlib import Path
from tempfile import TemporaryDirectory

from flask import Response, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from billettique.export.fares import fare_files
from billettique.gateway import fares as gateway
from billettique.model.spots import Spot
from billettique.rules import placing as placing_rules
from billettique.rules.changes import changes
from billettique.rules.fares import operating_day
from billettique.rules.places import as_named, for_feed
from billettique.service import placing, simulating, tariffs
from billettique.service.spots import feeds_of, routes_of_feed, spots_of
from billettique.store.tariffs import open_drafts
from billettique.web import bp
from mobigo.base.errors import InvalidInput, MobigoError
from mobigo.base.money import Money
from mobigo.infra import auth
from mobigo.infra.auth import Permission, requires
from mobigo.infra.clock import now
from mobigo.infra.db import reading, transaction
from mobigo.infra.http_errors import status_of
from mobigo.infra.i18n import gettext as _
from mobigo.infra.i18n import sentence
from mobigo.infra.web import body_limit, services

FEED_BYTES_MAX = 100_000_000
UNITS = {"pct": 1, "from_km": 1, "until_km": 1}  # the others are amounts, in euros on the form and cents in the file


@bp.get("/billettique/agents/tarifs")
@requires(Permission.SALES_READ)
def fare_versions() -> ResponseReturnValue:
    """Every version: in force, to come, to be confirmed, past; the drafts; how to begin another."""
    return list_page("")


def _may(permission: str) -> bool:
    return auth.signed_in().may(Permission(permission))


def list_page(wrong: str, status: int = 200) -> ResponseReturnValue:
    today = operating_day(now())
    with reading(services().engine) as session:
        drafts = open_drafts(session)
    rows = tariffs.listed(services().config.home, today)
    page = render_template(
        "billettique/fares.html",
        rows=rows,
        drafts=drafts,
        today=today,
        wrong=wrong,
        typed=request.form,
        may=_may,
        feeds=feeds_of(services().networks),
    )
    return page, status


@bp.post("/billettique/agents/tarifs")
@requires(Permission.FARES_EDIT)
@body_limit(FEED_BYTES_MAX)
def fare_draft_begin() -> ResponseReturnValue:
    """Begins a draft: from a version, or from a file."""
    instant, by, home = now(), auth.signed_in().subject, services().config.home
    try:
        with transaction(services().engine) as session:
            file = request.files.get("file")
            if file is not None and (file.filename or "").endswith(".zip"):
                with TemporaryDirectory(dir=_scratch(home)) as folder:
                    path = Path(folder) / "feed.zip"
                    file.save(path)
                    draft = tariffs.begin_from_gtfs(
                        session, home, path, draft_code(), draft_day("first_day"), _said_source(file.filename), by,
                        instant,
                    )  # fmt: skip
            elif file is not None and file.filename:
                draft = tariffs.begin_from_file(session, home, text_of(file.read()), by, instant)
            else:
                draft = tariffs.begin(
                    session, home, request.form.get("base", ""), draft_code(), draft_day("first_day"), by, instant
                )
    except MobigoError as error:
        return list_page(sentence(error.decision), status_of(error))
    return redirect(url_for("billettique.fare_draft", draft_id=draft), 303)


def _said_source(file: str | None) -> str:
    return f"GTFS-Fares v2 : {(file or '')[:120]}"


def _scratch(home: Path) -> Path:
    folder = home / "cache" / "uploads"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def text_of(content: bytes) -> str:
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as unreadable:
        raise InvalidInput("billettique.bad_fare_file", file="", reason=str(unreadable)) from unreadable


def draft_code() -> str:
    code = request.form.get("code", "").strip()
    if not code or len(code) > 80 or not all(each.isalnum() or each in "-_" for each in code):
        raise InvalidInput("billettique.bad_code")
    return code


def draft_day(name: str) -> date:
    try:
        return date.fromisoformat(request.form.get(name, ""))
    except ValueError:
        raise InvalidInput("billettique.bad_day", option=name, value=request.form.get(name, "")[:20]) from None


@bp.get("/billettique/agents/tarifs/brouillons/<draft_id>")
@requires(Permission.SALES_READ)
def fare_draft(draft_id: str) -> ResponseReturnValue:
    """A draft: its prices to change, what changes, what usual journeys would cost, and the act that approves it."""
    return _draft_page(draft_id, "")


def _draft_page(draft_id: str, wrong: str, status: int = 200) -> ResponseReturnValue:
    home = services().config.home
    with reading(services().engine) as session:
        row = tariffs.get_draft(session, draft_id)
    document = gateway.document_of_text(row.document, row.code)
    version = gateway.version_of_text(row.document, row.code)
    base = None if row.base is None else tariffs.named(home, row.base)
    tried: tuple[simulating.Tried, ...] = ()
    clash = ""
    try:
        tried = simulating.tried(home, version)
    except MobigoError as error:
        clash = sentence(error.decision)
    page = render_template(
        "billettique/fare_draft.html", sentence=sentence,
        row=row, document=document, version=version, base=base, tried=tried,
        clash=clash, changes=() if base is None else changes(base, version), wrong=wrong, typed=request.form,
        remarks=list(placing_rules.remarks(placing.contents(home, document), spots_here())),
        amounts=[(name, table, called, _shown(name, value)) for name, table, called, value in
                 tariffs.amounts_of(document)],
        mine=auth.signed_in().subject in row.editors, may=_may,
    )  # fmt: skip
    return page, status


def spots_here() -> dict[str, Spot]:
    """The stops of the network being served, with the tariff's networks of today."""
    return spots_of(services().networks, operating_day(now()), services().config.home)


def _shown(name: str, value: int | None) -> str:
    if value is None:
        return ""
    return str(value) if name.rpartition(".")[2] in UNITS else f"{value // 100},{value % 100:02d}"


@bp.post("/billettique/agents/tarifs/brouillons/<draft_id>")
@requires(Permission.FARES_EDIT)
def fare_draft_change(draft_id: str) -> ResponseReturnValue:
    """Keeps what the form says, or the file that replaces it."""
    with _told(draft_id) as told, transaction(services().engine) as session:
        row = tariffs.get_draft(session, draft_id)
        file = request.files.get("file")
        if file is not None and file.filename:
            document = gateway.document_of_text(text_of(file.read()), file.filename)
        else:
            document = tariffs.changed_amounts(gateway.document_of_text(row.document, row.code), _amounts())
            document |= {"title": request.form.get("title", "").strip() or document["title"]}
            document |= {"source": request.form.get("source", "").strip() or document["source"]}
            document |= {"first_day": draft_day("first_day")}
            document.pop("last_day", None)
            if request.form.get("last_day"):
                document["last_day"] = draft_day("last_day")
        tariffs.change(
            session, services().config.home, draft_id, edition_of(), document, auth.signed_in().subject, now()
        )
    if told:
        return told[0]
    flash(_("Le brouillon est enregistré."), "good")
    return redirect(url_for("billettique.fare_draft", draft_id=draft_id), 303)


def edition_of() -> int:
    text = request.form.get("edition", "")
    return int(text) if text.isdecimal() else 0


def _amounts() -> dict[str, int | None]:
    """The amounts of the form, in cents, per cent or kilometres."""
    found: dict[str, int | None] = {}
    for name, text in request.form.items():
        if name.count(".") == 2:
            found[name] = _amount(name, text)
    return found


def _amount(name: str, text: str) -> int | None:
    bare = "".join(text.split()).replace("€", "").replace(",", ".")
    if not bare:
        return None
    times = UNITS.get(name.rpartition(".")[2], 100)
    try:
        value = Decimal(bare) * times
    except InvalidOperation:
        raise InvalidInput("billettique.bad_amount", name=text[:40]) from None
    if not value.is_finite() or value != int(value):
        raise InvalidInput("billettique.bad_amount", name=text[:40])
    return int(value)


@contextmanager
def _told(draft_id: str) -> Iterator[list[ResponseReturnValue]]:
    """Our errors become the page of the draft with a sentence; nothing is kept."""
    found: list[ResponseReturnValue] = []
    try:
        yield found
    except MobigoError as error:
        if error.decision.code == "billettique.no_such_draft":
            raise
        found.append(_draft_page(draft_id, sentence(error.decision), status_of(error)))


@bp.post("/billettique/agents/tarifs/brouillons/<draft_id>/abandonner")
@requires(Permission.FARES_EDIT)
def fare_draft_give_up(draft_id: str) -> ResponseReturnValue:
    """Gives a draft up."""
    with transaction(services().engine) as session:
        tariffs.give_up(session, draft_id, auth.signed_in().subject, now())
    flash(_("Le brouillon est abandonné. Aucun prix ne change."), "good")
    return redirect(url_for("billettique.fare_versions"), 303)


@bp.post("/billettique/agents/tarifs/brouillons/<draft_id>/approuver")
@requires(Permission.FARES_APPROVE)
def fare_draft_approve(draft_id: str) -> ResponseReturnValue:
    """Puts a draft in force from its first day, by an act; never by one who prepared it."""
    instant = now()
    code = ""
    with _told(draft_id) as told, transaction(services().engine) as session:
        code = tariffs.approve(
            session, services().config.home, draft_id, edition_of(), request.form.get("act_number", ""),
            draft_day("act_day"), auth.signed_in().subject, instant, operating_day(instant),
        )  # fmt: skip
    if told:
        return told[0]
    flash(_("La version %(code)s est approuvée. Elle ne change plus.", code=code), "good")
    return redirect(url_for("billettique.fare_version", code=code), 303)


@bp.get("/billettique/agents/tarifs/<code>")
@requires(Permission.SALES_READ)
def fare_version(code: str) -> ResponseReturnValue:
    """One version: its prices, and what differs from another one."""
    home = services().config.home
    version = tariffs.named(home, code)
    others = [each for each in gateway.versions(home) if each.tariff == version.tariff and each.code != code]
    other = next((each for each in others if each.code == request.args.get("with")), None)
    return render_template(
        "billettique/fare_version.html", sentence=sentence, money=Money, version=version, others=others, other=other,
        document=gateway.document_of_text(gateway.document_of(version, home), code),
        changes=() if other is None else changes(other, version),
        listed=next(each for each in tariffs.listed(home, operating_day(now())) if each.version.code == code),
    )  # fmt: skip


@bp.get("/billettique/agents/tarifs/<code>.toml")
@requires(Permission.SALES_READ)
def fare_version_file(code: str) -> ResponseReturnValue:
    """The file of a version, to keep, or to change and give back as a draft."""
    home = services().config.home
    text = gateway.document_of(tariffs.named(home, code), home)
    return Response(
        text, content_type="application/toml; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{code}.toml"'},
    )  # fmt: skip


@bp.get("/billettique/agents/tarifs/gtfs.zip")
@requires(Permission.SALES_READ)
def fare_gtfs() -> ResponseReturnValue:
    """The public part of what is in force today, as the files of GTFS-Fares v2: in the tariff's own words; or, with
    `offre`, in those of a feed being served, to lie beside its files."""
    home, day, feed = services().config.home, operating_day(now()), request.args.get("offre", "")
    tariff = gateway.tariff_on(day, home)
    tables = as_named(tariff)
    if feed:
        routes = routes_of_feed(services().networks, feed, day, home)
        stop_ids = {spot.place: id_ for spot in spots_here().values() for name, id_ in spot.ids if name == feed}
        tables = for_feed(tariff, stop_ids, routes)
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in sorted(fare_files(tables).items()):
            archive.writestr(zipfile.ZipInfo(name), content)
    return Response(
        out.getvalue(), content_type="application/zip",
        headers={"Content-Disposition": 'attachment; filename="tarifs-gtfs.zip"'},
    )  # fmt: skip
