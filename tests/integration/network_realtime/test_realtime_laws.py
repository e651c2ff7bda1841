"""The law of realtime: to apply what is said and search is to import the timetable it comes to and search."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from mobigo.network.engine.realtime.matching import FeedIndex, match
from mobigo.network.engine.realtime.overlay import overlaid
from mobigo.network.gateway.gtfs_realtime import read
from tests.planner_adaptor import Asked, arrivals, compiled, departures, profile_points
from tests.realtime_world import RunningDay, random_day

CHUNK = 50
CHUNKS_IN_CI = 4
CHUNKS = 40  # all together: the 2,000 days


def differences(day: RunningDay) -> Iterator[str]:
    """What the two ways disagree on."""
    base = compiled(day.case.spec.files())
    found = match(FeedIndex(base, 0), [read(day.message)])
    if found.told or found.used_count != day.update_count:
        yield f"not used: {found.told}"
    today, imported = Asked(overlaid(base, found.changes).timetable), Asked(compiled(day.updated.files()))
    for question in day.case.questions:
        if question.access.keys() & question.egress.keys():
            continue
        plain = replace(question, wheelchair=False)
        for kind, expected, ours in (
            ("leaving at", arrivals(imported.leaving(plain)), arrivals(today.leaving(plain))),
            ("arriving by", departures(imported.arriving(plain)), departures(today.arriving(plain))),
            ("window", profile_points(imported.profile(plain)), profile_points(today.profile(plain))),
        ):
            if expected != ours:
                yield f"{kind}: {question.text()}\n  imported {expected}\n  applied  {ours}"


@pytest.mark.parametrize(
    "chunk",
    [
        pytest.param(n, marks=() if n < CHUNKS_IN_CI else pytest.mark.slow, id=f"from-{n * CHUNK}")
        for n in range(CHUNKS)
    ],
)
def test_applying_updates_is_importing_the_updated_timetable(chunk: int) -> None:
    for seed in range(chunk * CHUNK, (chunk + 1) * CHUNK):
        day = random_day(seed)
        for difference in differences(day):
            pytest.fail(f"seed {seed}\n{difference}\n{day.case.text()}\n--- updated\n{day.updated.files()}")
