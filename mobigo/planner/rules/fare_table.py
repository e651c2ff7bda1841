"""A tariff as the search reads it: what each vehicle's network charges, what is joined, transferred, capped or owned.

The planner declares it here; `billettique` fills it, and `mobigo.app` hands it over. It holds what four criteria can
be searched with, and no more: whoever fills it gives none (`FareTables.table` is None) for a tariff that says
something else, and prices are then shown beside the journeys, not searched. What is shown is always the exact price
of `Fares`; a table only decides which journeys are looked for.

Prices are whole cents. A leg whose price is not known makes its journey's price unknown, never zero.
"""

from datetime import date
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from mobigo.network.model.live import LiveNetwork
from mobigo.network.model.timetable import F64, I32, Timetable
from mobigo.planner.model import ANYBODY, Payer

UNKNOWN = -1  # a price, or the network of a run that no tariff names
MIXED = -2  # the network of a run whose trips are not all of one
NO_PAIR = -2  # two stations that the table of pairs does not name
NO_RULE = -1  # two groups between which there is no transfer
NO_LIMIT = -1


class FareTable(NamedTuple):
    """Arrays by run, by trip of a run (as `Timetable.run_trip`), by node, by network, by group and by pair of stations.

    A network charges `flat_cents` a leg, or (where that is UNKNOWN) by its bands of distance: the first whose
    `band_until_m` is beyond the metres; the distance is between the straight lines from stop to stop and `winding`
    times them, and prices grow with it. A pair of stations named in the table of pairs has its price there, whatever
    the way. Legs of a network that `joins`, changed in one station, are one leg. From a leg of a `group` to one of
    another, a transfer may cost `transfer_cents` instead of the leg.
    """

    run_network: I32
    trip_network: I32
    station: I32  # [node] equal for the platforms of one station
    cell_m: F64  # [cell of `Timetable.pattern_node`] metres since the pattern's first stop
    flat_cents: I32
    band_start: I32  # [network + 1]
    band_until_m: I32
    band_cents: I32
    winding: F64
    joins: NDArray[np.bool_]
    capped: NDArray[np.bool_]
    cap_cents: I32  # [1] what legs of the networks `capped` cost at most together; NO_LIMIT for none
    group: I32  # [network] UNKNOWN for none
    transfer_cents: I32  # [group, group]
    transfer_count: I32  # how many times running, within one group; NO_LIMIT
    transfer_s: I32  # NO_LIMIT
    transfer_from_arrival: NDArray[np.bool_]  # whether its seconds count from the arrival of the first leg
    transfer_to_arrival: NDArray[np.bool_]  # to the arrival of the last
    paired: I32  # [node] the row of its station in the table of pairs; UNKNOWN
    pair_network: I32  # [1] the network whose pairs they are
    pair_cents: I32  # [row, row] NO_PAIR, UNKNOWN or cents
    outside: NDArray[np.bool_]  # [network, node] where its tariff does not hold: a leg that ends there is unknown


class FareTables(Protocol):
    """The tariffs, as the search asks them; filled by `billettique`, handed over by `mobigo.app`."""

    def table(self, network: LiveNetwork, day: date, payer: Payer = ANYBODY) -> FareTable | None:
        """The tariff of a day for who pays; None where a table cannot say it."""


def by_distance_m(timetable: Timetable, hop_m: F64) -> F64:
    """`FareTable.cell_m` from the metres of each hop [cell]: from the cell before, 0 at a pattern's first."""
    total = np.cumsum(hop_m)
    starts = timetable.pattern_node_start[:-1]
    return np.asarray(total - np.repeat(total[starts], np.diff(timetable.pattern_node_start)))


def stations_of(timetable: Timetable) -> I32:
    """`FareTable.station`: of each node its station, itself where it has none."""
    stop = timetable.node_stop
    parent = timetable.stop_parent[stop]
    return np.where(parent >= 0, parent, stop).astype(np.int32)


def networks_of_runs(timetable: Timetable, route_network: I32) -> tuple[I32, I32]:
    """`FareTable.run_network` and `trip_network` from the network of each route."""
    of_trip = route_network[timetable.trip_route[timetable.run_trip]].astype(np.int32)
    if not len(of_trip):
        return np.zeros(0, np.int32), of_trip
    least = np.minimum.reduceat(of_trip, timetable.run_trip_start[:-1])
    most = np.maximum.reduceat(of_trip, timetable.run_trip_start[:-1])
    return np.where(least == most, least, MIXED).astype(np.int32), of_trip
