"""A question in, an answer out: what the web page, the API and the command line all call.

asked moving         the question made ready: its bounds, its ends; who searches, and along what
hours                the search by hours: the window, what lies around it, why there is nothing
beside joined        carpool lines beside the timetable, before it and after it
chained              on-demand services before it, after it and at both ends
traced robust        how a search went; how much a journey bears
compared studies     two networks and the same questions; what is long enough to be a job
reached everywhere   how far one gets; from many places to many
served               what public transport a territory has, counted
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial
from typing import TypedDict, Unpack

from mobigo.base.decisions import Decision
from mobigo.base.instants import paris_day
from mobigo.network.model.live import LiveNetwork
from mobigo.planner.engine.alternatives import Beside, alternatives
from mobigo.planner.engine.doors import position_of
from mobigo.planner.engine.parks import ParkedCar
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
from mobigo.planner.rules.choice import explained, with_worthwhile
from mobigo.planner.rules.dropped import Dropped
from mobigo.planner.rules.fare_table import FareTables
from mobigo.planner.rules.parks import Parking, with_parking
from mobigo.planner.rules.shared import Stands
from mobigo.planner.service.asked import Asked, made_ready
from mobigo.planner.service.beside import carpool_ways
from mobigo.planner.service.hours import Found, by_hours, neighbours, why_none
from mobigo.planner.service.joined import Timetabled

OPERATING_DAY_BEGINS = timedelta(hours=4)  # until then, the tariff is still that of the day before


class Others(TypedDict, total=False):
    """What others know, handed over with a question; whatever is left out is not known.

    `carpool`: the carpool lines to show beside; `fares`: who prices the journeys; `tables`: whose tariffs are searched
    with, so that a later journey that costs or walks less is found too; `shared`: where there are shared bicycles.
    `parking`: the car parks where one's car is left; without, it is left at the stop. `payer`: for whom (None: an adult
    without a card).
    """

    carpool: CarpoolLines | None
    fares: Fares | None
    tables: FareTables | None
    shared: Stands | None
    parking: Parking | None
    payer: Payer | None


def plan(network: LiveNetwork, query: Query, access: AccessEgress | None = None, **others: Unpack[Others]) -> Answer:
    """The useful journeys for `query`, or why there is none and when the next one is.

    With `window_s` 0, the best for each number of vehicles: leaving at `at` or later and arriving earliest, then
    leaving as late as that allows (arriving by: the mirror). With a window, every journey that leaves (arrives)
    within it and is beaten by no other. When the window holds none, the first one behind it. Same query and network:
    same answer. `others`: what is known beside the timetable. Raises InvalidInput for limits outside what is offered.
    """
    return planned(network, query, access, **others).answer


@dataclass(frozen=True, slots=True)
class Planned:
    """An answer, and what the search went through: what it found by hours, and by price and metres (`beside`, as
    journeys too), what of the latter was not worth its time, and for each journey of the answer the one it was made of
    (`chosen`)."""

    answer: Answer
    asked: Asked
    found: Found
    beside: Beside
    beside_journeys: Sequence[Journey]
    not_worth: Sequence[Dropped[Journey]]
    chosen: Sequence[Journey]

    @property
    def dropped(self) -> Sequence[Dropped[Journey]]:
        """What each rule left out."""
        return (*self.found.dropped, *self.not_worth)


def planned(
    network: LiveNetwork,
    query: Query,
    access: AccessEgress | None = None,
    watch: Watch | None = None,
    **others: Unpack[Others],
) -> Planned:
    """`plan`, with what the search went through; `watch` notes what each part took."""
    lap = not_watched if watch is None else watch.lap
    fares, parking = others.get("fares"), others.get("parking")
    asked = made_ready(network, query, access, others.get("shared"), parking)
    query, remarks, next_at = asked.query, list(asked.remarks), None
    lap("access")
    found = Found(whole=asked.whole) if remarks else by_hours(asked, watch)
    if found.closed:
        said = Decision("planner.parks_shut_then", parks=", ".join(sorted(found.closed.values())))
        if parking is not None and not parking.kept and not any(each.rides for each in found.journeys):
            # others may be open: looked for anew without these
            fewer = others | Others(parking=parking.without(found.closed))
            again = planned(network, query, asked.access, watch, **fewer)
            return replace(again, answer=replace(again.answer, remarks=(said, *again.answer.remarks)))
        remarks.append(said)
    if not asked.remarks and not found.journeys:
        why, next_at = why_none(asked)
        remarks += why
    remarks += _said_of_own(asked, found.journeys)
    earlier_at, later_at = neighbours(asked, found)
    lap("neighbours")
    who = others.get("payer") or ANYBODY
    looked = _beside(asked, found, others.get("tables"), who, watch)
    beside = asked.split([asked.journey(each.itinerary) for each in looked.chosen])
    lap("beside")
    prices = _priced(network, fares, [*found.journeys, *beside], who)
    journeys, prices, not_worth = with_worthwhile(found.journeys, beside, prices, query.arrive_by)
    lap("prices")
    kept = asked.drawn(explained(journeys, prices))
    lap("journeys")
    table = Timetabled(
        asked.searcher, asked.accept, asked.access, asked.origin, asked.destination, partial(plan, network)
    )
    beside_cars, no_car = carpool_ways(network, query, others.get("carpool"), table, fares, who)
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
        cancelled=cancelled(network, query, asked.origin, kept),
    )
    lap("cancelled")
    return Planned(answer, asked, found, looked, beside, not_worth, journeys)


def _beside(asked: Asked, found: Found, tables: FareTables | None, payer: Payer, watch: Watch | None) -> Beside:
    """What the searches by price and metres find beside those by hours."""
    day = paris_day(asked.query.at - OPERATING_DAY_BEGINS)
    table = None if tables is None else tables.table(asked.network, day, payer)
    return alternatives(
        asked.searcher, table, asked.query, asked.origin, asked.destination, asked.accept, found.itineraries, watch
    )


def _priced(network: LiveNetwork, fares: Fares | None, journeys: Sequence[Journey], payer: Payer) -> list[Price | None]:
    """What each journey costs, its car park included; None where nobody knows fares."""
    if fares is None:
        return [None] * len(journeys)
    return [with_parking(*each) for each in zip(journeys, fares.prices(network, journeys, payer), strict=True)]


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


def _said_of_own(asked: Asked, kept: Sequence[Journey]) -> list[Decision]:
    """What a traveller with a vehicle of their own must know of the answer."""
    if asked.query.own is None:
        return []
    said = owns.said(
        asked.query.own, asked.network.streets is not None, has_parks=isinstance(asked.hubs, ParkedCar),
        has_bicycles=owns.takes_bicycles(asked.timetable),
    )  # fmt: skip
    return [*said, *_said_of_parks(asked, kept)]


def _said_of_parks(asked: Asked, kept: Sequence[Journey]) -> list[Decision]:
    """Which car parks around the door are full; that none is near a stop, where no journey takes the car."""
    car = asked.hubs
    if not isinstance(car, ParkedCar) or car.stands_somewhere:
        return []
    here = position_of(asked.timetable, asked.query.origin)
    full = [] if here is None else car.full_near(here, owns.TAKEN[By.CAR].most_m)
    said = [Decision("planner.parks_full", parks=", ".join(full))] if full else []
    if not any(leg.by is By.CAR for journey in kept for leg in journey.legs if isinstance(leg, Walk)):
        said.append(Decision("planner.parks_none_near"))
    return said
