"""One search of each kind once the network is built: kernels are compiled then, not while a traveller waits."""

from datetime import datetime, timedelta
from typing import Final

from mobigo.app.factory import make_fares
from mobigo.infra.web import Services
from mobigo.network.engine.boards import build_boards
from mobigo.network.model.live import LiveNetwork
from mobigo.network.store import compiled, networks
from mobigo.planner import service
from mobigo.planner.model import Endpoint, Limits, Query

FROM: Final = "saulieu-place-monge"
TO: Final = "chatillon-sur-seine-centre"


def warm(services: Services, network: str, now: datetime) -> None:
    """Compile every kernel of the search by using it on the network of that hash; the answers are thrown away."""
    timetable = compiled.load(networks.root_of(services.config.home) / network)
    tables = make_fares(services)  # searches by price have kernels of their own
    live = LiveNetwork(timetable, network)
    ids = list(timetable.stop_id)
    origin, destination = (Endpoint(stop_id, None, (ids.index(stop_id),)) for stop_id in (FROM, TO))
    for arrive_by in (False, True):
        for window_s in (0, 2 * 3600):
            query = Query(origin, destination, now + timedelta(days=1), arrive_by, window_s)
            service.plan(live, query, tables=tables)
    service.plan(live, Query(origin, destination, now, limits=Limits(wheelchair=True)), tables=tables)
    service.reachable(live, origin, now, 3600)
    build_boards(timetable)
