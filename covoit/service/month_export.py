"""A month's tables for publication, gathered from what is stored: exact rows, to be reduced before they are published.

Only trips whose award counts are in them. A journey that no commune or position is known of is left out and counted:
the k-rule could not see it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING

from sqlalchemy.orm import Session

from covoit.export.opendata import Commune, TripFacts, datasets
from covoit.gateway.lines import every_line
from covoit.model.journeys import Journey
from covoit.model.lines import Line
from covoit.model.pricing import PricedTrip
from covoit.rules.lines import stops_in
from covoit.service import calls
from covoit.service import communes as outlines
from covoit.service.closing import first_day_of, last_day_of
from covoit.store import journeys as journey_store
from covoit.store.figures import priced_between
from mobigo.base.geo import Point
from mobigo.base.periods import Period
from mobigo.infra import competence
from mobigo.infra.blobs import Blobs

if TYPE_CHECKING:
    from mobigo.base.datasets import Dataset


@dataclass(frozen=True, slots=True)
class MonthExport:
    """The tables of a month, and how many journeys could not be placed."""

    month: date
    datasets: "tuple[Dataset, ...]"
    left_out: int


def month_export(
    session: Session, month: str, *, salt: bytes, giver: str, giver_siret: str, blobs: Blobs | None = None
) -> MonthExport:
    """The four tables of a month. With `blobs`, a journey without commune is placed by the outlines that were imported,
    for as long as its exact positions are kept. Raises InvalidInput("covoit.bad_month")."""
    first_day, last_day = first_day_of(month), last_day_of(month)
    priced = priced_between(session, first_day, last_day)
    trips = journey_store.trips_ready(session, first_day=first_day, last_day=last_day, only_unpriced=False)
    rows: list[tuple[PricedTrip, Sequence[Journey]]] = []
    for trip in trips:
        award = priced.get(trip.key)
        if award is not None:
            ids = set(award.counted)
            rows.append((award, tuple(journey for journey in trip.journeys if journey.id in ids)))
    journeys = [journey for _award, counted in rows for journey in counted]
    positions = journey_store.positions_of(session, [journey.id for journey in journeys])
    lines = {line.code: line for line in every_line()}
    known = communes()
    placed = _placed(session, blobs, journeys, positions)
    facts = []
    for award, counted in rows:
        for given in counted:
            journey = placed.get(given.id, given)
            ends = positions.get(journey.id) or _ends(lines, journey)
            if ends is not None and journey.start_insee in known and journey.end_insee in known:
                facts.append(TripFacts(journey, ends[0], ends[1], award.amount.cents > 0))
    paid = calls.grants(session, Period(first_day, last_day))
    tables = datasets(facts, rows, paid, known, salt=salt, giver=giver, giver_siret=giver_siret)
    return MonthExport(first_day, tuple(tables), len(journeys) - len(facts))


def _placed(
    session: Session, blobs: Blobs | None, journeys: Sequence[Journey], positions: Mapping[str, tuple[Point, Point]]
) -> dict[str, Journey]:
    """The journeys that lack a commune and whose positions tell it."""
    lack = [j for j in journeys if (j.start_insee is None or j.end_insee is None) and j.id in positions]
    found = outlines.ends_of(session, blobs, [positions[journey.id] for journey in lack])
    return {
        journey.id: replace(journey, start_insee=journey.start_insee or start, end_insee=journey.end_insee or end)
        for journey, (start, end) in zip(lack, found, strict=True)
    }


def communes() -> Mapping[str, Commune]:
    """The communes of the region, as the trips table names them."""
    return {
        code: Commune(code, commune.name, competence.departement_of(code))
        for code, commune in competence.communes().items()
    }


def _ends(lines: Mapping[str, Line], journey: Journey) -> tuple[Point, Point] | None:
    """The stops a journey of a line begins and ends at; None off the lines, or between stops."""
    leg = journey.leg
    line = None if leg is None else lines.get(leg.line)
    if leg is None or line is None:
        return None
    along = {
        stop.position_m if leg.direction == 0 else line.length_m - stop.position_m: stop.point
        for stop in stops_in(line, leg.direction)
    }
    start, end = along.get(leg.from_m), along.get(leg.to_m)
    return None if start is None or end is None else (start, end)
