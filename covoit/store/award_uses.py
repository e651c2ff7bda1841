"""What campaigns' caps have used: sums of what stands on statements, and what each award of a campaign adds to them.

There are no counters: what a cap has used is the sum of rows written with the awards themselves, counted once their
award is on a statement.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import and_, func, insert, literal, select
from sqlalchemy.orm import Session

from covoit.store.award_rows import AwardRow, HeadRow, StatementLineRow, UseRow, slices
from covoit.store.awards import HEAD, Head, head_from, moved_to
from covoit.store.journey_rows import JourneyRow, PositionRow
from covoit.store.trips import Key
from mobigo.base.geo import Point
from mobigo.infra.db import table_of

Sums = tuple[int, int, int]  # cents, trips, persons


@dataclass(frozen=True, slots=True)
class Beside:
    """What a campaign may look at beside the journey: where it really began and ended, while that is kept; what the
    driver received, and what others gave of it."""

    ends: tuple[Point, Point] | None
    revenue_cents: int | None
    incentives_cents: int


def stated_use(session: Session, campaign: str, span: tuple[date, date], of: str) -> dict[str, Sums]:
    """What a campaign used, on statements, for trips of a span of days: by "driver" or "passenger", or "" (all)."""
    who: Any = {"driver": AwardRow.driver, "passenger": UseRow.passenger}.get(of, literal(""))
    asked = (
        select(who, func.sum(UseRow.cents), func.sum(UseRow.trips), func.sum(UseRow.persons))
        .join(AwardRow, AwardRow.id == UseRow.award)
        .join(StatementLineRow, StatementLineRow.award == UseRow.award)
        .where(AwardRow.supplement == campaign, AwardRow.day >= span[0], AwardRow.day <= span[1])
    )
    if of:
        asked = asked.group_by(who)
    return {row[0]: (int(row[1]), int(row[2]), int(row[3])) for row in session.execute(asked) if row[1] is not None}


def stated_use_of(session: Session, campaign: str, keys: Sequence[Key]) -> dict[Key, dict[str, Sums]]:
    """The same of each of these trips, by passenger."""
    found: dict[Key, dict[str, Sums]] = {}
    wanted = set(keys)
    for some in slices(sorted({key[1] for key in wanted})):
        asked = (
            select(
                AwardRow.operator, AwardRow.operator_trip_id, UseRow.passenger, func.sum(UseRow.cents),
                func.sum(UseRow.trips), func.sum(UseRow.persons),
            )
            .join(AwardRow, AwardRow.id == UseRow.award)
            .join(StatementLineRow, StatementLineRow.award == UseRow.award)
            .where(AwardRow.supplement == campaign, AwardRow.operator_trip_id.in_(some))
            .group_by(AwardRow.operator, AwardRow.operator_trip_id, UseRow.passenger)
        )  # fmt: skip
        for operator, trip, passenger, *sums in session.execute(asked):
            if (operator, trip) in wanted:
                found.setdefault((operator, trip), {})[passenger] = (int(sums[0]), int(sums[1]), int(sums[2]))
    return found


def stated_documents(session: Session, campaign: str, keys: Sequence[Key]) -> dict[Key, str]:
    """The canonical document of the last award of each of these trips that is on a statement."""
    found: dict[Key, str] = {}
    wanted = set(keys)
    for some in slices(sorted({key[1] for key in wanted})):
        asked = (
            select(AwardRow.operator, AwardRow.operator_trip_id, AwardRow.document)
            .join(StatementLineRow, StatementLineRow.award == AwardRow.id)
            .where(AwardRow.supplement == campaign, AwardRow.operator_trip_id.in_(some), AwardRow.cause != "withdrawn")
            .order_by(AwardRow.revision)
        )
        found.update(((row[0], row[1]), row[2]) for row in session.execute(asked) if (row[0], row[1]) in wanted)
    return found


def write_uses(session: Session, uses: Mapping[str, Mapping[str, Sums]]) -> None:
    """Add what awards use, by award then passenger; what is nothing is not written."""
    rows = [
        {"award": award, "passenger": passenger, "cents": sums[0], "trips": sums[1], "persons": sums[2]}
        for award, each in uses.items()
        for passenger, sums in each.items()
        if any(sums)
    ]
    if rows:
        session.connection().execute(insert(table_of(UseRow)), rows)


def supplements_on(session: Session, day: date, ready: Collection[Key]) -> dict[str, dict[Key, Head]]:
    """The heads of all campaigns for the trips of a day, by campaign then trip; those of trips `ready` to be priced on
    this day that were priced on another are among them."""
    found: dict[str, dict[Key, Head]] = {}
    rows = list(session.execute(select(*HEAD).where(HeadRow.day == day, HeadRow.supplement != "")))
    for key in moved_to(session, day, ready, HeadRow.supplement != ""):
        of_trip = HeadRow.operator == key[0], HeadRow.operator_trip_id == key[1], HeadRow.supplement != ""
        rows += session.execute(select(*HEAD).where(*of_trip))
    for row in rows:
        head = head_from(row)
        found.setdefault(head.supplement, {})[head.key] = head
    return found


def beside(session: Session, journeys: Sequence[str]) -> dict[str, Beside]:
    """What is kept beside these journeys."""
    found = {}
    for some in slices(journeys):
        asked = (
            select(
                JourneyRow.id, JourneyRow.revenue_cents, JourneyRow.sums, PositionRow.start_lat, PositionRow.start_lon,
                PositionRow.end_lat, PositionRow.end_lon,
            )
            .outerjoin(PositionRow, and_(PositionRow.journey == JourneyRow.id))
            .where(JourneyRow.id.in_(some))
        )  # fmt: skip
        for name, revenue, sums, start_lat, start_lon, end_lat, end_lon in session.execute(asked):
            ends = None if start_lat is None else (Point(start_lat, start_lon), Point(end_lat, end_lon))
            found[name] = Beside(ends, revenue, _incentives(sums))
    return found


def _incentives(sums: Any) -> int:
    """What the operator says others gave, in cents."""
    return sum(int(each["amount"]) for each in (sums or {}).get("incentives", ()))
