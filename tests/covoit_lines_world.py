"""People, a car and the line of Saulieu, for the tests of lines, bookings and proofs."""

import tomllib
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy.orm import Session

from covoit.gateway import lines as files
from covoit.model.bookings import Offer
from covoit.model.lines import Line
from covoit.rules.bookings import TERMS
from covoit.service import offers
from covoit.store.people import person_of
from mobigo.base.instants import PARIS

DAY = date(2026, 11, 24)  # a Tuesday
NOW = datetime(2026, 11, 24, 7, 0, tzinfo=PARIS)
MINUTE = timedelta(minutes=1)
ROOT = b"a root key for the tests, 32 b.."
SAULIEU: dict[str, Any] = tomllib.loads(
    (Path(__file__).parents[1] / "covoit/data/lines/2020-saulieu-chatillon.toml").read_text(encoding="utf-8")
)
A, PRECY, SEMUR, MONTBARD, COULMIER, Z = (each["id"] for each in SAULIEU["stop"])


def line() -> Line:
    return files.get_line("saulieu-chatillon", DAY)


@dataclass(frozen=True)
class People:
    """A driver who may drive, and two adult passengers."""

    driver: str
    karim: str
    steph: str


def person(session: Session, key: str, *, adult: bool | None = True, phone: str | None = None) -> str:
    return person_of(session, f"{key:0>64}", over_18=adult, phone=phone, now=NOW)


def driver(session: Session, key: str = "d", phone: str | None = None) -> str:
    made = person(session, key, phone=phone)
    offers.declare(
        session, made, adult=True, licence=True, insurance=True, terms=TERMS, alias="Anne", car="Clio bleue", now=NOW
    )
    return made


def people(session: Session) -> People:
    return People(driver(session), person(session, "k"), person(session, "s"))


def published(
    session: Session, who: str, *, seats: int = 3, at: datetime = NOW + 30 * MINUTE, a: str = A, z: str = Z
) -> Offer:
    return offers.publish(session, who, from_stop=a, to_stop=z, leaves_at=at, seats=seats, now=NOW)
