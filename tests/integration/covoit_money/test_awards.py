"""What is awarded depends on what is known, not on when it became known; what is closed never changes."""

import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, select

from covoit.model.journeys import JourneyState, VehicleTrip
from covoit.service import awards, closing
from covoit.store import awards as store
from mobigo.base.errors import Conflict, InvalidInput, Refused
from mobigo.infra.db import reading
from mobigo.ledger import service as ledger
from tests.covoit_money_world import (
    CAMPAIGN,
    CLOSING,
    MONTH_CAP,
    NOW,
    TRIPS_CAP,
    cancel,
    fund,
    home_with,
    net,
    record,
    ride,
)

AT = datetime(2026, 11, 23, 6, 30, tzinfo=UTC)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return home_with(tmp_path / "scales-home")


def amounts(engine: Engine) -> dict[str, int]:
    with reading(engine) as session:
        return {head.key[1]: head.whole.cents for head in store.open_heads(session)}


def lines(engine: Engine, month: str) -> list[tuple[str, int]]:
    with reading(engine) as session:
        asked = (
            select(store.AwardRow.operator_trip_id, store.StatementLineRow.line_cents)
            .join(store.AwardRow, store.AwardRow.id == store.StatementLineRow.award)
            .where(store.StatementLineRow.month == month)
        )
        return sorted((row[0], row[1]) for row in session.execute(asked))


def test_a_trip_is_awarded_and_the_fare_is_owed(engine: Engine, home: Path) -> None:
    fund(engine, 100_000, home)
    record(engine, [ride(at=AT, trip_id="a", passengers=2)])
    done = awards.award_ready(engine, NOW, home=home)
    assert (done.trips, done.written, done.cents) == (1, 1, 530)  # 33 km × 10 + 2 × 100
    assert net(engine, "covoit:accrued:driver") == 530
    assert net(engine, f"covoit:budget:{CAMPAIGN}") == 100_000 - 530
    assert net(engine, "covoit:fare_income") == 300
    assert net(engine, "covoit:fare_receivable:karim0") == -150
    again = awards.award_ready(engine, NOW, home=home)
    assert (again.trips, again.written) == (1, 0)
    assert ledger.verify(engine).ok


def test_a_trip_is_awarded_though_a_journey_of_another_driver_goes_by_its_name_the_day_before(
    engine: Engine, home: Path
) -> None:
    fund(engine, 100_000, home)
    (before,) = ride("someone else", at=AT - timedelta(days=1), trip_id="b").journeys
    later = replace(before, operator_trip_id="a", received_at=AT + timedelta(days=1))
    record(engine, [ride(at=AT, trip_id="a"), VehicleTrip("mobigo", "a", "someone else", (later,))])
    assert awards.award_ready(engine, NOW, home=home).cents == 430
    assert closing.close_month(engine, "2026-11", CLOSING, home=home).lines == 1


def test_a_trip_waits_until_its_budget_is_granted(engine: Engine, home: Path) -> None:
    record(engine, [ride(at=AT)])
    assert awards.award_ready(engine, NOW, home=home).without_budget == (CAMPAIGN,)
    with pytest.raises(Refused, match="budget_not_opened"):
        closing.close_month(engine, "2026-11", CLOSING, home=home)
    fund(engine, 100_000, home)
    fund(engine, 100_000, home)  # the same grant
    assert net(engine, f"covoit:budget:{CAMPAIGN}") == 100_000
    assert awards.award_ready(engine, NOW, home=home).written == 1


def test_zero_is_an_award_with_its_reasons(engine: Engine, home: Path) -> None:
    fund(engine, 100_000, home)
    record(engine, [ride(at=AT, metres=1_999, trip_id="short")])
    awards.award_ready(engine, NOW, home=home)
    with reading(engine) as session:
        row = session.scalars(select(store.AwardRow)).one()
        assert (row.whole_cents, row.cause) == (0, "priced")
        assert "covoit.leg_too_short" in row.reasons


@pytest.mark.parametrize(
    ("caps", "budget", "expected"),
    [
        ((), 100_000, [430, 430, 430, 430, 430]),
        ((TRIPS_CAP,), 100_000, [430, 430, 430, 430, 0]),  # example 25: the fifth of the day
        ((), 1_000, [430, 430, 140, 0, 0]),  # what remains is paid, then nothing
        ((MONTH_CAP,), 100_000, [430, 430, 430, 430, 430]),
        (('{of = "driver", per = "month", measure = "amount", limit = 1000}',), 100_000, [430, 430, 140, 0, 0]),
    ],
)
def test_the_order_of_arrival_changes_nothing(
    engine: Engine, tmp_path: Path, caps: tuple[str, ...], budget: int, expected: list[int]
) -> None:
    home = home_with(tmp_path / "capped", *caps)
    fund(engine, budget, home)
    trips = [ride(at=AT + timedelta(hours=hour), trip_id=f"t{hour}") for hour in range(5)]
    shuffled = list(trips)
    random.Random(7).shuffle(shuffled)
    for each in shuffled:
        record(engine, [each])
        awards.award_ready(engine, NOW, home=home)
        assert net(engine, f"covoit:budget:{CAMPAIGN}") >= 0
    assert [amounts(engine)[each.key[1]] for each in trips] == expected
    assert net(engine, "covoit:accrued:driver") == sum(expected)
    closing.close_month(engine, "2026-11", CLOSING, home=home)
    assert lines(engine, "2026-11") == [(f"t{hour}", cents) for hour, cents in enumerate(expected)]
    assert net(engine, "covoit:payable:driver") == sum(expected)
    assert net(engine, "covoit:accrued:driver") == 0


def test_a_month_is_closed_once_in_order_and_from_the_sixth(engine: Engine, home: Path) -> None:
    fund(engine, 100_000, home)
    record(engine, [ride(at=AT)])
    with pytest.raises(Refused, match="month_not_over"):
        closing.close_month(engine, "2026-11", datetime(2026, 12, 5, 22, 59, tzinfo=UTC), home=home)  # the 5th, 23:59
    done = closing.close_month(engine, "2026-11", datetime(2026, 12, 5, 23, 0, tzinfo=UTC), home=home)
    assert (done.lines, done.people, done.total.cents, done.already) == (1, 1, 430, False)
    assert closing.close_month(engine, "2026-11", CLOSING, home=home).already
    with pytest.raises(Conflict, match="month_order"):
        closing.close_month(engine, "2026-10", CLOSING, home=home)
    for wrong in ("2026-13", "2026-1", "novembre", "2026-11-01"):
        with pytest.raises(InvalidInput, match="bad_month"):
            closing.close_month(engine, wrong, CLOSING, home=home)


def test_a_late_trip_uses_what_is_left_and_goes_on_the_next_statement(engine: Engine, tmp_path: Path) -> None:
    home = home_with(tmp_path / "capped", MONTH_CAP)
    fund(engine, 1_000_000, home)
    record(engine, [ride(at=AT - timedelta(days=n), metres=110_000, trip_id=f"long{n}") for n in range(11)])
    closing.close_month(engine, "2026-11", CLOSING, home=home)
    before = lines(engine, "2026-11")
    assert sum(cents for _trip, cents in before) == 13_200  # 11 × 1,200
    late = [ride(at=AT - timedelta(days=20, hours=hour), metres=110_000, trip_id=f"late{hour}") for hour in range(3)]
    record(engine, late)
    awards.award_ready(engine, CLOSING, home=home)
    closing.close_month(engine, "2026-12", datetime(2027, 1, 6, 8, tzinfo=UTC), home=home)
    assert lines(engine, "2026-11") == before
    assert lines(engine, "2026-12") == [("late0", 0), ("late1", 600), ("late2", 1200)]  # 15,000 − 13,200, in order
    assert net(engine, "covoit:payable:driver") == 15_000


def test_a_trip_taken_back_before_closing_gives_its_room_back(engine: Engine, home: Path) -> None:
    fund(engine, 500, home)
    first, second = ride(at=AT, trip_id="a"), ride(at=AT + timedelta(hours=1), trip_id="b")
    record(engine, [first, second])
    awards.award_ready(engine, NOW, home=home)
    assert amounts(engine) == {"a": 430, "b": 70}
    cancel(engine, first.journeys[0])
    awards.award_ready(engine, NOW, home=home)
    assert amounts(engine) == {"a": 0, "b": 430}
    assert net(engine, "covoit:fare_income") == 150


def test_a_closed_trip_taken_back_is_a_line_below_zero_and_its_room_returns(engine: Engine, tmp_path: Path) -> None:
    home = home_with(tmp_path / "capped", MONTH_CAP)
    fund(engine, 15_000, home)
    trips = [ride(at=AT - timedelta(days=n), metres=110_000, trip_id=f"t{n:02d}") for n in range(13)]
    record(engine, trips)
    closing.close_month(engine, "2026-11", CLOSING, home=home)
    assert net(engine, f"covoit:budget:{CAMPAIGN}") == 0  # 12 × 1,200 + 600
    cancel(engine, trips[5].journeys[0], CLOSING)
    record(engine, [ride(at=AT - timedelta(days=1, hours=-5), metres=110_000, trip_id="late")])
    awards.award_ready(engine, CLOSING, home=home)
    closing.close_month(engine, "2026-12", datetime(2027, 1, 6, 8, tzinfo=UTC), home=home)
    assert lines(engine, "2026-12") == [("late", 1200), ("t05", -1200)]
    assert net(engine, f"covoit:budget:{CAMPAIGN}") == 0
    assert net(engine, "covoit:payable:driver") == 15_000
    assert net(engine, "covoit:overpaid:driver") == 0  # taken from what was not paid out yet
    assert ledger.verify(engine).ok


def test_a_second_passenger_proved_late_is_a_complement(engine: Engine, home: Path) -> None:
    fund(engine, 100_000, home)
    whole = ride(at=AT, trip_id="a", passengers=2)
    record(engine, [type(whole)(*(whole.operator, "a", whole.driver, whole.journeys[:1]))])
    closing.close_month(engine, "2026-11", CLOSING, home=home)
    record(engine, [type(whole)(*(whole.operator, "a", whole.driver, whole.journeys[1:]))])
    awards.award_ready(engine, CLOSING, home=home)
    closing.close_month(engine, "2026-12", datetime(2027, 1, 6, 8, tzinfo=UTC), home=home)
    assert lines(engine, "2026-11") == [("a", 430)]
    assert lines(engine, "2026-12") == [("a", 100)]
    assert net(engine, "covoit:fare_income") == 300


def test_a_trip_being_checked_again_waits(engine: Engine, home: Path) -> None:
    fund(engine, 100_000, home)
    one = ride(at=AT, trip_id="a", state=JourneyState.OK)
    record(engine, [one])
    awards.award_ready(engine, NOW, home=home)
    from sqlalchemy import update

    from covoit.store.journeys import JourneyRow
    from mobigo.infra.db import transaction

    with transaction(engine) as session:  # as a correction by its operator leaves it
        session.execute(update(JourneyRow).values(frozen_at=None, status="pending", revision=1))
    done = awards.award_ready(engine, NOW, home=home)
    assert (done.withdrawn, net(engine, "covoit:accrued:driver"), net(engine, "covoit:fare_income")) == (1, 0, 0)
    assert awards.award_ready(engine, NOW, home=home).written == 0
    with transaction(engine) as session:
        session.execute(update(JourneyRow).values(frozen_at=NOW, status="ok"))
    awards.award_ready(engine, NOW, home=home)
    assert net(engine, "covoit:accrued:driver") == 430
