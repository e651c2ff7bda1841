"""One registration as its family sees it: what was decided and why, stop and hours, documents, contest, cancel."""

from flask import Response, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from mobigo.base.errors import NotFound
from mobigo.base.geo import Point
from mobigo.base.instants import paris_day
from mobigo.infra import ratelimit
from mobigo.infra.auth import Permission, requires
from mobigo.infra.clock import now
from mobigo.infra.documents import response as answer
from mobigo.infra.i18n import gettext as _
from mobigo.infra.i18n import sentence
from mobigo.infra.web import body_limit, services
from scolaire.export.change_letters import line
from scolaire.export.letter import letter_pdf
from scolaire.export.way_map import way_svg
from scolaire.model.rights import Outcome
from scolaire.model.schools import School
from scolaire.rules.deciding import contest_by
from scolaire.rules.documents import BYTES_MAX
from scolaire.service import access, deciding, documents, earlier, family, passes, registering, telling
from scolaire.store import documents as papers
from scolaire.store import pupils
from scolaire.store.pupils import position
from scolaire.store.reasons import told
from scolaire.store.registrations import DocumentRow, decisions
from scolaire.web import bp, words
from scolaire.web.forms import Faults, looking, me, text, writing

GIVEN = "30 per hour"


@bp.get("/scolaire/famille/dossiers/<registration>")
@requires(Permission.ACCOUNT_OWN)
def file(registration: str) -> ResponseReturnValue:
    """Everything about one registration."""
    return _page(registration, Faults())


@bp.post("/scolaire/famille/dossiers/<registration>/documents")
@requires(Permission.ACCOUNT_OWN)
@body_limit(BYTES_MAX + 100_000)
def give_document(registration: str) -> ResponseReturnValue:
    """Adds a document: PDF, JPEG or PNG; or one given before, `known`."""
    faults, instant, blobs, known = Faults(), now(), services().blobs, text("known", 40)
    with faults.caught(), writing() as session:
        ratelimit.attempts().count("scolaire-document", GIVEN, me())
        row, bond = access.registration_of(session, me(), registration, paris_day(instant), act=True)
        if known:
            kind = text("known_kind")
            earlier.choose(session, blobs, row.id, known, kind, bond.guardian, me(), instant)
        else:
            sent = request.files.get("document")
            content = b"" if sent is None else sent.read(BYTES_MAX + 1)
            documents.give(session, blobs, row.id, text("kind"), content, bond.guardian, instant)
    if faults:
        return _page(registration, faults)
    flash(_("Le document est reçu. Un agent le regardera."), "good")
    return redirect(url_for("scolaire.file", registration=registration), 303)


@bp.get("/scolaire/famille/dossiers/<registration>/documents/<document>")
@requires(Permission.ACCOUNT_OWN)
def own_document(registration: str, document: str) -> ResponseReturnValue:
    """A document that the family gave. One that the other parent gave (a judgment) is not shown."""
    with looking() as session:
        row, bond = access.registration_of(session, me(), registration, paris_day(now()))
        found = documents.get_document(session, document)
        if (found.registration, found.given_by) != (row.id, bond.guardian) or not papers.has_file(session, found):
            raise NotFound("scolaire.unknown_document")
    return paper_answer(found)


@bp.post("/scolaire/famille/dossiers/<registration>/contester")
@requires(Permission.ACCOUNT_OWN)
def contest(registration: str) -> ResponseReturnValue:
    """Asks to look again at a decision."""
    faults, instant = Faults(), now()
    with faults.caught(), writing() as session:
        row, _bond = access.registration_of(session, me(), registration, paris_day(instant), act=True)
        deciding.contest(session, row.id, text("words", 4_000), me(), instant)
    if faults:
        return _page(registration, faults)
    flash(_("Votre recours est enregistré. Une autre personne regardera le dossier."), "good")
    return redirect(url_for("scolaire.file", registration=registration), 303)


@bp.post("/scolaire/famille/dossiers/<registration>/annuler")
@requires(Permission.ACCOUNT_OWN)
def cancel_file(registration: str) -> ResponseReturnValue:
    """Gives the registration up, once the box is ticked."""
    faults, instant = Faults(), now()
    if not text("sure"):
        flash(_("Cochez la case pour annuler l’inscription ; rien n’a changé."), "warn")
        return redirect(url_for("scolaire.file", registration=registration), 303)
    with faults.caught(), writing() as session:
        row, _bond = access.registration_of(session, me(), registration, paris_day(instant), act=True)
        registering.cancel(session, row.id, me(), instant)
    if faults:
        return _page(registration, faults)
    flash(_("L’inscription est annulée."), "good")
    return redirect(url_for("scolaire.family_home"), 303)


@bp.get("/scolaire/famille/dossiers/<registration>/decision.pdf")
@requires(Permission.ACCOUNT_OWN)
def decision_letter(registration: str) -> ResponseReturnValue:
    """The decision in force, as a letter."""
    with looking() as session:
        row, _bond = access.registration_of(session, me(), registration, paris_day(now()))
        found = decisions(session, row.id)
        seen = family.seen(session, row, _bond, now())
        if not found:
            return document_answer(None, "")
        reasons = telling.reasons_for(session, found[-1], {home.row.id for home in seen.homes if home.own})
        lines = telling.decision_lines(row, found[-1], seen.identity.first_name, reasons)
    name = f"{seen.identity.first_name} {seen.identity.last_name}"
    return document_answer(letter_pdf(row.reference, name, lines, found[-1].at), "application/pdf")


def paper_answer(found: DocumentRow) -> Response:
    """The file of a document given in proof, to whoever may see it."""
    return answer(services().blobs.read(found.sha256), found.media, f"document-{found.id[-4:].lower()}")


def document_answer(content: bytes | None, media: str) -> Response:
    """A file of ours as its owner may see it; never run, never kept by a cache. None: not found."""
    if content is None:
        raise NotFound("scolaire.unknown_document")
    ends = {"application/pdf": "pdf", "image/jpeg": "jpg", "image/png": "png"}[media]
    return Response(
        content, content_type=media,
        headers={
            "Content-Disposition": f'inline; filename="document.{ends}"', "X-Content-Type-Options": "nosniff",
            "Cache-Control": "private, no-store",
        },
    )  # fmt: skip


def way_map(school: School, home: family.HomeSeen) -> str:
    """The way from a home to its school, and the stop, drawn; "" where nothing is located."""
    points = [] if school.at is None else [("school", school.name, school.at)]
    at = position(home.address)
    if at is not None:
        points.append(("home", _("domicile"), at))
    stop = home.stop or home.wished
    if stop is not None:
        points.append(("stop", stop.name, Point(stop.lat, stop.lon)))
    if len(points) < 2:
        return ""
    way = [Point(lat, lon) for lat, lon in home.leg.path or ()] if at is not None else []
    return way_svg(points, way, _("Plan : domicile, arrêt et établissement"))


def _page(registration: str, faults: Faults) -> ResponseReturnValue:
    instant = now()
    today = paris_day(instant)
    with looking() as session:
        row, bond = access.registration_of(session, me(), registration, today)
        seen = family.seen(session, row, bond, instant)
        found = decisions(session, row.id)
        last = found[-1] if found else None
        appeal = None if last is None else deciding.appeal_of(session, last.id)
        reasons = [] if last is None else telling.reasons_for(session, last, {h.row.id for h in seen.homes if h.own})
        lines = [] if last is None else telling.decision_lines(row, last, seen.identity.first_name, reasons)
        given = papers.of_registration(session, row.id)
        again = {each.id: earlier.origin(session, each, today) for each in given if each.given_by == bond.guardian}
        choices = earlier.choices(session, row, bond.guardian, today) if bond.acts and row.state != "cancelled" else []
        kept = papers.kept(session, row.id)
        duplicate = passes.price_of_duplicate(session, row, "lost", services().config)
        own = {each.row.id for each in seen.homes if each.own}
        walks = {(each.home, each.stop): each for some in pupils.walks(session, own).values() for each in some}
        title, titles = None if seen.card is None else seen.card.title, services().titles
        ticket = "" if title is None or titles is None else titles.path(session, title)
        home_reasons = [
            (each["home"], words.outcome(each["outcome"]), sentence(told(each["reason"])))
            for each in (last.homes if last is not None else []) if each["home"] in own
        ]  # fmt: skip
    contestable = (
        last is not None and appeal is None and Outcome(last.outcome) is not Outcome.ENTITLED
        and today <= contest_by(paris_day(last.at)) and row.state == "decided"
    )  # fmt: skip
    page = render_template(
        "scolaire/file.html", file=seen, row=row, bond=bond, decision=last, lines=lines, appeal=appeal,
        contestable=contestable, contest_by=None if last is None else contest_by(paris_day(last.at)), papers=given,
        kept=kept, again=again, earlier=[("", choices)] if choices else [],
        duplicate=duplicate, ticket=ticket, home_reasons=home_reasons, mine=bond.guardian, words=words,
        clock=words.clock, week_line=line, today=today, errors=faults.by_field, typed=request.form, sentence=sentence,
        walks=walks, maps={home.row.id: way_map(seen.school, home) for home in seen.homes if home.own},
    )  # fmt: skip
    return page, faults.status if faults else 200
