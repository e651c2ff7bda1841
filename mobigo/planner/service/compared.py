"""A scenario compared with what runs: the same questions asked of two networks."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

import numpy as np

from mobigo.base.geo import Point
from mobigo.network.model.live import LiveNetwork
from mobigo.network.model.places import Commune
from mobigo.planner.engine.areas import ReachedAreas
from mobigo.planner.engine.everywhere import best_and_median
from mobigo.planner.engine.production import Production, production
from mobigo.planner.model import Endpoint
from mobigo.planner.rules.compared import BOUNDS_MIN, KINDS, PEOPLE, Compared, Opportunity, reached_counts
from mobigo.planner.service.everywhere import Destinations, Window, check_size
from mobigo.planner.service.reached import areas

TOLD_EVERY: Final = 25  # communes
Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Cost:
    """What the two timetables take to run, on the day and over the whole period."""

    day_before: Production
    day_after: Production
    first_day: date
    last_day: date
    all_before: Production
    all_after: Production


def opportunities_of(communes: Sequence[Commune], others: Sequence[Opportunity]) -> list[Opportunity]:
    """The people of each commune at its centre, and the others."""
    return [*(Opportunity(PEOPLE, each.name, each.lat, each.lon, each.population) for each in communes), *others]


def compared(
    before: LiveNetwork,
    after: LiveNetwork,
    communes: Sequence[Commune],
    others: Sequence[Opportunity],
    window: Window,
    progress: Progress | None = None,
) -> Compared:
    """What each commune reaches from its centre in both, leaving at the best of the departures of `window`. Raises
    InvalidInput for what is too large."""
    wanted = opportunities_of(communes, others)
    kinds = tuple(kind for kind in KINDS if any(each.kind == kind for each in wanted))
    wanted = [each for each in wanted if each.kind in kinds]
    check_size(len(communes), 1, window)  # of what is reached the sums alone are kept
    kind_of = np.array([kinds.index(each.kind) for each in wanted], np.int64)
    count = np.array([each.count for each in wanted], np.float64)
    ends = [Endpoint(each.name, Point(each.lat, each.lon)) for each in wanted]
    ready = [Destinations(network, ends) for network in (before, after)]
    longest_s, departures = 60 * max(BOUNDS_MIN), window.departures
    out = np.zeros((2, len(communes), len(kinds), len(BOUNDS_MIN)))
    for n, commune in enumerate(communes):
        if progress is not None and n % TOLD_EVERY == 0:
            progress(n, len(communes))
        origin = Endpoint(commune.name, Point(commune.lat, commune.lon))
        for side, destinations in enumerate(ready):
            best, _median = best_and_median(destinations.seconds_from(origin, departures, longest_s))
            out[side, n] = reached_counts(best, kind_of, count, len(kinds))
    return Compared(tuple(communes), kinds, BOUNDS_MIN, out[0], out[1])


def cost(before: LiveNetwork, after: LiveNetwork, day: date) -> Cost:
    """What both take to run, on `day` and over the days of either."""
    tables = before.timetable, after.timetable
    first, last = min(each.first_day for each in tables), max(each.last_day for each in tables)
    on_day = [production(each, day, day) for each in tables]
    in_all = [production(each, first, last) for each in tables]
    return Cost(on_day[0], on_day[1], first, last, in_all[0], in_all[1])


def both_areas(
    before: LiveNetwork, after: LiveNetwork, place: Endpoint, window: Window, minutes: int
) -> tuple[ReachedAreas, ReachedAreas]:
    """What is reached from a place within `minutes`, leaving at the first of the departures, in both."""
    first, second = (areas(network, place, window.first, [60 * minutes]) for network in (before, after))
    return first, second
