"""At the counter: find somebody by name or number, open their file, do for them what they would do on their pages.

Each look at a file is in the audit log.
"""

from flask import flash, redirect, request, url_for
from flask.typing import ResponseReturnValue

from covoit.model.claims import Kind
from covoit.service import closing, counter, statements
from covoit.store.people import SEARCH_MIN, get_person
from covoit.web import bp
from covoit.web.forms import Faults, text, writing
from covoit.web.money.shared import download, me, page
from mobigo.base.errors import NotFound
from mobigo.base.instants import paris_day
from mobigo.base.money import Money
from mobigo.infra.auth import Permission, requires
from mobigo.infra.clock import now
from mobigo.infra.db import reading
from mobigo.infra.forms import one_line
from mobigo.infra.i18n import gettext as _
from mobigo.infra.web import services


@bp.get("/covoiturage/agents/personnes")
@requires(Permission.COVOIT_DESK)
def find_people() -> ResponseReturnValue:
    """The people whose name or number begins so: three characters are enough."""
    asked = one_line(request.args.get("q", ""), 60)
    with reading(services().engine) as session:
        found = counter.find(session, asked, by=me())
    return page("money_people.html", found=found, q=asked, least=SEARCH_MIN, full_name=counter.full_name)


@bp.get("/covoiturage/agents/personnes/<person>")
@requires(Permission.COVOIT_DESK)
def person(person: str) -> ResponseReturnValue:
    """Somebody's file: account, what is payable, statements, requests, cases, decisions; what may be done for them."""
    return file_page(person, Faults(agent=True))


def file_page(person: str, faults: Faults) -> ResponseReturnValue:
    """The file of a person, with what was refused at its head."""
    with writing() as session:
        shown = counter.open_file(session, person, by=me(), now=now())
        return page(
            "money_person.html", faults, file=shown, name=counter.full_name(shown.person) or _("personne sans nom"),
            person=person, money=Money, today=paris_day(now()), typed=request.form, masked=_masked(shown.person.phone),
        )  # fmt: skip


def _masked(phone: str | None) -> str:
    """A number whose two last figures an agent compares with what the person says."""
    return "" if phone is None else f"{phone[:-2]}••"


def _after(person: str, faults: Faults, done: str) -> ResponseReturnValue:
    if faults:
        return file_page(person, faults)
    flash(done, "good")
    return redirect(url_for("covoit.person", person=person), 303)


@bp.post("/covoiturage/agents/personnes/<person>/compte")
@requires(Permission.COVOIT_DESK)
def give_iban(person: str) -> ResponseReturnValue:
    """The account of somebody who came with an identity paper and a RIB: the agent saw both."""
    faults, changed = Faults(agent=True), False
    with faults.caught(), writing() as session:
        if not text("seen"):
            faults.by_field["seen"] = _("Cochez que vous avez vu la pièce d’identité et le RIB.")
        else:
            changed = counter.give_iban(session, person, text("iban", 60), text("holder", 100), by=me(), now=now())
    done = _("Le compte est enregistré.") if changed else _("Ce compte était déjà le sien : rien ne change.")
    return _after(person, faults, done)


@bp.post("/covoiturage/agents/personnes/<person>/demande")
@requires(Permission.COVOIT_DESK)
def claim_for(person: str) -> ResponseReturnValue:
    """Asks for the payment of all that is payable; a request that waits is not made twice."""
    faults = Faults(agent=True)
    with faults.caught(), writing() as session:
        counter.claim_for(session, person, by=me(), now=now())
    return _after(person, faults, _("La demande de versement est faite."))


@bp.post("/covoiturage/agents/personnes/<person>/dossier")
@requires(Permission.COVOIT_DESK)
def receive_case(person: str) -> ResponseReturnValue:
    """Writes down a complaint or a claim on paper; sent twice, it is one case."""
    faults = Faults(agent=True)
    kind = Kind.PAPER_CLAIM if text("kind") == Kind.PAPER_CLAIM else Kind.COMPLAINT
    with faults.caught(), writing() as session:
        made = counter.receive(session, person, kind, text("about", 200), text("said", 4_001), by=me(), now=now())
        case_id = made.id
    if faults:
        return file_page(person, faults)
    flash(_("Le dossier est ouvert : une réponse est due dans les deux mois."), "good")
    return redirect(url_for("covoit.case", case_id=case_id), 303)


@bp.post("/covoiturage/agents/personnes/<person>/exclusion")
@requires(Permission.COVOIT_PREPARE)
def propose_ban(person: str) -> ResponseReturnValue:
    """Opens the case of somebody who might be kept out: told first, heard, then decided."""
    faults = Faults(agent=True)
    with faults.caught(), writing() as session:
        case_id = counter.propose_ban(session, person, text("about", 200), by=me(), now=now()).id
    if faults:
        return file_page(person, faults)
    return redirect(url_for("covoit.case", case_id=case_id), 303)


@bp.get("/covoiturage/agents/personnes/<person>/releve-<month>.pdf")
@requires(Permission.COVOIT_DESK)
def print_statement(person: str, month: str) -> ResponseReturnValue:
    """A statement to print for somebody at the counter."""
    from covoit.export.statement import statement_pdf

    closing.first_day_of(month)
    with writing() as session:
        name = counter.full_name(get_person(session, person))
        if month not in statements.months_of(session, person):
            raise NotFound("covoit.unknown_paper")
        counter.saw(session, person, by=me(), page="statement", now=now())
        shown = statements.statement(session, person, month)
    return download(statement_pdf(shown, name), f"releve-covoiturage-{month}.pdf", "application/pdf")
