"""The search against nigiri on real timetables: the same Pareto fronts (arrival, changes), and every journey checked
from the raw files.

The matters of rules that would make the fronts differ are settled in the comparison feed (the docstring of
`tests.benchmarks.feedwriter` numbers them). One is left: nigiri drops rides that arrive no earlier than the walk from
stop to stop; the search asked here keeps them, and `mobigo.planner.service` drops them when it adds the walk.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from mobigo.network.engine.compile import compile_feeds
from mobigo.network.engine.feedpart import CompileInput
from mobigo.network.engine.transfers import WalkRules
from mobigo.network.gateway.gtfs import read_feed
from mobigo.planner.engine.journeys import journey_of
from mobigo.planner.engine.search import Searcher
from mobigo.planner.model import Endpoint, Limits, Query
from tests.benchmarks.feedwriter import write_comparison_feed
from tests.benchmarks.nigiri_peer import Nigiri, random_pairs
from tests.oracles.spec import World
from tests.oracles.validator import Validator

pytestmark = [pytest.mark.realdata, pytest.mark.nigiri]

PAIRS = 500
FEEDS = {
    "ter": ("gtfs/sncf-ter-2025-01.zip", date(2025, 3, 18)),
    "merged-fr": ("bench/merged-fr.zip", date(2026, 3, 17)),
    "montpellier": ("gtfs/tam-montpellier-2026-01.zip", date(2026, 2, 10)),
}


@dataclass(frozen=True)
class Compared:
    """One feed loaded by both engines and by the validator."""

    pairs: list[tuple[str, str, int]]
    peer: Nigiri
    searcher: Searcher
    rows: dict[str, int]
    validator: Validator


@pytest.fixture(scope="module", params=sorted(FEEDS))
def compared(request: pytest.FixtureRequest, realdata: Path, tmp_path_factory: pytest.TempPathFactory) -> Compared:
    path, day = FEEDS[request.param]
    folder = tmp_path_factory.mktemp(request.param)
    write_comparison_feed(realdata / path, day, folder)
    timetable = compile_feeds(
        [CompileInput("feed", read_feed(folder))], "Europe/Paris", "hash", WalkRules(link_m_max=0)
    )
    files = {file.name: file.read_text(encoding="utf-8") for file in folder.glob("*.txt")}
    world = World(files, walks={})  # the walks of the comparison feed are all in its transfers.txt
    return Compared(
        random_pairs(folder, day, PAIRS, seed=7),
        Nigiri(folder, day),
        Searcher(timetable),
        {str(stop_id): row for row, stop_id in enumerate(timetable.stop_id)},
        Validator(timetable, {"feed": world}),
    )


def test_fronts_are_those_of_nigiri_and_every_journey_holds_in_the_raw_files(compared: Compared) -> None:
    searcher, timetable = compared.searcher, compared.searcher.timetable
    different: list[Any] = []
    faults: list[Any] = []
    answered = 0
    for origin, destination, at_min in compared.pairs:
        a, b = compared.rows[origin], compared.rows[destination]
        leaving, reaching = searcher.linked([a], True), searcher.linked([b], False)
        found = searcher.one(leaving, reaching, at_min * 60)
        walk_s = dict(zip(leaving.node.tolist(), leaving.time_s.tolist(), strict=True)).get(b)
        on_foot_s = None if walk_s is None else at_min * 60 + walk_s
        kept = [one for one in found if on_foot_s is None or one.arrive_s < on_foot_s]
        ours = sorted((one.arrive_s // 60, len(one.rides) - 1) for one in kept)
        theirs = sorted((arrive, changes) for _, arrive, changes in compared.peer.front(origin, destination, at_min))
        answered += bool(ours)
        if ours != theirs:
            different.append((origin, destination, at_min, ours, theirs))
        query = Query(
            Endpoint("from", stops=(a,)),
            Endpoint("to", stops=(b,)),
            datetime.fromtimestamp(at_min * 60, UTC),
            limits=Limits(),
        )
        for one in found:
            wrong = compared.validator.faults(journey_of(timetable, one, leaving, reaching), query)
            if wrong:
                faults.append((origin, destination, at_min, wrong))
    assert different == []
    assert faults == []
    assert answered > PAIRS // 3


def test_arriving_by_the_hour_just_found_leaves_no_earlier_and_is_in_time(compared: Compared) -> None:
    """By the best arrival, one leaves as late as possible; leaving then, one is there by it; later, not."""
    searcher = compared.searcher
    for origin, destination, at_min in compared.pairs[:100]:
        leaving = searcher.linked([compared.rows[origin]], True)
        reaching = searcher.linked([compared.rows[destination]], False)
        found = searcher.one(leaving, reaching, at_min * 60)
        if not found:
            continue
        arrive_s = min(one.arrive_s for one in found)
        back = searcher.one(leaving, reaching, arrive_s, True)
        latest_s = max(one.depart_s for one in back)
        assert latest_s >= at_min * 60
        again = searcher.one(leaving, reaching, latest_s)
        assert min(one.arrive_s for one in again) == arrive_s
        later = searcher.one(leaving, reaching, latest_s + 1)
        assert all(one.arrive_s > arrive_s for one in later)


def test_asking_later_never_arrives_earlier(compared: Compared) -> None:
    searcher = compared.searcher
    for origin, destination, at_min in compared.pairs[:100]:
        leaving = searcher.linked([compared.rows[origin]], True)
        reaching = searcher.linked([compared.rows[destination]], False)
        before: dict[int, int] | None = None
        for delay_s in (0, 60, 900, 3600):
            # the same last moment for all, so that a later question sees no farther
            found = searcher.one(leaving, reaching, at_min * 60 + delay_s, duration_s_max=86_400 - delay_s)
            now = {len(one.rides): one.arrive_s for one in found}
            for vehicles, arrive_s in now.items() if before is not None else ():
                known = [arrive for count, arrive in (before or {}).items() if count <= vehicles]
                assert known, "a later question finds what an earlier one did not"
                assert arrive_s >= min(known)
            before = now
