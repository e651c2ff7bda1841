"""What every view of the planner needs of the request: the network being served, its places, the time and the zone."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from mobigo.base.errors import NotFound
from mobigo.infra.clock import monotonic_s, now
from mobigo.infra.web import Services, services
from mobigo.network.engine.boards import BoardIndex
from mobigo.network.engine.places import PlaceIndex
from mobigo.network.model.live import LiveNetwork
from mobigo.network.model.parks import ToldParks
from mobigo.network.model.shared import Told
from mobigo.planner.export.names import feed_stop_id
from mobigo.planner.gateway.assistance import needs_assistance, terms_known, with_assistance
from mobigo.planner.gateway.emissions import with_all_emissions, with_emissions
from mobigo.planner.gateway.territory import boards_of, load_territory, places_of, with_authorities
from mobigo.planner.model import ANYBODY, Answer, By, Endpoint, Fares, OnDemand, OnDemandFound, Payer, Query, Reachable
from mobigo.planner.rules.presets import arranged
from mobigo.planner.rules.ways import WaysSifted, sifted, with_rest_prices

if TYPE_CHECKING:
    from mobigo.planner.engine.areas import ReachedAreas
    from mobigo.planner.engine.watch import Watch
    from mobigo.planner.export.areas import ReachedCommune
    from mobigo.planner.rules.parks import Parking
    from mobigo.planner.rules.shared import Stands
    from mobigo.planner.rules.trace import Trace
    from mobigo.planner.service import Planned


@dataclass(frozen=True)
class Here:
    """One network, pinned for the length of a request."""

    live: LiveNetwork
    now: datetime

    @property
    def as_planned(self) -> "Here":
        """The same by the timetable alone."""
        return self if self.live.planned is None else Here(self.live.planned, self.now)

    @property
    def zone(self) -> ZoneInfo:
        """The zone of the network."""
        return ZoneInfo(self.live.timetable.zone)

    @property
    def places(self) -> PlaceIndex:
        """Stops and communes by name."""
        return places_of(self.live, services().config.home)

    @property
    def boards(self) -> BoardIndex:
        """Departures by stop."""
        return boards_of(self.live)

    def plan(self, query: Query, payer: Payer | None = None) -> Answer:
        """The answer to a question, priced for who pays (None: one adult without a card). The search, and
        numba with it, is imported at the first one."""
        return self._planned(query, payer)[1].answer

    def explained(self, query: Query, payer: Payer | None = None) -> "tuple[Answer, Trace]":
        """The same answer, and how the search went."""
        from mobigo.planner.engine.watch import Watch
        from mobigo.planner.service.traced import traced

        watch = Watch(monotonic_s)
        planned, shown = self._planned(query, payer, watch)
        watch.lap("others")
        answer, trace = shown.answer, traced(self.live, planned, shown, watch, services().fares, payer)
        return answer, with_all_emissions(self.live, services().config.home, answer, trace)

    def _planned(
        self, query: Query, payer: Payer | None = None, watch: "Watch | None" = None
    ) -> "tuple[Planned, WaysSifted]":
        stands, parks = stands_for(query, self.now), parking_for(query, self.now)
        return answered(services(), self.live, query, self.now, stands, parks, payer, watch)

    def reachable(self, origin: Endpoint, at: datetime, duration_s_max: int, walk_m_max: int) -> Reachable:
        """Every stop within reach of `origin`, leaving at `at`."""
        from mobigo.planner.service.reached import reachable

        return reachable(self.live, origin, at, duration_s_max, walk_m_max=walk_m_max)

    def areas(
        self, origin: Endpoint, at: datetime, minutes: Sequence[int], walk_m_max: int
    ) -> "tuple[ReachedAreas, list[ReachedCommune]]":
        """What is reached within each of these minutes, and the communes of the territory whose centre is."""
        from mobigo.planner.export.areas import communes_reached
        from mobigo.planner.service.reached import areas

        found = areas(self.live, origin, at, [60 * each for each in minutes], walk_m_max)
        communes = load_territory(services().config.home).communes
        return found, communes_reached(found, communes, max(minutes))


def answered(
    made: Services, live: LiveNetwork, query: Query, at: datetime, shared: "Stands | None" = None,
    parking: "Parking | None" = None, payer: Payer | None = None, watch: "Watch | None" = None,
) -> tuple["Planned", WaysSifted]:  # fmt: skip
    """The answer to a question with all that the product knows beside the timetable, in its order; and what was
    planned for it."""
    from mobigo.planner import service

    home = made.config.home
    planned = service.planned(
        live, query, carpool=made.carpool, fares=made.fares, tables=made.fares, shared=shared, parking=parking,
        payer=payer, watch=watch,
    )  # fmt: skip
    answer = planned.answer
    if needs_assistance(answer):
        anyhow = replace(query, limits=replace(query.limits, wheelchair=False))
        answer = with_assistance(live, terms_known(made.engine, home), answer, service.plan(live, anyhow), at)
    said = [*(() if shared is None else shared.said), *(() if parking is None else parking.said)]
    answer = replace(
        answer,
        remarks=(*answer.remarks, *said),
        on_demand=on_demand_of(made.on_demand, live, query, at, made.fares, payer),
    )
    answer = with_authorities(live, home, answer, at, production=made.config.production)
    return planned, sifted(arranged(with_emissions(live, home, answer)))


def on_demand_of(
    asked: OnDemand | None, live: LiveNetwork, query: Query, at: datetime, fares: Fares | None = None,
    payer: Payer | None = None,
) -> OnDemandFound:  # fmt: skip
    """The ways by an on-demand service that can be booked at `at`, with the price of what of the timetable they take;
    none where a chosen mode or a place on the way rules
    them out, nor for wheelchairs: whoever needs a place for one says so on the page that books."""
    from mobigo.planner.engine.doors import position_of

    limits = query.limits
    chosen = limits.route_types is not None or limits.only_agencies is not None or query.via is not None
    a, b = (position_of(live.timetable, each) for each in (query.origin, query.destination))
    if asked is None or chosen or query.own is not None or limits.wheelchair or a is None or b is None:
        return OnDemandFound()
    found = asked.ways(live, query, a, b, at)
    return found if fares is None else with_rest_prices(live, found, fares, payer or ANYBODY)


def stands_for(query: Query, at: datetime) -> "Stands | None":
    """The stations of shared bicycles, where the question is of them."""
    if query.own is None or query.own.by is not By.SHARED:
        return None
    from mobigo.planner.rules.shared import stands

    return stands(shared_systems(at), query.at, at)


def parking_for(query: Query, at: datetime) -> "Parking | None":
    """The car parks where one's car is left, where the question is of it; None where none is known."""
    if query.own is None or query.own.by is not By.CAR or (query.own.left_at and not query.own.park):
        return None
    from mobigo.planner.rules.parks import parking

    told = known_parks()
    if not told and not query.own.park:
        return None
    return parking(told, query.at, at, wheelchair=query.limits.wheelchair, kept=query.own.park)


def known_parks() -> list[ToldParks]:
    """The car parks in use."""
    from mobigo.network.service.parks import ParksHolder

    return services().part(ParksHolder, lambda made: ParksHolder(made.engine)).told()


def shared_systems(at: datetime) -> list[Told]:
    """The systems of shared bicycles in use, as they are known at `at`."""
    from mobigo.network.service.shared import SharedHolder

    return services().part(SharedHolder, lambda made: SharedHolder(made.engine)).told(at)


@contextmanager
def pinned() -> Iterator[Here]:
    """The network being served, as planned, for the block. Raises NotFound when none was built yet."""
    with services().networks.current() as live:
        yield Here(live, now())


@contextmanager
def pinned_today() -> Iterator[Here]:
    """The network being served as it runs today, for the block: what who travels is told. Raises NotFound when none
    was built yet."""
    with services().networks.today() as live:
        yield Here(live, now())


@contextmanager
def regional_stops() -> Iterator[Callable[[str], Sequence[str]]]:
    """The stops of a place by their ids in the regional GTFS (`feed:stop_id`), for the block; a place that is none of
    the network, and any where there is no network, by its own id."""
    with ExitStack() as stack:
        try:
            live = stack.enter_context(services().networks.current())
        except NotFound:
            yield lambda place: [place]
            return
        places = places_of(live, services().config.home)

        def stops_of(place_id: str) -> Sequence[str]:
            place = places.by_id(place_id)
            stops = () if place is None else place.stops
            return [feed_stop_id(live.timetable, stop) for stop in stops] or [place_id]

        yield stops_of
