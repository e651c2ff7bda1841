"""Exact positions go three months after the trip is paid, nine months later where nobody pays it: counted from the trip
itself, however late it was declared, corrected or paid."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, select

from covoit.model.journeys import JourneyState
from covoit.service import closing, payments, returns
from covoit.store import journeys
from covoit.store.journey_rows import POSITION_DAYS, UNPAID_DAYS
from covoit.store.proofs import EvidenceRow, add_evidence
from mobigo.base.geo import Point
from mobigo.infra import privacy
from mobigo.infra.blobs import Blobs
from mobigo.infra.db import reading, transaction
from tests.covoit_money_world import (
    CLOSING,
    COMPTABLE,
    accepted,
    claim,
    driver,
    fund,
    home_with,
    pain002,
    payer,
    ride,
)

AT = datetime(2026, 11, 23, 6, 30, tzinfo=UTC)
ENDS = (Point(47.35251, 6.36123), Point(47.13349, 6.43877))
DAY = timedelta(days=1)


def kept(engine: Engine, journey: str, now: datetime) -> bool:
    """Whether the positions are still there after the register was applied at that instant."""
    with transaction(engine) as session:
        privacy.erase_due(session, now)
        return bool(journeys.positions_of(session, [journey]))


@pytest.mark.parametrize(
    ("declared_after", "counts_from"),
    [
        (timedelta(hours=1), "trip"),
        (timedelta(days=30), "trip"),  # a paper claim on its last day: no later for that
        (-timedelta(days=2), "reception"),  # said to end after it was received: no later for that either
    ],
)
def test_nobody_pays_and_time_counts_from_the_trip(engine: Engine, declared_after: timedelta, counts_from: str) -> None:
    (one,) = ride(at=AT).journeys
    one = replace(one, received_at=one.ended_at + declared_after)
    with transaction(engine) as session:
        journeys.record(session, one, positions=ENDS)
    over = (one.ended_at if counts_from == "trip" else one.received_at) + (UNPAID_DAYS + POSITION_DAYS) * DAY
    assert kept(engine, one.id, over - timedelta(seconds=1))
    assert not kept(engine, one.id, over)


def test_once_paid_they_go_three_months_after_the_payment_left(engine: Engine, tmp_path: Path) -> None:
    home, blobs = payer(home_with(tmp_path / "home")), Blobs(tmp_path / "blobs")
    fund(engine, 1_000_000, home)
    anna = driver(engine, "anna")
    paid, later = ride(anna, at=AT).journeys[0], ride(anna, at=AT + 10 * DAY).journeys[0]
    with transaction(engine) as session:
        for one in (paid, later):
            journeys.record(session, one, positions=ENDS)
    closing.close_month(engine, "2026-11", CLOSING, home=home)
    asked = claim(engine, anna)
    sent_at, said_at = CLOSING + DAY, CLOSING + 40 * DAY
    payments.send(engine, blobs, accepted(engine, home), by=COMPTABLE, home=home, now=sent_at)
    returns.apply_bank_file(engine, None, pain002((f"MOBIGO-{asked}", "ACSC", "")), by=COMPTABLE, now=said_at)
    over = sent_at + POSITION_DAYS * DAY
    assert kept(engine, paid.id, over - timedelta(seconds=1))
    assert not kept(engine, paid.id, over)
    assert kept(engine, later.id, over)  # on no statement yet


def test_a_payment_that_comes_back_frees_no_one_of_proving_the_trip(engine: Engine, tmp_path: Path) -> None:
    home, blobs = payer(home_with(tmp_path / "home")), Blobs(tmp_path / "blobs")
    fund(engine, 1_000_000, home)
    anna = driver(engine, "anna")
    (one,) = ride(anna, at=AT).journeys
    with transaction(engine) as session:
        journeys.record(session, one, positions=ENDS)
    closing.close_month(engine, "2026-11", CLOSING, home=home)
    asked = claim(engine, anna)
    payments.send(engine, blobs, accepted(engine, home), by=COMPTABLE, home=home, now=CLOSING)
    returns.apply_bank_file(engine, None, pain002((f"MOBIGO-{asked}", "RJCT", "MS03")), by=COMPTABLE, now=CLOSING)
    assert kept(engine, one.id, CLOSING + POSITION_DAYS * DAY)
    assert not kept(engine, one.id, one.ended_at + (UNPAID_DAYS + POSITION_DAYS) * DAY)


def test_a_correction_after_payment_gives_them_no_more_time(engine: Engine) -> None:
    (one,) = ride(at=AT).journeys
    moved = (Point(47.36, 6.37), ENDS[1])
    with transaction(engine) as session:
        journeys.record(session, replace(one, state=JourneyState.PENDING), positions=ENDS)
        journeys.note_paid(session, [one.id], AT + DAY)
        stored = journeys.get_stored(session, one.operator, one.operator_journey_id)
        longer = replace(one, ended_at=one.ended_at + timedelta(hours=1))
        journeys.amend(session, stored, longer, positions=moved, sums=None, findings=(), now=AT + 2 * DAY)
    with reading(engine) as session:
        assert journeys.positions_of(session, [one.id]) == {one.id: moved}
    over = AT + DAY + POSITION_DAYS * DAY
    assert kept(engine, one.id, over - timedelta(seconds=1))
    assert not kept(engine, one.id, over)


@pytest.mark.parametrize("late", [timedelta(days=30), -timedelta(minutes=2)])
def test_positions_of_telephones_go_three_months_after_they_were_measured(engine: Engine, late: timedelta) -> None:
    received_at = AT + late  # thirty days without a network; a clock that runs two minutes ahead
    with transaction(engine) as session:
        add_evidence(
            session, key="start:1", booking="1", side="driver", phase="start", device="web:1", at=AT,
            received_at=received_at, lat=47.3, lon=6.3, measured=True,
        )  # fmt: skip
    over = min(AT, received_at) + 92 * DAY
    for now, there in ((over - timedelta(seconds=1), True), (over, False)):
        with transaction(engine) as session:
            privacy.erase_due(session, now)
            session.expire_all()
            row = session.scalars(select(EvidenceRow)).one()
            assert [row.lat is not None, row.device is not None] == [there, there]
