"""Corners where money could stay stuck or a page be lost: two requests of one driver, a batch of which nothing may
leave, months that do not exist, steps out of turn."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine

from covoit.export import liquidation
from covoit.model.claims import Outcome
from covoit.service import claims, closing, payments, returns
from covoit.store import claims as claim_store
from covoit.store import payments as store
from covoit.store.people import link_account
from mobigo.base.errors import Conflict, InvalidInput, NotFound, Refused
from mobigo.infra import accounts
from mobigo.infra.blobs import Blobs
from mobigo.infra.db import reading, transaction
from mobigo.ledger import service as ledger
from tests.covoit_money_world import (
    CLOSING,
    COMPTABLE,
    DESK,
    FINANCE,
    IBANS,
    MANAGER,
    ORDONNATEUR,
    accepted,
    claim,
    driver,
    fund,
    home_with,
    net,
    pain002,
    payer,
    record,
    ride,
    stage,
)

AT = datetime(2026, 11, 23, 6, 30, tzinfo=UTC)
DECEMBER = datetime(2026, 12, 14, 6, 30, tzinfo=UTC)
JANUARY = datetime(2027, 1, 6, 8, tzinfo=UTC)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return payer(home_with(tmp_path / "money-home"))


@pytest.fixture
def blobs(tmp_path: Path) -> Blobs:
    return Blobs(tmp_path / "blobs")


@pytest.fixture
def anna(engine: Engine, home: Path) -> str:
    """A driver with one closed trip of 4.30 €."""
    fund(engine, 1_000_000, home)
    person = driver(engine, "anna")
    record(engine, [ride(person, at=AT, trip_id="a")])
    closing.close_month(engine, "2026-11", CLOSING, home=home)
    return person


def another_month(engine: Engine, home: Path, person: str) -> None:
    """A trip of December, closed: 3.00 € more."""
    record(engine, [ride(person, at=DECEMBER, trip_id="b", metres=20_000)])
    closing.close_month(engine, "2026-12", JANUARY, home=home)


def move(engine: Engine, person: str, iban: str, now: datetime) -> None:
    with transaction(engine) as session:
        claims.confirm_iban_at_counter(session, person, iban, "Anna Essai", by=DESK, now=now)


def cents_of(engine: Engine, claim_id: str) -> int:
    with reading(engine) as session:
        return claim_store.get_claim(session, claim_id).cents


@pytest.mark.parametrize("blocked", [False, True])
def test_a_request_that_comes_back_joins_the_newer_one(
    engine: Engine, blobs: Blobs, home: Path, anna: str, blocked: bool
) -> None:
    first = claim(engine, anna)
    if blocked:
        batch = accepted(engine, home)
    else:
        batch = payments.prepare(engine, "2026-11", by=MANAGER, home=home, now=CLOSING).batch
        payments.check(engine, batch, by=FINANCE, now=CLOSING)
        payments.order(engine, batch, by=ORDONNATEUR, now=CLOSING)
    another_month(engine, home, anna)
    second = claim(engine, anna, JANUARY)
    assert (second != first, cents_of(engine, second)) == (True, 300)
    if blocked:
        move(engine, anna, IBANS[1], JANUARY)
        sent = payments.send(engine, blobs, batch, by=COMPTABLE, home=home, now=JANUARY)
        assert (sent.payments, sent.blocked) == (0, (first,))
    else:
        payments.reject(engine, batch, by=COMPTABLE, reason="pièce manquante", now=JANUARY)
    assert (stage(engine, first), stage(engine, second)) == ("reversed", "claimed")
    assert cents_of(engine, second) == net(engine, f"covoit:payable:{anna}") == 730
    later = accepted(engine, home, "2026-12", JANUARY)
    assert payments.send(engine, blobs, later, by=COMPTABLE, home=home, now=JANUARY).total.cents == 730
    assert net(engine, f"covoit:in_payment:{batch}") == 0
    assert ledger.verify(engine).ok


def test_a_newer_request_already_in_a_batch_keeps_its_sum(engine: Engine, blobs: Blobs, home: Path, anna: str) -> None:
    claim(engine, anna)
    batch = payments.prepare(engine, "2026-11", by=MANAGER, home=home, now=CLOSING).batch
    payments.check(engine, batch, by=FINANCE, now=CLOSING)
    payments.order(engine, batch, by=ORDONNATEUR, now=CLOSING)
    another_month(engine, home, anna)
    claim(engine, anna, JANUARY)
    later = accepted_but_not_ordered(engine, home)
    payments.reject(engine, batch, by=COMPTABLE, reason="pièce manquante", now=JANUARY)
    payments.order(engine, later, by=ORDONNATEUR, now=JANUARY)
    payments.accept(engine, later, by=COMPTABLE, now=JANUARY)
    assert payments.send(engine, blobs, later, by=COMPTABLE, home=home, now=JANUARY).total.cents == 300
    assert cents_of(engine, claim(engine, anna, JANUARY)) == 430  # what it does not pay may be asked for again


def accepted_but_not_ordered(engine: Engine, home: Path) -> str:
    batch = payments.prepare(engine, "2026-12", by=MANAGER, home=home, now=JANUARY).batch
    payments.check(engine, batch, by=FINANCE, now=JANUARY)
    return batch


def test_a_batch_of_which_nothing_may_leave_ends_and_gives_its_sums_back(
    engine: Engine, blobs: Blobs, home: Path, anna: str
) -> None:
    asked = claim(engine, anna)
    batch = accepted(engine, home)
    move(engine, anna, IBANS[1], CLOSING)
    sent = payments.send(engine, blobs, batch, by=COMPTABLE, home=home, now=CLOSING)
    assert (sent.payments, sent.file, sent.blocked) == (0, "", (asked,))
    assert (stage(engine, asked), net(engine, f"covoit:payable:{anna}")) == ("claimed", 430)
    with reading(engine) as session:
        row = store.get_batch(session, batch)
        assert (row.state, row.file) == ("rejected", None)
        assert "changé de compte" in (row.reason or "")
        papers = payments.bordereau(session, batch, home)  # what was refused can still be read
        assert [line.amount.cents for line in papers.lines] == [430]
        assert liquidation.pdf(papers).startswith(b"%PDF")
    with pytest.raises(Conflict, match="batch_not_there"):
        payments.send(engine, blobs, batch, by=COMPTABLE, home=home, now=CLOSING)
    again = accepted(engine, home, now=CLOSING + timedelta(days=1))
    assert payments.send(engine, blobs, again, by=COMPTABLE, home=home, now=CLOSING).payments == 1


@pytest.mark.parametrize("month", ["", "2026-13", "0000-00", "zzzzzzz", "2026-1", "'"])
def test_no_batch_of_a_month_that_does_not_exist(engine: Engine, home: Path, anna: str, month: str) -> None:
    claim(engine, anna)
    with pytest.raises(InvalidInput, match="bad_month"):
        payments.prepare(engine, month, by=MANAGER, home=home, now=CLOSING)


@pytest.mark.parametrize("month", ["2026-12", "2099-12"])
def test_no_batch_of_a_month_that_is_not_closed(engine: Engine, home: Path, anna: str, month: str) -> None:
    claim(engine, anna)
    with pytest.raises(Refused, match="month_open"):
        payments.prepare(engine, month, by=MANAGER, home=home, now=CLOSING)


def test_a_batch_that_did_not_leave_is_not_said_to_be_paid(engine: Engine, home: Path, anna: str) -> None:
    claim(engine, anna)
    batch = accepted(engine, home)
    with pytest.raises(Conflict, match="batch_not_there"):
        returns.confirm_batch(engine, batch, by=COMPTABLE, now=CLOSING)
    with pytest.raises(NotFound):
        returns.confirm_batch(engine, "nobody", by=COMPTABLE, now=CLOSING)


def test_the_papers_of_a_payment_outlive_the_account_it_went_to(
    engine: Engine, blobs: Blobs, home: Path, anna: str
) -> None:
    asked = claim(engine, anna)
    batch = accepted(engine, home)
    sent = payments.send(engine, blobs, batch, by=COMPTABLE, home=home, now=CLOSING)
    returns.apply_bank_file(engine, blobs, pain002((f"MOBIGO-{asked}", "ACSC", "")), by=COMPTABLE, now=CLOSING)
    with transaction(engine) as session:
        claims.erase_money(session, anna, CLOSING)
        (line,) = payments.bordereau(session, batch, home).lines
        assert (line.iban, line.amount.cents) == ("—", 430)
        with pytest.raises(Refused, match="iban_forgotten"):  # the file kept is the one that counts
            payments.payment_file(session, batch, home)
    assert IBANS[0].encode() in blobs.read(sent.file)


def test_nobody_decides_about_themselves(engine: Engine, home: Path, anna: str) -> None:
    with transaction(engine) as session:
        email = "anna@example.org"
        own = accounts.create(session, CLOSING, email=email, name="Anna", password_hash=None, language="fr")
        link_account(session, anna, own)
        case = claims.complain(session, anna, "-", "Il manque un trajet.", now=CLOSING)
    said = {"name": "Anna Essai", "capacity": "agente", "reason": "Accordé.", "now": CLOSING}
    with pytest.raises(Refused, match="own_case"), transaction(engine) as session:
        claims.decide_case(session, case.id, Outcome.GRANTED, by=replace(DESK, subject=own), **said)
    with pytest.raises(Refused, match="own_case"), transaction(engine) as session:  # no way around the code
        claims.confirm_iban_at_counter(
            session, anna, IBANS[1], "Anna Essai", by=replace(DESK, subject=own), now=CLOSING
        )
    with transaction(engine) as session:
        assert claims.decide_case(session, case.id, Outcome.GRANTED, by=DESK, **said).outcome is Outcome.GRANTED
