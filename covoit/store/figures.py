"""Sums for those who decide: awards by line and month, what the guarantee cost. No name, no person."""

import json
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from sqlalchemy import case, func, select
from sqlalchemy.orm import Session

from covoit.model.figures import LineSums
from covoit.model.pricing import PricedTrip
from covoit.store.awards import AwardRow, HeadRow
from covoit.store.lines import GuaranteeRow
from mobigo.base.instants import PARIS
from mobigo.base.money import Money


def line_sums(session: Session, first_day: date, last_day: date) -> list[LineSums]:
    """The sums of each line over days, both included; lines by code, what is off the lines last."""
    sums = {
        line: LineSums(line, int(trips), drivers, int(passengers), int(metres), Money(int(cents)), Money(int(fares)))
        for line, trips, drivers, passengers, metres, cents, fares in session.execute(
            select(
                AwardRow.line,
                func.sum(_once(1)),
                func.count(HeadRow.driver.distinct()),
                func.sum(_once(HeadRow.passengers)),
                func.sum(_once(AwardRow.distance_m)),
                func.sum(HeadRow.whole_cents),
                func.sum(HeadRow.fare_cents),
            )
            .join_from(HeadRow, AwardRow, HeadRow.award == AwardRow.id)
            .where(HeadRow.day >= first_day, HeadRow.day <= last_day, HeadRow.passengers > 0)
            .group_by(AwardRow.line)
        )
    }
    since, until = _midnight(first_day), _midnight(last_day + timedelta(days=1))
    costs = (
        select(GuaranteeRow.line, func.sum(GuaranteeRow.cost_cents))
        .where(GuaranteeRow.opened_at >= since, GuaranteeRow.opened_at < until, GuaranteeRow.cost_cents.is_not(None))
        .group_by(GuaranteeRow.line)
    )
    for line, cost in session.execute(costs):
        known = sums.get(line, LineSums(line))
        sums[line] = replace(known, guarantee=Money(int(cost or 0)))
    return [sums[line] for line in sorted(sums, key=lambda line: (line is None, line or ""))]


def _once(value: Any) -> Any:
    """A figure of a trip, which the campaigns that add to its aid do not repeat."""
    return case((HeadRow.supplement == "", value), else_=0)


def first_and_last_day(session: Session) -> tuple[date, date] | None:
    """The days of the first and of the last trip with an award; None when there is none."""
    first, last = session.execute(select(func.min(HeadRow.day), func.max(HeadRow.day))).one()
    return None if first is None else (first, last)


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), tzinfo=PARIS).astimezone(UTC)


def priced_between(session: Session, first_day: date, last_day: date) -> dict[tuple[str, str], PricedTrip]:
    """The awards under the scale that count of trips of these days, both included, by vehicle trip; steps and shares
    are left in the documents."""
    asked = (
        select(AwardRow)
        .join(HeadRow, HeadRow.award == AwardRow.id)
        .where(
            HeadRow.day >= first_day,
            HeadRow.day <= last_day,
            HeadRow.passengers > 0,
            HeadRow.supplement == "",
        )
        .order_by(AwardRow.day, AwardRow.operator, AwardRow.operator_trip_id)
    )
    return {
        (row.operator, row.operator_trip_id): PricedTrip(
            row.operator, row.operator_trip_id, row.driver, row.started_at, row.day, row.line, row.scale_code,
            row.scale_hash, row.distance_m, row.passengers, Money(row.before_caps_cents), Money(row.whole_cents),
            counted=tuple(json.loads(row.document).get("counted", ())), fare=Money(row.fare_cents),
        )
        for row in session.scalars(asked)
    }  # fmt: skip
