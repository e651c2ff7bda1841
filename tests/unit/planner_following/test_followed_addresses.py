"""A journey in an address: what is written is read back, and what a stranger writes is a journey or nothing."""

import base64
import json
import zlib
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mobigo.base.geo import Point
from mobigo.planner.rules.followed import RIDES_MAX, TEXT_MAX, End, FollowedRide, FollowedTrip, decoded, encoded

DAY = date(2025, 3, 18)
AT = 1_742_281_200  # that day at 7 h 00 UTC
RIDE = FollowedRide("demo:t1", "demo:t1", DAY, "demo:SAU", "demo:MON", AT, AT + 3_600, 120)
TRIP = FollowedTrip(End("Saulieu", Point(47.279, 4.229)), End("Montbard, gare", Point(47.623, 4.337)), (RIDE,), 60)

names = st.text(st.characters(blacklist_categories=("Cc", "Cs")), min_size=1, max_size=60)
places = st.builds(
    End,
    names,
    st.builds(Point, st.integers(-9_000_000, 9_000_000).map(lambda n: n / 1e5), st.integers(0, 100).map(float)),
)


@st.composite
def trips(draw: st.DrawFn) -> FollowedTrip:
    at, rides = AT, []
    for number in range(draw(st.integers(1, 5))):
        lasts, walk = draw(st.integers(0, 9_000)), draw(st.integers(0, 900))
        at += draw(st.integers(0, 3_600))
        last = draw(st.sampled_from((f"demo:t{number}", f"demo:u{number}")))
        rides.append(FollowedRide(f"demo:t{number}", last, DAY, draw(names), draw(names), at, at + lasts, walk))
        at += lasts
    return FollowedTrip(draw(places), draw(places), tuple(rides), draw(st.integers(0, 900)), draw(st.booleans()))


@given(trips())
def test_what_is_written_is_read_back(trip: FollowedTrip) -> None:
    text = encoded(trip)
    assert decoded(text) == trip or len(text) > TEXT_MAX
    assert encoded(trip) == text
    assert set(text) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")


@given(st.text(max_size=200))
def test_any_text_is_a_journey_or_nothing(text: str) -> None:
    assert decoded(text) is None


def packed(document: Any) -> str:
    return base64.urlsafe_b64encode(zlib.compress(json.dumps(document).encode())).decode().rstrip("=")


GOOD: list[Any] = [
    1, ["a", 47.0, 4.0], ["b", 47.1, 4.1], 60, 0,
    [["demo:t1", "", DAY.toordinal(), "demo:SAU", "demo:MON", AT, 3_600, 120]],
]  # fmt: skip


def but(path: tuple[int, ...], value: Any) -> list[Any]:
    document = json.loads(json.dumps(GOOD))
    inside = document
    for step in path[:-1]:
        inside = inside[step]
    inside[path[-1]] = value
    return document  # type: ignore[no-any-return]  # as it was made


def test_the_document_the_tables_below_spoil_is_good() -> None:
    assert decoded(packed(GOOD)) is not None


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ((0,), 2), ((0,), True), ((0,), "1"), ((3,), -1), ((3,), 259_201), ((3,), 1.5), ((3,), None), ((4,), "x"),
        ((1,), []), ((1,), None), ((1, 0), ""), ((1, 0), "a\x00"), ((1, 0), "a\n"), ((1, 0), "\ud800"), ((1, 0), 5),
        ((1, 1), 90.1), ((1, 1), "nan"), ((1, 1), float("inf")), ((1, 1), {}), ((2, 2), 181), ((1, 0), "x" * 401),
        ((5,), []), ((5,), {}), ((5,), GOOD[5] * (RIDES_MAX + 1)), ((5,), GOOD[5] * 2), ((5, 0), GOOD[5][0][:-1]),
        ((5, 0, 2), 0), ((5, 0, 2), 10**9), ((5, 0, 2), DAY.toordinal() + 40), ((5, 0, 5), -(10**18)),
        ((5, 0, 6), -1), ((5, 0, 6), 259_201), ((5, 0, 7), False), ((5, 0, 0), None), ((5, 0, 3), ["SAU"]),
    ],
)  # fmt: skip
def test_a_spoilt_document_is_no_journey(path: tuple[int, ...], value: Any) -> None:
    assert decoded(packed(but(path, value))) is None


def test_a_text_that_would_unfold_to_much_is_not_unfolded() -> None:
    bomb = base64.urlsafe_b64encode(zlib.compress(b"[" * 1_000_000, 9)).decode().rstrip("=")
    assert len(bomb) < TEXT_MAX
    assert decoded(bomb) is None
    assert decoded("A" * (TEXT_MAX + 1)) is None
    assert decoded(packed(GOOD)[:-4]) is None


def test_three_days_are_the_longest() -> None:
    long = replace(RIDE, arrive_s=RIDE.depart_s + 3 * 86_400 - 180)
    assert decoded(encoded(replace(TRIP, rides=(long,)))) is not None
    assert decoded(encoded(replace(TRIP, rides=(replace(long, arrive_s=long.arrive_s + 1),)))) is None
