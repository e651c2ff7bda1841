"""The join of the planner's search and the tariffs: a day's tariff as the search reads it (`FareTable`).

Everything is asked of `billettique`'s own engine, one leg at a time; nothing of a tariff is known here. A tariff that
holds what a table cannot say (hours of the day, areas of flat prices, transfers that take back a ticket, joins between
networks, several caps) gives no table: its prices are then shown beside the journeys, and no journey is looked for by
its price. What the rider holds and has paid is searched with; carnets, cards and passes that one could buy are not:
what is shown counts them.
"""

from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from hashlib import sha256
from threading import Lock
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from billettique.engine.cheapest import Compiled, cheapest_price
from billettique.model.fares import DurationKind, Leg, TransferKind
from billettique.model.tariffs import Ask, CoverKind, Held, Rider
from billettique.rules.networks import WINDING, NetworkLines
from mobigo.base.geo import EARTH_RADIUS_M
from mobigo.base.instants import PARIS
from mobigo.base.periods import Period
from mobigo.network.model.live import LiveNetwork
from mobigo.network.model.timetable import I32, Timetable
from mobigo.planner.rules.fare_table import (
    NO_LIMIT,
    NO_PAIR,
    NO_RULE,
    UNKNOWN,
    FareTable,
    by_distance_m,
    networks_of_runs,
    stations_of,
)

if TYPE_CHECKING:
    from billettique.model.fares import TransferRule

FAR_M: Final = 2**30  # beyond any line
NOWHERE: Final = "", "."  # two stops of no area and no pair


ADULT: Final = Rider("adulte")
KEPT_MAX: Final = 24  # tables of other riders than an adult without a card, by network


class _Kept:
    """The tables lately asked for, by what they say: equal ones are made once, whoever asks."""

    def __init__(self) -> None:
        self._tables: OrderedDict[str, FareTable] = OrderedDict()
        self._lock = Lock()

    def table(self, name: str, make: Callable[[], FareTable]) -> FareTable:
        with self._lock:
            if name not in self._tables:
                self._tables[name] = make()
                while len(self._tables) > KEPT_MAX:
                    self._tables.popitem(last=False)
            self._tables.move_to_end(name)
            return self._tables[name]


def table_of(
    network: LiveNetwork, day: date, compiled: Compiled, lines: Sequence[NetworkLines],
    of_route: Sequence[NetworkLines | None], rider: Rider = ADULT,
) -> FareTable | None:  # fmt: skip
    """The table of a day for a rider, made once for equal prices; None where it cannot be said. Passes good in some
    areas alone, and those beside which a transfer must be weighed, are not searched with: what is shown counts them."""
    held = _on_day(rider, day)
    made = _table_for(network, day, compiled, lines, of_route, held)
    if made is None and held.held:
        made = _table_for(network, day, compiled, lines, of_route, replace(held, held=()))
    left = _cap_left(compiled, rider, day)
    return made if made is None or left is None else made._replace(cap_cents=np.array([left], np.int32))


def _on_day(rider: Rider, day: date) -> Rider:
    """The rider with what they hold on a day, over that day."""
    held = sorted({each.cover for each in rider.held if day in each.period})
    return replace(rider, held=tuple(Held(each, Period(day, day)) for each in held), units=(), paid=())


def _cap_left(compiled: Compiled, rider: Rider, day: date) -> int | None:
    """What is left of the cap that the rider has begun to pay on a day, in cents; None where nothing is paid."""
    for each in rider.paid:
        cap = next((cover for cover in compiled.tariff.covers if cover.id == each.cap), None)
        if cap is not None and cap.kind is CoverKind.CAP and day in each.period:
            return max(0, cap.cents - each.cents)
    return None


def _free(
    compiled: Compiled, lines: Sequence[NetworkLines], rider: Rider, groups: tuple[tuple[str, ...], tuple[int, ...]],
    transfers: Sequence[Sequence[tuple[int, int, int, bool, bool]]],
) -> tuple[tuple[str, ...], tuple[int, ...]] | None:  # fmt: skip
    """The groups, where legs of the networks that a pass covers start no transfer; None for a pass of some areas, or
    where a transfer joins a covered network to one that is paid."""
    covers = {each.id: each for each in compiled.tariff.covers}
    passes = [covers[each.cover] for each in rider.held if covers[each.cover].kind is CoverKind.PASS]
    if any(each.areas is not None for each in passes):
        return None
    names, of_network = groups
    free = [any(each.networks is None or line.id in each.networks for each in passes) for line in lines]
    paid = {group for group, is_free in zip(of_network, free, strict=True) if not is_free and group != UNKNOWN}
    for group, is_free in zip(of_network, free, strict=True):
        joins = (transfers[group][each][0] != NO_RULE or transfers[each][group][0] != NO_RULE for each in paid)
        if is_free and group != UNKNOWN and any(joins):
            return None
    return names, tuple(UNKNOWN if is_free else group for group, is_free in zip(of_network, free, strict=True))


def _table_for(
    network: LiveNetwork, day: date, compiled: Compiled, lines: Sequence[NetworkLines],
    of_route: Sequence[NetworkLines | None], rider: Rider,
) -> FareTable | None:  # fmt: skip
    if not lines or _beyond(compiled):
        return None
    groups = _groups(compiled, lines)
    if groups is None:
        return None
    flat, bands = _prices(compiled, lines, day, rider)
    transfers = _transfers(compiled, groups[0], rider)
    if transfers is not None and rider.held:
        groups = _free(compiled, lines, rider, groups, transfers)
    if groups is None or transfers is None or any(list(cents) != sorted(cents) for _, cents in bands):
        return None  # of prices that fall with the distance, the search cannot tell which label is the better one
    # the other region's tariff beyond a border station is told pair by pair too, for the trains
    pairs = tuple(each.id for each in lines if each.id in compiled.pairs or (each.by_distance and compiled.by_place))
    if len(pairs) > 1:
        return None
    caps = [cover for cover in compiled.tariff.covers if cover.kind is CoverKind.CAP]
    who = rider.category, sorted(rider.proofs), [each.cover for each in rider.held]
    told = (flat, bands, groups, transfers, caps, pairs, [each.id for each in lines], compiled.tariff.versions, who)
    name = sha256(repr(told).encode()).hexdigest()[:16]

    def make(timetable: Timetable) -> FareTable:
        parts = (flat, bands, groups, transfers)
        return _table(network, timetable, compiled, lines, of_route, parts, pairs, day, rider)

    if rider == ADULT:
        return network.derived(f"fares.table.{name}", make)
    kept: _Kept = network.derived("fares.tables_kept", lambda _timetable: _Kept())
    return kept.table(name, lambda: make(network.timetable))


def _beyond(compiled: Compiled) -> bool:
    """Whether a tariff says what a table cannot."""
    tables, covers = compiled.tables, compiled.tariff.covers
    caps = [cover for cover in covers if cover.kind is CoverKind.CAP]
    return (
        bool(compiled.timeframes)
        or any(rule.from_area is not None or rule.to_area is not None for rule in tables.leg_rules)
        or any(rule.from_network != rule.to_network or rule.from_stop is not None for rule in tables.join_rules)
        or len(caps) > 1
        or any(cap.areas is not None or cap.riders is not None or cap.proof is not None for cap in caps)
    )


def _groups(compiled: Compiled, lines: Sequence[NetworkLines]) -> tuple[tuple[str, ...], tuple[int, ...]] | None:
    """The leg groups from which or to which one transfers, and that of each network; None where a network has several,
    or joins legs besides."""
    tables = compiled.tables
    of_network = []
    for each in lines:
        found = {rule.group for rule in tables.leg_rules if rule.network in (None, each.id)}
        found |= {band.group for band in compiled.tariff.bands if band.network == each.id}
        group = found.pop() if len(found) == 1 else None
        if found or (group is not None and any(rule.from_network == each.id for rule in tables.join_rules)):
            return None
        of_network.append(group)
    names = tuple(sorted({group for group in of_network if group is not None}))
    return names, tuple(UNKNOWN if group is None else names.index(group) for group in of_network)


def _transfers(
    compiled: Compiled, groups: Sequence[str], rider: Rider
) -> list[list[tuple[int, int, int, bool, bool]]] | None:
    """For each pair of groups (cents, count, seconds, from arrival, to arrival); NO_RULE cents for none."""
    from billettique.rules.fares import prices_of, transfer_rules_between

    prices = prices_of(compiled.tables.products, rider.category, None)
    out = []
    for one in groups:
        row = []
        for other in groups:
            found = transfer_rules_between(one, other, compiled.tables)
            if len(found) > 1 or any(rule.kind is TransferKind.TRANSFER_ALONE for rule in found):
                return None
            row.append(_transfer(found[0], prices) if found else (NO_RULE, NO_LIMIT, NO_LIMIT, False, False))
        out.append(row)
    return out


def _transfer(rule: "TransferRule", prices: Mapping[str, int]) -> tuple[int, int, int, bool, bool]:
    cents = 0 if rule.product is None else prices.get(rule.product, NO_RULE)
    if rule.kind is TransferKind.FROM_TRANSFER_AND_TO:
        cents = NO_RULE  # the ticket and more: never the cheaper
    kind = rule.duration_kind
    return (
        cents,
        NO_LIMIT if rule.count is None else rule.count,
        NO_LIMIT if rule.duration_s is None else rule.duration_s,
        kind in (DurationKind.ARRIVAL_TO_ARRIVAL, DurationKind.ARRIVAL_TO_DEPARTURE),
        kind in (DurationKind.ARRIVAL_TO_ARRIVAL, DurationKind.DEPARTURE_TO_ARRIVAL),
    )


def _quoted(
    compiled: Compiled, network: str, day: date, rider: Rider, metres: int | None, ends: tuple[str, str] = NOWHERE
) -> int:
    """What one leg alone costs at noon of a day, in cents; UNKNOWN."""
    leaves = datetime.combine(day, time(12), PARIS)
    leg = Leg(network, *ends, leaves, leaves + timedelta(minutes=30), metres)
    price = cheapest_price(compiled, Ask(((leg,),), (rider,)))
    return UNKNOWN if price is None else price.cents


def _prices(
    compiled: Compiled, lines: Sequence[NetworkLines], day: date, rider: Rider
) -> tuple[list[int], list[tuple[tuple[int, ...], tuple[int, ...]]]]:
    """The flat price of each network, and its bands: until how many metres, and the price."""
    flat: list[int] = []
    bands: list[tuple[tuple[int, ...], tuple[int, ...]]] = []
    for each in lines:
        price = _quoted(compiled, each.id, day, rider, None)
        flat.append(price)
        edges = sorted(
            {edge for band in compiled.tariff.bands if band.network == each.id for edge in (band.from_m, band.until_m)}
            - {None, 0},
            key=int,  # type: ignore[arg-type]  # None is left out
        )
        if price != UNKNOWN or not any(band.network == each.id for band in compiled.tariff.bands):
            bands.append(((), ()))
            continue
        until = (*(int(edge) for edge in edges if edge is not None), FAR_M)
        starts = (0, *until[:-1])
        cents = tuple(_quoted(compiled, each.id, day, rider, metres) for metres in starts)
        known = len(cents) if UNKNOWN not in cents else cents.index(UNKNOWN)
        bands.append((until[:known], cents[:known]))
    return flat, bands


def _table(
    network: LiveNetwork, timetable: Timetable, compiled: Compiled, lines: Sequence[NetworkLines],
    of_route: Sequence[NetworkLines | None], told: tuple[Any, Any, Any, Any], pairs: Sequence[str], day: date,
    rider: Rider,
) -> FareTable:  # fmt: skip
    flat, bands, (groups, group), transfers = told
    number = {each.id: at for at, each in enumerate(lines)}
    route_network = np.array([UNKNOWN if each is None else number[each.id] for each in of_route], np.int32)
    run_network, trip_network = networks_of_runs(timetable, route_network)
    cap = next((cover for cover in compiled.tariff.covers if cover.kind is CoverKind.CAP), None)
    joined = {rule.from_network for rule in compiled.tables.join_rules}
    count = max(1, len(groups))
    empty = [[(NO_RULE, NO_LIMIT, NO_LIMIT, False, False)]]
    rules = np.array(transfers or empty, np.int32).reshape(count, count, 5)
    paired, pair_cents = _pairs(network, timetable, compiled, lines, run_network, pairs, bands, (day, rider))
    metres = network.derived("fares.metres", lambda _timetable: by_distance_m(timetable, _hops(timetable)))
    made = FareTable(
        run_network, trip_network, stations_of(timetable), metres,
        flat_cents=np.array(flat, np.int32),
        band_start=np.cumsum([0, *(len(until) for until, _ in bands)]).astype(np.int32),
        band_until_m=np.array([edge for until, _ in bands for edge in until], np.int32),
        band_cents=np.array([cents for _, each in bands for cents in each], np.int32),
        winding=np.array([WINDING if each.by_distance else 1.0 for each in lines]),
        joins=np.array([each.id in joined for each in lines]),
        capped=np.array([cap is not None and (cap.networks is None or each.id in cap.networks) for each in lines]),
        cap_cents=np.array([NO_LIMIT if cap is None else cap.cents], np.int32),
        group=np.array(group, np.int32),
        transfer_cents=rules[:, :, 0],
        transfer_count=rules[:, :, 1],
        transfer_s=rules[:, :, 2],
        transfer_from_arrival=rules[:, :, 3] != 0,
        transfer_to_arrival=rules[:, :, 4] != 0,
        paired=paired,
        pair_network=np.array([number[pairs[0]] if pairs else UNKNOWN], np.int32),
        pair_cents=pair_cents,
        outside=np.array([_outside(timetable, each) for each in lines]),
    )  # fmt: skip
    return made._replace(**{name: np.ascontiguousarray(column) for name, column in made._asdict().items()})


def _hops(timetable: Timetable) -> np.ndarray:
    """Straight lines from the cell before, in metres, as `mobigo.base.geo.distance_m` has them."""
    stops = timetable.node_stop[timetable.pattern_node]
    lat, lon = np.radians(timetable.stop_lat[stops]), np.radians(timetable.stop_lon[stops])
    chord = np.sin(np.diff(lat) / 2) ** 2 + np.cos(lat[:-1]) * np.cos(lat[1:]) * np.sin(np.diff(lon) / 2) ** 2
    out = np.zeros(len(stops))
    out[1:] = 2 * EARTH_RADIUS_M * np.arcsin(np.minimum(1.0, np.sqrt(chord)))
    out[timetable.pattern_node_start[:-1]] = 0
    return np.nan_to_num(out)  # a stop without a position adds nothing: the least the way can be


def _outside(timetable: Timetable, lines: NetworkLines) -> np.ndarray:
    """The nodes where the tariff of a network does not hold."""
    if lines.inside is None and not lines.outside:
        return np.zeros(len(timetable.node_stop), np.bool_)
    holds = {
        stop: lines.holds_at(
            timetable.stop_name[stop], float(timetable.stop_lat[stop]), float(timetable.stop_lon[stop])
        )
        for stop in set(timetable.node_stop.tolist())
    }
    return np.array([not holds[stop] for stop in timetable.node_stop.tolist()], np.bool_)


def _pairs(
    network: LiveNetwork, timetable: Timetable, compiled: Compiled, lines: Sequence[NetworkLines], run_network: I32,
    pairs: Sequence[str], bands: Sequence[tuple[Sequence[int], Sequence[int]]],
    on: tuple[date, Rider],
) -> tuple[I32, I32]:  # fmt: skip
    """The row of each node in the table of pairs, and the table: the price of every two stations that the tariff names
    together."""
    paired = np.full(len(timetable.node_stop), UNKNOWN, np.int32)
    if not pairs:
        return paired, np.full((1, 1), NO_PAIR, np.int32)
    from mobigo.app.journey_prices import station

    at = next(n for n, each in enumerate(lines) if each.id == pairs[0])
    names: dict[str, list[int]] = {}
    for node in sorted(_nodes_of(timetable, run_network == at)):
        names.setdefault(station(network, int(timetable.node_stop[node])), []).append(node)
    cents = np.full((max(1, len(names)),) * 2, NO_PAIR, np.int32)
    quoted: dict[object, int] = {}
    rows = {name: row for row, name in enumerate(names)}
    for one, row in rows.items():
        paired[names[one]] = row
        for other, column in rows.items():
            metres, product = compiled.pairs.metres(pairs[0], one, other), compiled.pairs.product(pairs[0], one, other)
            if metres is None and product is None:
                continue
            key = product if product is not None else _band(bands[at][0], metres or 0)
            if key not in quoted:
                quoted[key] = _quoted(compiled, pairs[0], *on, metres, (one, other))
            cents[row, column] = quoted[key]
    borders = {border.stop for border in compiled.tariff.borders}
    for one in borders & names.keys():
        for other in names:
            for ends in ((one, other), (other, one)):
                if _quoted(compiled, pairs[0], *on, 1, ends) == UNKNOWN:
                    cents[rows[ends[0]], rows[ends[1]]] = UNKNOWN
    return paired, cents


def _band(until: Sequence[int], metres: int) -> int:
    return next((at for at, edge in enumerate(until) if metres < edge), len(until))


def _nodes_of(timetable: Timetable, runs: np.ndarray) -> Iterator[int]:
    """The nodes that those runs call at."""
    patterns = np.unique(np.searchsorted(timetable.pattern_run_start, np.flatnonzero(runs), side="right") - 1)
    seen: set[int] = set()
    for pattern in patterns.tolist():
        first, end = timetable.pattern_node_start[pattern], timetable.pattern_node_start[pattern + 1]
        seen.update(timetable.pattern_node[first:end].tolist())
    yield from seen
