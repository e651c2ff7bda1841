"""Cases: complaints, claims on paper, recoveries, bans. Each is answered by an individual decision, signed, with its
reason; a measure only after the person was told and heard."""

from collections.abc import Sequence
from datetime import date
from typing import Final

from flask import flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from covoit.export import letters
from covoit.model.claims import Kind, Outcome
from covoit.rules.payments import ADVERSARIAL_DAYS, may_decide_recovery
from covoit.service import bans, claims, counter, identities
from covoit.store import claims as store
from covoit.store.claims import CaseRow
from covoit.web import bp
from covoit.web.forms import Faults, day_of, text, writing
from covoit.web.money.shared import may, me, names_of, page, signatory, signs
from mobigo.base.errors import InvalidInput, NotFound, Refused
from mobigo.base.instants import paris_day
from mobigo.base.money import Money
from mobigo.infra.auth import Permission, requires
from mobigo.infra.clock import now
from mobigo.infra.i18n import gettext as _

ASKED: Final = (Kind.COMPLAINT, Kind.PAPER_CLAIM, Kind.IDENTITY)
MEASURES: Final = (Kind.RECOVERY, Kind.BAN)


def _mine() -> Sequence[Kind]:
    """The kinds who looks may answer: measures belong to who prepares payments."""
    return (*ASKED, *MEASURES) if may(Permission.COVOIT_PREPARE) else ASKED


@bp.get("/covoiturage/agents/dossiers")
@requires(Permission.COVOIT_DESK)
def cases() -> ResponseReturnValue:
    """The cases to answer, the nearest deadline first; the address says which others."""
    kind, state = request.args.get("sorte", ""), request.args.get("etat", "ouverts")
    kinds = [each for each in _mine() if not kind or each == kind]
    with writing() as session:
        answered = {"ouverts": False, "clos": True}.get(state)
        rows = store.list_cases(session, kinds=[str(each) for each in kinds], answered=answered)
        names = names_of(session, [row.person for row in rows])
        outcomes = {
            row.id: store.get_decision(session, row.decision).outcome for row in rows if row.decision is not None
        }
    today = paris_day(now())
    return page(
        "money_cases.html", rows=rows, names=names, kinds=_mine(), kind=kind, state=state, outcomes=outcomes,
        late=[row.id for row in rows if row.answered_at is None and row.answer_by < today], todo=_todo, money=Money,
        total=Money(sum(row.cents or 0 for row in rows)),
    )  # fmt: skip


def _todo(row: CaseRow) -> str:
    """What comes next for a case."""
    if row.answered_at is not None:
        return ""
    if row.kind not in MEASURES:
        return _("à décider")
    if row.notified_at is None:
        return _("à notifier")
    return _("à décider") if _heard(row) else _("délai de réponse en cours")


def _heard(row: CaseRow) -> bool:
    return row.notified_at is not None and may_decide_recovery(
        paris_day(row.notified_at), paris_day(now()), answered=row.heard_at is not None
    )


@bp.get("/covoiturage/agents/dossiers/<case_id>")
@requires(Permission.COVOIT_DESK)
def case(case_id: str) -> ResponseReturnValue:
    """One case: what was said, what was answered, the form of the decision, the letter once it is taken."""
    return _detail(case_id, Faults())


def _get(session: Session, case_id: str) -> CaseRow:
    """The case, for who may answer it. Raises NotFound for the others: whether it exists is not said."""
    row = store.get_case(session, case_id)
    if row.kind not in {str(each) for each in _mine()}:
        raise NotFound("covoit.unknown_case", case=case_id[:40])
    return row


def _detail(case_id: str, faults: Faults) -> ResponseReturnValue:
    instant = now()
    with writing() as session:
        row = _get(session, case_id)
        counter.saw(session, row.person, by=me(), page="case", now=instant)
        decision = None if row.decision is None else claims.decision_of(session, row.decision)
        measure = row.kind in MEASURES
        sides = identities.sides(session, row) if row.kind == Kind.IDENTITY else None
        return page(
            "money_case.html", faults, row=row, person=row.person, name=names_of(session, [row.person])[row.person],
            amount=None if row.cents is None else Money(row.cents), measure=measure, heard=_heard(row),
            late=row.answered_at is None and row.answer_by < paris_day(instant), days=ADVERSARIAL_DAYS,
            decision=decision, letter=None if decision is None else letters.body_of(decision),
            alert=store.about_alert(row.object_id), todo=_todo(row), signs=signatory(session), typed=request.form,
            outcomes=list(Outcome), today=paris_day(instant), sides=sides, full_name=counter.full_name,
            longest=bans.longest_on(paris_day(instant)),
        )  # fmt: skip


@bp.get("/covoiturage/agents/decisions/<decision_id>")
@requires(Permission.COVOIT_PAPERS)
def decision(decision_id: str) -> ResponseReturnValue:
    """The letter of a decision, as it was sent."""
    with writing() as session:
        found = claims.decision_of(session, decision_id)
        counter.saw(session, found.person, by=me(), page="decision", now=now())
        name = names_of(session, [found.person])[found.person]
    return page("money_decision.html", decision=found, letter=letters.body_of(found), name=name)


@bp.post("/covoiturage/agents/dossiers/<case_id>/notifier")
@requires(Permission.COVOIT_PREPARE)
def notify_case(case_id: str) -> ResponseReturnValue:
    """Tells the person that a measure is considered, and that they have fifteen days to answer. Once."""
    faults = Faults()
    with faults.caught(), writing() as session:
        claims.notify_case(session, case_id, by=me(), now=now())
    return _after(case_id, faults, _("La personne est prévenue : elle a quinze jours pour répondre."))


@bp.post("/covoiturage/agents/dossiers/<case_id>/entendre")
@requires(Permission.COVOIT_PREPARE)
def hear_case(case_id: str) -> ResponseReturnValue:
    """Writes what the person answered, at the counter or by letter."""
    faults = Faults()
    with faults.caught(), writing() as session:
        row = _get(session, case_id)
        if row.notified_at is None:
            raise Refused("covoit.case_not_heard", days=ADVERSARIAL_DAYS)
        if not text("said", 4_000):
            raise InvalidInput("covoit.complaint_empty")
        claims.hear(session, case_id, row.person, text("said", 4_000), now=now())
    return _after(case_id, faults, _("La réponse de la personne est enregistrée."))


@bp.post("/covoiturage/agents/dossiers/<case_id>/decider")
@requires(Permission.COVOIT_DESK)
def decide_case(case_id: str) -> ResponseReturnValue:
    """Takes the decision, signs it and writes to the person. Once."""
    faults, who = Faults(), signs()
    with faults.caught(), writing() as session:
        row = _get(session, case_id)
        if text("outcome") not in set(Outcome):
            raise InvalidInput("covoit.decision_without_outcome")
        if row.kind == Kind.IDENTITY:
            identities.decide(
                session, case_id, Outcome(text("outcome")), by=me(), name=who.name, capacity=who.capacity,
                reason=text("reason", 2_000), now=now(),
            )  # fmt: skip
        else:
            claims.decide_case(
                session, case_id, Outcome(text("outcome")), by=me(), name=who.name, capacity=who.capacity,
                reason=text("reason", 2_000), last_day=_last_day(row), now=now(),
            )  # fmt: skip
    return _after(case_id, faults, _("La décision est prise et écrite à la personne."))


def _last_day(row: CaseRow) -> date | None:
    """The last day of a ban. Raises InvalidInput("covoit.ban_without_end") for a day that is gone."""
    if row.kind != Kind.BAN or text("outcome") != Outcome.GRANTED or not text("last_day"):
        return None
    last = day_of("last_day")
    if last < paris_day(now()):
        raise InvalidInput("covoit.ban_without_end")
    return last


def _after(case_id: str, faults: Faults, done: str) -> ResponseReturnValue:
    if faults:
        return _detail(case_id, faults)
    flash(done, "good")
    return redirect(url_for("covoit.case", case_id=case_id), 303)
