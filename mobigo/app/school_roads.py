"""The join of school transport and the streets: a coach's driving times (`scolaire.rules.driving.Driving`), the walks
from homes to stops (`scolaire.rules.walking.Walking`), and the way to school that a right may be measured by
(`scolaire.rules.measuring.Meter`)."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final

from mobigo.base.errors import NotFound, Refused
from mobigo.base.geo import Point

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from mobigo.base.decisions import Decision
    from mobigo.infra.web import Networks
    from mobigo.network.engine.streets.routes import Streets
    from mobigo.network.model.live import LiveNetwork
    from mobigo.network.model.streets import Mover
    from scolaire.model.rights import Measured

COACH_KM_H: Final = 80.0  # on the open road; slower where the street is
WAY_M_MAX: Final = 60_000.0
WAY_S_MAX: Final = 7_200.0


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

        with self._live() as live:
            if live is None or live.streets is None:
                return None
            driving = live.derived("app.coach", lambda _timetable: Driving(_streets(live), _coach()))
            return live.streets.hash, driving.matrix([*points], [*points])

    def turns(self, points: Sequence[Point]) -> "list[list[tuple[Decision, int]]] | None":
        """By the same ways, street by street."""
        from mobigo.network.engine.streets.turns import steps_of

        with self._live() as live:
            if live is None or live.streets is None:
                return None
            streets, told = _streets(live), []
            for a, b in pairwise(points):
                way = streets.way(_coach(), a, b, time_s_max=WAY_S_MAX, length_m_max=2 * WAY_M_MAX)
                told.append([] if way is None else [(each.what, each.length_m) for each in steps_of(live.streets, way)])
            return told

    def streets(self) -> str | None:
        """The first twelve signs of the streets' hash."""
        with self._live() as live:
            return None if live is None or live.streets is None else live.streets.hash[:12]

    def on_foot(self, home: Point, stops: Sequence[Point], most_m: int) -> list[int | None]:
        """By the shortest ways, one search from the home."""
        with self._live() as live:
            if live is None or live.streets is None or not stops:
                return [None] * len(stops)
            streets = _streets(live)
            here = streets.around(_shortest(), home, time_s_max=WAY_M_MAX, length_m_max=most_m)
            if not here.is_known:
                return [None] * len(stops)
            ends = streets.snap_points(_shortest(), stops)
            metres, known = here.times(ends).length_m.tolist(), (ends.stretch >= 0).tolist()
        return [
            None if not near else length if length >= 0 else most_m + 1
            for length, near in zip(metres, known, strict=True)
        ]

    def way(self, a: Point, b: Point) -> "Measured | None":
        """The shortest way on foot along the streets; None where none leads there. Its margin is for the act to say."""
        from scolaire.model.rights import Measured, Method

        with self._live() as live:
            if live is None or live.streets is None:
                return None
            found = _streets(live).way(_shortest(), a, b, time_s_max=WAY_M_MAX, length_m_max=WAY_M_MAX)
            if found is None:
                return None
            return Measured(found.length_m, Method.ROAD, 0, f"rues, à pied ({live.streets.hash[:12]})", found.line)


def _streets(live: "LiveNetwork") -> "Streets":
    from mobigo.network.engine.streets.routes import Streets

    graph = live.streets
    assert graph is not None  # noqa: S101 - whoever asks has looked
    return live.derived("app.school_streets", lambda _timetable: Streets(graph))


def _coach() -> "Mover":
    from mobigo.network.model.streets import Mode, Mover

    return Mover("coach", Mode.CAR, COACH_KM_H / 3.6, steps=None)


def _shortest() -> "Mover":
    """One pace everywhere: the shortest time is the shortest way."""
    from mobigo.network.model.streets import Mode, Mover

    return Mover("shortest", Mode.WALK, 1.0)
