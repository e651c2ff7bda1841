"""Ways beside the timetable (along a carpool line, by an on-demand service) against its journeys: where one may change
between them, which are worth showing, why, and where they stand among the journeys. Pure comparisons."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from math import inf
from typing import Final, Generic, NamedTuple, TypeVar

from mobigo.base.decisions import Decision
from mobigo.base.geo import Point, distance_m
from mobigo.base.money import ZERO, Money
from mobigo.network.model.live import LiveNetwork
from mobigo.planner.model import (
    Answer,
    CarpoolWay,
    Emission,
    Fares,
    Journey,
    OnDemandFound,
    OnDemandWay,
    Payer,
    Preset,
    Price,
)
from mobigo.planner.rules.choice import ENDLESS_S, WALK_M_LESS
from mobigo.planner.rules.dropped import Rule

WAIT_MAX: Final = timedelta(hours=1)  # between the two: a longer wait is no way to propose
MARGIN: Final = timedelta(minutes=5)  # left at least before something that leaves at its hour
REASONS_MAX: Final = 2
Way = CarpoolWay | OnDemandWay
OneWay = TypeVar("OneWay", CarpoolWay, OnDemandWay)


def goes_on(door: Point, hub: Point, other: Point) -> bool:
    """Whether one is nearer to the other end at `hub` than at the door: who is taken the other way first comes back."""
    return distance_m(hub, other) < distance_m(door, other)


@dataclass(frozen=True, slots=True)
class Worth:
    """What a way or a journey is compared by. `cents` is infinite where the price is unknown."""

    leave: datetime
    arrive: datetime
    changes: int
    walk_m: int
    cents: float
    grams: float = inf
    rides: bool = True

    @property
    def lasts_s(self) -> float:
        """From leaving to being there."""
        return (self.arrive - self.leave).total_seconds()


def worth_of(journey: Journey, price: Price | None, emission: Emission | None = None) -> Worth:
    """A journey of the timetable."""
    free = price is None and not journey.rides
    cents = 0 if free else inf if price is None or price.total is None else price.total.cents
    grams = inf if emission is None or emission.grams is None else emission.grams
    return Worth(
        journey.depart_at, journey.arrive_at, journey.change_count, journey.walk_m, cents, grams, bool(journey.rides)
    )


def worth_of_way(way: Way) -> Worth:
    """A way, with what comes before and after it."""
    parts = journeys_of(way)
    changes = sum(len(each.rides) for each in parts) + (len(services_of(way)) if isinstance(way, OnDemandWay) else 1)
    own = services_of(way) if isinstance(way, OnDemandWay) else (way,)
    walk_m = sum(each.walk_m for each in parts) + sum(each.walk_to_m + each.walk_from_m for each in own)
    return Worth(
        way.leave_at, way.arrive_at, changes - 1, walk_m, inf if way.total is None else way.total.cents
    )  # fmt: skip


def services_of(way: OnDemandWay) -> tuple[OnDemandWay, ...]:
    """The services a way takes, in order: each is booked by itself."""
    return (way,) if way.then is None else (way, *services_of(way.then))


def journeys_of(way: Way) -> tuple[Journey, ...]:
    """The journeys of the timetable in a way, in order."""
    own = tuple(each for each in (way.before, way.after) if each is not None)
    then = journeys_of(way.then) if isinstance(way, OnDemandWay) and way.then is not None else ()
    return own + then


def beaten_by(one: Worth, way: Worth, arrive_by: bool) -> Rule | None:
    """The rule by which a way need not be shown beside `one`, which is as good by arrival (arriving by: departure),
    changes, metres on foot and price; or which takes less than half its time, two hours left aside. Fewer than
    `WALK_M_LESS` metres less are no reason, and an unknown price is none either. None where it is worth showing."""
    if way.lasts_s > 2 * one.lasts_s + ENDLESS_S and one.changes <= way.changes:
        return Rule.TOO_LONG
    in_time = one.leave >= way.leave if arrive_by else one.arrive <= way.arrive
    as_good = (
        in_time
        and one.changes <= way.changes
        and one.walk_m < way.walk_m + WALK_M_LESS
        and (way.cents == inf or one.cents <= way.cents or one.cents == inf)
    )
    return Rule.WINS_NOTHING if as_good else None


def reasons(way: Worth, others: Sequence[Worth], arrive_by: bool) -> tuple[Decision, ...]:
    """What a way wins over every journey of the timetable, the best first; that it is a middle way where it wins by
    nothing alone. `others` ride; without any it is the only way, and needs no reason."""
    if not others:
        return ()
    found = []
    if arrive_by:
        found += _by("planner.way_leaves_later", (way.leave - max(each.leave for each in others)).total_seconds())
    else:
        found += _by("planner.way_arrives_sooner", (min(each.arrive for each in others) - way.arrive).total_seconds())
    known = [each.cents for each in others]
    if way.cents < inf and inf not in known and way.cents < min(known):
        found.append(Decision("planner.way_cheaper", spared=Money(int(min(known) - way.cents))))
    if way.changes < min(each.changes for each in others):
        found.append(Decision("planner.way_fewer_changes"))
    if way.walk_m <= min(each.walk_m for each in others) - WALK_M_LESS:
        found.append(Decision("planner.way_less_walking", metres=min(each.walk_m for each in others) - way.walk_m))
    return tuple(found[:REASONS_MAX]) or (Decision("planner.way_between"),)


def _by(code: str, seconds: float) -> list[Decision]:
    """By how long, where it is a minute or more."""
    return [] if seconds < 60 else [Decision(code, minutes=int(seconds // 60))]


class WaysSifted(NamedTuple):
    """An answer with the ways worth showing, and each way as it was found: those `kept` in the order of the answer
    (carpool, then on demand), and those left out."""

    answer: Answer
    kept: Sequence[Way]
    dropped: Sequence["LeftOut"]


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A way that is not shown, by which rule, and the journey of the answer or the other way it is held against."""

    what: Way
    rule: Rule
    by: Journey | Way


def weighed(answer: Answer) -> Answer:
    """The answer with the ways that no journey beats, each with what it wins, and what stands where in one list; and
    which lines and services go there by themselves, and are beaten."""
    return sifted(answer).answer


def sifted(answer: Answer) -> WaysSifted:
    """`weighed`, with what becomes of each way."""
    count = len(answer.journeys)
    known = [
        worth_of(*each)
        for each in zip(
            answer.journeys, answer.prices or (None,) * count, answer.emissions or (None,) * count, strict=True
        )
    ]
    by = answer.query.arrive_by
    of_lines = _kept(answer.carpool, known, by)
    of_services = _kept(answer.on_demand.ways, known, by)
    carpool, on_demand = of_lines.shown, of_services.shown
    names = [each.line for each in answer.carpool if not journeys_of(each)]
    names += [each.service for each in answer.on_demand.ways if not journeys_of(each)]
    shown = {each.line for each in carpool} | {part.service for each in on_demand for part in services_of(each)}
    gone = [name for name in dict.fromkeys(names) if name not in shown]
    kept = [*map(worth_of_way, carpool), *map(worth_of_way, on_demand)]
    answer = replace(
        answer,
        journeys=tuple(_still(each, worth, kept) for each, worth in zip(answer.journeys, known, strict=True)),
        carpool=carpool,
        on_demand=replace(answer.on_demand, ways=on_demand),
        beaten=(Decision("planner.ways_beaten", names=", ".join(gone)),) if gone else (),
    )
    left: list[_Left[CarpoolWay] | _Left[OnDemandWay]] = [*of_lines.dropped, *of_services.dropped]
    dropped = [
        LeftOut(each.what, each.rule, answer.journeys[each.by] if isinstance(each.by, int) else each.by)
        for each in left
    ]
    return WaysSifted(replace(answer, order=_order(answer, known)), [*of_lines.kept, *of_services.kept], dropped)


@dataclass(frozen=True, slots=True)
class _Left(Generic[OneWay]):
    """A way left out, and the row of the journey, or the other way, that it is held against."""

    what: OneWay
    rule: Rule
    by: int | OneWay


class _Kept(NamedTuple, Generic[OneWay]):
    """Ways of one kind: those worth showing as they were found and (`shown`) with their reasons, and those that are
    not."""

    kept: list[OneWay]
    shown: tuple[OneWay, ...]
    dropped: list[_Left[OneWay]]


def _kept(ways: Iterable[OneWay], journeys: Sequence[Worth], arrive_by: bool) -> _Kept[OneWay]:
    """Those that neither a journey nor another way of the same kind beats."""
    kept: list[tuple[OneWay, Worth]] = []
    dropped: list[_Left[OneWay]] = []
    for way in ways:
        worth = worth_of_way(way)
        against: list[tuple[int | OneWay, Worth]] = list(enumerate(journeys))
        against += kept
        beaten = [
            _Left(way, rule, by) for by, other in against if (rule := beaten_by(other, worth, arrive_by)) is not None
        ]
        if beaten:
            dropped.append(beaten[0])
            continue
        still: list[tuple[OneWay, Worth]] = []
        for each in kept:
            rule = beaten_by(worth, each[1], arrive_by)
            if rule is None:
                still.append(each)
            else:
                dropped.append(_Left(each[0], rule, way))
        still.append((way, worth))
        kept = still
    ridden = [each for each in journeys if each.rides]
    shown = tuple(replace(way, why=reasons(worth, ridden, arrive_by)) for way, worth in kept)
    return _Kept([way for way, _ in kept], shown, dropped)


def with_rest_prices(live: LiveNetwork, found: OnDemandFound, fares: Fares, payer: Payer) -> OnDemandFound:
    """The ways with the price of the journeys of the timetable before and after each service."""
    ways = []
    for way in found.ways:
        own = [each for each in (way.before, way.after) if each is not None]
        prices = fares.prices(live, own, payer) if own else ()
        ways.append(replace(way, rest=summed(prices)) if own else way)
    return replace(found, ways=tuple(ways))


def summed(prices: Sequence[Price | None]) -> Price | None:
    """What several journeys cost together, each paid by itself; without a total where one is unknown."""
    known = [each for each in prices if each is not None]
    if len(prices) == 1 or len(known) < len(prices):
        return known[0] if len(known) == len(prices) == 1 else None
    totals = [each.total for each in known]
    return Price(
        None if None in totals else sum((each for each in totals if each is not None), ZERO),
        tuple(line for each in known for line in each.lines),
        tuple(dict.fromkeys(why for each in known for why in each.why_unknown)),
        tuple(dict.fromkeys(note for each in known for note in each.notes)),
    )


WINS: Final[Mapping[str, Callable[[Worth], float]]] = {
    "planner.why_arrives_first": lambda each: each.arrive.timestamp(),
    "planner.why_fastest": lambda each: each.lasts_s,
    "planner.why_fewest_changes": lambda each: each.changes,
    "planner.why_least_walking": lambda each: each.walk_m,
    "planner.why_leaves_last": lambda each: -each.leave.timestamp(),
    "planner.why_cheapest": lambda each: each.cents,
    "planner.why_cheaper_but_longer": lambda each: each.cents,
}  # what a journey says it is the first by


def _still(journey: Journey, own: Worth, ways: Sequence[Worth]) -> Journey:
    """The journey without the reasons that are no longer true beside the ways."""
    why = tuple(
        each
        for each in journey.why
        if (value := WINS.get(each.code)) is None or all(value(own) <= value(way) for way in ways)
    )
    return journey if why == journey.why else replace(journey, why=why)


def _order(answer: Answer, journeys: Sequence[Worth]) -> tuple[tuple[str, int], ...]:
    """("journey" | "carpool" | "on_demand", its row): the journeys in the order they have, each way before the first
    that it precedes by what the page orders by."""
    by, preset = answer.query.arrive_by, answer.query.preset

    def key(worth: Worth) -> tuple[float, ...]:
        first = {
            Preset.FASTEST: worth.lasts_s, Preset.CHEAPEST: worth.cents, Preset.FEWEST_CHANGES: worth.changes,
            Preset.LEAST_WALKING: worth.walk_m, Preset.LOWEST_CO2: worth.grams,
        }.get(preset, 0.0)  # fmt: skip
        leave, arrive = worth.leave.timestamp(), worth.arrive.timestamp()
        return (first, -leave, arrive) if by else (first, leave, arrive)

    found = [(key(worth), 0, ("journey", row)) for row, worth in enumerate(journeys)]
    found += [(key(worth_of_way(way)), 1, ("carpool", row)) for row, way in enumerate(answer.carpool)]
    found += [(key(worth_of_way(way)), 2, ("on_demand", row)) for row, way in enumerate(answer.on_demand.ways)]
    ways = sorted(each for each in found if each[1])
    out: list[tuple[str, int]] = []
    for at, _, own in found[: len(journeys)]:
        while ways and ways[0][0] < at:
            out.append(ways.pop(0)[2])
        out.append(own)
    return tuple(out + [each[2] for each in ways])
