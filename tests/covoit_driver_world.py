"""A driver with an account, telephone and months of trips, for the tests of the driver's pages."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import Engine

from covoit.model.journeys import ProofClass, VehicleTrip
from covoit.service import awards, closing
from covoit.store.people import person_of
from mobigo.infra import accounts, sessions
from mobigo.infra.db import transaction
from tests.covoit_money_world import fund, record
from tests.covoit_world import journey, trip

SAULIEU = "saulieu-chatillon"
OCTOBER = datetime(2026, 10, 12, 5, 30, tzinfo=UTC)
NOVEMBER = datetime(2026, 11, 23, 16, 30, tzinfo=UTC)


@dataclass(frozen=True)
class Known:
    """Somebody with an account: their random ids, and what their browser holds."""

    subject: str
    person: str
    token: str


def known(engine: Engine, name: str, phone: str | None, now: datetime) -> Known:
    with transaction(engine) as session:
        subject = accounts.create(session, now, email=f"{name}@example.org", name=name.title(), password_hash=None)
        person = person_of(
            session, f"{name:x<64}", subject=subject, phone=phone, verified=phone is not None, first_name=name.title(),
            last_name="Essai", over_18=True, now=now,
        )  # fmt: skip
        token = sessions.open_session(session, subject, datetime.now(UTC), None, None)
    return Known(subject, person, token)


def whole_line(driver: str, passenger: str, at: datetime, name: str) -> VehicleTrip:
    """Saulieu to Châtillon with one passenger: 80 km, 8,00 € + 1,00 € = 9,00 €."""
    return trip(
        journey(0, 80_000, line=SAULIEU, started_at=at, received_at=at + timedelta(hours=2), passenger=passenger),
        trip_id=name, driver=driver,
    )  # fmt: skip


def with_a_weak_proof(driver: str, at: datetime, name: str) -> VehicleTrip:
    """The same, and a second passenger whose proof is of class A: it does not count."""
    received = at + timedelta(hours=2)
    return trip(
        journey(0, 80_000, line=SAULIEU, started_at=at, received_at=received),
        journey(0, 28_000, line=SAULIEU, started_at=at, received_at=received, proof_class=ProofClass.A),
        trip_id=name, driver=driver,
    )  # fmt: skip


def months(engine: Engine, home: Path, driver: str, passenger: str, now: datetime, *, campaign: str = "essai") -> None:
    """October closed with two trips (18,00 €), November open with one (9,00 €)."""
    fund(engine, 1_000_000, home, campaign=campaign)
    record(
        engine,
        [
            whole_line(driver, passenger, OCTOBER, "oct-1"),
            with_a_weak_proof(driver, OCTOBER + timedelta(days=1), "oct-2"),
            whole_line(driver, passenger, NOVEMBER, "nov-1"),
        ],
    )
    awards.award_ready(engine, now, home=home)
    closing.close_month(engine, "2026-10", now, home=home)
