"""An account for payment never confirmed, or whose driver is not seen for years, is ended, then emptied in its turn."""

from datetime import timedelta

import pytest
from sqlalchemy import Engine, select

from covoit.service import claims
from covoit.store.ibans import ACTIVE, ENDED, WAITING, IbanRow, end_abandoned
from covoit.store.people import IDENTITY_DAYS, person_of
from mobigo.infra import privacy
from mobigo.infra.db import reading, transaction
from tests.covoit_money_world import NOW, driver

SECOND, DAY = timedelta(seconds=1), timedelta(days=1)
FR = "FR7620041010050000000000917"


def state(engine: Engine, person: str) -> tuple[str, str | None]:
    with reading(engine) as session:
        row = session.scalars(select(IbanRow).where(IbanRow.person == person)).one()
        return row.state, row.iban


@pytest.mark.parametrize(
    ("after", "ended"),
    [
        (timedelta(0), False),
        (IDENTITY_DAYS * DAY - SECOND, False),
        (IDENTITY_DAYS * DAY, True),
        (IDENTITY_DAYS * DAY * 3, True),
    ],
    ids=["at once", "last second", "the time is over", "long ago"],
)
def test_a_driver_not_seen_for_as_long_as_an_identity_is_kept(engine: Engine, after: timedelta, ended: bool) -> None:
    person = driver(engine, "ana")
    with transaction(engine) as session:
        assert end_abandoned(session, NOW + after) == int(ended)
        assert end_abandoned(session, NOW + after) == 0  # once
    assert state(engine, person)[0] == (ENDED if ended else ACTIVE)


def test_a_driver_seen_since_keeps_the_account(engine: Engine) -> None:
    person = driver(engine, "ana")
    with transaction(engine) as session:
        person_of(session, identity_key=f"{'ana':x<64}", now=NOW + 1_000 * DAY)
        assert end_abandoned(session, NOW + IDENTITY_DAYS * DAY) == 0
    assert state(engine, person)[0] == ACTIVE


def test_a_code_nobody_gave_back(engine: Engine) -> None:
    person = driver(engine, "ana", iban=None)
    with transaction(engine) as session:
        claims.ask_iban(session, person, FR, "Ana Essai", now=NOW)
        row = session.scalars(select(IbanRow)).one()
        expires_at = row.expires_at
        assert (row.state, end_abandoned(session, expires_at - SECOND)) == (WAITING, 0)
        assert end_abandoned(session, expires_at) == 1
    assert state(engine, person) == (ENDED, FR)
    with transaction(engine) as session:
        privacy.erase_due(session, expires_at + 400 * DAY - SECOND)
        assert session.scalars(select(IbanRow.iban)).one() == FR
        privacy.erase_due(session, expires_at + 400 * DAY)
        row = session.scalars(select(IbanRow)).one()
        session.refresh(row)
        assert (row.iban, row.holder, row.code_hash) == (None, None, None)
