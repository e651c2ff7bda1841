"""A question in, an answer out: what the web page, the API and the command line all call."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import partial

import numpy as np

from mobigo.base.decisions import Decision
from mobigo.base.errors import InvalidInput
from mobigo.base.geo import Point
from mobigo.base.instants import paris_day
from mobigo.network.model.live import LiveNetwork
from mobigo.network.model.timetable import Timetable
from mobigo.planner.engine.alternatives import NOTHING_BESIDE, Beside, alternatives, journeys_of
from mobigo.planner.engine.changes import settled
from mobigo.planner.engine.doors import Doors, position_of, with_platforms
from mobigo.planner.engine.filters import accepts
from mobigo.planner.engine.found import Itinerary
from mobigo.planner.engine.hubs import SharedBikes
from mobigo.planner.engine.journeys import journey_of
from mobigo.planner.engine.parks import ParkedCar
from mobigo.planner.engine.search import Accepts, Searcher
from mobigo.planner.engine.upcoming import next_journey
from mobigo.planner.engine.via import Via
from mobigo.planner.engine.watch import Watch, not_watched
from mobigo.planner.export.today import is_missed
from mobigo.planner.model import (
    ANYBODY,
    AccessEgress,
    Answer,
    By,
    CarpoolLines,
    Fares,
    Journey,
    Payer,
    Price,
    Query,
    Reach,
    Walk,
)
from mobigo.planner.rules import own as owns
from mobigo.planner.rules.choice import explained, ordered, sensible, useful, with_worthwhile
from mobigo.planner.rules.dropped import Dropped, Rule
from mobigo.planner.rules.fare_table import FareTables
from mobigo.planner.rules.parks import Parking, shut_at, with_parking
from mobigo.planner.rules.shared import Stands
from mobigo.planner.service.beside import carpool_ways
from mobigo.planner.service.joined import Timetabled
from mobigo.planner.service.moving import VEHICLES_MAX, access_of, reach_of, searcher_of

WALK_M_MAX = 10_000
WINDOW_S_MAX = 24 * 3600
DURATION_S_MAX = 48 * 3600
OPERATING_DAY_BEGINS = timedelta(hours=4)  # until then, the tariff is still that of the day before
BEYOND_S_MAX = 24 * 3600  # how far before the window, or behind it, another journey is looked for


def plan(
    network: LiveNetwork,
    query: Query,
    access: AccessEgress | None = None,
    carpool: CarpoolLines | None = None,
    fares: Fares | None = None,
    tables: FareTables | None = None,
    shared: Stands | None = None,
    parking: Parking | None = None,
    payer: Payer | None = None,
) -> Answer:
    """The useful journeys for `query`, or why there is none and when the next one is.

    With `window_s` 0, the best for each number of vehicles: leaving at `at` or later and arriving earliest, then
    leaving as late as that allows (arriving by: the mirror). With a window, every journey that leaves (arrives)
    within it and is beaten by no other. When the window holds none, the first one behind it. Same query and network:
    same answer. `carpool`: the carpool lines to show beside; `fares`: who prices the journeys; `tables`: whose tariffs
    are searched with, so that a later journey that costs or walks less is found too; `payer`: for whom (None: an adult
    without a card). `parking`: the car parks where one's car is left; without, it is left at the stop. Raises
    InvalidInput for limits outside what is offered.
    """
    return planned(network, query, access, carpool, fares, tables, shared, parking, payer).answer


@dataclass(frozen=True, slots=True)
class Planned:
    """An answer, and what the search went through: the ends, the itineraries found outside what was asked, the journeys
    of the timetable and those without it, what each rule left out, and for each journey of the answer the one it was
    made of (`chosen`)."""

    answer: Answer
    searcher: Searcher
    origin: Reach
    destination: Reach
    accept: Accepts
    outside: Sequence[Itinerary] = ()
    front: Sequence[Journey] = ()
    whole: Sequence[Journey] = ()
    beside: Beside = NOTHING_BESIDE
    beside_journeys: Sequence[Journey] = ()
    dropped: Sequence[Dropped[Journey]] = ()
    chosen: Sequence[Journey] = ()


def planned(
    network: LiveNetwork,
    query: Query,
    access: AccessEgress | None = None,
    carpool: CarpoolLines | None = None,
    fares: Fares | None = None,
    tables: FareTables | None = None,
    shared: Stands | None = None,
    parking: Parking | None = None,
    payer: Payer | None = None,
    watch: Watch | None = None,
) -> Planned:
    """`plan`, with what the search went through; `watch` notes what each part took."""
    lap = not_watched if watch is None else watch.lap
    _check(query)
    if query.own is not None and query.own.by is By.SHARED and shared is None:
        query = replace(query, own=None)  # nobody told where there are any: on foot
    searcher = searcher_of(network, query.limits)
    timetable = searcher.timetable
    access = access or access_of(network, owns.walker(query.limits))
    at_s = int(query.at.timestamp())
    origin = reach_of(searcher, query.origin, query.limits.walk_m_max, access, leaving=True)
    destination = reach_of(searcher, query.destination, query.limits.walk_m_max, access, leaving=False)
    bikes = _shared_bikes(network, query, shared) or _parked_car(network, query, parking)
    own_access = bikes or (
        None if query.own is None else access_of(network, owns.TAKEN[query.own.by].mover, owns.walker(query.limits))
    )
    doors = Doors(timetable, query, access, own_access)
    origin, destination = doors.by_own(origin, destination)
    whole = doors.whole()
    remarks = [] if whole else _unreached(query, origin, destination)
    accept = replace(
        accepts(timetable, query.limits, with_bicycle=_is_aboard(query)), via=_via(searcher, query, access)
    )
    if accept.via is not None and not accept.via.nodes:
        remarks.append(Decision("planner.no_stop_near_via", name=query.via.name if query.via else ""))
    journeys: list[Journey] = []
    front: list[Journey] = []
    found: list[Itinerary] = []
    outside: list[Itinerary] = []
    dropped: list[Dropped[Journey]] = []
    next_at = None
    lap("access")
    if not remarks:
        found, outside = _search(searcher, query, origin, destination, at_s, accept, watch)
        lap("search")
        least = [settled(timetable, itinerary, origin, destination, accept) for itinerary in found]
        speed_m_s = owns.walker(replace(query.limits, wheelchair=False)).speed_m_s
        front = [journey_of(timetable, itinerary, origin, destination, speed_m_s) for itinerary in least]
        if bikes is not None:
            front, whole = [bikes.split(each) for each in front], [bikes.split(each) for each in whole]
        # by one's own vehicle all the way: beside the others, for on short ways it would beat them all
        walked, ridden = ([each for each in whole if bool(each.own_m) is own] for own in (False, True))
        unbeaten = useful([*(each for each in front if shut_at(each) is None), *walked])
        journeys, too_long = sensible([*unbeaten.kept, *ridden])
        shut = [each for each in front if shut_at(each) is not None]
        dropped = [*(Dropped(each, Rule.PARK_SHUT) for each in shut), *unbeaten.dropped, *too_long]
        journeys = ordered(journeys, query.arrive_by)
        lap("journeys")
        closed = {spot.id: spot.name for each in shut if (spot := shut_at(each)) is not None}
        if closed:
            said = Decision("planner.parks_shut_then", parks=", ".join(sorted(closed.values())))
            if parking is not None and not parking.kept and not any(each.rides for each in journeys):
                # others may be open: looked for anew without these
                again = planned(
                    network, query, access, carpool, fares, tables, shared, parking.without(closed), payer, watch
                )
                return replace(again, answer=replace(again.answer, remarks=(said, *again.answer.remarks)))
            remarks.append(said)
        if not journeys:
            why, next_at = _none(searcher, query, origin, destination, accept)
            remarks = [*remarks, *why]
    if query.own is not None:
        remarks += owns.said(
            query.own, network.streets is not None, has_parks=isinstance(bikes, ParkedCar),
            has_bicycles=owns.takes_bicycles(timetable),
        )  # fmt: skip
        remarks += _said_of_parks(timetable, query, bikes, kept=journeys)
    earlier_at, later_at = _neighbours(
        searcher, query, origin, destination, journeys, outside[0] if outside else None, accept
    )
    lap("neighbours")
    who = payer or ANYBODY
    table = None if tables is None else tables.table(network, paris_day(query.at - OPERATING_DAY_BEGINS), who)
    looked = alternatives(searcher, table, query, origin, destination, accept, found, watch)
    beside = journeys_of(searcher, query, origin, destination, looked.chosen)
    if bikes is not None:
        beside = [bikes.split(each) for each in beside]
    lap("beside")
    prices = _priced(network, fares, [*journeys, *beside], who)
    if fares is not None:
        prices = [with_parking(*each) for each in zip([*journeys, *beside], prices, strict=True)]
    journeys, prices, not_worth = with_worthwhile(journeys, beside, prices, query.arrive_by)
    lap("prices")
    kept = tuple(doors.drawn(explained(journeys, prices)))
    if bikes is not None:
        ends = position_of(timetable, query.origin), position_of(timetable, query.destination)
        kept = tuple(bikes.drawn(each, *ends, timetable) for each in kept)
    lap("journeys")
    beside_cars, no_car = carpool_ways(
        network, query, carpool, Timetabled(searcher, accept, access, origin, destination, partial(plan, network)),
        fares, who,
    )  # fmt: skip
    lap("carpool")
    answer = Answer(
        query,
        kept,
        tuple(remarks),
        network.hash,
        earlier_at=earlier_at,
        later_at=later_at,
        next_at=next_at,
        carpool=beside_cars,
        no_carpool=no_car,
        prices=() if fares is None else tuple(prices),
        cancelled=cancelled(network, query, origin, kept),
    )
    lap("cancelled")
    return Planned(
        answer,
        searcher,
        origin,
        destination,
        accept,
        outside,
        front,
        whole,
        looked,
        beside,
        (*dropped, *not_worth),
        journeys,
    )


def _priced(network: LiveNetwork, fares: Fares | None, journeys: Sequence[Journey], payer: Payer) -> list[Price | None]:
    return [None] * len(journeys) if fares is None else list(fares.prices(network, journeys, payer))


def cancelled(network: LiveNetwork, query: Query, origin: Reach, kept: Sequence[Journey]) -> tuple[Journey, ...]:
    """The journeys that the timetable promises for `query` and that cannot be made today, a vehicle being cancelled or
    not stopping where one boards it. The timetable is searched only when something of that time does not run from a
    stop within reach, or where one of the journeys kept is boarded."""
    overlay = None if network.today is None else network.today.overlay
    if overlay is None or network.planned is None:
        return ()
    at, reach_s = int(query.at.timestamp()), query.window_s + query.limits.duration_s_max
    since, until = (at - reach_s, at) if query.arrive_by else (at, at + reach_s)
    stops = set(network.timetable.node_stop[origin.node].tolist())
    stops |= {ride.visits[0].stop for journey in kept for ride in journey.rides}
    gone = overlay.unserved_at
    if not any(since <= each.depart_s <= until for stop in stops & gone.keys() for each in gone[stop]):
        return ()
    planned = plan(network.planned, query)
    return tuple(each for each in planned.journeys if any(is_missed(network, ride) for ride in each.rides))


def _is_aboard(query: Query) -> bool:
    return query.own is not None and query.own.by is By.ABOARD


def _shared_bikes(network: LiveNetwork, query: Query, shared: Stands | None) -> SharedBikes | None:
    """Shared bicycles, where the question is of them and there are some."""
    if query.own is None or query.own.by is not By.SHARED or shared is None:
        return None
    walker = owns.walker(query.limits)
    near: dict[tuple[Point, bool, str], Reach] = network.derived("planner.shared_near", lambda _: {}, lasting=True)
    return SharedBikes(
        shared, access_of(network, walker), access_of(network, owns.TAKEN[By.SHARED].mover, walker), near, walker.name
    )


def _parked_car(network: LiveNetwork, query: Query, parking: Parking | None) -> ParkedCar | None:
    """One's car and the car parks, where the question is of it and some are known."""
    if query.own is None or query.own.by is not By.CAR or parking is None:
        return None
    walker, taken = owns.walker(query.limits), owns.TAKEN[By.CAR]
    near: dict[tuple[Point, bool, str], Reach] = network.derived("planner.parks_near", lambda _: {}, lasting=True)
    return ParkedCar(
        parking, access_of(network, walker), access_of(network, taken.mover, walker), near, walker.name, taken.stow_s
    )


def _said_of_parks(
    timetable: Timetable, query: Query, car: SharedBikes | ParkedCar | None, *, kept: Sequence[Journey]
) -> list[Decision]:
    """Which car parks around the door are full; that none is near a stop, where no journey takes the car."""
    if not isinstance(car, ParkedCar) or car.stands_somewhere:
        return []
    here = position_of(timetable, query.origin)
    full = [] if here is None else car.full_near(here, owns.TAKEN[By.CAR].most_m)
    said = [Decision("planner.parks_full", parks=", ".join(full))] if full else []
    if not any(leg.by is By.CAR for journey in kept for leg in journey.legs if isinstance(leg, Walk)):
        said.append(Decision("planner.parks_none_near"))
    return said


def _check(query: Query) -> None:
    limits = query.limits
    refused = None if query.own is None else owns.refusal(query.own, limits)
    if refused is not None:
        raise InvalidInput(refused.code, **refused.params)
    if query.at.tzinfo is None:
        raise InvalidInput("planner.time_without_zone", at=query.at.isoformat())
    for code, value, least, most in (
        ("planner.vehicles_out_of_range", limits.vehicles_max, 1, VEHICLES_MAX),
        ("planner.walk_out_of_range", limits.walk_m_max, 0, WALK_M_MAX),
        ("planner.window_out_of_range", query.window_s, 0, WINDOW_S_MAX),
        ("planner.change_out_of_range", limits.change_s_extra, 0, 3600),
        ("planner.duration_out_of_range", limits.duration_s_max, 60, DURATION_S_MAX),
        ("planner.stay_out_of_range", query.via_stay_s, 0, 12 * 3600),
    ):
        if not least <= value <= most:
            raise InvalidInput(code, value=value, least=least, most=most)


def _search(
    searcher: Searcher, query: Query, origin: Reach, destination: Reach, at_s: int, accept: Accepts,
    watch: Watch | None = None,
) -> tuple[list[Itinerary], list[Itinerary]]:  # fmt: skip
    """What the window holds, else the best behind it; and those before the window (arriving by: after it), the nearest
    first, of a day at most."""
    limits, beyond_s = query.limits, 0 if query.via is not None else BEYOND_S_MAX
    if query.arrive_by:
        low_s, high_s = at_s - query.window_s if query.window_s else at_s + 1, at_s + beyond_s
    else:
        low_s, high_s = at_s - beyond_s, at_s + query.window_s if query.window_s else at_s - 1
    both: list[Itinerary] = []
    if low_s <= high_s:
        both = searcher.window(
            origin, destination, low_s, high_s, query.arrive_by, limits.vehicles_max, limits.duration_s_max, accept,
            enough_s=at_s, watch=watch,
        )  # fmt: skip
    found = [each for each in both if (each.arrive_s <= at_s if query.arrive_by else each.depart_s >= at_s)]
    outside = [each for each in both if each not in found]
    if not found:
        found = _tight(
            searcher, origin, destination, at_s, query.arrive_by, limits.vehicles_max, limits.duration_s_max, accept,
            watch,
        )  # fmt: skip
    return found, outside


def _tight(
    searcher: Searcher,
    origin: Reach,
    destination: Reach,
    at_s: int,
    arrive_by: bool,
    rounds: int,
    duration_s_max: int,
    accept: Accepts,
    watch: Watch | None = None,
) -> list[Itinerary]:
    """The best for each number of vehicles, then turned round: as late a departure as that arrival allows (arriving
    by: the mirror)."""
    first = searcher.one(origin, destination, at_s, arrive_by, rounds, duration_s_max, accept, watch)
    out = []
    for itinerary in first:
        turned_s = itinerary.depart_s if arrive_by else itinerary.arrive_s
        back = searcher.one(origin, destination, turned_s, not arrive_by, len(itinerary.rides), duration_s_max, accept)
        out.append(back[-1] if back else itinerary)
    return out


def _via(searcher: Searcher, query: Query, access: AccessEgress) -> Via | None:
    """The nodes of the place to go by: its stops; for a position, those it is an accepted walk from. None when the
    journey begins or ends there anyhow."""
    place = query.via
    if place is None:
        return None
    if place.stops:
        here = with_platforms(searcher.timetable, place.stops)
        ends = (query.origin.stops, query.destination.stops)
        if any(here & with_platforms(searcher.timetable, stops) for stops in ends):
            return None
        nodes = np.flatnonzero(np.isin(searcher.timetable.node_stop, list(here))).astype(np.int32)
    elif place.point is None:
        raise InvalidInput("planner.place_without_position", name=place.name)
    else:
        nodes = access.reach(searcher.timetable, place.point, query.limits.walk_m_max, leaving=True).node
    return Via(tuple(int(node) for node in nodes), query.via_stay_s)


def _neighbours(
    searcher: Searcher,
    query: Query,
    origin: Reach,
    destination: Reach,
    journeys: list[Journey],
    beyond: Itinerary | None,
    accept: Accepts,
) -> tuple[datetime | None, datetime | None]:
    """When to ask again for what runs before the journeys shown, and after them: instants at which another journey
    leaves (arriving by: arrives), in whole minutes. None where nothing does within a day."""
    ridden = [journey for journey in journeys if journey.rides]
    if not ridden:
        step = timedelta(seconds=max(query.window_s, 3600))
        return query.at - step, query.at + step
    limits = query.limits
    if query.arrive_by:
        edge_s = int(min(journey.arrive_at for journey in ridden).timestamp()) - 1
    else:
        edge_s = int(max(journey.depart_at for journey in ridden).timestamp()) + 1
    behind = _tight(
        searcher, origin, destination, edge_s, query.arrive_by, limits.vehicles_max, limits.duration_s_max, accept
    )
    if query.arrive_by:
        earlier_s = max((-(-found.arrive_s // 60) * 60 for found in behind), default=None)
        later_s = None if beyond is None else -(-beyond.arrive_s // 60) * 60
    else:
        earlier_s = None if beyond is None else beyond.depart_s // 60 * 60
        later_s = min((found.depart_s // 60 * 60 for found in behind), default=None)
    return _instant(earlier_s), _instant(later_s)


def _instant(epoch_s: int | None) -> datetime | None:
    return None if epoch_s is None else datetime.fromtimestamp(epoch_s, UTC)


def _unreached(query: Query, origin: Reach, destination: Reach) -> list[Decision]:
    """Why no vehicle can be taken at all."""
    out = []
    if not len(origin.node):
        out.append(Decision("planner.no_stop_near_origin", name=query.origin.name, walk_m=query.limits.walk_m_max))
    if not len(destination.node):
        out.append(
            Decision("planner.no_stop_near_destination", name=query.destination.name, walk_m=query.limits.walk_m_max)
        )
    return out


def _narrowed(query: Query) -> list[Decision]:
    """That lines, operators or vehicles were left out at the traveller's own wish, when some were."""
    limits = query.limits
    narrowed = limits.without_routes or limits.only_agencies is not None or limits.route_types is not None
    return [Decision("planner.narrowed_by_choice")] if narrowed else []


def _none(
    searcher: Searcher, query: Query, origin: Reach, destination: Reach, accept: Accepts
) -> tuple[list[Decision], datetime | None]:
    """Why there is no journey, and the next one if it is within `NEXT_DAYS_MAX` days."""
    timetable, zone = searcher.timetable, searcher.zone
    day = query.at.astimezone(zone).date()
    if not timetable.first_day <= day <= timetable.last_day:
        return [
            Decision("planner.outside_validity", day=day, first_day=timetable.first_day, last_day=timetable.last_day)
        ], None
    why = [Decision("planner.no_journey_via", name=query.via.name)] if query.via is not None else []
    found, last = next_journey(
        searcher, origin, destination, query.at, accept, query.limits.vehicles_max, query.limits.duration_s_max
    )
    chosen = _narrowed(query)
    if found is None:
        return [*chosen, *(why or [Decision("planner.no_journey_until", day=day, last_day=last)])], None
    leaves = datetime.fromtimestamp(found.depart_s, UTC)
    next_day = leaves.astimezone(zone).date()
    return [*why, *chosen, Decision("planner.no_service_that_day", day=day, next_day=next_day)], leaves
