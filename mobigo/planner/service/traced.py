"""How a search went, put together from what it left: done for who asked to see it, and then alone."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

import numpy as np

from mobigo.network.model.live import LiveNetwork
from mobigo.network.model.timetable import Timetable
from mobigo.planner.engine.watch import Watch
from mobigo.planner.engine.weighed import Weighed
from mobigo.planner.model import ANYBODY, Answer, Fares, Journey, Payer, Query, Reach
from mobigo.planner.rules.dropped import Rule
from mobigo.planner.rules.parks import with_parking
from mobigo.planner.rules.trace import FOOT, OWN, PRICE, WINDOW, Around, Candidate, FeedUsed, FoundWay, Source, Trace
from mobigo.planner.rules.ways import WaysSifted
from mobigo.planner.service import Planned


@dataclass(slots=True)
class _Entry:
    """A journey found, on its way to be a candidate. `key`: what the rules knew it as; `by`: those they held it
    against."""

    key: object
    journey: Journey
    source: str
    rule: Rule | None = None
    by: tuple[object, ...] = ()
    searched: tuple[int | None, int | None] | None = None


def traced(
    network: LiveNetwork, planned: Planned, shown: WaysSifted, watch: Watch, fares: Fares | None = None,
    payer: Payer | None = None,
) -> Trace:  # fmt: skip
    """How the search of `planned` went. The answer of `shown` is the one that is shown: its journeys, in its order, are
    the first candidates. The journeys that are not shown are priced too, for the same payer."""
    answer = shown.answer
    entries = [*_of_the_timetable(planned), *_of_the_price(planned)]
    entries += _known_later(planned, entries)
    places = {id(key): at for at, key in enumerate(_shown(planned, answer), 1)}
    kept = sorted((each for each in entries if each.rule is None), key=lambda each: places[id(each.key)])
    dropped = [each for each in entries if each.rule is not None]
    dropped.sort(key=lambda each: (each.journey.depart_at, each.journey.arrive_at, len(each.journey.rides)))
    numbers = {id(each.key): at for at, each in enumerate([*kept, *dropped], 1)}
    prices = answer.prices or (None,) * len(kept)
    if fares is not None:
        others = [each.journey for each in dropped]
        priced = fares.prices(network, others, payer or ANYBODY)
        prices = (*prices, *(with_parking(*each) for each in zip(others, priced, strict=True)))
    else:
        prices = (*prices, *[None] * len(dropped))
    candidates = [
        Candidate(
            number, answer.journeys[number - 1] if each.rule is None else each.journey, each.source, price,
            searched=each.searched, rule=each.rule, by=tuple(numbers[id(other)] for other in each.by),
        )
        for number, (each, price) in enumerate(zip([*kept, *dropped], prices, strict=True), 1)
    ]  # fmt: skip
    found = len(planned.found.outside) + len(planned.found.front) + len(planned.found.whole) + planned.beside.found
    found += sum(1 for each in entries if each.key is each)  # looked for here
    found += len(shown.kept) + len(shown.dropped)
    watch.lap("trace")
    table, overlay = network.timetable, None if network.today is None else network.today.overlay
    return Trace(
        answer.query,
        answer.network_hash,
        network.derived("planner.feeds_used", _feeds),
        table.first_day,
        table.last_day,
        network.streets is not None,
        _heard(network),
        0 if overlay is None else len(overlay.planned_trip),
        0 if overlay is None else len(overlay.unserved),
        0 if overlay is None else len({each.trip for each in overlay.unserved if each.is_cancelled}),
        _around(table, planned.asked.origin),
        _around(table, planned.asked.destination),
        tuple(watch.laps),
        tuple(watch.efforts),
        found,
        tuple(candidates),
        _beside(shown, len(candidates)),
    )


def _beside(shown: WaysSifted, count: int) -> tuple[FoundWay, ...]:
    """The ways without a timetable, numbered behind `count` journeys: those shown, then those left out."""
    answer = shown.answer
    numbers = {id(each): at for at, each in enumerate(answer.journeys, 1)}
    numbers |= {id(each): at for at, each in enumerate(shown.kept, count + 1)}
    numbers |= {id(each.what): at for at, each in enumerate(shown.dropped, count + len(shown.kept) + 1)}
    out = [FoundWay(at, way) for at, way in enumerate(answer.carpool, count + 1)]
    out += [FoundWay(at, way) for at, way in enumerate(answer.on_demand.ways, count + len(out) + 1)]
    out += [FoundWay(numbers[id(each.what)], each.what, each.rule, (numbers[id(each.by)],)) for each in shown.dropped]
    return tuple(out)


def _of_the_timetable(planned: Planned) -> list[_Entry]:
    """What the search by hours found, within what was asked and outside it, and the ways without a timetable."""
    left = {id(each.what): each for each in planned.dropped}
    entries = [
        _Entry(each, each, source) for source, journeys in _sources(planned) for each in journeys
    ] + [_Entry(each, planned.asked.settled(each), WINDOW, Rule.OUTSIDE) for each in planned.found.outside]  # fmt: skip
    for each in entries:
        if id(each.key) in left:
            each.rule, each.by = left[id(each.key)].rule, left[id(each.key)].by
    return entries


def _sources(planned: Planned) -> Iterable[tuple[str, Sequence[Journey]]]:
    yield WINDOW, planned.found.front
    yield FOOT, [each for each in planned.found.whole if not each.own_m]
    yield OWN, [each for each in planned.found.whole if each.own_m]


def _of_the_price(planned: Planned) -> list[_Entry]:
    """What the searches by price and metres found."""
    beside, left = planned.beside, {id(each.what): each for each in planned.dropped}
    journey_by = {id(one): each for one, each in zip(beside.chosen, planned.beside_journeys, strict=True)}

    def key(one: Weighed) -> object:
        return journey_by.get(id(one), one)

    out = []
    for one, journey in zip(beside.chosen, planned.beside_journeys, strict=True):
        late = left.get(id(journey))
        out.append(_Entry(journey, journey, PRICE, late.rule if late else None, late.by if late else (), _cents(one)))
    journeys = [planned.asked.journey(each.what.itinerary) for each in beside.dropped]
    for each, journey in zip(beside.dropped, journeys, strict=True):
        rule, by = each.rule, tuple(key(other) for other in each.by)
        if rule is Rule.KNOWN:
            if is_outside(planned.answer.query, journey):
                rule = Rule.OUTSIDE
            else:
                by = tuple(other for other in planned.found.front if _covers(other, journey))[:1]
        out.append(_Entry(each.what, journey, PRICE, rule, by, _cents(each.what)))
    return out


def _known_later(planned: Planned, entries: Sequence[_Entry]) -> list[_Entry]:
    """The search by hours leaves out what one that leaves after the window is as good as: that one, looked for."""
    asked, query, out = planned.asked, planned.answer.query, []
    for each in entries:
        if each.rule is not Rule.KNOWN or each.by:
            continue
        depart_s = int(query.at.timestamp()) + (1 if query.arrive_by else query.window_s + 1)
        for found in asked.searcher.one(
            asked.origin, asked.destination, depart_s, False, len(each.journey.rides), query.limits.duration_s_max,
            asked.accept,
        ):  # fmt: skip
            journey = asked.settled(found)
            if _covers(journey, each.journey):
                entry = _Entry(None, journey, WINDOW, Rule.OUTSIDE)
                entry.key = entry
                each.by = (entry,)
                out.append(entry)
                break
    return out


def is_outside(query: Query, journey: Journey) -> bool:
    """Whether it leaves (arriving by: arrives) outside what was asked."""
    window = timedelta(seconds=query.window_s)
    if query.arrive_by:
        return not query.at - window <= journey.arrive_at <= query.at
    return not query.at <= journey.depart_at <= query.at + window


def _covers(a: Journey, b: Journey) -> bool:
    return a.depart_at >= b.depart_at and a.arrive_at <= b.arrive_at and len(a.rides) <= len(b.rides)


def _shown(planned: Planned, answer: Answer) -> list[Journey]:
    """For each journey of the answer, in its order, the one it was made of."""
    made_of = {id(each.legs): key for each, key in zip(planned.answer.journeys, planned.chosen, strict=True)}
    return [made_of[id(each.legs)] for each in answer.journeys]


def _cents(one: Weighed) -> tuple[int | None, int | None]:
    return one.least_cents, one.most_cents


def _around(timetable: Timetable, reach: Reach) -> Around:
    stops = timetable.node_stop[reach.node]
    if not len(stops):
        return Around(0)
    own = 0 if reach.own is None else len(np.unique(stops[reach.own]))
    near = int(np.argmin(reach.time_s))
    return Around(
        len(np.unique(stops)), own, int(stops[near]), int(reach.time_s[near]), int(reach.walk_m[near]),
        int(reach.time_s.max()),
    )  # fmt: skip


def _feeds(timetable: Timetable) -> tuple[FeedUsed, ...]:
    """The feeds of a timetable, each with the days on which its trips run."""
    out = []
    for feed, name in enumerate(timetable.feed_name):
        trips = np.flatnonzero(timetable.trip_feed == feed)
        sets = np.unique(timetable.trip_days[trips])
        words = np.bitwise_or.reduce(timetable.days[sets], axis=0) if len(sets) else np.zeros(0, np.uint64)
        bits = np.unpackbits(np.ascontiguousarray(words).astype("<u8").view(np.uint8), bitorder="little")
        days = np.flatnonzero(bits)
        first, last = (None, None) if not len(days) else (_day(timetable, int(days[0])), _day(timetable, int(days[-1])))
        out.append(FeedUsed(str(name), len(trips), first, last))
    return tuple(out)


def _day(timetable: Timetable, offset: int) -> date:
    return date.fromordinal(timetable.first_day_ordinal + offset)


def _heard(network: LiveNetwork) -> tuple[Source, ...]:
    if network.today is None:
        return ()
    return tuple(
        Source(
            each.source, None if each.at is None else datetime.fromtimestamp(each.at, UTC), each.is_stale,
            each.trip_count, each.used_count,
        )
        for each in network.today.heard
    )  # fmt: skip
