"""What a driver's own pages show beyond the statements: months, one trip explained to its last step, computed again.

Everything is asked for a person and answers about that person alone: what is another's does not exist.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

import orjson
from sqlalchemy.orm import Session

from covoit.gateway import campaigns
from covoit.model.campaign import Campaign
from covoit.model.claims import Kind, Statement
from covoit.model.journeys import LineLeg
from covoit.model.scale import Ceiling, Scale, ceiling_on
from covoit.rules import awards as rules
from covoit.rules import subsidy
from covoit.rules.campaign_awards import priced_again
from covoit.rules.payments import ADVERSARIAL_DAYS
from covoit.service.closing import CLOSING_DAY, first_day_of, last_day_of
from covoit.service.statements import statement
from covoit.store import awards as store
from covoit.store import claims as claim_store
from mobigo.base.decisions import Decision
from mobigo.base.errors import NotFound
from mobigo.base.instants import paris_day
from mobigo.base.money import ZERO, Money

# ---------------------------------------------------------------- months


@dataclass(frozen=True, slots=True)
class MonthSeen:
    """A month in the driver's list: how many lines, their sum, whether amounts may still change."""

    month: str
    closed: bool
    lines: int
    total: Money

    @property
    def first_day(self) -> date:
        return first_day_of(self.month)


def months_seen(session: Session, person: str, today: date) -> list[MonthSeen]:
    """Every month with a line, and the month of today; the latest first."""
    seen = {
        row.month: MonthSeen(row.month, True, row.lines, Money(row.cents))
        for row in store.statements_of(session, person)
    }
    first_open = _first_open(session)
    for row, cents in store.open_awards_of(session, person):
        month = max(f"{row.day:%Y-%m}", first_open)
        before = seen.get(month, MonthSeen(month, False, 0, ZERO))
        seen[month] = MonthSeen(month, False, before.lines + 1, before.total + Money(cents))
    present = f"{today:%Y-%m}"
    if present not in seen:
        closed = store.find_month(session, present) is not None
        seen[present] = MonthSeen(present, closed, 0, ZERO)
    return [seen[month] for month in sorted(seen, reverse=True)]


def statement_seen(session: Session, person: str, month: str) -> Statement:
    """A month's statement; of an open month, the lines that will be on it and on no other.

    Raises InvalidInput("covoit.bad_month")."""
    first_day_of(month)
    whole = statement(session, person, month)
    if whole.closed_at is not None:
        return whole
    first_open = _first_open(session)
    lines = [line for line in whole.lines if max(f"{paris_day(line.started_at):%Y-%m}", first_open) == month]
    return Statement(person, month, None, tuple(lines))


def _first_open(session: Session) -> str:
    """The month that will be closed next: what was missed by earlier statements goes on it. "" before the first."""
    closed = store.last_closed(session)
    return "" if closed is None else f"{last_day_of(closed) + timedelta(days=1):%Y-%m}"


def closes_on(month: str) -> date:
    """The day from which a month is closed."""
    return last_day_of(month) + timedelta(days=CLOSING_DAY)


# ---------------------------------------------------------------- one trip


@dataclass(frozen=True, slots=True)
class Counted:
    """A passenger's journey of the trip: never who they are."""

    seats: int
    started_at: datetime
    proof: str
    leg: LineLeg | None
    distance_m: int
    refused: Decision | None  # why it does not count; None: it does


@dataclass(frozen=True, slots=True)
class Explained:
    """One vehicle trip, from its passengers to its amount."""

    award: str
    started_at: datetime
    operator: str
    line: str | None
    distance_m: int
    passengers: int
    journeys: tuple[Counted, ...]
    steps: tuple[Decision, ...]
    flags: tuple[Decision, ...]
    other: tuple[Decision, ...]  # what there is to say of an award without steps: it waits for a check
    whole: Money  # what the trip is due in all
    adds: Money  # what it adds to its statement
    month: str | None  # of the statement it is on; None: the month is open
    counts_now: bool  # False: the trip was priced again later
    recorded_at: datetime
    scale: Scale | Campaign | None  # None: nobody has its content any more
    scale_code: str
    scale_hash: str
    ceiling: Ceiling | None
    digest: str

    @property
    def leg(self) -> LineLeg | None:
        """From where the first counted passenger got in to where the last one got off; None off one line."""
        legs = [each.leg for each in self.journeys if each.refused is None]
        kept = [leg for leg in legs if leg is not None]
        if not kept or len(kept) != len(legs) or len({(leg.line, leg.direction) for leg in kept}) != 1:
            return None
        return LineLeg(kept[0].line, kept[0].direction, min(leg.from_m for leg in kept), max(leg.to_m for leg in kept))


def explain(session: Session, person: str, award: str, *, home: Path | None = None) -> Explained:
    """A trip of this driver. Raises NotFound("covoit.unknown_award")."""
    return _explained(session, store.award_of(session, person, award), home)


def latest(session: Session, person: str, *, home: Path | None = None) -> Explained | None:
    """The driver's latest trip that was priced."""
    row = store.latest_award_of(session, person)
    return None if row is None else _explained(session, row, home)


def _explained(session: Session, row: store.AwardRow, home: Path | None) -> Explained:
    document = orjson.loads(row.document)
    inputs = document.get("inputs")
    said = rules.reasons_from(row.reasons)
    steps = len(document.get("steps", ()))
    refused = dict(zip(sorted(document.get("refused", ())), said[steps:], strict=True)) if inputs else {}
    month, adds = store.line_of_award(session, row.id)
    try:
        scale = campaigns.rule_of_content(row.scale_hash, home)
    except NotFound:
        scale = None
    return Explained(
        award=row.id,
        started_at=row.started_at,
        operator=row.operator,
        line=row.line,
        distance_m=row.distance_m,
        passengers=row.passengers,
        journeys=tuple(_counted(each, refused.get(each["id"])) for each in _journeys(inputs)),
        steps=said[:steps],
        flags=tuple(subsidy.flag_said(flag) for flag in document.get("flags", ())),
        other=() if inputs else said,
        whole=Money(row.whole_cents),
        adds=Money(adds),
        month=month,
        counts_now=store.counts_now(session, row.id),
        recorded_at=row.recorded_at,
        scale=scale,
        scale_code=row.scale_code,
        scale_hash=row.scale_hash,
        ceiling=None if scale is None else ceiling_on(scale.ceilings, row.day),
        digest=row.digest,
    )


def _journeys(inputs: dict[str, Any] | None) -> list[dict[str, Any]]:
    found = [] if inputs is None else inputs["trip"]["journeys"]
    return sorted(found, key=lambda each: (each["started_at"], each["id"]))


def _counted(document: dict[str, Any], refused: Decision | None) -> Counted:
    leg = None if document["leg"] is None else LineLeg(*document["leg"])
    return Counted(
        seats=document["seats"],
        started_at=datetime.fromisoformat(document["started_at"]),
        proof=document["proof_class"],
        leg=leg,
        distance_m=document["distance_m"] if leg is None else leg.to_m - leg.from_m,
        refused=refused,
    )


# ---------------------------------------------------------------- computed again


@dataclass(frozen=True, slots=True)
class Again:
    """A trip computed again from its own inputs. `equal` None: it cannot be, and `why` says so."""

    kept: str  # the hash written when the trip was priced
    content: str  # the hash of what is stored now
    again: str | None  # the hash of what comes out today
    amount: Money | None
    equal: bool | None
    size_bytes: int


def compute_again(session: Session, person: str, award: str, *, home: Path | None = None) -> Again:
    """Price a trip of this driver again and compare byte for byte. Raises NotFound("covoit.unknown_award")."""
    row = store.award_of(session, person, award)
    stored = row.document.encode()
    content = sha256(stored).hexdigest()
    inputs = orjson.loads(row.document).get("inputs")
    try:
        scale = None if inputs is None else campaigns.rule_of_content(row.scale_hash, home)
    except NotFound:
        scale = None
    if scale is None:
        return Again(row.digest, content, None, None, None, len(stored))
    priced = priced_again(inputs, scale)
    again = subsidy.canonical_bytes(priced)
    equal = again == stored and content == row.digest
    return Again(row.digest, content, sha256(again).hexdigest(), priced.amount, equal, len(stored))


# ---------------------------------------------------------------- cases and decisions

MEASURES: Final = (Kind.RECOVERY, Kind.BAN)


def cases_seen(session: Session, person: str) -> list[claim_store.CaseRow]:
    """What the person asked, and the measures they were told of; the latest first."""
    rows = claim_store.cases_of(session, person)
    return [row for row in reversed(rows) if Kind(row.kind) not in MEASURES or row.notified_at is not None]


def case_seen(session: Session, person: str, case: str) -> claim_store.CaseRow:
    """One of them. Raises NotFound("covoit.unknown_case"), for another person's too."""
    row = claim_store.get_case(session, case)
    if row.person != person or (Kind(row.kind) in MEASURES and row.notified_at is None):
        raise NotFound("covoit.unknown_case", case=case[:40])
    return row


def may_be_heard(row: claim_store.CaseRow) -> bool:
    """Whether the person may still write what they have to say: until somebody decided."""
    return Kind(row.kind) in MEASURES and row.notified_at is not None and row.answered_at is None


def heard_until(row: claim_store.CaseRow) -> date | None:
    """The last day on which nobody may decide without having heard the person."""
    return None if row.notified_at is None else paris_day(row.notified_at) + timedelta(days=ADVERSARIAL_DAYS)


def decision_seen(session: Session, person: str, decision: str) -> str:
    """The id of a decision about this person. Raises NotFound("covoit.unknown_decision"), for another's too."""
    row = claim_store.get_decision(session, decision)
    if row.person != person:
        raise NotFound("covoit.unknown_decision", decision=decision[:40])
    return row.id
