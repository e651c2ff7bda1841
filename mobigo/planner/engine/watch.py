"""What a search took and did, noted for who asks to see it. Without a watch nothing is counted."""

from collections.abc import Callable

from mobigo.planner.rules.trace import Effort, Lap


class Watch:
    """The notes of one search. `ticks_s`: seconds that only go forward."""

    def __init__(self, ticks_s: Callable[[], float]) -> None:
        self._ticks_s = ticks_s
        self._since = ticks_s()
        self.laps: list[Lap] = []
        self.efforts: list[Effort] = []

    def lap(self, part: str) -> None:
        """A part of the work ends here, and the next begins; what a part takes in several goes is added."""
        until = self._ticks_s()
        took_s, self._since = until - self._since, until
        for at, known in enumerate(self.laps):
            if known.part == part:
                self.laps[at] = Lap(part, known.took_s + took_s)
                return
        self.laps.append(Lap(part, took_s))


def not_watched(part: str) -> None:
    """`Watch.lap` where nobody looks."""
