"""The subsidy once more, slowly, with fractions, from the text of the rule: no code of the product is used here.

It reads the same TOML as the product and the attributes of trips, and answers plain numbers. Where the product unites
stretches, this counts cut pieces; where it rounds whole
numbers, this rounds a fraction.
"""

import itertools
from collections.abc import Mapping, Sequence
from fractions import Fraction
from math import floor
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

FRANCE = ZoneInfo("Europe/Paris")


class Naive(NamedTuple):
    amount: int
    before_caps: int
    fare: int
    passengers: int
    distance_m: int
    shares: dict[str, int]
    rank: int


def price_everything(
    trips: Sequence[Any], scale: Mapping[str, Any], ceiling: Mapping[str, Any], single_cents: int
) -> dict[tuple[str, str], Naive]:
    """Every trip of a closed world: ranks, amounts, then caps, in the order of the rule."""
    ordered = sorted(trips, key=lambda t: (first_start(t), t.operator, t.operator_trip_id))
    ranks: dict[tuple[str, Any], int] = {}
    totals: dict[Any, int] = {}
    answer = {}
    for trip in ordered:
        good = counted(trip, scale)
        mine = (trip.driver, day_of(trip))
        rank = ranks.get(mine, 0) + 1
        if good:
            ranks[mine] = rank
        km, bonus, length, people = parts(trip, good, scale)
        before = km + bonus
        if good and not (length < ceiling["short_below_m"] and rank <= ceiling["short_trips_per_day"]):
            before = min(before, floor(Fraction(ceiling["rate_mills_per_km"], 10) * Fraction(length, 1000)))
        amount = before
        for cap in in_order(scale.get("caps", [])):
            name = cap_name(cap, trip)
            used = totals.get(name, 0)
            if cap["measure"] == "amount":
                amount = min(amount, max(0, cap["limit"] - used))
            elif used >= cap["limit"]:
                amount = 0
        if amount:
            for cap in scale.get("caps", []):
                name = cap_name(cap, trip)
                totals[name] = totals.get(name, 0) + (amount if cap["measure"] == "amount" else 1)
        seats = sum(j.seats for j in good)
        answer[(trip.operator, trip.operator_trip_id)] = Naive(
            amount, before, seats * single_cents, people, length, share(good, km, bonus, before, amount), rank
        )
    return answer


def first_start(trip: Any) -> Any:
    return sorted(j.started_at for j in trip.journeys)[0]


def day_of(trip: Any) -> Any:
    return first_start(trip).astimezone(FRANCE).date()


def counted(trip: Any, scale: Mapping[str, Any]) -> list[Any]:
    """Step 1, each condition on its own line."""
    good: list[Any] = []
    day = day_of(trip)
    for j in sorted(trip.journeys, key=lambda each: (each.started_at, each.id)):
        if str(j.state.value) != "ok":
            continue
        if "ABC".index(j.proof_class.value) < "ABC".index(scale["proof_class_min"]):
            continue
        if long(j) < scale["leg_m_min"]:
            continue
        if j.passenger in (trip.driver, j.driver):
            continue
        if day < scale["first_day"] or ("last_day" in scale and day > scale["last_day"]):
            continue
        if any(o.passenger == j.passenger and same(o, j, scale["overlap_pct"]) for o in good):
            continue
        good.append(j)
    return good


def long(j: Any) -> int:
    return int(j.distance_m if j.leg is None else j.leg.to_m - j.leg.from_m)


def same(a: Any, b: Any, pct: int) -> bool:
    if a.leg and b.leg and (a.leg.line, a.leg.direction) == (b.leg.line, b.leg.direction):
        return not (a.leg.to_m <= b.leg.from_m or b.leg.to_m <= a.leg.from_m)
    together = min(a.ended_at, b.ended_at).timestamp() - max(a.started_at, b.started_at).timestamp()
    each = [j.ended_at.timestamp() - j.started_at.timestamp() for j in (a, b)]
    return together >= 0 and Fraction(together) >= Fraction(pct, 100) * Fraction(min(each))


def parts(trip: Any, good: list[Any], scale: Mapping[str, Any]) -> tuple[int, int, int, int]:
    """Steps 2 and 3: (kilometres, bonus, metres, persons)."""
    if not good:
        return 0, 0, 0, 0
    by_track: dict[Any, list[Any]] = {}
    lengths = [long(j) for j in good if j.leg is None]
    for j in good:
        if j.leg is not None:
            by_track.setdefault((j.leg.line, j.leg.direction), []).append(j.leg)
    if scale["distance_basis"] == "driven_on_line" and trip.driven is not None:
        track = (trip.driven.line, trip.driven.direction)
        if track in by_track:
            by_track[track].append(trip.driven)
    for legs in by_track.values():
        cuts = sorted({leg.from_m for leg in legs} | {leg.to_m for leg in legs})
        pieces = itertools.pairwise(cuts)
        lengths.append(sum(b - a for a, b in pieces if any(leg.from_m <= a and b <= leg.to_m for leg in legs)))
    length = max(lengths)
    km = half_up(Fraction(length) / scale["rate_unit_m"] * scale["rate_cents"])
    people = min(scale["passengers_max"], sum(j.seats for j in good))
    rewarded = [n for n in range(1, people + 1) if n >= scale["first_counted_passenger"]]
    return km, len(rewarded) * scale["bonus_cents"], length, people


def half_up(exact: Fraction) -> int:
    return floor(exact + Fraction(1, 2))


def share(good: list[Any], km: int, bonus: int, before: int, amount: int) -> dict[str, int]:
    """Step 7: three sharings, each by largest remainder."""
    if not good:
        return {}
    first = deal(km, {j.id: Fraction(long(j)) for j in good})
    second = deal(bonus, {j.id: Fraction(1) for j in good})
    whole = {name: first[name] + second[name] for name in first}
    if before != km + bonus:
        whole = deal(before, {name: Fraction(cents) for name, cents in whole.items()})
    if amount != before:
        whole = deal(amount, {name: Fraction(cents) for name, cents in whole.items()})
    return whole


def deal(cents: int, weights: dict[str, Fraction]) -> dict[str, int]:
    total = sum(weights.values())
    exact = {name: cents * (w / total if total else Fraction(1, len(weights))) for name, w in weights.items()}
    out = {name: floor(value) for name, value in exact.items()}
    while sum(out.values()) < cents:
        best = min(exact, key=lambda name: (-(exact[name] - out[name]), name))
        out[best] += 1
    return out


def in_order(caps: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    whose = ["vehicle_trip", "driver", "campaign"]
    width = ["trip", "day", "month", "year", "campaign"]
    return sorted(caps, key=lambda c: (whose.index(c["of"]), width.index(c["per"]), c["measure"] == "amount"))


def cap_name(cap: Mapping[str, Any], trip: Any) -> tuple[Any, ...]:
    day = day_of(trip)
    period = {"day": day, "month": (day.year, day.month), "year": day.year, "campaign": 0}[cap["per"]]
    return (cap["of"], cap["per"], cap["measure"], trip.driver if cap["of"] == "driver" else None, period)
