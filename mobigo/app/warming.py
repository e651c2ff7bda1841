"""What the first query over a newer network would pay, paid before it serves: the search's own arrays, the boards, the
tariff of the day, by one journey along its busiest line."""

from typing import TYPE_CHECKING

import numpy as np

from mobigo.infra import clock
from mobigo.network.model.live import LiveNetwork
from mobigo.planner.model import Endpoint, Query

if TYPE_CHECKING:
    from mobigo.infra.web import Services

WINDOW_S = 2 * 3600


def warm(services: "Services", network: LiveNetwork) -> None:
    """Ask one journey of now, from an end to the other of the pattern with the most runs."""
    from mobigo.planner import service
    from mobigo.planner.gateway.territory import boards_of

    timetable = network.timetable
    runs = np.diff(timetable.pattern_run_start)
    if not len(runs):
        return
    busiest = int(runs.argmax())
    nodes = timetable.pattern_node[timetable.pattern_node_start[busiest] : timetable.pattern_node_start[busiest + 1]]
    first, last = (Endpoint("", None, (int(timetable.node_stop[nodes[at]]),)) for at in (0, -1))
    service.plan(network, Query(first, last, clock.now(), False, WINDOW_S), fares=services.fares, tables=services.fares)
    boards_of(network)
