"""One line of JSON a measure, the same shape for every benchmark."""

import json
import os
import platform
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path


@dataclass(frozen=True)
class Measure:
    """`ratio` is ours / peer; `ok` compares what `goal` bounds (the ratio when there is a peer, else ours). Without a
    goal the measure is only told."""

    bench: str
    ours: float
    unit: str
    goal: float | None
    peer: float | None = None
    peer_name: str = ""
    higher_is_better: bool = False
    note: str = ""

    @property
    def ratio(self) -> float | None:
        return None if self.peer is None else self.ours / self.peer if self.peer else float("inf")

    @property
    def ok(self) -> bool:
        if self.goal is None:
            return True
        bounded = self.ours if self.ratio is None else self.ratio
        return bounded >= self.goal if self.higher_is_better else bounded <= self.goal


def line(measure: Measure) -> str:
    """The measure as one line of JSON."""
    out = {**asdict(measure), "ratio": measure.ratio, "ok": measure.ok, "machine": machine()}
    return json.dumps({key: round(value, 4) if isinstance(value, float) else value for key, value in out.items()})


def machine() -> str:
    """Processor, cores and Python, in a few words."""
    try:
        cpu = Path("/proc/cpuinfo").read_text(encoding="utf-8")
        model = next(row.split(":", 1)[1].strip() for row in cpu.splitlines() if row.startswith("model name"))
    except (OSError, StopIteration):
        model = platform.processor() or platform.machine()
    return f"{model}, {os.cpu_count()} cores, Python {platform.python_version()}"


def percentile(values: Sequence[float], share: float) -> float:
    """The nearest-rank percentile; `share` between 0 and 1."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, max(0, round(share * len(ordered) + 0.5) - 1))]
