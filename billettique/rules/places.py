"""Where the words of a tariff are in the network: the stops of its places, and what its tables say of a pair of them.

A tariff speaks of towns and stations by names of its own; a journey, of stable places. Only a table that somebody drew
up and another approved leads from one to the other: a stop in no table is in no zone, and its fare by zone is unknown.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from typing import TypeVar

from billettique.model.fares import FareLeg, FareTables, JoinRule
from billettique.model.tariffs import Border, PairTable, Place, Tariff

Said = TypeVar("Said", int, str)
Pair = tuple[str, str]


def stops_of(places: Iterable[Place]) -> dict[str, tuple[str, ...]]:
    """The stops of each place by its id; those of several tables together, each once."""
    found: dict[str, dict[str, None]] = defaultdict(dict)
    for place in places:
        found[place.id] |= {stop: None for stop, _name in place.stops}
    return {place: tuple(stops) for place, stops in found.items()}


def placed(tariff: Tariff) -> Tariff:
    """The tariff with its places replaced by their stops wherever stops are compared: areas, borders, the joins that
    name two stations. What it says of a place by its own name stays beside."""
    stops = stops_of(tariff.places)
    if not stops:
        return tariff

    def all_of(name: str) -> tuple[str, ...]:
        return (name, *(stop for stop in stops.get(name, ()) if stop != name))

    tables = replace(
        tariff.tables,
        stop_areas=tuple(
            dict.fromkeys((area, stop) for area, name in tariff.tables.stop_areas for stop in all_of(name))
        ),
        join_rules=tuple(each for rule in tariff.tables.join_rules for each in _joins(rule, all_of)),
    )
    borders = tuple(Border(stop, each.beyond) for each in tariff.borders for stop in all_of(each.stop))
    return replace(tariff, tables=tables, borders=borders)


def _joins(rule: JoinRule, all_of: Callable[[str], tuple[str, ...]]) -> Iterator[JoinRule]:
    if rule.from_stop is None or rule.to_stop is None:
        yield rule
        return
    for before in all_of(rule.from_stop):
        for after in all_of(rule.to_stop):
            yield replace(rule, from_stop=before, to_stop=after)


def as_named(tariff: Tariff) -> FareTables:
    """The tables of a tariff in force as its versions wrote them: places by the tariff's own names, no stop of ours."""
    ours = {stop for stops in stops_of(tariff.places).values() for stop in stops}
    tables = tariff.tables
    return replace(
        tables,
        stop_areas=tuple((area, stop) for area, stop in tables.stop_areas if stop not in ours),
        join_rules=tuple(each for each in tables.join_rules if not {each.from_stop, each.to_stop} & ours),
    )


class Pairs:
    """What the tables of a tariff say of two stops: an answer only where they give one, and one alone."""

    def __init__(self, tariff: Tariff) -> None:
        self._tables: dict[str, list[PairTable]] = defaultdict(list)
        for table in tariff.pairs:
            self._tables[table.network].append(table)
        self._places: dict[str, list[str]] = defaultdict(list)
        if self._tables:
            for place, stops in stops_of(tariff.places).items():
                for stop in stops:
                    self._places[stop].append(place)

    def __contains__(self, network: object) -> bool:
        """Whether some table speaks of a network."""
        return network in self._tables

    def metres(self, network: str, from_stop: str, to_stop: str) -> int | None:
        """The metres of the tariff between two stops; None where no table gives them, or two that differ."""
        return self._said(network, from_stop, to_stop, lambda table: table.metres)

    def product(self, network: str, from_stop: str, to_stop: str) -> str | None:
        """The product that a table names for two stops; None as above."""
        return self._said(network, from_stop, to_stop, lambda table: table.products)

    def measured(self, leg: FareLeg) -> FareLeg:
        """The leg with the metres of the tariff in the place of those it came with, where a table gives them."""
        network = _alone(leg)
        metres = None if network is None else self.metres(network, leg.from_stop, leg.to_stop)
        return leg if metres is None else replace(leg, distance_m=metres)

    def settles(self, leg: FareLeg) -> bool:
        """Whether the price of a leg no longer depends on how long its way is."""
        network = _alone(leg)
        ends = (leg.from_stop, leg.to_stop)
        return network is not None and (self.metres(network, *ends) is not None or self.names(leg) is not None)

    def names(self, leg: FareLeg) -> str | None:
        """The product that a table names for a leg."""
        network = _alone(leg)
        return None if network is None else self.product(network, leg.from_stop, leg.to_stop)

    def _said(
        self, network: str, from_stop: str, to_stop: str, column: Callable[[PairTable], Mapping[Pair, Said]]
    ) -> Said | None:
        found = {
            said
            for table in self._tables.get(network, ())
            for a in (*self._places.get(from_stop, ()), from_stop)
            for b in (*self._places.get(to_stop, ()), to_stop)
            for rows in (column(table),)
            if (said := rows.get((a, b), rows.get((b, a)))) is not None
        }
        return found.pop() if len(found) == 1 else None


def _alone(leg: FareLeg) -> str | None:
    return next(iter(leg.networks)) if len(leg.networks) == 1 else None


def for_feed(tariff: Tariff, stop_ids: Mapping[str, str], routes: Mapping[str, str]) -> FareTables:
    """The tables of a tariff in force in the words of one feed, to lie beside its own files. `stop_ids`: of each stable
    place, the feed's stop_id; `routes`: the network of each of its routes. Places that are not in the feed are left
    out, and so are the joins that name them."""
    tables = tariff.tables
    stop_areas = {(area, stop_ids[stop]): None for area, stop in tables.stop_areas if stop in stop_ids}
    joins = [
        each if each.from_stop is None or each.to_stop is None
        else replace(each, from_stop=stop_ids.get(each.from_stop), to_stop=stop_ids.get(each.to_stop))
        for each in tables.join_rules
    ]  # fmt: skip
    whole = [
        new for new, old in zip(joins, tables.join_rules, strict=True)
        if (new.from_stop is None) is (old.from_stop is None) and (new.to_stop is None) is (old.to_stop is None)
    ]  # fmt: skip
    return replace(
        tables,
        stop_areas=tuple(stop_areas),
        join_rules=tuple(dict.fromkeys(whole)),
        route_networks=dict(routes),
        stops={},
    )
