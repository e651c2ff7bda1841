"""Questions without an answer: what it costs to say so, and to look for the next service up to its bound.

Two kinds, on the feed as it is, its whole calendar and all: random pairs of served stops with any number of changes,
and the same pairs without a change, of which most have no answer ever. CPU of the thread, of whole answers of the
planner (the reasons and the next day with them), beside the pairs that were answered in the same run.
"""

import random
import time
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np

from mobigo.network.model.live import LiveNetwork
from mobigo.planner.model import Answer, Endpoint, Limits, Query
from tests.benchmarks.measures import Measure, percentile

ZONE = "Europe/Paris"
WINDOW_S = 2 * 3600
KINDS = {"any-changes": 8, "direct": 1}
P50_GOAL, P99_GOAL = 40.0, 150.0  # CPU ms: no more than the whole of an answer over HTTP may take


def unanswered(case: str, zip_file: Path, day: date, count: int, seed: int, cap_s: float) -> Iterator[Measure]:
    """p50 and p99 of the questions of each kind that have no journey within the window asked."""
    from mobigo.network.engine.compile import CompileInput, compile_feeds
    from mobigo.network.gateway.gtfs import read_feed
    from mobigo.planner.service import plan

    timetable = compile_feeds([CompileInput("feed", read_feed(zip_file))], ZONE, "bench")
    live = LiveNetwork(timetable, timetable.hash)
    questions = _questions(live, day, count, seed)
    for vehicles in KINDS.values():  # kernels are compiled, and what all questions share is made
        for question in questions[:20]:
            plan(live, _asked(question, vehicles))
    for kind, vehicles in KINDS.items():
        none: list[float] = []
        never: list[float] = []
        some: list[float] = []
        until = time.monotonic() + cap_s
        for question in questions:
            asked = _asked(question, vehicles)
            clock = time.thread_time()
            answer = plan(live, asked)
            spent_ms = (time.thread_time() - clock) * 1e3
            (some if answer.journeys else none).append(spent_ms)
            if _is_never(answer):
                never.append(spent_ms)
            if time.monotonic() > until:
                break
        if not none:
            continue
        note = f"{len(none)} of {len(none) + len(some)} questions, {len(never)} without any next service; "
        note += f"the answered ones took {percentile(some, 0.5):.1f} (p50)" if some else "none was answered"
        for share, name, goal in ((0.5, "p50", P50_GOAL), (0.99, "p99", P99_GOAL)):
            yield Measure(
                f"planner/{case}/unanswered-{kind}-{name}", percentile(none, share), "CPU ms", goal, note=note
            )
        yield Measure(f"planner/{case}/unanswered-{kind}-worst", max(none), "CPU ms", None, note="the dearest of them")


def _is_never(answer: Answer) -> bool:
    return not answer.journeys and answer.next_at is None


def _questions(live: LiveNetwork, day: date, count: int, seed: int) -> list[Query]:
    """Random pairs of stops at which something calls, between 6:00 and 18:59 of the day."""
    served = np.unique(live.timetable.visit_stop).tolist()
    midnight_s = int(datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(ZONE)).timestamp())
    chance = random.Random(seed)
    out: list[Query] = []
    while len(out) < count:
        a, b = chance.choice(served), chance.choice(served)
        if a != b:
            at = datetime.fromtimestamp(midnight_s + 60 * chance.randrange(6 * 60, 19 * 60), UTC)
            start, end = (Endpoint(live.timetable.stop_name[stop], stops=(stop,)) for stop in (a, b))
            out.append(Query(start, end, at))
    return out


def _asked(question: Query, vehicles: int) -> Query:
    return Query(
        question.origin, question.destination, question.at, window_s=WINDOW_S, limits=Limits(vehicles_max=vehicles)
    )
