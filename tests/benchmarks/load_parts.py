"""Who spends what while the load lasts: processor by part (web, database, clients, others on the machine), memory of
the web over time, processor by route from the server's own log. And from these, what would be short first."""

import json
import os
import threading
import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

TICK: Final = os.sysconf("SC_CLK_TCK")
PAGE: Final = os.sysconf("SC_PAGE_SIZE")
FULL: Final = 0.9  # of the machine's cores: nothing is left to give


@dataclass
class Spent:
    """Seconds of processor by part, and of all of the machine; memory samples of the web, (seconds, megabytes)."""

    wall_s: float = 0.0
    parts: dict[str, float] = field(default_factory=dict)
    machine_s: float = 0.0
    memory: list[tuple[float, float]] = field(default_factory=list)

    @property
    def cores(self) -> float:
        return self.machine_s / self.wall_s if self.wall_s else 0.0


class Watch:
    """Samples the processes of these parts once a second, from `with` to its end."""

    def __init__(self, parts: dict[str, Callable[[], list[int]]], memory_of: str) -> None:
        self._parts, self._memory_of = parts, memory_of
        self._seen: dict[str, dict[int, tuple[float, float]]] = {name: {} for name in parts}  # pid: first, last
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self.spent = Spent()

    def __enter__(self) -> "Watch":
        self._began_s, self._machine_s = time.monotonic(), machine_cpu_s()
        self._look()
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()
        self._look()
        self.spent.wall_s = time.monotonic() - self._began_s
        self.spent.machine_s = machine_cpu_s() - self._machine_s
        self.spent.parts = {
            name: sum(last - first for first, last in seen.values()) for name, seen in self._seen.items()
        }

    def _run(self) -> None:
        while not self._stop.wait(1.0):
            self._look()

    def _look(self) -> None:
        for name, pids in self._parts.items():
            resident = 0.0
            for pid in pids():
                cpu_s, mb = of_process(pid)
                first = self._seen[name].get(pid, (cpu_s, cpu_s))[0]
                self._seen[name][pid] = first, max(cpu_s, first)
                resident += mb
            if name == self._memory_of:
                self.spent.memory.append((time.monotonic() - self._began_s, resident))


def of_process(pid: int) -> tuple[float, float]:
    """Seconds of processor it has spent, and megabytes resident; zeros once it is gone."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii", errors="replace").rsplit(")", 1)[1].split()
    except (OSError, IndexError):
        return 0.0, 0.0
    return (int(fields[11]) + int(fields[12])) / TICK, int(fields[21]) * PAGE / 1e6


def group_of(leader: int) -> list[int]:
    """The processes of a group."""
    return [pid for pid in _pids() if _group(pid) == leader]


def database_processes(name: str) -> list[int]:
    """PostgreSQL's processes that serve this database, where it runs on this machine."""
    return [pid for pid in _pids() if f" {name} " in _title(pid) and _title(pid).startswith("postgres:")]


def machine_cpu_s() -> float:
    """Seconds of processor the whole machine has spent on anything but waiting."""
    fields = [int(each) for each in Path("/proc/stat").read_text(encoding="ascii").splitlines()[0].split()[1:]]
    return (sum(fields[:8]) - fields[3] - fields[4]) / TICK


def by_route(log: Path) -> dict[str, tuple[int, float, float]]:
    """Of each route, by the server's log: answers, milliseconds of processor, milliseconds from start to end."""
    found: dict[str, list[float]] = defaultdict(lambda: [0.0, 0.0, 0.0])
    for row in log.read_text(encoding="utf-8", errors="replace").splitlines():
        if row.startswith("{") and '"answered"' in row:
            told = json.loads(row)
            sums = found[f"{told.get('method', '')} {told.get('route', '—')}"]
            sums[0] += 1
            sums[1] += float(told.get("cpu_ms", 0))
            sums[2] += float(told.get("took_ms", 0))
    return {route: (int(count), cpu, took) for route, (count, cpu, took) in found.items()}


def bottleneck(spent: Spent, routes: dict[str, tuple[int, float, float]], cores: int) -> str:
    """What was short first, in one sentence: the processors, and of whom; or waiting, and for what."""
    total = sum(spent.parts.values()) or 1.0
    part, most = max(spent.parts.items(), key=lambda each: each[1])
    dearest = max(routes.items(), key=lambda each: each[1][1], default=("—", (0, 0.0, 0.0)))
    route, (_, cpu_ms, took_ms) = dearest
    whole_ms = sum(each[1] for each in routes.values()) or 1.0
    of_route = f"{route} ({100 * cpu_ms / whole_ms:.0f} % of the web's requests)"
    if spent.cores >= FULL * cores:
        others = max(0.0, spent.machine_s - total)
        beside = f"; {100 * others / spent.machine_s:.0f} % went to others on the machine" if spent.machine_s else ""
        return f"processors: {part} {100 * most / total:.0f} % of ours, most by {of_route}{beside}"
    waited = 100 * (1 - cpu_ms / took_ms) if took_ms else 0.0
    return (
        f"waiting, not processors: {spent.cores:.1f} of {cores} cores busy; {of_route} waits {waited:.0f} % of its time"
    )


def _pids() -> list[int]:
    return [int(each.name) for each in Path("/proc").iterdir() if each.name.isdigit()]


def _group(pid: int) -> int | None:
    try:
        return os.getpgid(pid)
    except OSError:
        return None


def _title(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace") + " "
    except OSError:
        return ""
