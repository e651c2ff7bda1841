"""What starting costs: `mobigo --help`; the demonstration from a fresh clone with nothing compiled; and, for the
planner's benchmark, Python, imports and kernels, which its other rows leave out.

    python -m tests.benchmarks.starting [--only help,demo]

`demo` clones the repository as committed, runs `make demo` there with an empty home and no compiled kernel, and asks
for the page until it answers. What pip or uv keeps of the packages is left as it is: how fast a machine downloads is
not ours to measure. `setup` is told apart from every speed, on the rival's side too: its rows have no goal.
"""

import argparse
import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlencode

from tests.benchmarks.measures import Measure, line

ROOT = Path(__file__).parents[2]
PARTS = ("help", "demo")
ROUNDS = 5
DEMO_S_MAX = 900.0  # given up then, and told as such
KERNELS = "NUMBA_CACHE_DIR"


@dataclass(frozen=True)
class Ran:
    """What a child process took, all its threads together, and what it wrote."""

    cpu_s: float
    wall_s: float
    out: str


def run(command: Sequence[str], environ: Mapping[str, str]) -> Ran:
    """Run a command to its end. Raises CalledProcessError when it fails."""
    clock = time.perf_counter()
    with subprocess.Popen(command, env=dict(environ), cwd=ROOT, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        out = child.stdout.read()
        _, status, used = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode != 0:
        raise subprocess.CalledProcessError(child.returncode, command, out)
    return Ran(used.ru_utime + used.ru_stime, time.perf_counter() - clock, out)


def clean_environ(**changed: str) -> dict[str, str]:
    """The environment without what tests set for themselves: no kernel of theirs, and Python may keep what it reads."""
    left_out = (KERNELS, "PYTHONDONTWRITEBYTECODE")
    ours = {name: text for name, text in os.environ.items() if name not in left_out}
    return {name: text for name, text in ours.items() if not name.startswith("MOBIGO_")} | changed


# ---------------------------------------------------------------- what other rows leave out


def setup() -> Iterator[Measure]:
    """Interpreter, imports and kernels, of a process that compiles a network of ten stops and searches it once."""
    base = clean_environ(PYTHONPATH=str(ROOT))
    bare = [sys.executable, "-c", "pass"]
    run(bare, base)
    python = min(run(bare, base).cpu_s for _ in range(ROUNDS))
    note = "of both engines alike; best of 5 starts"
    yield Measure("planner/setup/interpreter-start", python, "CPU s", None, note=note)
    with tempfile.TemporaryDirectory() as kernels:
        environ = base | {KERNELS: kernels}
        first = [sys.executable, "-c", "from tests.benchmarks.starting import first_use; first_use()"]
        cold = json.loads(run(first, environ).out)
        warm = min((json.loads(run(first, environ).out) for _ in range(3)), key=lambda spent: spent["use_s"])
    yield Measure(
        "planner/setup/import", warm["import_s"], "CPU s", None, *_import_of_the_rival(base, python),
        note="numba and the planner, nothing compiled yet; the rival is a library without a compiler",
    )  # fmt: skip
    yield Measure(
        "planner/setup/kernels-compiled", cold["use_s"] - warm["use_s"], "CPU s", None,
        note="once for each state of the sources; first compiling and searching of a network, no kernel kept before",
    )  # fmt: skip
    yield Measure(
        "planner/setup/kernels-loaded", warm["use_s"], "CPU s", None,
        note="each process that starts; the same with the kernels of another process",
    )  # fmt: skip


def _import_of_the_rival(environ: Mapping[str, str], python_s: float) -> tuple[float | None, str]:
    """CPU seconds of importing it, beyond Python's own; nothing where it does not exist (another Python than 3.11)."""
    try:
        found = min(run([sys.executable, "-c", "import pynigiri"], environ).cpu_s for _ in range(3))
    except subprocess.CalledProcessError:
        return None, ""
    return max(found - python_s, 0.0), "import pynigiri"


def first_use() -> None:
    """In a process of its own: import the engine, compile ten stops, search them each way; tell the CPU of both."""
    from tests.builders import feed, tables, trip

    files = feed(
        [
            trip("out", " ".join(f"{stop} 08:{n:02}" for n, stop in enumerate("ABCDEFGH"))),
            trip("on", "H 09:00 I 09:20 J 09:40", route="Q"),
        ]
    )
    clock = time.process_time()
    from mobigo.network.engine.compile import CompileInput, compile_feeds
    from mobigo.planner.engine.search import Searcher

    imported = time.process_time()
    searcher = Searcher(compile_feeds([CompileInput("feed", tables(files))], "Europe/Paris", "setup"))
    stops = {str(stop): row for row, stop in enumerate(searcher.timetable.stop_id)}
    ends = searcher.linked([stops["A"]], leaving=True), searcher.linked([stops["J"]], leaving=False)
    at_s = int(datetime(2025, 3, 18, 6, tzinfo=UTC).timestamp())
    searcher.one(*ends, at_s)
    searcher.one(*ends, at_s + 43_200, backward=True)
    searcher.window(*ends, at_s, at_s + 7_200)
    searcher.all_from(ends[0], at_s)
    print(json.dumps({"import_s": imported - clock, "use_s": time.process_time() - imported}))


# ---------------------------------------------------------------- mobigo --help


def help_page() -> Iterator[Measure]:
    """`mobigo --help`, as somebody waits for it."""
    command = [str(Path(sys.executable).parent / "mobigo"), "--help"]
    environ = clean_environ()
    run(command, environ)
    found = min((run(command, environ) for _ in range(ROUNDS)), key=lambda ran: ran.wall_s)
    note = f"best of {ROUNDS} after a first one; {found.cpu_s:.2f} s of the processor"
    yield Measure("starting/help", found.wall_s, "wall s", 0.4, note=note)


# ---------------------------------------------------------------- the demonstration from a fresh clone


def cold_demo() -> Iterator[Measure]:
    """`make demo` in a fresh clone, until its first page and its first journey answer."""
    with tempfile.TemporaryDirectory() as folder:
        clone = Path(folder) / "clone"
        subprocess.run(["git", "clone", "--quiet", "--no-hardlinks", str(ROOT), str(clone)], check=True)
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = int(probe.getsockname()[1])
        environ = clean_environ()
        for ours in ("VIRTUAL_ENV", "PYTHONPATH"):  # the clone's own code and packages, never those of this process
            environ.pop(ours, None)
        clock = time.perf_counter()
        made = subprocess.Popen(
            ["make", "demo", f"PORT={port}"], cwd=clone, env=environ, stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
        )  # fmt: skip
        try:
            page_s = _answered(made, port, "/", clock)
            installed_s = (clone / ".venv/.made/map").stat().st_mtime - (time.time() - (time.perf_counter() - clock))
            tomorrow = (datetime.now(UTC) + timedelta(days=1)).strftime("%Y-%m-%dT06:00:00Z")
            asked = urlencode({"from": "47.281,4.229", "to": "47.86,4.574", "at": tomorrow})
            journey_s = _answered(made, port, f"/api/v1/journeys?{asked}", clock)
        finally:
            os.killpg(made.pid, signal.SIGTERM)
            made.wait(60)
    note = f"of which {installed_s:.0f} s to install the packages (kept by uv or not, as the machine has them)"
    yield Measure("starting/cold-demo", page_s, "wall s", 90.0, note=note)
    yield Measure(
        "starting/cold-demo-first-journey", journey_s, "wall s", 90.0, note="from Saulieu to Châtillon, by the API"
    )


def _answered(made: "subprocess.Popen[bytes]", port: int, path: str, clock: float) -> float:
    """Seconds since `clock` when that path first answers 200. Raises RuntimeError when the demonstration ended or never
    answers."""
    while time.perf_counter() - clock < DEMO_S_MAX:
        if made.poll() is not None:
            raise RuntimeError(f"make demo ended with {made.returncode}")
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        try:
            connection.request("GET", path)
            if connection.getresponse().status == 200:
                return time.perf_counter() - clock
        except OSError:
            pass
        finally:
            connection.close()
        time.sleep(0.2)
    raise RuntimeError(f"{path} never answered")


def main() -> int:
    parser = argparse.ArgumentParser(description="What starting costs.")
    parser.add_argument("--only", default=",".join(PARTS), help=f"parts, of {','.join(PARTS)}")
    parser.add_argument("--cap-s", type=float, default=120.0, help="taken for the sake of `make bench`; nothing is cut")
    only = parser.parse_args().only.split(",")
    failed = False
    for part, measures in (("help", help_page), ("demo", cold_demo)):
        for measure in measures() if part in only else ():
            print(line(measure), flush=True)
            failed |= not measure.ok
    return 3 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
