"""Pass one for a campaign: each journey, or each vehicle trip, alone. Pass two is `covoit.rules.caps`, one for all.

What the rule of our lines asks too (state, proof, length, distinct persons, overlap, kilometres of a line) is asked by
the same functions of `covoit.rules.subsidy`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from fractions import Fraction
from typing import Any

from covoit.model.campaign import Campaign, Ends, Part, PartKind, Unit
from covoit.model.journeys import Journey, VehicleTrip, order_of
from covoit.model.pricing import PricedTrip, Step
from covoit.model.scale import ceiling_on, fare_on
from covoit.rules import legal, subsidy, words
from covoit.rules.zones import contains
from mobigo.base.decisions import Decision
from mobigo.base.instants import to_utc
from mobigo.base.money import ZERO, Money, from_exact_cents

# For each journey, for each zone: whether its start lies in it, and its end.
Whereabouts = Mapping[str, Mapping[str, Sequence[bool]]]


def price(
    trip: VehicleTrip,
    campaign: Campaign,
    *,
    rank_of_day: int,
    whereabouts: Whereabouts | None = None,
    given: Money = ZERO,
) -> list[PricedTrip]:
    """The trip under the campaign, before caps: one answer for the vehicle trip, or one for each of its journeys that
    counts (one, at zero, when none does). Answers of journeys are in order of start, then id.

    `whereabouts`: in which zones journeys begin and end, when it is known already (positions are not kept).
    `given`: what the driver is due for this trip otherwise; the legal ceiling is that of all aids together.
    Raises NotFound where the campaign needs a legal ceiling or a coach fare that no file has for that day.
    """
    there = whereabouts_of(trip, campaign) if whereabouts is None else whereabouts
    journeys, refused = subsidy.sort_journeys(trip, campaign, lambda each: refusal(each, trip, campaign, there))
    flags = subsidy.paid_distance(trip, journeys, campaign)[1]
    inputs: dict[str, Any] = {
        "campaign": {"code": campaign.code, "hash": campaign.hash},
        "rank_of_day": rank_of_day,
        "trip": _facts(trip, there, campaign),
    }
    if given != ZERO:
        inputs["given_cents"] = given.cents
    if not journeys:
        nothing = Step("no_passenger", ZERO, ZERO, Decision("covoit.no_counted_passenger"))
        return [_answer(trip, campaign, [], _Worked([nothing]), refused, (), inputs)]
    units = [journeys] if campaign.unit is Unit.VEHICLE_TRIP else [[journey] for journey in journeys]
    worked = [_work(trip, unit, campaign) for unit in units]
    if campaign.legal_ceiling:
        _under_the_ceiling(trip, journeys, worked, campaign, rank_of_day, given)
    return [
        _answer(trip, campaign, unit, each, refused if at == 0 else {}, flags, inputs)
        for at, (unit, each) in enumerate(zip(units, worked, strict=True))
    ]


def price_all(trips: Sequence[VehicleTrip], campaign: Campaign) -> list[PricedTrip]:
    """Pass one over many trips, each with its rank among its driver's trips of the day that count; trips in the order
    given, several answers in a row for a trip whose journeys are priced one by one."""
    taken: dict[tuple[str, date], int] = {}
    found: dict[int, list[PricedTrip]] = {}
    for index in sorted(range(len(trips)), key=lambda each: order_of(trips[each])):
        trip = trips[index]
        key = (trip.driver, trip.day)
        rank = taken.get(key, 0) + 1
        found[index] = price(trip, campaign, rank_of_day=rank)
        if any(each.counted for each in found[index]):
            taken[key] = rank
    return [each for index in range(len(trips)) for each in found[index]]


def recompute(inputs: Mapping[str, Any], campaign: Campaign) -> list[PricedTrip]:
    """Pass one again from the inputs of any of its answers. Raises ValueError when `campaign` is not the one named."""
    if inputs["campaign"]["hash"] != campaign.hash:
        raise ValueError(f"priced under {inputs['campaign']['hash']}, not {campaign.hash}")
    facts = {each["id"]: each for each in inputs["trip"]["journeys"]}
    trip = subsidy.trip_from_json(inputs["trip"])
    journeys = tuple(_with_sums(journey, facts[journey.id]) for journey in trip.journeys)
    whereabouts = {name: each.get("zones", {}) for name, each in facts.items()}
    trip = replace(trip, journeys=journeys)
    given = Money(inputs.get("given_cents", 0))
    return price(trip, campaign, rank_of_day=inputs["rank_of_day"], whereabouts=whereabouts, given=given)


def _with_sums(journey: Journey, facts: Mapping[str, Any]) -> Journey:
    if "over_18" in facts:
        journey = replace(journey, passenger_over_18=facts["over_18"])
    if "driver_revenue_cents" not in facts:
        return journey
    return replace(
        journey, driver_revenue=Money(facts["driver_revenue_cents"]), incentives=Money(facts["incentives_cents"])
    )


def refusal(journey: Journey, trip: VehicleTrip, campaign: Campaign, there: Whereabouts) -> Decision | None:
    """What a campaign asks besides: the first reason, in the order of its file's sections."""
    day = trip.day
    length = subsidy.length_m(journey)
    if length not in campaign.lengths:
        assert campaign.lengths.to_m is not None  # noqa: S101  # too short was refused before
        return Decision("covoit.leg_too_long", length=words.length(length), most=words.length(campaign.lengths.to_m))
    if campaign.operators and not any(
        rule.code == journey.operator and day in rule.period for rule in campaign.operators
    ):
        return Decision("covoit.operator_outside", operator=journey.operator, campaign=campaign.code)
    if day.isoweekday() not in campaign.weekdays or day in campaign.except_days:
        return Decision("covoit.day_outside", day=day)
    for rule in campaign.where:
        start, end = there[journey.id][rule.zone]
        holds = {Ends.START: start, Ends.END: end, Ends.BOTH: start and end, Ends.EITHER: start or end}[rule.ends]
        if holds is not rule.inside:
            return Decision("covoit.zone_outside", zone=rule.zone)
    if campaign.adults_only and journey.passenger_over_18 is not True:
        return Decision("covoit.not_adult")
    free = any(part.kind is PartKind.FREE_RIDE for part in campaign.parts)
    if free and journey.driver_revenue is None:
        return Decision("covoit.revenue_unknown")
    return None


# ---- zones


def whereabouts_of(trip: VehicleTrip, campaign: Campaign) -> Whereabouts:
    """Which zones of the campaign the ends of each journey lie in, on the day of the trip."""
    return {
        journey.id: {
            name: [
                contains(zone, trip.day, journey.start, journey.start_insee),
                contains(zone, trip.day, journey.end, journey.end_insee),
            ]
            for name, zone in campaign.zones.items()
        }
        for journey in trip.journeys
    }


# ---- amounts


@dataclass(slots=True)
class _Worked:
    """Steps in the making. `exact` keeps the fractions of a cent: each step shows the sum rounded once."""

    steps: list[Step] = field(default_factory=list)
    exact: Fraction = Fraction(0)
    distance_m: int = 0
    passengers: int = 0

    @property
    def amount(self) -> Money:
        return self.steps[-1].after if self.steps else ZERO

    def to(self, exact: Fraction, code: str, said: Decision) -> None:
        before, after = self.amount, from_exact_cents(exact)
        self.exact = exact
        self.steps.append(Step(code, after - before, after, said))


def _work(trip: VehicleTrip, journeys: Sequence[Journey], campaign: Campaign) -> _Worked:
    """The parts, then the booster of the day, then the most a unit may have."""
    worked = _Worked(distance_m=subsidy.paid_distance(trip, journeys, campaign)[0])
    seats = sum(journey.seats for journey in journeys)
    worked.passengers = min(campaign.passengers_max, seats)
    for part in campaign.parts:
        if worked.distance_m in part.lengths:
            exact, said = _part(part, worked, journeys)
            worked.to(worked.exact + exact, part.id, said)
    if not worked.steps:
        worked.to(Fraction(0), "no_part", Decision("covoit.no_part", length=words.length(worked.distance_m)))
    booster = next((each for each in campaign.boosters if each.applies(trip.day)), None)
    if booster is not None:
        said = Decision("covoit.step_booster", factor=_factor_said(booster.factor))
        worked.to(worked.exact * booster.factor, booster.id, said)
    most = campaign.amount_cents_max
    if most is not None and worked.exact > most:
        worked.to(Fraction(most), "amount_max", Decision("covoit.step_amount_max", most=Money(most)))
    return worked


def _part(part: Part, worked: _Worked, journeys: Sequence[Journey]) -> tuple[Fraction, Decision]:
    """What one part adds, exactly, and how it is said."""
    seats = journeys[0].seats if part.per_seat and len(journeys) == 1 else worked.passengers if part.per_seat else 1
    cents = Money(part.cents)
    if part.kind is PartKind.PER_KM:
        most = worked.distance_m if part.limit_m is None else min(worked.distance_m, part.limit_m)
        metres = max(0, most - part.offset_m)
        exact = Fraction(metres * part.cents * seats, part.unit_m)
        rate = words.rate(part.cents, part.unit_m)
        said = Decision("covoit.step_km", length=words.length(metres), rate=rate, amount=from_exact_cents(exact))
    elif part.kind is PartKind.PER_PASSENGER:
        people = worked.passengers if part.most is None else min(worked.passengers, part.most)
        counted = max(0, people - part.first + 1)
        exact = Fraction(counted * part.cents)
        said = Decision(
            "covoit.step_bonus",
            passengers=subsidy.people_said(counted),
            bonus=cents,
            amount=Money(counted * part.cents),
        )
    elif part.kind is PartKind.FREE_RIDE:
        revenue, others = journeys[0].driver_revenue or ZERO, journeys[0].incentives
        exact = Fraction(max(0, (revenue - others).cents))
        said = Decision("covoit.step_free_ride", revenue=revenue, others=others, amount=Money(int(exact)))
    else:
        exact = Fraction(part.cents * seats)
        said = Decision("covoit.step_flat", amount=Money(part.cents * seats))
    if part.per_seat and seats > 1:
        return exact, Decision("covoit.step_per_seat", seats=seats, part=said)
    return exact, said


def _factor_said(factor: Fraction) -> float:
    return factor.numerator / factor.denominator


def _under_the_ceiling(
    trip: VehicleTrip, journeys: Sequence[Journey], worked: Sequence[_Worked], campaign: Campaign, rank_of_day: int,
    given: Money,
) -> None:  # fmt: skip
    """All that the car brings its driver, `given` otherwise included, stays under the costs of the trip; what is too
    much is taken in proportion."""
    distance = subsidy.paid_distance(trip, journeys, campaign)[0]
    ceiling = ceiling_on(campaign.ceilings, trip.day)
    limit = legal.limit_of(distance, rank_of_day, ceiling)
    total = sum(each.amount.cents for each in worked)
    if limit is None or total <= max(0, (limit - given).cents):
        return
    room = max(ZERO, limit - given)
    names = [f"{at:03d}" for at in range(len(worked))]
    parts = subsidy.apportion(room.cents, {name: each.amount.cents for name, each in zip(names, worked, strict=True)})
    said = Decision(
        "covoit.step_legal_cap",
        length=words.length(distance),
        rate=words.euros(ceiling.rate_mills_per_km),
        limit=limit,
    )
    if given != ZERO:
        said = Decision("covoit.step_legal_cap_beside", limit=limit, given=given, room=room)
    for name, each in zip(names, worked, strict=True):
        if parts[name] < each.amount.cents:
            each.to(Fraction(parts[name]), "legal_cap", said)


def _answer(
    trip: VehicleTrip,
    campaign: Campaign,
    journeys: Sequence[Journey],
    worked: _Worked,
    refused: Mapping[str, Decision],
    flags: tuple[str, ...],
    inputs: Mapping[str, Any],
) -> PricedTrip:
    amount = worked.amount
    seats = sum(journey.seats for journey in journeys)
    fare = fare_on(campaign.fares, trip.day).single * seats if campaign.passenger_pays_fare else ZERO
    return PricedTrip(
        operator=trip.operator,
        operator_trip_id=trip.operator_trip_id,
        driver=trip.driver,
        started_at=to_utc(trip.started_at),
        day=trip.day,
        line=subsidy.line_of(journeys),
        scale_code=campaign.code,
        scale_hash=campaign.hash,
        distance_m=worked.distance_m,
        passengers=worked.passengers,
        before_caps=amount,
        amount=amount,
        steps=tuple(worked.steps),
        counted=tuple(journey.id for journey in journeys),
        refused=refused,
        flags=flags,
        shares=_shares(journeys, amount),
        fare=fare,
        inputs=inputs,
    )


def _shares(journeys: Sequence[Journey], amount: Money) -> dict[str, Money]:
    """By length of journey; a unit of one journey has it all."""
    if not journeys:
        return {}
    weights = {journey.id: subsidy.length_m(journey) for journey in journeys}
    return {name: Money(cents) for name, cents in subsidy.apportion(amount.cents, weights).items()}


def _facts(trip: VehicleTrip, there: Whereabouts, campaign: Campaign) -> dict[str, Any]:
    """The trip as JSON, with what a campaign looks at besides: in which zones its ends lie (never where), and sums."""
    document = subsidy.trip_json(trip)
    journeys = {journey.id: journey for journey in trip.journeys}
    for each in document["journeys"]:
        journey = journeys[each["id"]]
        if there[journey.id]:
            each["zones"] = {name: list(ends) for name, ends in there[journey.id].items()}
        if campaign.adults_only:
            each["over_18"] = journey.passenger_over_18
        if journey.driver_revenue is not None:
            each["driver_revenue_cents"] = journey.driver_revenue.cents
            each["incentives_cents"] = journey.incentives.cents
    return document
