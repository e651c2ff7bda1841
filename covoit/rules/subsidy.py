"""Pass one: the price of a vehicle trip under a scale, alone (rule "BFC", steps 1 to 4 and 7 to 9).

A pure function that reads like the rule. Caps and budgets, which depend on other trips, are pass two
(`covoit.rules.caps`); the same rule over columns of numbers, for a million trips at once, is `covoit.engine.recompute`.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from fractions import Fraction
from typing import Any, Final, NamedTuple, Protocol

from covoit.model.journeys import Journey, JourneyState, LineLeg, ProofClass, VehicleTrip
from covoit.model.pricing import PricedTrip, Step
from covoit.model.scale import (
    DistanceBasis,
    Scale,
    ceiling_on,
    fare_on,
)
from covoit.rules import legal, words
from covoit.rules.documents import canonical_bytes, line_hash, priced_json, trip_from_json, trip_json
from mobigo.base.decisions import Decision
from mobigo.base.instants import paris_day, to_utc
from mobigo.base.money import ZERO, Money, from_exact_cents
from mobigo.base.periods import Period

__all__ = [
    "BROUGHT_BACK", "DRIVEN_UNKNOWN", "LONGEST_LEG", "SAME_PASSENGER", "Conditions", "apportion", "canonical_bytes",
    "flag_said", "length_m", "line_hash", "line_of", "overlap", "paid_distance", "people_said", "price", "price_all",
    "priced_json", "ranks_of_day", "recompute", "refusal", "reshared", "shares", "sort_journeys", "trip_from_json",
    "trip_json", "union_m",
]  # fmt: skip

LONGEST_LEG = "longest_leg"  # not on one line: the longest leg is paid, never a sum
BROUGHT_BACK = "brought_back_to_reference"  # a declared distance well above the line's own
DRIVEN_UNKNOWN = "driven_unknown"  # the scale pays what was driven, which nobody knows: what was shared is paid
SAME_PASSENGER = "same_passenger_again"  # one person on two legs in turn: right, and worth a look


def price(trip: VehicleTrip, scale: Scale, *, rank_of_day: int) -> PricedTrip:
    """The trip under the scale, before caps: amount, steps, reasons, shares, and all that decided.

    `rank_of_day`: which of the driver's trips of that day in France it is, from 1 (`ranks_of_day`).
    Raises NotFound where no legal ceiling or coach fare is known for its day.
    """
    return _price(_look_at(trip, scale), scale, rank_of_day)


class _Looked(NamedTuple):
    """A trip once looked at: when it began, and its journeys sorted."""

    trip: VehicleTrip
    started_at: datetime  # in UTC
    day: date
    journeys: list[Journey]
    refused: dict[str, Decision]


def _look_at(trip: VehicleTrip, scale: Scale) -> _Looked:
    started_at = to_utc(trip.started_at)
    day = paris_day(started_at)
    return _Looked(trip, started_at, day, *_sorted_on(day, trip, scale))


def _price(looked: _Looked, scale: Scale, rank_of_day: int) -> PricedTrip:
    if rank_of_day < 1:
        raise ValueError("ranks begin at 1")
    trip, started_at, day, journeys, refused = looked
    distance, flags = paid_distance(trip, journeys, scale)
    seats = sum(journey.seats for journey in journeys)
    passengers = min(scale.passengers_max, seats)
    ceiling = ceiling_on(scale.ceilings, day)
    fare = fare_on(scale.fares, day)

    steps: list[Step] = []
    km = bonus = ZERO
    if journeys:
        km = from_exact_cents(Fraction(distance * scale.rate_cents, scale.rate_unit_m))
        bonus = Money(scale.bonus_cents * max(0, passengers - scale.first_counted_passenger + 1))
        both = km + bonus
        steps.append(Step("km", km, km, _km_said(distance, scale, km)))
        steps.append(Step("passengers", bonus, both, _bonus_said(seats, passengers, scale, bonus)))
        limit = legal.limit_of(distance, rank_of_day, ceiling)
        if limit is not None and limit < both:
            said = Decision(
                "covoit.step_legal_cap",
                length=words.length(distance),
                rate=words.euros(ceiling.rate_mills_per_km),
                limit=limit,
            )
            steps.append(Step("legal_cap", limit - both, limit, said))
    else:
        steps.append(Step("no_passenger", ZERO, ZERO, Decision("covoit.no_counted_passenger")))
    amount = steps[-1].after

    return PricedTrip(
        operator=trip.operator,
        operator_trip_id=trip.operator_trip_id,
        driver=trip.driver,
        started_at=started_at,
        day=day,
        line=line_of(journeys),
        scale_code=scale.code,
        scale_hash=scale.hash,
        distance_m=distance,
        passengers=passengers,
        before_caps=amount,
        amount=amount,
        steps=tuple(steps),
        counted=tuple(journey.id for journey in journeys),
        refused=refused,
        flags=flags,
        shares=shares(journeys, km, bonus, amount),
        fare=fare.single * seats,
        inputs={
            "scale": {"code": scale.code, "hash": scale.hash},
            "ceiling": {"code": ceiling.code, "hash": ceiling.hash},
            "coach_fare": {"code": fare.code, "hash": fare.hash},
            "rank_of_day": rank_of_day,
            "trip": trip_json(trip),
        },
    )


# ---- step 1: which journeys count


class Conditions(Protocol):
    """What a journey must meet, of a scale or of a campaign."""

    @property
    def code(self) -> str: ...
    @property
    def period(self) -> Period: ...
    @property
    def proof_class_min(self) -> ProofClass: ...
    @property
    def leg_m_min(self) -> int: ...
    @property
    def overlap_pct(self) -> int: ...
    @property
    def distance_basis(self) -> DistanceBasis: ...
    @property
    def reference_tolerance_pct(self) -> int: ...


def sort_journeys(
    trip: VehicleTrip, scale: Conditions, more: Callable[[Journey], Decision | None] | None = None
) -> tuple[list[Journey], dict[str, Decision]]:
    """The journeys that count, by start then id, and why each other one does not; `more`: conditions of one's own."""
    return _sorted_on(trip.day, trip, scale, more)


def _sorted_on(
    day: date, trip: VehicleTrip, scale: Conditions, more: Callable[[Journey], Decision | None] | None = None
) -> tuple[list[Journey], dict[str, Decision]]:
    counted: list[Journey] = []
    refused: dict[str, Decision] = {}
    journeys = trip.journeys if len(trip.journeys) == 1 else sorted(trip.journeys, key=_by_start)
    for journey in journeys:
        reason = refusal(journey, trip, day, scale)
        if reason is None and more is not None:
            reason = more(journey)
        if reason is None and counted:
            reason = _overlap_refusal(journey, counted, scale)
        if reason is None:
            counted.append(journey)
        else:
            refused[journey.id] = reason
    return counted, refused


def _by_start(journey: Journey) -> tuple[datetime, str]:
    return (journey.started_at, journey.id)


def refusal(journey: Journey, trip: VehicleTrip, day: date, scale: Conditions) -> Decision | None:
    """The first reason not to count a journey of a trip of this day, in the order the rule lists them."""
    if journey.state is not JourneyState.OK:
        return Decision("covoit.journey_not_ok", state=_STATES_SAID[journey.state])
    if journey.proof_class < scale.proof_class_min:
        return Decision("covoit.weak_proof", proof=str(journey.proof_class), least=str(scale.proof_class_min))
    length = length_m(journey)
    if length < scale.leg_m_min:
        return Decision("covoit.leg_too_short", length=words.length(length), least=words.length(scale.leg_m_min))
    if journey.passenger == trip.driver or journey.passenger == journey.driver:
        return Decision("covoit.driver_is_passenger")
    if day not in scale.period:
        return Decision("covoit.outside_scale", day=day, scale=scale.code)
    return None


def _overlap_refusal(journey: Journey, counted: Sequence[Journey], scale: Conditions) -> Decision | None:
    for other in counted:
        if other.passenger == journey.passenger and overlap(other, journey, scale.overlap_pct):
            return Decision("covoit.same_person_twice", journey=other.operator_journey_id)
    return None


def overlap(a: Journey, b: Journey, least_pct: int) -> bool:
    """Whether two journeys of one person in one car are the same one: they share ground on a line, or elsewhere at
    least `least_pct` of the time of the shorter."""
    if a.leg is not None and b.leg is not None and _track(a.leg) == _track(b.leg):
        return min(a.leg.to_m, b.leg.to_m) > max(a.leg.from_m, b.leg.from_m)
    shared = min(a.ended_at, b.ended_at) - max(a.started_at, b.started_at)
    shorter = min(a.ended_at - a.started_at, b.ended_at - b.started_at)
    return shared >= timedelta(0) and shared * 100 >= shorter * least_pct


def length_m(journey: Journey) -> int:
    """The length of a journey: its leg on the line's reference kilometre table, else as declared."""
    return journey.distance_m if journey.leg is None else journey.leg.to_m - journey.leg.from_m


# ---- step 2: the kilometres


def paid_distance(trip: VehicleTrip, journeys: Sequence[Journey], scale: Conditions) -> tuple[int, tuple[str, ...]]:
    """The metres the scale pays for, and what there is to say about them.

    On a line: the union of the legs, so that a kilometre is paid once however many are on board and an empty stretch
    is not. Off the lines, or on several: the longest of them.
    """
    if not journeys:
        return 0, ()
    flags: list[str] = []
    tracks: dict[tuple[str, int], list[tuple[int, int]]] = {}
    lengths: list[int] = []
    for journey in journeys:
        if journey.leg is None:
            lengths.append(journey.distance_m)
            continue
        reference = journey.leg.to_m - journey.leg.from_m
        tracks.setdefault(_track(journey.leg), []).append((journey.leg.from_m, journey.leg.to_m))
        if journey.distance_m * 100 > reference * scale.reference_tolerance_pct and BROUGHT_BACK not in flags:
            flags.append(BROUGHT_BACK)
    if scale.distance_basis is DistanceBasis.DRIVEN_ON_LINE:
        if trip.driven is not None and _track(trip.driven) in tracks:
            tracks[_track(trip.driven)].append((trip.driven.from_m, trip.driven.to_m))
        else:
            flags.append(DRIVEN_UNKNOWN)
    lengths += [union_m(stretches) for stretches in tracks.values()]
    if len(tracks) != 1 or any(journey.leg is None for journey in journeys):
        flags.append(LONGEST_LEG)
    people = [journey.passenger for journey in journeys]
    if len(set(people)) < len(people):
        flags.append(SAME_PASSENGER)
    return max(lengths), tuple(sorted(flags))


def union_m(stretches: Iterable[tuple[int, int]]) -> int:
    """The length covered by stretches (from, to) of one line, shared ground once."""
    covered, reached = 0, None
    for start, end in sorted(stretches):
        begin = start if reached is None else max(start, reached)
        if end > begin:
            covered += end - begin
            reached = end
    return covered


def _track(leg: LineLeg) -> tuple[str, int]:
    return (leg.line, leg.direction)


def line_of(journeys: Sequence[Journey]) -> str | None:
    lines = {None if journey.leg is None else journey.leg.line for journey in journeys}
    return lines.pop() if len(lines) == 1 else None


# ---- step 4: the rank that the law asks for


def ranks_of_day(
    trips: Sequence[VehicleTrip], scale: Scale, *, already: Mapping[tuple[str, date], int] | None = None
) -> list[int]:
    """The rank of each trip among its driver's trips of the day, by start, then operator and id, from 1.

    Only trips with a journey that counts take a rank: an ineligible one changes nothing for the others (it gets the
    rank it would have had). `already`: how many trips of (driver, day) were priced before; late trips rank after them,
    so that what was decided stays.
    """
    return _ranks([_look_at(trip, scale) for trip in trips], already or {})


def _ranks(looked: Sequence[_Looked], already: Mapping[tuple[str, date], int]) -> list[int]:
    taken = dict(already)
    ranks = [0] * len(looked)
    order = sorted((each.started_at, *each.trip.key, index) for index, each in enumerate(looked))
    for _start, _operator, _trip, index in order:
        each = looked[index]
        key = (each.trip.driver, each.day)
        rank = taken.get(key, 0) + 1
        ranks[index] = rank
        if each.journeys:
            taken[key] = rank
    return ranks


def price_all(
    trips: Sequence[VehicleTrip], scale: Scale, *, already: Mapping[tuple[str, date], int] | None = None
) -> list[PricedTrip]:
    """Pass one over many trips: each with its rank; the order of the answer is the order given."""
    looked = [_look_at(trip, scale) for trip in trips]
    ranks = _ranks(looked, already or {})
    return [_price(each, scale, rank) for each, rank in zip(looked, ranks, strict=True)]


# ---- step 7: shares


def shares(journeys: Sequence[Journey], km: Money, bonus: Money, amount: Money) -> dict[str, Money]:
    """Each counted journey's share of the amount, for exports: kilometres by length of leg, bonus equally; what a
    ceiling took is taken in proportion. The sum is the amount, exactly."""
    if not journeys:
        return {}
    if len(journeys) == 1:
        return {journeys[0].id: amount}
    ids = [journey.id for journey in journeys]
    by_km = apportion(km.cents, {journey.id: length_m(journey) for journey in journeys})
    equally = apportion(bonus.cents, dict.fromkeys(ids, 1))
    whole = {each: by_km[each] + equally[each] for each in ids}
    if amount != km + bonus:
        whole = apportion(amount.cents, whole)
    return {each: Money(cents) for each, cents in whole.items()}


def apportion(cents: int, weights: Mapping[str, int]) -> dict[str, int]:
    """`cents` ≥ 0 shared by weight, whole cents, largest remainder first, ties by name; nothing lost or made.
    Weights that are all zero share equally."""
    total = sum(weights.values())
    if total == 0:
        weights, total = dict.fromkeys(weights, 1), len(weights)
    parts = {name: divmod(cents * weight, total) for name, weight in weights.items()}
    left = cents - sum(whole for whole, _rest in parts.values())
    first = set(sorted(parts, key=lambda name: (-parts[name][1], name))[:left])
    return {name: whole + (name in first) for name, (whole, _rest) in parts.items()}


def reshared(priced: PricedTrip, amount: Money) -> dict[str, Money]:
    """The shares once a cap has changed the amount."""
    weights = {name: share.cents for name, share in priced.shares.items()}
    return {name: Money(cents) for name, cents in apportion(amount.cents, weights).items()} if weights else {}


# ---- what is said


def _km_said(distance: int, scale: Scale, amount: Money) -> Decision:
    rate = words.rate(scale.rate_cents, scale.rate_unit_m)
    return Decision("covoit.step_km", length=words.length(distance), rate=rate, amount=amount)


def _bonus_said(seats: int, passengers: int, scale: Scale, amount: Money) -> Decision:
    """ "1 passager × 1,00 € = 1,00 €"; seats beyond the limit, and first ones that do not count, are said."""
    counted = max(0, passengers - scale.first_counted_passenger + 1)
    bonus = Money(scale.bonus_cents)
    if counted == 0:
        return Decision("covoit.step_no_bonus_yet", passengers=people_said(seats), first=scale.first_counted_passenger)
    if counted == seats:
        return Decision("covoit.step_bonus", passengers=people_said(counted), bonus=bonus, amount=amount)
    return Decision("covoit.step_bonus_of", passengers=people_said(counted), seats=seats, bonus=bonus, amount=amount)


def flag_said(flag: str) -> Decision:
    """What a flag of a priced trip means."""
    return {
        LONGEST_LEG: Decision("covoit.flag_longest_leg"),
        BROUGHT_BACK: Decision("covoit.flag_brought_back"),
        DRIVEN_UNKNOWN: Decision("covoit.flag_driven_unknown"),
        SAME_PASSENGER: Decision("covoit.flag_same_passenger"),
    }[flag]


_STATES_SAID: Final = {
    JourneyState.PENDING: Decision("covoit.words_pending"),
    JourneyState.CANCELLED: Decision("covoit.words_cancelled"),
    JourneyState.TERMS_VIOLATION: Decision("covoit.words_terms_violation"),
    JourneyState.ANOMALY: Decision("covoit.words_anomaly"),
    JourneyState.FRAUD: Decision("covoit.words_fraud"),
}


def people_said(number: int) -> Decision:
    if number == 1:
        return Decision("covoit.words_one_passenger")
    return Decision("covoit.words_passengers", number=number)


# ---- step 8: recomputable, byte for byte


def recompute(inputs: Mapping[str, Any], scale: Scale) -> PricedTrip:
    """Pass one again from the inputs of a priced trip. Raises ValueError when `scale` is not the one they name."""
    if inputs["scale"]["hash"] != scale.hash:
        raise ValueError(f"priced under {inputs['scale']['hash']}, not {scale.hash}")
    return price(trip_from_json(inputs["trip"]), scale, rank_of_day=inputs["rank_of_day"])
