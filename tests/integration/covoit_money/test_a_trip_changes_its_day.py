"""A trip whose first ride is found late, or whose times are corrected, may turn out to have begun on another day: its
money follows it, whatever was priced, closed and paid; and nobody else waits for theirs."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine

from covoit.service import awards, closing, verification
from covoit.store import awards as store
from mobigo.infra.db import reading
from tests.covoit_campaign_world import campaign_home
from tests.covoit_money_world import CLOSING, NOW, cancel, fund, home_with, net, record, ride

MIDNIGHT = datetime(2026, 11, 30, 23, 0, tzinfo=UTC)  # in Paris, December begins
MINUTE = timedelta(minutes=1)


@pytest.fixture
def home(engine: Engine, tmp_path: Path) -> Path:
    made = home_with(tmp_path / "home")
    fund(engine, 100_000, made)
    return made


def run(engine: Engine, home: Path) -> None:
    """Price twice: the second time changes nothing."""
    awards.award_ready(engine, NOW, home=home)
    assert awards.award_ready(engine, NOW, home=home).written == 0


def head(engine: Engine) -> store.Head:
    with reading(engine) as session:
        found = store.find_head(session, ("mobigo", "t"))
    assert found is not None
    return found


@pytest.mark.parametrize(("minutes", "month"), [(1, "2026-12"), (-1, "2026-11")])
def test_an_earlier_ride_found_late_moves_an_open_trip(engine: Engine, home: Path, minutes: int, month: str) -> None:
    first = ride("ana", at=MIDNIGHT + 5 * MINUTE, trip_id="t")
    record(engine, [first, ride("bob", at=MIDNIGHT + 5 * MINUTE)])
    run(engine, home)
    (one,) = first.journeys
    earlier = replace(
        one, id="earlier", operator_journey_id="earlier", passenger="late", started_at=MIDNIGHT + minutes * MINUTE
    )
    record(engine, [replace(first, journeys=(earlier,))])
    run(engine, home)
    assert net(engine, "covoit:accrued:ana") == 530  # 33 km once, two passengers
    assert net(engine, "covoit:accrued:bob") == 430
    assert f"{head(engine).day:%Y-%m}" == month
    closed = closing.close_month(engine, "2026-11", CLOSING, home=home)
    assert closed.total.cents == (530 if month == "2026-11" else 0)
    assert verification.verify(engine, home=home).ok


@pytest.mark.parametrize("way", ["back", "forward"])
def test_a_closed_trip_that_moves_keeps_what_it_was_given_and_adds_what_changed(
    engine: Engine, home: Path, way: str
) -> None:
    """33 km and one passenger are closed in November or December: 4.30 €. A second passenger is found who rode before
    midnight; or the first, who rode before it, is withdrawn and the second after it stays."""
    late = MIDNIGHT + 5 * MINUTE
    trip = ride("ana", at=late if way == "back" else MIDNIGHT - 5 * MINUTE, trip_id="t")
    record(engine, [trip])
    months = ("2026-11", "2026-12")
    closing.close_month(engine, "2026-11", CLOSING, home=home)
    january = datetime(2027, 1, 6, 8, tzinfo=UTC)
    closing.close_month(engine, "2026-12", january, home=home)
    assert net(engine, "covoit:payable:ana") == 430
    (one,) = trip.journeys
    at = MIDNIGHT - 5 * MINUTE if way == "back" else late
    other = replace(one, id="other", operator_journey_id="other", passenger="late", started_at=at)
    record(engine, [replace(trip, journeys=(other,))])
    if way == "forward":
        cancel(engine, one)
    awards.award_ready(engine, january, home=home)
    assert awards.award_ready(engine, january, home=home).written == 0
    assert head(engine).line.cents == (100 if way == "back" else 0)
    closing.close_month(engine, "2027-01", datetime(2027, 2, 6, 8, tzinfo=UTC), home=home)
    assert net(engine, "covoit:payable:ana") == (530 if way == "back" else 430)
    assert net(engine, "covoit:budget:essai") == 100_000 - net(engine, "covoit:payable:ana")
    assert f"{head(engine).day:%Y-%m}" == months[0]
    assert verification.verify(engine, home=home).ok


def test_what_a_campaign_adds_follows_the_trip(engine: Engine, tmp_path: Path) -> None:
    """1.50 € a passenger from a campaign, beside the scale."""
    home = campaign_home(tmp_path / "plus")
    fund(engine, 100_000, home)
    fund(engine, 100_000, home, campaign="plus", key="vote-2")
    trip = ride("ana", at=MIDNIGHT + 5 * MINUTE, trip_id="t")
    record(engine, [trip])
    run(engine, home)
    assert net(engine, "covoit:accrued:ana") == 430 + 150
    (one,) = trip.journeys
    early = replace(one, id="e", operator_journey_id="e", passenger="late", started_at=MIDNIGHT - 5 * MINUTE)
    record(engine, [replace(trip, journeys=(early,))])
    run(engine, home)
    assert net(engine, "covoit:accrued:ana") == 530 + 300
    assert verification.verify(engine, home=home).ok
