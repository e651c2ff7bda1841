"""The join of school transport and the streets: a coach's driving times (`scolaire.rules.driving.Driving`), and the way
to school that a right may be measured by (`scolaire.rules.measuring.Meter`)."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

from mobigo.base.errors import NotFound, Refused
from mobigo.base.geo import Point

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from mobigo.infra.web import Networks
    from mobigo.network.model.live import LiveNetwork
    from scolaire.model.rights import Measured

COACH_KM_H: Final = 80.0  # on the open road; slower where the street is
WAY_M_MAX: Final = 60_000.0


class SchoolRoads:
    """The streets of the network being served."""

    def __init__(self, networks: "Networks") -> None:
        self._networks = networks

    @contextmanager
    def _live(self) -> "Iterator[LiveNetwork | None]":
        live: Any = None
        try:
            with self._networks.current() as live:
                yield live if live.streets is not None else None
        except (NotFound, Refused):
            if live is not None:
                raise
            yield None

    def seconds(self, points: Sequence[Point]) -> "tuple[str, NDArray[np.int32]] | None":
        """By the fastest ways, at a coach's pace."""
        from mobigo.network.engine.streets.drive import Driving
        from mobigo.network.engine.streets.routes import Streets
        from mobigo.network.model.streets import Mode, Mover

        with self._live() as live:
            if live is None or live.streets is None:
                return None
            graph = live.streets
            coach = Mover("coach", Mode.CAR, COACH_KM_H / 3.6, steps=None)
            driving = live.derived("app.coach", lambda _timetable: Driving(Streets(graph), coach))
            return graph.hash, driving.matrix([*points], [*points])

    def way(self, a: Point, b: Point) -> "Measured | None":
        """The shortest way on foot along the streets; None where none leads there. Its margin is for the act to say."""
        from mobigo.network.engine.streets.routes import Streets
        from mobigo.network.model.streets import Mode, Mover
        from scolaire.model.rights import Measured, Method

        with self._live() as live:
            if live is None or live.streets is None:
                return None
            graph = live.streets
            streets = live.derived("app.school_streets", lambda _timetable: Streets(graph))
            shortest = Mover("shortest", Mode.WALK, 1.0)  # one pace everywhere: the shortest time is the shortest way
            found = streets.way(shortest, a, b, time_s_max=WAY_M_MAX, length_m_max=WAY_M_MAX)
            if found is None:
                return None
            return Measured(found.length_m, Method.ROAD, 0, f"rues, à pied ({graph.hash[:12]})", found.line)
