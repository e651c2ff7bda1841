"""Simulation for decision-makers: a scale with some of its figures changed, on past trips, by the engine that pays."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from covoit.engine.recompute import Trips
from covoit.engine.simulate import Moves, Totals, WhatIf, what_if
from covoit.gateway.campaigns import load_campaign
from covoit.gateway.scales import load_scale, scale_in_force
from covoit.model.journeys import ProofClass, VehicleTrip
from covoit.model.pricing import PricedTrip
from covoit.model.scale import Cap, CapMeasure, CapOf, CapPer, DistanceBasis, Scale
from covoit.rules import campaign as campaign_rules
from covoit.rules import caps, subsidy
from mobigo.base.canonical import content_hash
from mobigo.base.errors import InvalidInput

if TYPE_CHECKING:
    from sqlalchemy import Engine

# The caps a form may set, by the name of its field.
CAPS: Final[Mapping[str, tuple[CapOf, CapPer, CapMeasure]]] = {
    "trips_per_day": (CapOf.DRIVER, CapPer.DAY, CapMeasure.TRIPS),
    "driver_day_cents": (CapOf.DRIVER, CapPer.DAY, CapMeasure.AMOUNT),
    "driver_month_cents": (CapOf.DRIVER, CapPer.MONTH, CapMeasure.AMOUNT),
    "driver_year_cents": (CapOf.DRIVER, CapPer.YEAR, CapMeasure.AMOUNT),
    "budget_cents": (CapOf.CAMPAIGN, CapPer.CAMPAIGN, CapMeasure.AMOUNT),
}
SIMULATED: Final = "simulation"


@dataclass(frozen=True, slots=True)
class Change:
    """What a form changes of a scale: None leaves a figure as it is."""

    rate_cents: int | None = None  # for each `rate_unit_m` metres of the scale
    rate_unit_m: int | None = None
    bonus_cents: int | None = None
    first_counted_passenger: int | None = None
    passengers_max: int | None = None
    leg_m_min: int | None = None
    proof_class_min: ProofClass | None = None
    distance_basis: DistanceBasis | None = None
    trips_per_day: int | None = None
    driver_day_cents: int | None = None
    driver_month_cents: int | None = None
    driver_year_cents: int | None = None
    budget_cents: int | None = None


# What a figure may be, both ends included: wide enough for any idea, too narrow for a slip of the keyboard.
BOUNDS: Final[Mapping[str, tuple[int, int]]] = {
    "rate_cents": (0, 100_000),
    "rate_unit_m": (1, 1_000_000),
    "bonus_cents": (0, 100_000),
    "first_counted_passenger": (1, 8),
    "passengers_max": (0, 8),
    "leg_m_min": (0, 1_000_000),
    "trips_per_day": (0, 100),
    "driver_day_cents": (0, 100_000_000),
    "driver_month_cents": (0, 100_000_000),
    "driver_year_cents": (0, 100_000_000),
    "budget_cents": (0, 100_000_000_000),
}


def changed_scale(scale: Scale, change: Change) -> Scale:
    """The scale with these figures: a scale of its own, that no act decides, for any day.

    Raises InvalidInput("covoit.bad_figure") for a figure outside its bounds.
    """
    given = {name: value for name in Change.__dataclass_fields__ if (value := getattr(change, name)) is not None}
    for name, (least, most) in BOUNDS.items():
        if name in given and not least <= given[name] <= most:
            raise InvalidInput("covoit.bad_figure", field=name, value=given[name], least=least, most=most)
    kept = [cap for cap in scale.caps if (cap.of, cap.per, cap.measure) not in {CAPS[n] for n in given if n in CAPS}]
    added = [Cap(*CAPS[name], given.pop(name)) for name in CAPS if name in given]
    made: Scale = replace(scale, **given, caps=tuple(kept + added), act=None, code=SIMULATED, applies=False)
    return replace(made, hash=content_hash({"of": scale.hash, "changes": figures_of(made)}))


def figures_of(scale: Scale) -> dict[str, Any]:
    """The figures a form shows: those of `Change`, as they are in the scale; None for a cap it does not have."""
    figures = {name: getattr(scale, name) for name in Change.__dataclass_fields__ if name not in CAPS}
    return figures | {name: scale.cap(*of) for name, of in CAPS.items()}


def simulate(trips: Trips, before: Scale, change: Change | Scale) -> WhatIf:
    """The trips under a scale and under what it would become; from columns kept by the caller, so that a form answers
    at once when only a figure moves. Raises InvalidInput for a figure, NotFound for a day nothing is known of."""
    after = change if isinstance(change, Scale) else changed_scale(before, change)
    return what_if(trips, before, after)


def price_trips(trips: Sequence[VehicleTrip], code: str | None, home: Path | None) -> list[PricedTrip]:
    """Each trip under the scale of this code, else under the one in force on its day; caps from nothing used; in the
    order given. Nothing is recorded. Raises NotFound for a code, or a day without a scale."""
    by_scale: dict[str, tuple[Scale, list[int]]] = {}
    for index, trip in enumerate(trips):
        scale = base_scale(trip.day, code, home)
        by_scale.setdefault(scale.hash, (scale, []))[1].append(index)
    priced: dict[int, PricedTrip] = {}
    for scale, rows in by_scale.values():
        first = subsidy.price_all([trips[row] for row in rows], scale)
        priced.update(zip(rows, caps.apply(first, scale, caps.Usage()), strict=True))
    return [priced[index] for index in range(len(trips))]


def price_under_campaign(trips: Sequence[VehicleTrip], code: str, home: Path | None) -> list[PricedTrip]:
    """The trips under the campaign of this code, both passes, from nothing used; one of journeys gives one answer
    for each journey that counts. Raises NotFound for a code, or a day whose ceiling or fare is not known."""
    campaign = load_campaign(code, home)
    return caps.apply(campaign_rules.price_all(trips, campaign), campaign, caps.Usage())


def own_history(engine: "Engine", first_day: date | None, last_day: date | None) -> Trips:
    """Our own past trips, those already priced included, in columns."""
    from covoit.store.journeys import trips_ready
    from mobigo.infra.db import reading

    with reading(engine) as session:
        return Trips.of(trips_ready(session, first_day=first_day, last_day=last_day, only_unpriced=False))


def within(trips: Trips, first_day: date | None, last_day: date | None) -> Trips:
    """The trips that start in these days, in France, both included; None leaves an end open."""
    least = (first_day or date.min).toordinal()
    most = (last_day or date.max).toordinal()
    return trips.kept((trips.day >= least) & (trips.day <= most))


def columns_of(trips: Iterable[VehicleTrip]) -> Trips:
    """Past trips, as the store gives them, in columns."""
    return Trips.of(trips)


def base_scale(day: date, code: str | None = None, home: Path | None = None) -> Scale:
    """What to compare with: the scale of this code, else the one in force. Raises NotFound."""
    return scale_in_force(day, home) if code is None else load_scale(code, home)


def what_if_json(answer: WhatIf) -> dict[str, Any]:
    """The answer as a JSON document: amounts in cents, lengths in metres, months as "2026-11"."""
    return {
        "before": {"scale": answer.before_code, **_totals_json(answer.before)},
        "after": {"scale": answer.after_code, **_totals_json(answer.after)},
        "trips": _moves_json(answer.trips),
        "drivers": None if answer.drivers is None else _moves_json(answer.drivers),
        "by_line_and_month": [
            {
                "line": row.line,
                "month": f"{row.month:%Y-%m}",
                "before": _totals_json(row.before),
                "after": _totals_json(row.after),
                "trips": _moves_json(row.moves),
            }
            for row in answer.rows
        ],
        "histogram": [
            {"from_cents": b.from_cents, "to_cents": b.to_cents, "before": b.before, "after": b.after}
            for b in answer.histogram
        ],
        "assumptions": list(answer.assumptions),
    }


def _totals_json(totals: Totals) -> dict[str, int]:
    return {
        "trips": totals.trips,
        "paid_trips": totals.paid_trips,
        "passengers": totals.passengers,
        "distance_m": totals.distance_m,
        "cost_cents": totals.cost.cents,
        "fares_cents": totals.fares.cents,
        "net_cost_cents": totals.net_cost.cents,
    }


def _moves_json(moves: Moves) -> dict[str, int]:
    return {
        "winners": moves.winners,
        "losers": moves.losers,
        "unchanged": moves.unchanged,
        "gained_cents": moves.gained.cents,
        "lost_cents": moves.lost.cents,
    }


def read_open_data(paths: Sequence[Path]) -> Trips:
    """Trips of the national registry's monthly files. Raises as `covoit.gateway.open_trips.read_open_trips`."""
    from covoit.gateway.open_trips import read_open_trips

    return read_open_trips(paths)
