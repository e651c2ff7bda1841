"""The search by hours for one question: what its window holds, what lies around it, and when there is something at
all."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from mobigo.base.decisions import Decision
from mobigo.planner.engine.found import Itinerary
from mobigo.planner.engine.upcoming import next_journey
from mobigo.planner.engine.watch import Watch, not_watched
from mobigo.planner.model import Journey, Query
from mobigo.planner.rules.choice import ordered, sensible, useful
from mobigo.planner.rules.dropped import Dropped, Rule
from mobigo.planner.rules.parks import shut_at
from mobigo.planner.service.asked import Asked

BEYOND_S_MAX = 24 * 3600  # how far before the window, or behind it, another journey is looked for


@dataclass(frozen=True, slots=True)
class Found:
    """The itineraries of the window and those outside it, nearest first; the journeys made of the former (`front`), the
    ways without a timetable (`whole`), which of both are useful (`journeys`, in order) and what the rules left out.
    `closed`: the car parks that would be shut, by id."""

    itineraries: Sequence[Itinerary] = ()
    outside: Sequence[Itinerary] = ()
    front: Sequence[Journey] = ()
    whole: Sequence[Journey] = ()
    journeys: Sequence[Journey] = ()
    dropped: Sequence[Dropped[Journey]] = ()
    closed: dict[str, str] = field(default_factory=dict)


def by_hours(asked: Asked, watch: Watch | None = None) -> Found:
    """What the window holds, else the best behind it, with the ways that need no timetable."""
    lap = not_watched if watch is None else watch.lap
    found, outside = _search(asked, watch)
    lap("search")
    front = asked.split([asked.settled(itinerary) for itinerary in found])
    whole = asked.split(asked.whole)
    # by one's own vehicle all the way: beside the others, for on short ways it would beat them all
    walked, ridden = ([each for each in whole if bool(each.own_m) is own] for own in (False, True))
    unbeaten = useful([*(each for each in front if shut_at(each) is None), *walked])
    journeys, too_long = sensible([*unbeaten.kept, *ridden])
    shut = [each for each in front if shut_at(each) is not None]
    dropped = [*(Dropped(each, Rule.PARK_SHUT) for each in shut), *unbeaten.dropped, *too_long]
    closed = {spot.id: spot.name for each in shut if (spot := shut_at(each)) is not None}
    journeys = ordered(journeys, asked.query.arrive_by)
    lap("journeys")
    return Found(found, outside, front, whole, journeys, dropped, closed)


def _search(asked: Asked, watch: Watch | None = None) -> tuple[list[Itinerary], list[Itinerary]]:
    """What the window holds, else the best behind it; and those before the window (arriving by: after it), the nearest
    first, of a day at most."""
    query, limits, at_s = asked.query, asked.query.limits, int(asked.query.at.timestamp())
    beyond_s = 0 if query.via is not None else BEYOND_S_MAX
    if query.arrive_by:
        low_s, high_s = at_s - query.window_s if query.window_s else at_s + 1, at_s + beyond_s
    else:
        low_s, high_s = at_s - beyond_s, at_s + query.window_s if query.window_s else at_s - 1
    both: list[Itinerary] = []
    if low_s <= high_s:
        both = asked.searcher.window(
            asked.origin, asked.destination, low_s, high_s, query.arrive_by, limits.vehicles_max,
            limits.duration_s_max, asked.accept, enough_s=at_s, watch=watch,
        )  # fmt: skip
    found = [each for each in both if (each.arrive_s <= at_s if query.arrive_by else each.depart_s >= at_s)]
    outside = [each for each in both if each not in found]
    return found or _tight(asked, at_s, watch), outside


def _tight(asked: Asked, at_s: int, watch: Watch | None = None) -> list[Itinerary]:
    """The best for each number of vehicles, then turned round: as late a departure as that arrival allows (arriving
    by: the mirror)."""
    one, arrive_by, limits = asked.searcher.one, asked.query.arrive_by, asked.query.limits
    ends, out = (asked.origin, asked.destination), []
    for itinerary in one(*ends, at_s, arrive_by, limits.vehicles_max, limits.duration_s_max, asked.accept, watch):
        turned_s = itinerary.depart_s if arrive_by else itinerary.arrive_s
        back = one(*ends, turned_s, not arrive_by, len(itinerary.rides), limits.duration_s_max, asked.accept)
        out.append(back[-1] if back else itinerary)
    return out


def neighbours(asked: Asked, found: Found) -> tuple[datetime | None, datetime | None]:
    """When to ask again for what runs before the journeys shown, and after them: instants at which another journey
    leaves (arriving by: arrives), in whole minutes. None where nothing does within a day."""
    query, ridden = asked.query, [journey for journey in found.journeys if journey.rides]
    if not ridden:
        step = timedelta(seconds=max(query.window_s, 3600))
        return query.at - step, query.at + step
    if query.arrive_by:
        edge_s = int(min(journey.arrive_at for journey in ridden).timestamp()) - 1
    else:
        edge_s = int(max(journey.depart_at for journey in ridden).timestamp()) + 1
    behind = _tight(asked, edge_s)
    beyond = found.outside[0] if found.outside else None
    if query.arrive_by:
        earlier_s = max((-(-each.arrive_s // 60) * 60 for each in behind), default=None)
        later_s = None if beyond is None else -(-beyond.arrive_s // 60) * 60
    else:
        earlier_s = None if beyond is None else beyond.depart_s // 60 * 60
        later_s = min((each.depart_s // 60 * 60 for each in behind), default=None)
    return _instant(earlier_s), _instant(later_s)


def _instant(epoch_s: int | None) -> datetime | None:
    return None if epoch_s is None else datetime.fromtimestamp(epoch_s, UTC)


def why_none(asked: Asked) -> tuple[list[Decision], datetime | None]:
    """Why there is no journey, and the next one if it is within `NEXT_DAYS_MAX` days."""
    query, timetable, zone = asked.query, asked.timetable, asked.searcher.zone
    day = query.at.astimezone(zone).date()
    if not timetable.first_day <= day <= timetable.last_day:
        return [
            Decision("planner.outside_validity", day=day, first_day=timetable.first_day, last_day=timetable.last_day)
        ], None
    why = [Decision("planner.no_journey_via", name=query.via.name)] if query.via is not None else []
    found, last = next_journey(
        asked.searcher, asked.origin, asked.destination, query.at, asked.accept, query.limits.vehicles_max,
        query.limits.duration_s_max,
    )  # fmt: skip
    chosen = _narrowed(query)
    if found is None:
        return [*chosen, *(why or [Decision("planner.no_journey_until", day=day, last_day=last)])], None
    leaves = datetime.fromtimestamp(found.depart_s, UTC)
    next_day = leaves.astimezone(zone).date()
    return [*why, *chosen, Decision("planner.no_service_that_day", day=day, next_day=next_day)], leaves


def _narrowed(query: Query) -> list[Decision]:
    """That lines, operators or vehicles were left out at the traveller's own wish, when some were."""
    limits = query.limits
    narrowed = limits.without_routes or limits.only_agencies is not None or limits.route_types is not None
    return [Decision("planner.narrowed_by_choice")] if narrowed else []
