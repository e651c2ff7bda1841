"""What a campaign adds to a vehicle trip, as one award: its journeys priced one by one, after caps and budget. Pure.

The driver is paid; a passenger never is. Code des transports L1231-15 lets the aid of a passenger be at most what they
pay the driver, which on our lines is nothing: they pay the Region. A ride made free is paid to the driver too.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from covoit.model.campaign import Campaign, Unit
from covoit.model.journeys import VehicleTrip
from covoit.model.pricing import PricedTrip, Step
from covoit.model.scale import Scale
from covoit.rules import awards, caps
from covoit.rules import campaign as rules
from covoit.rules.campaign import Whereabouts
from mobigo.base.decisions import Decision
from mobigo.base.money import ZERO, Money

Sums = tuple[int, int, int]  # cents, trips, persons


def merged(units: Sequence[PricedTrip]) -> PricedTrip:
    """The award of a vehicle trip from its units (journeys, or the trip whole), each after caps and budget.

    The sum of the steps is the amount; the inputs hold those of each unit, so that all of it is computed again alone.
    No fare: what passengers owe is said once, by the award under the scale.
    """
    first = units[0]
    told = Decision("covoit.step_campaign", campaign=first.scale_code)
    steps = [Step("campaign", ZERO, ZERO, told)]
    total = ZERO
    for number, unit in enumerate(units, 1):
        if len(units) > 1:
            said = Decision("covoit.step_passenger_of", number=number, of=len(units))
            steps.append(Step("passenger", ZERO, total, said))
        for step in unit.steps:
            total += step.change
            steps.append(replace(step, after=total))
    shared = {name: inputs for name, inputs in first.inputs.items() if name not in ("used", "budget")}
    own = [{name: unit.inputs[name] for name in ("used", "budget") if name in unit.inputs} for unit in units]
    return replace(
        first,
        distance_m=max(unit.distance_m for unit in units),
        passengers=sum(unit.passengers for unit in units),
        before_caps=sum((unit.before_caps for unit in units), ZERO),
        amount=sum((unit.amount for unit in units), ZERO),
        steps=tuple(steps),
        counted=tuple(journey for unit in units for journey in unit.counted),
        shares={journey: share for unit in units for journey, share in unit.shares.items()},
        fare=ZERO,
        inputs={**shared, "units": own},
    )


def recomputed(inputs: Mapping[str, Any], campaign: Campaign) -> PricedTrip:
    """The award again from its own inputs: both passes and the budget. Raises ValueError for another campaign's."""
    units = []
    for unit, own in zip(rules.recompute(inputs, campaign), inputs["units"], strict=True):
        if "used" in own:
            used = caps.Usage({caps.key_of(unit, cap): own["used"][cap.code] for cap in campaign.caps})
            unit = caps.apply([unit], campaign, used)[0]
        if "budget" in own:
            limit, already = Money(own["budget"]["limit_cents"]), Money(own["budget"]["used_cents"])
            unit = awards.within_budget(unit, limit, already)
        units.append(unit)
    return merged(units)


def priced_again(inputs: Mapping[str, Any], rule: Scale | Campaign) -> PricedTrip:
    """An award again from its own inputs, under the scale or the campaign that priced it."""
    return recomputed(inputs, rule) if isinstance(rule, Campaign) else awards.recomputed(inputs, rule)


def uses_of(units: Sequence[PricedTrip], campaign: Campaign) -> dict[str, Sums]:
    """What the units of a trip use of caps, by passenger ("" where the trip is priced whole)."""
    found: dict[str, Sums] = {}
    for unit in units:
        if unit.amount == ZERO:
            continue
        who = "" if campaign.unit is Unit.VEHICLE_TRIP else passenger_of(unit)
        cents, trips, persons = found.get(who, (0, 0, 0))
        found[who] = (cents + unit.amount.cents, trips + 1, persons + unit.passengers)
    return found


def used_of(document: Mapping[str, Any], campaign_unit: Unit) -> dict[str, int]:
    """The cents of each passenger in the canonical document of an award ("" where the trip is priced whole)."""
    if campaign_unit is Unit.VEHICLE_TRIP:
        return {"": document["amount_cents"]} if document["amount_cents"] else {}
    found: dict[str, int] = {}
    people = {each["id"]: each["passenger"] for each in document["inputs"]["trip"]["journeys"]}
    for journey, cents in document["shares_cents"].items():
        found[people[journey]] = found.get(people[journey], 0) + cents
    return {who: cents for who, cents in found.items() if cents}


def passenger_of(unit: PricedTrip) -> str:
    """The passenger of a priced journey."""
    return next(str(each["passenger"]) for each in unit.inputs["trip"]["journeys"] if each["id"] in unit.counted)


def added(after: Mapping[str, Sums], before: Mapping[str, Sums]) -> dict[str, Sums]:
    """What `after` uses beyond `before`, by passenger; may be less."""
    nothing = (0, 0, 0)
    return {
        who: (now[0] - was[0], now[1] - was[1], now[2] - was[2])
        for who in sorted({*after, *before})
        for now, was in [(after.get(who, nothing), before.get(who, nothing))]
    }


def whereabouts(trip: VehicleTrip, campaign: Campaign, standing: Mapping[str, Any] | None) -> Whereabouts:
    """In which zones the ends of the journeys lie. Positions are erased some months after payment: of a journey that is
    on a statement and did not change, what was written then stands."""
    there = dict(rules.whereabouts_of(trip, campaign))
    if not campaign.zones:
        return there
    known = {} if standing is None else {each["id"]: each for each in standing["trip"]["journeys"]}
    for journey in trip.journeys:
        was = known.get(journey.id)
        if was is not None and set(was.get("zones", {})) == set(campaign.zones) and journey.start is None:
            same = (was["distance_m"], was["start_insee"], was["end_insee"])
            if same == (journey.distance_m, journey.start_insee, journey.end_insee):
                there[journey.id] = was["zones"]
    return there
