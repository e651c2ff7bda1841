"""Who waits at a stop, and the cases of guaranteed departure and return. Queries only; nothing is decided here."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import CheckConstraint, Index, String, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from covoit.model.lines import Wait
from mobigo.base.errors import NotFound
from mobigo.infra.clock import new_id
from mobigo.infra.db import Base, UtcDateTime, changed
from mobigo.infra.privacy import BLANK, Days, describe

BOARDED: Final = "boarded"
LEFT: Final = "left"  # gave up, or was taken home by the guarantee
EXPIRED: Final = "expired"  # nobody said anything: it tells nothing of the wait


class WaitingRow(Base):
    """Somebody waiting at a stop: what the panel shows and drivers see; once ended, one observed wait."""

    __tablename__ = "covoit_waiting"
    __table_args__ = (Index(None, "stop", "ended_at"), Index(None, "line", "direction", "since"))

    id: Mapped[str] = mapped_column(String(26), primary_key=True)
    line: Mapped[str] = mapped_column(String(40))
    direction: Mapped[int]
    stop: Mapped[str] = mapped_column(String(60))
    to_stop: Mapped[str] = mapped_column(String(60))
    passenger: Mapped[str | None] = mapped_column(String(26), index=True)  # None: the button of the panel
    seats: Mapped[int]
    since: Mapped[datetime] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    outcome: Mapped[str | None] = mapped_column(String(10))


class GuaranteeRow(Base):
    """One case of guaranteed departure or return: asked, ordered, paid; or refused with a reason."""

    __tablename__ = "covoit_guarantee"
    __table_args__ = (CheckConstraint("cost_cents IS NULL OR cost_cents > 0", name="cost_positive"),)

    id: Mapped[str] = mapped_column(String(26), primary_key=True)
    waiting: Mapped[str] = mapped_column(String(26), unique=True)  # one wait is made good once
    line: Mapped[str] = mapped_column(String(40), index=True)
    direction: Mapped[int]
    stop: Mapped[str] = mapped_column(String(60))
    to_stop: Mapped[str] = mapped_column(String(60))
    passenger: Mapped[str | None] = mapped_column(String(26), index=True)
    rule: Mapped[str] = mapped_column(String(64))  # digest of the rule applied
    kind: Mapped[str] = mapped_column(String(10))  # taxi or voucher
    opened_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    ordered_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    ordered_by: Mapped[str | None] = mapped_column(String(26))
    order_ref: Mapped[str | None] = mapped_column(String(100))
    cost_cents: Mapped[int | None]
    closed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    outcome: Mapped[str | None] = mapped_column(String(20))  # paid, refused, not_needed
    reason: Mapped[str | None] = mapped_column(String(300))


describe(
    WaitingRow,
    purpose="show drivers that somebody waits; measure how long one waits",
    keep=Days(90, after="since", then=BLANK),
    personal={"passenger": "telling the person whether a car comes, and taking them home if none does"},
    plain="id line direction stop to_stop seats since ended_at outcome",
)
describe(
    GuaranteeRow,
    purpose="take home whoever no driver took, and account for what it cost",
    keep=Days(4 * 366, after="opened_at", then=BLANK),
    personal={"passenger": "whose way home it was; the cost is an amount of public money"},
    plain="id waiting line direction stop to_stop rule kind opened_at ordered_at ordered_by order_ref cost_cents "
    "closed_at outcome reason",
)


def add_waiting(
    session: Session, *, line: str, direction: int, stop: str, to_stop: str, passenger: str | None, seats: int,
    now: datetime,
) -> WaitingRow:  # fmt: skip
    """Somebody begins to wait."""
    row = WaitingRow(
        id=new_id(now), line=line, direction=direction, stop=stop, to_stop=to_stop, passenger=passenger, seats=seats,
        since=now,
    )  # fmt: skip
    session.add(row)
    session.flush()
    return row


def get_waiting(session: Session, waiting_id: str, *, lock: bool = False) -> WaitingRow:
    """One wait. Raises NotFound("covoit.no_such_wait")."""
    row = session.get(WaitingRow, waiting_id, with_for_update=lock or None)
    if row is None:
        raise NotFound("covoit.no_such_wait")
    return row


def waiting_of(session: Session, passenger: str) -> WaitingRow | None:
    """The wait of this person that has not ended, if any."""
    return session.scalar(
        select(WaitingRow)
        .where(WaitingRow.passenger == passenger, WaitingRow.ended_at.is_(None))
        .order_by(WaitingRow.since.desc())
        .limit(1)
    )


def waiting_at(session: Session, stops: Sequence[str], now: datetime, still: timedelta) -> list[WaitingRow]:
    """Who waits at these stops, the longest first; a wait nobody ended is believed for `still`."""
    asked = select(WaitingRow).where(
        WaitingRow.stop.in_(stops), WaitingRow.ended_at.is_(None), WaitingRow.since > now - still
    )
    return list(session.scalars(asked.order_by(WaitingRow.since, WaitingRow.id)))


def end_waiting(session: Session, waiting_id: str, outcome: str, now: datetime) -> bool:
    """The wait ends, once; whether it was still open."""
    open_one = update(WaitingRow).where(WaitingRow.id == waiting_id, WaitingRow.ended_at.is_(None))
    return changed(session, open_one.values(ended_at=now, outcome=outcome)) == 1


def expire_waiting(session: Session, now: datetime, still: timedelta) -> int:
    """Waits that nobody ended are closed; they say nothing of how long one waits."""
    old = update(WaitingRow).where(WaitingRow.ended_at.is_(None), WaitingRow.since <= now - still)
    return changed(session, old.values(ended_at=now, outcome=EXPIRED))


def waits_begun(session: Session, line: str, direction: int, first: datetime, last: datetime) -> list[Wait]:
    """The waits on this line, this way, begun after `first` and not after `last`, that ended at the stop."""
    rows = session.execute(
        select(WaitingRow.since, WaitingRow.ended_at, WaitingRow.outcome).where(
            WaitingRow.line == line,
            WaitingRow.direction == direction,
            WaitingRow.since > first,
            WaitingRow.since <= last,
            WaitingRow.outcome.in_((BOARDED, LEFT)),
        )
    )
    return [Wait(since, ended_at, outcome == BOARDED) for since, ended_at, outcome in rows if ended_at is not None]


def get_case(session: Session, case_id: str, *, lock: bool = False) -> GuaranteeRow:
    """One case. Raises NotFound("covoit.no_such_case")."""
    row = session.get(GuaranteeRow, case_id, with_for_update=lock or None)
    if row is None:
        raise NotFound("covoit.no_such_case")
    return row


def cases(session: Session, *, open_only: bool, limit: int = 200) -> list[GuaranteeRow]:
    """The cases, those that wait longest first; or the latest of all."""
    asked = select(GuaranteeRow)
    if open_only:
        asked = asked.where(GuaranteeRow.closed_at.is_(None)).order_by(GuaranteeRow.opened_at)
    else:
        asked = asked.order_by(GuaranteeRow.opened_at.desc())
    return list(session.scalars(asked.limit(limit)))


def case_of_wait(session: Session, waiting_id: str) -> GuaranteeRow | None:
    """The case opened for a wait, if there is one."""
    return session.scalar(select(GuaranteeRow).where(GuaranteeRow.waiting == waiting_id))
