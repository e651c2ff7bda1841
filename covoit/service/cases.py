"""Complaints, claims on paper, bans and recoveries: opened, told, heard, and answered by an individual decision that a
named person signs."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Final

from sqlalchemy.orm import Session

from covoit.export import letters
from covoit.gateway import lines as files
from covoit.model.claims import Individual, Kind, Outcome, Signatory
from covoit.rules import awards as award_rules
from covoit.rules import claims as rules
from covoit.rules import decisions as decision_rules
from covoit.rules import payments as payment_rules
from covoit.service import offers
from covoit.service.rights import not_oneself, require
from covoit.store import claims as store
from covoit.store.people import get_person
from mobigo.base.decisions import Decision
from mobigo.base.errors import Conflict, InvalidInput, NotFound, Refused
from mobigo.base.instants import paris_day
from mobigo.base.money import Money
from mobigo.infra import accounts, audit
from mobigo.infra.clock import new_id
from mobigo.infra.i18n import gettext as _
from mobigo.infra.i18n import sentence, use_language
from mobigo.infra.outbox import Channel, Message, send
from mobigo.infra.roles import Identity, Permission


def complain(session: Session, person: str, object_id: str, said: str, *, now: datetime) -> store.CaseRow:
    """A complaint about a line, a statement or anything else; answered within two months (CRPA L231-4).

    Raises InvalidInput("covoit.complaint_empty", "covoit.complaint_long")."""
    words = said.strip()
    if not words:
        raise InvalidInput("covoit.complaint_empty")
    if len(words) > 4_000:
        raise InvalidInput("covoit.complaint_long", longest=4_000)
    row = store.open_case(session, Kind.COMPLAINT, person, object_id[:200] or "-", words, now)
    audit.record(session, "covoit.complaint", actor=person, object_kind="covoit_case", object_id=row.id, now=now)
    return row


def receive_paper_claim(
    session: Session, person: str, object_id: str, said: str, *, by: Identity, now: datetime
) -> store.CaseRow:
    """A claim on paper, received at the counter: an agent then grants or refuses it (`decide_case`)."""
    require(by, Permission.COVOIT_DESK)
    row = store.open_case(session, Kind.PAPER_CLAIM, person, object_id[:200], said.strip()[:4_000], now)
    audit.record(session, "covoit.paper_claim", actor=by.subject, object_kind="covoit_case", object_id=row.id, now=now)
    return row


def propose_ban(session: Session, person: str, object_id: str, *, by: Identity, now: datetime) -> store.CaseRow:
    """Open the case of someone who might be kept out: told first, heard, then decided."""
    require(by, Permission.COVOIT_PREPARE)
    return store.open_case(session, Kind.BAN, person, object_id[:200], None, now)


def notify_case(session: Session, case_id: str, *, by: Identity, now: datetime, language: str = "fr") -> None:
    """Tell a driver that a recovery or a ban is considered, why, and that they have 15 days to answer (CRPA L121-1)."""
    require(by, Permission.COVOIT_PREPARE)
    row = store.get_case(session, case_id, lock=True)
    if Kind(row.kind) not in (Kind.RECOVERY, Kind.BAN):
        raise Refused("covoit.case_needs_no_hearing")
    if row.notified_at is not None:
        return
    row.notified_at = now
    with use_language(language):
        text = _(
            "Nous envisageons une décision vous concernant (dossier %(case)s). Vous avez 15 jours pour répondre, par"
            " écrit ou au guichet, et pouvez vous faire assister.",
            case=row.id,
        )
        text += "\n\n" + _("Les faits : %(facts)s", facts=sentence(_facts(row)))
        subject = _("Avant une décision : vos observations")
    _write_to(session, row.person, subject, text, f"covoit:case:{row.id}", now)
    audit.record(
        session, "covoit.case_notified", actor=by.subject, object_kind="covoit_case", object_id=row.id, now=now
    )


def hear(session: Session, case_id: str, person: str, said: str, *, now: datetime) -> None:
    """What the driver answers. Raises NotFound for another person's case, Conflict once it is decided."""
    row = store.get_case(session, case_id, lock=True)
    if row.person != person:
        raise NotFound("covoit.unknown_case", case=case_id[:40])
    if row.answered_at is not None:
        raise Conflict("covoit.case_answered")
    row.heard_at, row.heard = now, said.strip()[:4_000]
    session.flush()


def decide_case(
    session: Session,
    case_id: str,
    outcome: Outcome,
    *,
    by: Identity,
    name: str,
    capacity: str,
    reason: str,
    last_day: date | None = None,
    now: datetime,
    language: str = "fr",
) -> Individual:
    """Answer a case by an individual decision, and write to the person. Once.

    Complaints and paper claims by who holds the desk, bans and recoveries by who prepares payments, after the
    adversarial step, never by the person themselves. Raises Conflict("covoit.case_answered"),
    Refused("covoit.case_not_heard" | "covoit.own_case"), InvalidInput.
    """
    row = store.get_case(session, case_id, lock=True)
    kind = Kind(row.kind)
    measure = kind in (Kind.BAN, Kind.RECOVERY)
    require(by, Permission.COVOIT_PREPARE if measure else Permission.COVOIT_DESK)
    not_oneself(session, [row.person], by)
    if row.answered_at is not None:
        raise Conflict("covoit.case_answered")
    today = paris_day(now)
    if measure:
        _require_heard(row, today)
    if kind is Kind.BAN:
        _require_ban_days(outcome, last_day, today)
    decision = decision_rules.decide(
        id=new_id(now),
        kind=kind,
        outcome=outcome,
        proposed=outcome if not measure else Outcome.GRANTED,
        person=row.person,
        object_id=row.object_id,
        facts=_facts(row),
        rule=RULES[kind],
        reason=reason,
        algorithmic=measure,
        signatory=Signatory(by.subject, name, capacity),
        now=now,
        today=today,
    )
    row.answered_at, row.decision = now, decision.id
    keep(session, decision, now, language)
    if kind is Kind.BAN and outcome is Outcome.GRANTED and last_day is not None:
        session.add(
            store.BanRow(id=new_id(now), person=row.person, first_day=today, last_day=last_day, decision=decision.id)
        )
        session.flush()
        offers.stop_driving(session, row.person, now)
    return decision


def _require_heard(row: store.CaseRow, today: date) -> None:
    """Raises Refused("covoit.case_not_heard") until the person has answered, or the days to answer are over."""
    told = None if row.notified_at is None else paris_day(row.notified_at)
    if told is None or not payment_rules.may_decide_recovery(told, today, answered=row.heard_at is not None):
        raise Refused("covoit.case_not_heard", days=payment_rules.ADVERSARIAL_DAYS)


def _require_ban_days(outcome: Outcome, last_day: date | None, today: date) -> None:
    """Raises InvalidInput for a ban without an end, or longer than the measure allows."""
    if last_day is None:
        if outcome is Outcome.GRANTED:
            raise InvalidInput("covoit.ban_without_end")
        return
    longest = files.measure_on(today)
    if longest is not None and (last_day - today).days >= longest.ban_days_max:
        last = today + timedelta(days=longest.ban_days_max - 1)
        raise InvalidInput("covoit.ban_too_long", days=longest.ban_days_max, last=last)


RULES: Final[Mapping[Kind, Decision]] = {
    Kind.PAYMENT_REQUEST: Decision("covoit.rule_claim"),
    Kind.COMPLAINT: Decision("covoit.rule_complaint"),
    Kind.PAPER_CLAIM: Decision("covoit.rule_paper_claim"),
    Kind.BAN: Decision("covoit.rule_ban"),
    Kind.RECOVERY: Decision("covoit.rule_recovery"),
    Kind.IDENTITY: Decision("covoit.rule_identity"),
    Kind.BAN_LIFT: Decision("covoit.rule_ban_lift"),
}


def _facts(row: store.CaseRow) -> Decision:
    day = paris_day(row.opened_at)
    if store.about_alert(row.object_id) is not None:
        if row.cents is None:
            return Decision("covoit.facts_alert", day=day)
        return Decision("covoit.facts_alert_paid", day=day, amount=Money(row.cents))
    if row.kind == Kind.RECOVERY:
        return Decision("covoit.facts_recovery", month=row.object_id, amount=Money(row.cents or 0))
    if row.kind == Kind.IDENTITY:
        return Decision("covoit.facts_identity", day=day)
    if row.kind == Kind.BAN:
        return Decision("covoit.facts_ban", object=row.object_id, day=day)
    if row.kind == Kind.PAPER_CLAIM:
        return Decision("covoit.facts_paper_claim", object=row.object_id, day=day)
    return Decision("covoit.facts_complaint", object=rules.about(row.object_id), day=day)


def keep(session: Session, decision: Individual, now: datetime, language: str) -> None:
    """Write the decision, the audit and the letter."""
    session.add(
        store.DecisionRow(
            id=decision.id,
            kind=str(decision.kind),
            outcome=str(decision.outcome),
            proposed=str(decision.proposed),
            algorithmic=decision.algorithmic,
            person=decision.person,
            object_id=decision.object_id,
            facts=award_rules.reasons_text([decision.facts]),
            rule=award_rules.reasons_text([decision.rule]),
            remedies=award_rules.reasons_text(decision.remedies),
            reason=decision.reason,
            signatory=decision.signatory.subject,
            signatory_name=decision.signatory.name,
            capacity=decision.signatory.capacity,
            decided_at=decision.decided_at,
        )
    )
    session.flush()
    audit.record(
        session, "covoit.decision", actor=decision.signatory.subject, object_kind=f"covoit_{decision.kind}",
        object_id=decision.object_id, now=now,
        detail={"decision": decision.id, "outcome": str(decision.outcome), "override": decision.overrides},
    )  # fmt: skip
    with use_language(language):
        subject, body = letters.subject_of(decision), letters.body_of(decision)
    _write_to(session, decision.person, subject, body, f"covoit:decision:{decision.id}", now)


def decision_of(session: Session, decision_id: str) -> Individual:
    """A decision as it was taken. Raises NotFound."""
    row = store.get_decision(session, decision_id)
    return Individual(
        row.id,
        Kind(row.kind),
        Outcome(row.outcome),
        row.person,
        row.object_id,
        award_rules.reasons_from(row.facts)[0],
        award_rules.reasons_from(row.rule)[0],
        row.reason,
        Outcome(row.proposed),
        row.algorithmic,
        Signatory(row.signatory, row.signatory_name, row.capacity),
        row.decided_at,
        award_rules.reasons_from(row.remedies),
    )


def _write_to(session: Session, person: str, subject: str, text: str, key: str, now: datetime) -> None:
    """By e-mail when there is an address; else a letter that the counter prints."""
    known = get_person(session, person)
    email = None if known.subject is None else accounts.profile(session, known.subject).email
    channel: Channel = "email" if email else "letter"
    name = " ".join(part for part in (known.first_name, known.last_name) if part)
    send(session, Message(channel, email or name or person, subject, text, known.subject or person), key=key, now=now)
