"""One search of each kind once the network is built: kernels are compiled then, not while a traveller waits. Those of
prices take as long as all others: a second process compiles them meanwhile, which the demonstration then finds done.
"""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Final

from mobigo.app.factory import make_fares
from mobigo.base.instants import paris_day
from mobigo.infra import numba_cache
from mobigo.infra.config import as_environ, load_config
from mobigo.infra.web import Services
from mobigo.network.engine.boards import build_boards
from mobigo.network.model.live import LiveNetwork
from mobigo.network.store import compiled, networks
from mobigo.planner import service
from mobigo.planner.model import Endpoint, Limits, Query
from mobigo.planner.service.moving import searcher_of
from mobigo.planner.service.reached import reachable

FROM: Final = "saulieu-place-monge"
TO: Final = "chatillon-sur-seine-centre"


def warm(services: Services, network: str, now: datetime) -> None:
    """Compile every kernel of the search by using it on the network of that hash; the answers are thrown away."""
    live = _live(services, network)
    tables = make_fares(services)
    origin, destination = _ends(live)
    with _prices_compiled_beside(services, network, now):
        for arrive_by in (False, True):
            service.plan(live, Query(origin, destination, now + timedelta(days=1), arrive_by))
        reachable(live, origin, now, 3600)
    for arrive_by in (False, True):
        for window_s in (0, 2 * 3600):
            query = Query(origin, destination, now + timedelta(days=1), arrive_by, window_s)
            service.plan(live, query, tables=tables)
    service.plan(live, Query(origin, destination, now, limits=Limits(wheelchair=True)), tables=tables)
    build_boards(live.timetable)


@contextmanager
def _prices_compiled_beside(services: Services, network: str, now: datetime) -> Iterator[None]:
    """The block, while another process compiles what searches by price need. Whatever becomes of it, what it did not
    compile is compiled afterwards."""
    command = [sys.executable, "-m", "mobigo.app.demo.warming", network, now.isoformat()]
    beside = subprocess.Popen(  # noqa: S603 - our own interpreter
        command, env={**os.environ, **as_environ(services.config)}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        yield
    except BaseException:
        beside.kill()
        raise
    finally:
        beside.wait()


def compile_prices(services: Services, network: str, now: datetime) -> None:
    """Compile the kernels of searches by price alone: as if the front by arrival and vehicles were known."""
    from mobigo.planner.engine.weighed import weighed

    live = _live(services, network)
    table = make_fares(services).table(live, paris_day(now))
    if table is not None:
        searcher = searcher_of(live)
        origin, destination = _ends(live)
        leaving, coming = searcher.linked(list(origin.stops), True), searcher.linked(list(destination.stops), False)
        at_s = int((now + timedelta(days=1)).timestamp())
        weighed(searcher, table, leaving, coming, at_s, front=[(at_s + 3 * 3600, 2)])


def _live(services: Services, network: str) -> LiveNetwork:
    return LiveNetwork(compiled.load(networks.root_of(services.config.home) / network), network)


def _ends(live: LiveNetwork) -> tuple[Endpoint, Endpoint]:
    ids = list(live.timetable.stop_id)
    origin, destination = (Endpoint(stop_id, None, (ids.index(stop_id),)) for stop_id in (FROM, TO))
    return origin, destination


if __name__ == "__main__":
    config = load_config()
    numba_cache.use(config.home)
    compile_prices(Services(config), sys.argv[1], datetime.fromisoformat(sys.argv[2]))
