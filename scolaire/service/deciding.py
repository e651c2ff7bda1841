"""Decisions: taken by a person who signs, on what the rule proposes; many at once where the rule says yes; contested.

A decision is a row that never changes; the one in force is the last.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from mobigo.base.canonical import plain
from mobigo.base.errors import Conflict, InvalidInput, NotFound, Refused
from mobigo.base.instants import paris_day
from mobigo.base.money import Money
from mobigo.infra import audit
from mobigo.infra.clock import new_id
from mobigo.infra.competence import departement_of
from mobigo.infra.config import Config
from scolaire.gateway import rulefiles
from scolaire.model.people import Regime
from scolaire.model.rights import Outcome
from scolaire.model.schools import SchoolYear
from scolaire.rules import deciding as rules
from scolaire.rules.rights import price_of
from scolaire.service import passes, telling
from scolaire.service.judging import Judged, judge
from scolaire.store.reasons import written
from scolaire.store.registrations import (
    AppealRow,
    DecisionRow,
    RegistrationRow,
    decisions,
    get_registration,
)

AT_ONCE: Final = 200
LOOKED_AT_ONCE: Final = 5_000  # those that need a look do not keep the others waiting
WORDS_MAX: Final = 4_000


@dataclass(frozen=True, slots=True)
class Signatory:
    """Who signs: the account, the name and the capacity that stand on the letter."""

    subject: str
    name: str
    capacity: str


def decide(
    session: Session,
    registration: str,
    outcome: Outcome,
    *,
    by: Signatory,
    words: str,
    config: Config,
    now: datetime,
    facts_changed: bool = False,
    appeal: str | None = None,
) -> DecisionRow:
    """The decision, written, told to the family, and the pass that follows it.

    Raises what `rules.deciding.check` raises; Conflict("scolaire.registration_cancelled"); Refused(
    "scolaire.no_rules_no_decision") where no rules in force are known; Refused("scolaire.price_unknown") for a paying
    pupil nobody has a price for.
    """
    row = get_registration(session, registration, lock=True)
    if row.state == "cancelled":
        raise Conflict("scolaire.registration_cancelled")
    judged, today = judge(session, row, config), paris_day(now)
    if judged.rules is None and outcome is not Outcome.ELSEWHERE:
        raise Refused("scolaire.no_rules_no_decision")
    before = decisions(session, row.id)
    last = (Outcome(before[-1].outcome), paris_day(before[-1].at)) if before else None
    said = words.strip()[:WORDS_MAX]
    rules.check(
        outcome, judged.right.outcome, words=said, name=by.name, capacity=by.capacity, last=last, today=today,
        facts_changed=facts_changed,
    )  # fmt: skip
    price = _price(row, judged, outcome, config)
    made = DecisionRow(
        id=new_id(now), registration=row.id, number=len(before) + 1, outcome=str(outcome),
        reason=written(judged.right.reason), proposed=str(judged.right.outcome), words=said,
        homes=[{"home": each.home, "outcome": str(each.outcome), "reason": written(each.reason)}
               for each in judged.right.homes],
        facts=_facts(judged), rules=judged.right.rules, rules_hash=judged.right.rules_hash,
        price_cents=None if price is None else price.cents, by=by.subject, capacity=f"{by.name}, {by.capacity}"[:120],
        at=now, appeal=appeal,
    )  # fmt: skip
    session.add(made)
    row.state, row.outcome, row.updated_at = "decided", str(outcome), now
    session.flush()
    audit.record(
        session, "scolaire.decided", actor=by.subject, object_kind="scolaire_registration", object_id=row.id, now=now,
        detail={"outcome": made.outcome, "proposed": made.proposed, "rules": made.rules, "number": made.number},
    )  # fmt: skip
    passes.follow(session, row, made, by.subject, now)
    telling.decided(session, row, made, config, now)
    return made


def decide_entitled(
    session: Session, *, by: Signatory, config: Config, now: datetime, most: int = AT_ONCE
) -> tuple[int, int]:
    """Sign, in one go, the registrations that wait and that the rule says are entitled, oldest first: (signed, looked
    at). What has a double is left for a look."""
    from scolaire.service.registering import doubles

    waiting = select(RegistrationRow).where(RegistrationRow.state == "received", RegistrationRow.outcome.is_(None))
    signed = looked = 0
    oldest = waiting.order_by(RegistrationRow.received_at, RegistrationRow.id).limit(LOOKED_AT_ONCE)
    for row in session.scalars(oldest).all():
        if signed == most:
            break
        looked += 1
        if judge(session, row, config).right.outcome is Outcome.ENTITLED and not doubles(session, row):
            decide(session, row.id, Outcome.ENTITLED, by=by, words="", config=config, now=now)
            signed += 1
    return signed, looked


def contest(session: Session, registration: str, words: str, by: str, now: datetime) -> AppealRow:
    """The family asks to look again (recours gracieux). Raises NotFound("scolaire.nothing_to_contest"), InvalidInput(
    "scolaire.appeal_without_words"), Refused("scolaire.appeal_too_late"), Conflict("scolaire.appeal_known")."""
    found = decisions(session, registration)
    if not found or Outcome(found[-1].outcome) is Outcome.ENTITLED:
        raise NotFound("scolaire.nothing_to_contest")
    last, today = found[-1], paris_day(now)
    said = words.strip()[:WORDS_MAX]
    if not said:
        raise InvalidInput("scolaire.appeal_without_words")
    limit = rules.contest_by(paris_day(last.at))
    if today > limit:
        raise Refused("scolaire.appeal_too_late", day=limit)
    if session.scalar(select(AppealRow.id).where(AppealRow.decision == last.id)) is not None:
        raise Conflict("scolaire.appeal_known")
    row = AppealRow(
        id=new_id(now), decision=last.id, words=said, made_by=by, made_at=now, answer_by=rules.answer_by(today)
    )  # fmt: skip
    session.add(row)
    session.flush()
    audit.record(
        session, "scolaire.contested", actor=by, object_kind="scolaire_registration", object_id=registration, now=now
    )  # fmt: skip
    return row


def answer(
    session: Session,
    appeal: str,
    outcome: Outcome,
    *,
    by: Signatory,
    words: str,
    config: Config,
    now: datetime,
) -> DecisionRow:
    """Answer an appeal by a decision with its reasons, the same or another. Raises NotFound("scolaire.unknown_appeal"),
    Conflict("scolaire.appeal_closed"), InvalidInput("scolaire.decision_without_reason"); Refused(
    "scolaire.own_decision") when who decided answers: another pair of eyes looks; what `decide` raises."""
    row = session.get(AppealRow, appeal, with_for_update=True)
    if row is None:
        raise NotFound("scolaire.unknown_appeal")
    if row.closed_at is not None:
        raise Conflict("scolaire.appeal_closed")
    if not words.strip():
        raise InvalidInput("scolaire.decision_without_reason")
    before = session.get_one(DecisionRow, row.decision)
    if before.by == by.subject:
        raise Refused("scolaire.own_decision")
    made = decide(
        session, before.registration, outcome, by=by, words=words, config=config, now=now, appeal=row.id
    )  # fmt: skip
    row.upheld, row.closed_by, row.closed_at = made.outcome != before.outcome, by.subject, now
    return made


def open_appeals(session: Session) -> list[tuple[AppealRow, DecisionRow]]:
    """The appeals that wait, the most urgent first."""
    asked = (
        select(AppealRow, DecisionRow)
        .join(DecisionRow, DecisionRow.id == AppealRow.decision)
        .where(AppealRow.closed_at.is_(None))
        .order_by(AppealRow.answer_by, AppealRow.id)
    )
    return [(appeal, decision) for appeal, decision in session.execute(asked)]


def appeal_of(session: Session, decision: str) -> AppealRow | None:
    """The appeal against a decision."""
    return session.scalar(select(AppealRow).where(AppealRow.decision == decision))


def _price(row: RegistrationRow, judged: Judged, outcome: Outcome, config: Config) -> Money | None:
    if outcome not in (Outcome.ENTITLED, Outcome.PAYING) or not judged.case.homes:
        return None
    departement = departement_of(judged.case.homes[0].commune)
    day = SchoolYear(row.year).period.first_day
    try:
        prices = rulefiles.prices_on(departement, day, config.home, production=config.production)
    except NotFound:
        raise Refused("scolaire.price_unknown") from None
    price = price_of(prices, outcome, Regime(row.regime), late=row.late)
    if price is None:
        raise Refused("scolaire.price_unknown")
    return price


def _facts(judged: Judged) -> dict[str, object]:
    """The facts the decision rests on, as they are shown in the letter; no name, no address."""
    case = judged.case
    return {
        "year": case.year, "born_on": plain(case.born_on), "level": str(case.level), "regime": str(case.regime),
        "need": str(case.need), "standing": str(case.standing), "school_commune": case.school_commune,
        "waiver": None if case.waiver is None else str(case.waiver),
        "proofs": sorted(str(each) for each in case.proofs),
        "homes": [
            {
                "home": each.id, "kind": str(each.kind), "commune": each.commune, "in_sector": each.in_sector,
                "distance_m": None if each.way is None else each.way.distance_m,
                "method": None if each.way is None else str(each.way.method),
                "margin_pct": None if each.way is None else each.way.margin_pct,
            }
            for each in case.homes
        ],
    }  # fmt: skip
