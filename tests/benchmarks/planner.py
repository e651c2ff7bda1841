"""The journey search beside nigiri, in one run.

    python -m tests.benchmarks.planner                                  TER and merged-fr of MOBIGO_REALDATA
    python -m tests.benchmarks.planner --data FEED.zip --date D         any feed
    python -m tests.benchmarks.planner --only query,profile --queries 500 --cap-s 60

Both engines load the same comparison feed (`tests.benchmarks.feedwriter`); queries are the same random pairs, 500 a
feed unless `--queries` says otherwise. Times are CPU of the thread (`time.thread_time`), legs included on both sides;
starting Python and compiling kernels are left out and stated apart (`setup`). Whole fronts are compared as well: a
faster wrong answer would be worthless.
"""

import argparse
import gc
import os
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from mobigo.app.serve import COLLECTED_AFTER, SWITCH_S
from mobigo.planner.engine.journeys import journey_of
from mobigo.planner.model import Endpoint, Journey, Query
from tests.benchmarks.checked import check
from tests.benchmarks.feedwriter import write_comparison_feed
from tests.benchmarks.measures import Measure, line, percentile
from tests.benchmarks.nigiri_peer import Nigiri, Pair, random_pairs
from tests.oracles.spec import Rules

if TYPE_CHECKING:
    from mobigo.planner.engine.found import Itinerary

ZONE = "Europe/Paris"
DAY_S = 86_400
CASES = {
    "ter": ("gtfs/sncf-ter-2025-01.zip", date(2025, 3, 18)),
    "merged-fr": ("bench/merged-fr.zip", date(2026, 3, 17)),
}
PARTS = ("query", "criteria", "profile", "all", "threads", "load", "serve", "setup")


class Ours:
    """Our engine on a comparison feed."""

    def __init__(self, folder: Path) -> None:
        from mobigo.network.engine.compile import CompileInput, compile_feeds
        from mobigo.network.engine.transfers import WalkRules
        from mobigo.network.gateway.gtfs import read_feed
        from mobigo.planner.engine.search import Searcher

        timetable = compile_feeds([CompileInput("feed", read_feed(folder))], ZONE, "bench", WalkRules(link_m_max=0))
        self.searcher = Searcher(timetable)
        self.rows = {stop: row for row, stop in enumerate(timetable.stop_id)}
        self._leaving: dict[str, object] = {}
        self._reaching: dict[str, object] = {}
        self.answered: list[tuple[Journey, Query]] = []  # to be re-checked from the raw files

    def ends(self, origin: str, destination: str):  # type: ignore[no-untyped-def]  # two Reach
        """Origin and destination with what is linked to them; made before the clock starts, as the rival's query
        objects are."""
        if origin not in self._leaving:
            self._leaving[origin] = self.searcher.linked([self.rows[origin]], leaving=True)
        if destination not in self._reaching:
            self._reaching[destination] = self.searcher.linked([self.rows[destination]], leaving=False)
        return self._leaving[origin], self._reaching[destination]

    def keep(self, origin: str, destination: str, at_s: int, window_s: int, found: "Sequence[Itinerary]") -> None:
        """Remember what was answered, for the check after the clock stopped."""
        timetable = self.searcher.timetable
        places = (Endpoint(stop, stops=(self.rows[stop],)) for stop in (origin, destination))
        query = Query(*places, datetime.fromtimestamp(at_s, UTC), window_s=window_s)
        ends = self.ends(origin, destination)
        self.answered += [(journey_of(timetable, itinerary, *ends), query) for itinerary in found]


def queries(case: str, ours: Ours, peer: Nigiri, pairs: Sequence[Pair], cap_s: float) -> Iterator[Measure]:
    """Earliest arrival and changes: mean and p99 CPU per query, rivals taking turns every fifty queries."""
    asked = [(ours.ends(a, b), peer.query(a, b, at), at * 60) for a, b, at in pairs]
    for ends, query, at_s in asked[:20]:
        ours.searcher.one(*ends, at_s)
        peer.route(query)
    mine: list[float] = []
    theirs: list[float] = []
    different = 0
    until = time.monotonic() + cap_s
    for block in (asked[i : i + 50] for i in range(0, len(asked), 50)):
        fronts, answered = [], []
        gc.collect()
        gc.freeze()  # what is kept to be re-checked is not collected again and again within a clock
        for ends, _query, at_s in block:
            start = time.thread_time()
            found = ours.searcher.one(*ends, at_s)
            mine.append((time.thread_time() - start) * 1e3)
            answered.append(found)
        for (_ends, _query, at_s), (a, b, _at), found in zip(block, pairs[len(theirs) :], answered, strict=False):
            fronts.append(sorted((i.arrive_s // 60, len(i.rides) - 1) for i in found))
            ours.keep(a, b, at_s, 0, found)
        for (_ends, query, _at_s), front in zip(block, fronts, strict=True):
            start = time.thread_time()
            journeys = peer.route(query)
            theirs.append((time.thread_time() - start) * 1e3)
            different += front != sorted((j.arrival_time(), j.transfers) for j in journeys)
        if time.monotonic() > until:
            break
    note = f"{len(mine)} queries, {different} fronts differ"
    mean = (sum(mine) / len(mine), sum(theirs) / len(theirs))
    yield Measure(f"planner/{case}/query-mean", mean[0], "CPU ms", 0.60, mean[1], "nigiri", note=note)
    p99 = (percentile(mine, 0.99), percentile(theirs, 0.99))
    yield Measure(f"planner/{case}/query-p99", p99[0], "CPU ms", 0.70, p99[1], "nigiri", note=note)


def profiles(case: str, ours: Ours, peer: Nigiri, pairs: Sequence[Pair], day: date, cap_s: float) -> Iterator[Measure]:
    """The (departure, arrival, changes) profile of a day, beside a loop of nigiri queries at every minute something
    leaves the origin or a neighbour on foot."""
    from mobigo.planner.engine import range as ranges

    start_s = int(datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(ZONE)).astimezone(UTC).timestamp())
    ours.searcher.window(*ours.ends(*pairs[0][:2]), start_s, start_s + DAY_S - 1)
    mine = theirs = 0.0
    count = departures = different = 0
    until = time.monotonic() + cap_s
    for a, b, _at in pairs:
        origin, destination = ours.ends(a, b)
        clock = time.thread_time()
        found = ours.searcher.window(origin, destination, start_s, start_s + DAY_S - 1)
        mine += time.thread_time() - clock
        ours.keep(a, b, start_s, DAY_S - 1, found)
        view = ours.searcher.view(start_s, start_s + 2 * DAY_S - 1, False)
        low = start_s - view.origin_epoch_s
        events = ranges.departures(view.graph, origin.node, origin.time_s, low, low + DAY_S - 1)
        minutes = sorted({(view.origin_epoch_s + int(leave)) // 60 for leave in events[:, 0]}, reverse=True)
        asked = [peer.query(a, b, minute) for minute in [start_s // 60 + 1440, *minutes]]
        fronts = []
        for query in asked:
            clock = time.thread_time()
            journeys = peer.route(query)
            theirs += time.thread_time() - clock
            fronts.append([(j.arrival_time(), j.transfers + 1) for j in journeys])
        different += {(i.depart_s // 60, i.arrive_s // 60, len(i.rides)) for i in found} != _pareto(
            minutes, fronts[0], fronts[1:]
        )
        count += 1
        departures += len(minutes)
        if time.monotonic() > until:
            break
    note = f"{count} profiles, {departures / max(count, 1):.0f} departures each, {different} differ"
    yield Measure(
        f"planner/{case}/profile-24h",
        mine / count * 1e3,
        "CPU ms",
        0.15,
        theirs / count * 1e3,
        "nigiri loop",
        note=note,
    )


def _pareto(
    minutes: Sequence[int], beyond: list[tuple[int, int]], fronts: Sequence[list[tuple[int, int]]]
) -> set[tuple[int, int, int]]:
    """The useful journeys of a loop of queries, latest departure first; what leaving behind the day reaches as early
    is no gain."""
    best: dict[int, int] = {}
    out: set[tuple[int, int, int]] = set()
    for minute, front in [(None, beyond), *zip(minutes, fronts, strict=True)]:
        for arrive, vehicles in sorted(front, key=lambda item: item[1]):
            if all(arrive < best.get(k, 2**40) for k in range(1, vehicles + 1)):
                best[vehicles] = arrive
                if minute is not None:
                    out.add((minute, arrive, vehicles))
    return out


def one_to_all(case: str, ours: Ours, peer: Nigiri, pairs: Sequence[Pair], cap_s: float) -> Iterator[Measure]:
    """Everything reached within 24 h, beside one nigiri query and beside one of ours."""
    asked = [(ours.ends(a, b), peer.query(a, b, at), at * 60) for a, b, at in pairs]
    ours.searcher.all_from(asked[0][0][0], asked[0][2])
    everywhere = one = theirs = 0.0
    count = 0
    until = time.monotonic() + cap_s
    for ends, query, at_s in asked:
        clock = time.thread_time()
        ours.searcher.all_from(ends[0], at_s)
        everywhere += time.thread_time() - clock
        clock = time.thread_time()
        ours.searcher.one(*ends, at_s)
        one += time.thread_time() - clock
        clock = time.thread_time()
        peer.route(query)
        theirs += time.thread_time() - clock
        count += 1
        if time.monotonic() > until:
            break
    per_query = 1e3 / count
    yield Measure(
        f"planner/{case}/one-to-all", everywhere * per_query, "CPU ms", 1.3, theirs * per_query, "one nigiri query",
        note=f"{count} origins, beside as many queries",
    )  # fmt: skip
    yield Measure(
        f"planner/{case}/one-to-all-beside-ours", everywhere * per_query, "CPU ms", 1.3, one * per_query,
        "one query of ours",
        note="our one-to-one query stops early, thanks to its target; one-to-all cannot",
    )  # fmt: skip


def two_threads(case: str, ours: Ours, pairs: Sequence[Pair]) -> Iterator[Measure]:
    """Throughput of two threads against one, wall clock, the same searches: from one place to everywhere, and from one
    to another. The best of five turns each, as the box is shared."""
    asked = [(ours.ends(a, b), at * 60) for a, b, at in pairs]
    kinds: dict[str, Callable[[Any, int], object]] = {
        "two-threads": lambda ends, at_s: ours.searcher.all_from(ends[0], at_s),
        "two-threads-one-to-one": lambda ends, at_s: ours.searcher.one(*ends, at_s),
    }
    for name, search in kinds.items():

        def work(part: Sequence[tuple[Any, int]], search: Callable[[Any, int], object] = search) -> None:
            for ends, at_s in part:
                search(ends, at_s)

        yield _threads(f"planner/{case}/{name}", work, asked)


def _threads(name: str, work: Callable[[Sequence[Any]], None], asked: Sequence[Any]) -> Measure:
    """What two threads do, half of it each, beside one that does all."""

    def timed(run: Callable[[], None]) -> float:
        clock = time.perf_counter()
        run()
        return time.perf_counter() - clock

    def both() -> None:
        threads = [threading.Thread(target=work, args=(asked[i::2],)) for i in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    both()
    alone = min(timed(lambda: work(asked)) for _ in range(5))
    together = min(timed(both) for _ in range(5))
    return Measure(
        name, len(asked) / together, "queries/s", 1.7, len(asked) / alone, "one thread", higher_is_better=True,
        note=f"{len(asked)} searches, best of 5 turns",
    )  # fmt: skip


def loading(case: str, zip_file: Path, day: date) -> Iterator[Measure]:
    """Stored feed to compiled, and zip to validated, stored and compiled, beside nigiri's load of the zip; CPU of the
    process. Kernels are compiled beforehand, by a first import of the same feed."""
    from mobigo.infra.config import load_config
    from mobigo.infra.web import Services
    from mobigo.network.service import build_network, import_feed

    def import_it(home: Path) -> tuple[float, float]:
        from mobigo.app import schema

        services = Services(load_config({"MOBIGO_HOME": str(home), "MOBIGO_ENV": "development"}))
        schema.migrate(services.engine)
        clock = time.process_time()
        import_feed(services, zip_file, "bench")
        build_network(services)
        whole = time.process_time() - clock
        clock = time.process_time()
        build_network(services, force=True)
        again = time.process_time() - clock
        services.engine.dispose()
        return whole, again

    with tempfile.TemporaryDirectory() as home:
        import_it(Path(home) / "warm")
        whole, again = import_it(Path(home) / "timed")
    peer = Nigiri(zip_file, day, days_around=30)
    yield Measure(f"planner/{case}/stored-to-compiled", again, "CPU s", 3.0, peer.load.cpu_s, "nigiri load, 60 days")
    yield Measure(f"planner/{case}/zip-to-compiled", whole, "CPU s", 8.0, peer.load.cpu_s, "nigiri load, 60 days")


@contextmanager
def comparison(zip_file: Path, day: date) -> Iterator[Path]:
    """The comparison feed in a folder of its own."""
    with tempfile.TemporaryDirectory() as folder:
        write_comparison_feed(zip_file, day, Path(folder))
        yield Path(folder)


def run(
    case: str, data: Path, day: date, only: Sequence[str], count: int, seed: int, cap_s: float
) -> Iterator[Measure]:
    """Every measure of one feed."""
    if {"query", "criteria", "profile", "all", "threads"} & set(only):
        with comparison(data, day) as folder:
            ours, peer = Ours(folder), Nigiri(folder, day)
            pairs = random_pairs(folder, day, count, seed)
            if "query" in only:
                yield from queries(case, ours, peer, pairs, cap_s)
            if "criteria" in only:
                from tests.benchmarks.planner_criteria import four_criteria

                yield from four_criteria(case, ours, pairs, cap_s)
            if "profile" in only:
                yield from profiles(case, ours, peer, pairs, day, cap_s)
            if "all" in only:
                yield from one_to_all(case, ours, peer, pairs, cap_s)
            if "threads" in only:
                yield from two_threads(case, ours, pairs)
            if ours.answered:
                rules = Rules(link_m_max=0)
                yield check(f"{case}/searches", ours.searcher.timetable, "feed", folder, ours.answered, rules)
    if "none" in only:
        from tests.benchmarks.unanswered import unanswered

        yield from unanswered(case, data, day, count, seed, cap_s)
    if "load" in only and case != "ter":
        yield from loading(case, data, day)
    if "serve" in only and case != "ter":
        from tests.benchmarks.serving import serving

        yield from serving(case, data, day, count, seed)


def main() -> int:
    gc.set_threshold(*COLLECTED_AFTER)  # the interpreter is set as the service sets it
    sys.setswitchinterval(SWITCH_S)
    parser = argparse.ArgumentParser(description="The journey search beside nigiri.")
    parser.add_argument("--data", type=Path, help="a feed of your own (zip or folder)")
    parser.add_argument("--date", type=date.fromisoformat, help="the day of that feed to search")
    parser.add_argument("--only", default=",".join(PARTS), help=f"parts, of {','.join(PARTS)}")
    parser.add_argument("--queries", type=int, default=500)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument(
        "--cap-s", type=float, default=120.0, help="no case goes on longer; how many it did is in its note"
    )
    options = parser.parse_args()
    if options.data is not None:
        if options.date is None:
            parser.error("--data needs --date")
        cases = {options.data.stem: (options.data, options.date)}
    else:
        root = os.environ.get("MOBIGO_REALDATA")
        if root is None:
            parser.error("MOBIGO_REALDATA names no folder of real data; or give --data FEED --date DAY")
        cases = {name: (Path(root) / file, day) for name, (file, day) in CASES.items()}
    only = options.only.split(",")
    failed = False
    for case, (data, day) in cases.items():
        for measure in run(case, data, day, only, options.queries, options.seed, options.cap_s):
            print(line(measure), flush=True)
            failed |= not measure.ok
    if "setup" in only:
        from tests.benchmarks.starting import setup

        for measure in setup():
            print(line(measure), flush=True)
    return 3 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
