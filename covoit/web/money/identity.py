"""At the counter: whose telephone it is, how old somebody is, and letting somebody back before the end of a ban.

Each act asks for what the agent saw, or for a reason, and stands in the audit log.
"""

from flask import flash, redirect, request, url_for
from flask.typing import ResponseReturnValue

from covoit.service import ages, bans, telephones
from covoit.store.claims import get_ban
from covoit.web import bp
from covoit.web.forms import Faults, text, writing
from covoit.web.money.people import file_page
from covoit.web.money.shared import me, page, signs
from mobigo.base.errors import InvalidInput
from mobigo.infra.auth import Permission, requires
from mobigo.infra.clock import now
from mobigo.infra.i18n import gettext as _


@bp.get("/covoiturage/agents/telephone-verifie")
@requires(Permission.COVOIT_DESK)
def verify_somebody() -> ResponseReturnValue:
    """Somebody stands here with their telephone and an identity paper, with an account or without."""
    return page("money_verify.html", Faults(), typed=request.form)


@bp.post("/covoiturage/agents/telephone-verifie")
@requires(Permission.COVOIT_DESK)
def verify_somebody_now() -> ResponseReturnValue:
    """Writes the number as theirs; makes their file when there is none."""
    faults, person = Faults(), ""
    with faults.caught(), writing() as session:
        given = telephones.read(text("phone", 30), text("first_name", 100), text("last_name", 100))
        _seen()
        person = telephones.person_at_counter(session, given, text("email", 320), by=me(), now=now())
        telephones.verify_at_counter(session, person, given, by=me(), now=now())
    if faults:
        return page("money_verify.html", faults, typed=request.form)
    return _done(person, _("Le numéro est vérifié."))


@bp.post("/covoiturage/agents/personnes/<person>/telephone")
@requires(Permission.COVOIT_DESK)
def verify_phone(person: str) -> ResponseReturnValue:
    """The number of somebody whose file is open, seen with an identity paper."""
    faults = Faults()
    with faults.caught(), writing() as session:
        given = telephones.read(text("phone", 30), text("first_name", 100), text("last_name", 100))
        _seen()
        telephones.verify_at_counter(session, person, given, by=me(), now=now())
    return file_page(person, faults) if faults else _done(person, _("Le numéro est vérifié."))


def _seen() -> None:
    """Raises InvalidInput("covoit.paper_not_seen") unless the agent says they saw the paper and the telephone."""
    if not text("seen_phone"):
        raise InvalidInput("covoit.paper_not_seen")


@bp.post("/covoiturage/agents/personnes/<person>/telephone/retirer")
@requires(Permission.COVOIT_DESK)
def release_phone(person: str) -> ResponseReturnValue:
    """Takes a number away that is somebody else's now; the person is written to."""
    faults = Faults()
    with faults.caught(), writing() as session:
        telephones.release(session, person, by=me(), reason=text("reason", 400), now=now())
    return file_page(person, faults) if faults else _done(person, _("Le numéro est retiré ; la personne est prévenue."))


@bp.post("/covoiturage/agents/personnes/<person>/age")
@requires(Permission.COVOIT_DESK)
def correct_age_of(person: str) -> ResponseReturnValue:
    """Writes the age an agent saw on a paper, with the reason."""
    faults = Faults()
    with faults.caught(), writing() as session:
        if text("adult") not in ("yes", "no"):
            raise InvalidInput("covoit.age_not_chosen")
        ages.correct_at_counter(session, person, text("adult") == "yes", by=me(), reason=text("reason", 400), now=now())
    return file_page(person, faults) if faults else _done(person, _("L’âge est corrigé."))


@bp.get("/covoiturage/agents/exclusions/<ban_id>")
@requires(Permission.COVOIT_PREPARE)
def ban(ban_id: str) -> ResponseReturnValue:
    """One ban, and the form to end it before its last day."""
    return _ban_page(ban_id, Faults())


@bp.post("/covoiturage/agents/exclusions/<ban_id>")
@requires(Permission.COVOIT_PREPARE)
def lift_ban(ban_id: str) -> ResponseReturnValue:
    """Ends the ban today, by a decision with its reason; the person is written to."""
    faults, who = Faults(), signs()
    with faults.caught(), writing() as session:
        made = bans.lift(
            session, ban_id, by=me(), name=who.name, capacity=who.capacity, reason=text("reason", 2_000), now=now()
        )
        decision = made.id
    if faults:
        return _ban_page(ban_id, faults)
    flash(_("L’exclusion est levée et la personne prévenue."), "good")
    return redirect(url_for("covoit.decision", decision_id=decision), 303)


def _ban_page(ban_id: str, faults: Faults) -> ResponseReturnValue:
    from covoit.service import counter
    from covoit.web.money.shared import names_of, signatory
    from mobigo.base.instants import paris_day

    with writing() as session:
        row = get_ban(session, ban_id)
        counter.saw(session, row.person, by=me(), page="ban", now=now())
        return page(
            "money_ban.html", faults, ban=row, name=names_of(session, [row.person])[row.person],
            signs=signatory(session), typed=request.form, today=paris_day(now()),
        )  # fmt: skip


def _done(person: str, said: str) -> ResponseReturnValue:
    flash(said, "good")
    return redirect(url_for("covoit.person", person=person), 303)
