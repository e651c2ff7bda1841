"""Pass two: caps and budgets, in order (rule "BFC", step 5). What remains is paid, then nothing.

Counters are not kept anywhere: they are the sum of what was posted, minus what was reversed (`Usage`). A payment that
came to nothing moves none; a reversal gives its room back.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Any, Final, Protocol

from covoit.model.pricing import PricedTrip, Step
from covoit.model.scale import Cap, CapMeasure, CapOf, CapPer, Scale
from covoit.rules import subsidy
from mobigo.base.decisions import Decision
from mobigo.base.money import ZERO, Money


class Capped(Protocol):
    """What has caps: a scale, or a campaign."""

    @property
    def code(self) -> str: ...
    @property
    def caps(self) -> tuple[Cap, ...]: ...


# (measure, of, whose, per, period): what one counter counts.
UsageKey = tuple[CapMeasure, CapOf, str, CapPer, str]


@dataclass(frozen=True, slots=True)
class Usage:
    """How much of each cap is used: posted minus reversed. A value: `with_posted` and `with_reversed` give new ones."""

    counters: Mapping[UsageKey, int] = field(default_factory=dict)

    def used(self, key: UsageKey) -> int:
        return self.counters.get(key, 0)

    def with_posted(self, priced: Iterable[PricedTrip], rules: Capped) -> "Usage":
        """After these amounts were posted."""
        return self._moved(priced, rules, 1)

    def with_reversed(self, priced: Iterable[PricedTrip], rules: Capped) -> "Usage":
        """After the same amounts were reversed, whole: the room is back."""
        return self._moved(priced, rules, -1)

    def _moved(self, priced: Iterable[PricedTrip], rules: Capped, sign: int) -> "Usage":
        counters = dict(self.counters)
        for trip in priced:
            if trip.amount != ZERO:
                _count(trip, rules.caps, [key_of(trip, cap) for cap in rules.caps], counters, sign)
        return Usage({key: used for key, used in counters.items() if used})


def apply(priced: Sequence[PricedTrip], scale: Capped, used: Usage) -> list[PricedTrip]:
    """The trips after the caps of their scale, in the order given to it; they are taken in the order of the rule:
    start, then operator, then trip id. `used` is what was posted before, which they never change.

    Each reduction is a step with its reason; what was already used stands in the inputs, so that the amount can be
    computed again alone.
    """
    if not scale.caps:
        return list(priced)
    counters = dict(used.counters)
    out: list[PricedTrip] = list(priced)
    for index in sorted(range(len(priced)), key=lambda each: _order(priced[each])):
        trip = priced[index]
        if trip.before_caps == ZERO:
            continue
        keys = [key_of(trip, cap) for cap in scale.caps]
        capped = out[index] = _through(trip, scale.caps, keys, counters)
        _count(capped, scale.caps, keys, counters, 1)
    return out


def _order(trip: PricedTrip) -> tuple[Any, ...]:
    return (trip.started_at, trip.operator, trip.operator_trip_id, trip.counted)


def _through(
    trip: PricedTrip, caps: Sequence[Cap], keys: Sequence[UsageKey], counters: Mapping[UsageKey, int]
) -> PricedTrip:
    """One trip through every cap, narrow before wide."""
    amount, steps, seen = trip.before_caps, list(trip.steps), {}
    for cap, key in zip(caps, keys, strict=True):
        already = counters.get(key, 0)
        seen[cap.code] = already
        allowed = allowed_by(cap, amount.cents, already, trip.passengers)
        if allowed < amount.cents:
            after = Money(allowed)
            steps.append(Step(cap.code, after - amount, after, _said(cap, already, after)))
            amount = after
    inputs = {**trip.inputs, "used": seen}
    if amount == trip.before_caps:
        return replace(trip, inputs=inputs)
    return replace(trip, amount=amount, steps=tuple(steps), shares=subsidy.reshared(trip, amount), inputs=inputs)


def allowed_by(cap: Cap, amount_cents: int, already: int, passengers: int) -> int:
    """What a cap lets through of an amount: what remains for an amount cap; all or nothing for a number of trips; for
    a number of persons, the share of those that still fit, rounded down."""
    room = max(0, cap.limit - already)
    if cap.measure is CapMeasure.AMOUNT:
        return min(amount_cents, room)
    if cap.measure is CapMeasure.TRIPS:
        return amount_cents if room >= 1 else 0
    return amount_cents if passengers <= room else amount_cents * room // passengers


def key_of(trip: PricedTrip, cap: Cap) -> UsageKey:
    """The counter that a cap reads for this trip."""
    return (cap.measure, cap.of, whose(trip, cap.of), cap.per, period_of(trip, cap.per))


def whose(trip: PricedTrip, of: CapOf) -> str:
    if of is CapOf.DRIVER:
        return trip.driver
    if of is CapOf.VEHICLE_TRIP:
        return f"{trip.operator}/{trip.operator_trip_id}"
    if of is CapOf.PASSENGER:
        people = {each["passenger"] for each in trip.inputs["trip"]["journeys"] if each["id"] in trip.counted}
        if len(people) != 1:
            raise ValueError("a cap of passengers needs amounts for each journey")
        return str(people.pop())
    return ""


def period_of(trip: PricedTrip, per: CapPer) -> str:
    """The name of the day, month or year, in France, of the trip's start."""
    return period_name(trip.day, per, trip.operator, trip.operator_trip_id)


def period_name(day: date, per: CapPer, operator: str = "", trip_id: str = "") -> str:
    if per is CapPer.DAY:
        return day.isoformat()
    if per is CapPer.MONTH:
        return f"{day.year:04d}-{day.month:02d}"
    if per is CapPer.YEAR:
        return f"{day.year:04d}"
    return f"{operator}/{trip_id}" if per is CapPer.TRIP else ""


def span_of(day: date, per: CapPer) -> tuple[date, date]:
    """First and last day of the period a cap counts over."""
    if per is CapPer.DAY:
        return day, day
    if per is CapPer.MONTH:
        first = day.replace(day=1)
        return first, (first + timedelta(days=32)).replace(day=1) - timedelta(days=1)
    if per is CapPer.YEAR:
        return date(day.year, 1, 1), date(day.year, 12, 31)
    return date(1970, 1, 1), date(9999, 12, 31)


def _count(
    trip: PricedTrip, caps: Sequence[Cap], keys: Sequence[UsageKey], counters: dict[UsageKey, int], sign: int
) -> None:
    """What a posted trip adds to the counters: its amount, one trip, its persons; nothing when nothing was paid."""
    if trip.amount == ZERO:
        return
    for cap, key in zip(caps, keys, strict=True):
        counters[key] = counters.get(key, 0) + sign * _moved(trip, cap.measure)


def _moved(trip: PricedTrip, measure: CapMeasure) -> int:
    if measure is CapMeasure.AMOUNT:
        return trip.amount.cents
    return 1 if measure is CapMeasure.TRIPS else trip.passengers


def _said(cap: Cap, already: int, after: Money) -> Decision:
    """Why a cap reduced an amount."""
    if cap.of is CapOf.CAMPAIGN and cap.per is CapPer.CAMPAIGN and cap.measure is CapMeasure.AMOUNT:
        return Decision("covoit.cap_budget", limit=Money(cap.limit), used=Money(already), after=after)
    whose_, per = _WHOSE_SAID[cap.of], _PER_SAID[cap.per]
    if cap.measure is CapMeasure.AMOUNT:
        limit, used = Money(cap.limit), Money(already)
        return Decision("covoit.cap_amount", whose=whose_, per=per, limit=limit, used=used, after=after)
    if cap.measure is CapMeasure.TRIPS:
        return Decision("covoit.cap_trips", whose=whose_, per=per, limit=cap.limit)
    return Decision("covoit.cap_passengers", whose=whose_, per=per, limit=cap.limit, used=already, after=after)


_WHOSE_SAID: Final = {
    CapOf.VEHICLE_TRIP: Decision("covoit.words_each_car"),
    CapOf.DRIVER: Decision("covoit.words_each_driver"),
    CapOf.PASSENGER: Decision("covoit.words_each_passenger"),
    CapOf.CAMPAIGN: Decision("covoit.words_everybody"),
}
_PER_SAID: Final = {
    CapPer.TRIP: Decision("covoit.words_per_trip"),
    CapPer.DAY: Decision("covoit.words_per_day"),
    CapPer.MONTH: Decision("covoit.words_per_month"),
    CapPer.YEAR: Decision("covoit.words_per_year"),
    CapPer.CAMPAIGN: Decision("covoit.words_in_all"),
}


def recompute(inputs: Mapping[str, Any], scale: Scale) -> PricedTrip:
    """A priced trip again from its own inputs, both passes: the very same value (compare `subsidy.canonical_bytes`)."""
    first = subsidy.recompute(inputs, scale)
    seen = inputs.get("used")
    if seen is None:
        return first
    used = Usage({key_of(first, cap): seen[cap.code] for cap in scale.caps})
    return apply([first], scale, used)[0]
