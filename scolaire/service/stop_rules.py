"""The rules of stops as a planner writes them: two numbers, and names of stops, one a line."""

from collections import Counter
from collections.abc import Iterable
from typing import Final

from mobigo.base.errors import InvalidInput
from scolaire.model.demand import Demand, StopRules

STOPS_MOST: Final = 500


def rules_written(demand: Demand, *, least: int, apart_m: int, forbidden: str, obligatory: str) -> StopRules:
    """The rules for a demand, whose stops are meant by name or by id.

    Raises InvalidInput("scolaire.search_stop_unknown" (stop) | "scolaire.search_stop_twice" (stop) |
    "scolaire.search_stops_many" (most))."""
    return StopRules(least, apart_m, _stops(demand, forbidden), _stops(demand, obligatory))


def _stops(demand: Demand, written: str) -> tuple[str, ...]:
    by_name: dict[str, list[str]] = {}
    for stop in demand.stops:
        by_name.setdefault(_key(stop.name), []).append(stop.id)
    lines = [line.strip() for line in written.splitlines() if line.strip()]
    if len(lines) > STOPS_MOST:
        raise InvalidInput("scolaire.search_stops_many", most=STOPS_MOST)
    found: set[str] = set()
    for line in lines:
        meant = [line] if line in demand.stop_of else by_name.get(_key(line), [])
        if not meant:
            raise InvalidInput("scolaire.search_stop_unknown", stop=line[:80])
        if len(meant) > 1:
            raise InvalidInput("scolaire.search_stop_twice", stop=line[:80])
        found.update(meant)
    return tuple(sorted(found))


def _key(name: str) -> str:
    return " ".join(name.split()).casefold()


def names_of(demand: Demand, stops: Iterable[str]) -> list[str]:
    """Stops as a form shows them again: by name, by id where another stop has that name or it has none."""
    count = Counter(_key(each.name) for each in demand.stops)
    sites = [(stop, demand.stop_of.get(stop)) for stop in stops]
    return [site.name if site and site.name and count[_key(site.name)] == 1 else stop for stop, site in sites]
