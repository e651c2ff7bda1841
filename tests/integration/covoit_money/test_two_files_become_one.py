"""A granted case of identity joins two files of one person: what is open, closed, claimed, paid, returned and owed is
theirs once, no more and no less; what was written stays true."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine

from covoit.model.claims import Outcome
from covoit.rules.identity import identity_key
from covoit.service import (
    awards,
    claims,
    closing,
    driver,
    fares,
    identities,
    payments,
    returns,
    statements,
    verification,
)
from covoit.store import awards as award_store
from covoit.store import claims as claim_store
from covoit.store import ibans
from covoit.store.people import PersonRow, find_person, person_of
from mobigo.base.errors import Refused
from mobigo.base.money import Money
from mobigo.infra import accounts
from mobigo.infra.blobs import Blobs
from mobigo.infra.db import reading, transaction
from mobigo.ledger import service as ledger
from tests.covoit_money_world import (
    COMPTABLE,
    DESK,
    IBANS,
    MANAGER,
    accepted,
    cancel,
    claim,
    fund,
    home_with,
    net,
    pain002,
    payer,
    record,
    ride,
    stage,
)  # fmt: skip
from tests.integration.covoit_driver.test_whose_telephone import GIVEN, verified

NOW = datetime(2026, 11, 28, 8, 0, tzinfo=UTC)
BUDGET = 100_000


def at(month: int, hour: int = 7, day: int = 10) -> datetime:
    return datetime(2026, month, day, hour, tzinfo=UTC)


def sixth_after(month: int) -> datetime:
    return datetime(2026 + month // 12, month % 12 + 1, 6, 8, tzinfo=UTC)


@dataclass
class World:
    """Anna has an account and a file of her own; operators declared her under her number and name in another one.

    Each file has one ride of 33 km with a passenger (4.30 €) in September, October and November; September and October
    are closed, and her own September was paid.
    """

    engine: Engine
    home: Path
    blobs: Blobs
    anna: str
    other: str
    rides: dict[str, object]

    def grant(self) -> None:
        with transaction(self.engine) as session:
            verified(session, self.anna)
            case = identities.ask_agent(session, self.anna, "Ce sont les miens.", now=NOW)
        with transaction(self.engine) as session:
            identities.decide(
                session, case, Outcome.GRANTED, by=DESK, name="Guy", capacity="agent", reason="Pièce vue.", now=NOW
            )

    def account(self) -> int:
        """Every cent the budget gave: with the people, or at the bank."""
        people = sum(net(self.engine, f"covoit:{kind}:{who}") for kind in ("accrued", "payable", "overpaid")
                     for who in (self.anna, self.other))  # fmt: skip
        return people + net(self.engine, "bank")

    def whole(self) -> None:
        assert self.account() == BUDGET - net(self.engine, "covoit:budget:essai")
        found = verification.verify(self.engine, home=self.home)
        assert found.ok, found.findings

    def pay(self, person: str, month: int, now: datetime, *, answer: str = "ACSC") -> str:
        asked = claim(self.engine, person, now)
        batch = accepted(self.engine, self.home, f"2026-{month:02d}", now)
        payments.send(self.engine, self.blobs, batch, by=COMPTABLE, home=self.home, now=now)
        if answer:
            said = pain002((f"MOBIGO-{asked}", answer, "MS03" if answer == "RJCT" else ""))
            returns.apply_bank_file(self.engine, None, said, by=COMPTABLE, now=now)
        return asked


@pytest.fixture
def world(engine: Engine, tmp_path: Path) -> World:
    home, blobs = payer(home_with(tmp_path / "home")), Blobs(tmp_path / "blobs")
    fund(engine, BUDGET, home)
    with transaction(engine) as session:
        subject = accounts.create(session, NOW, email="anna@example.org", name="Anna", password_hash=None)
        anna = person_of(session, "a" * 64, subject=subject, first_name="Anna", now=NOW)
        claims.confirm_iban_at_counter(session, anna, IBANS[0], "Anna Martin", by=DESK, now=NOW)
        other = person_of(session, identity_key(GIVEN.phone, "Martin"), phone=GIVEN.phone, last_name="Martin", now=NOW)
    made = World(engine, home, blobs, anna, other, {})
    for month in (9, 10, 11):
        for name, who, hour in (("mine", anna, 7), ("theirs", other, 17)):
            made.rides[f"{name}-{month}"] = trip = ride(who, at=at(month, hour), trip_id=f"{name}-{month}")
            record(engine, [trip])
    closing.close_month(engine, "2026-09", sixth_after(9), home=home)
    made.pay(anna, 9, sixth_after(9))
    closing.close_month(engine, "2026-10", sixth_after(10), home=home)
    awards.award_ready(engine, NOW, home=home)
    assert net(engine, f"covoit:payable:{anna}") == 430
    assert net(engine, f"covoit:payable:{other}") == 860
    assert net(engine, "bank") == 430
    made.whole()
    return made


def test_paid_closed_and_open_months_are_one_persons(world: World) -> None:
    world.grant()
    world.whole()
    assert net(world.engine, f"covoit:payable:{world.anna}") == 0
    assert net(world.engine, f"covoit:payable:{world.other}") == 430 + 860
    awards.award_ready(world.engine, NOW, home=world.home)
    assert net(world.engine, f"covoit:accrued:{world.anna}") == 0
    assert net(world.engine, f"covoit:accrued:{world.other}") == 860
    world.whole()
    with reading(world.engine) as session:
        months = [(row.month, row.lines, row.cents) for row in award_store.statements_of(session, world.other)]
        assert months == [("2026-09", 2, 860), ("2026-10", 2, 860)]
        said = statements.statement(session, world.other, "2026-09")
        assert sum((each.amount for each in said.lines), Money(0)) == Money(860)
        seen = driver.months_seen(session, world.other, NOW.date())
        assert [(each.month, each.total.cents) for each in seen] == [
            ("2026-11", 860),
            ("2026-10", 860),
            ("2026-09", 860),
        ]
    closing.close_month(world.engine, "2026-11", sixth_after(11), home=world.home)
    world.pay(world.other, 11, sixth_after(11))
    assert net(world.engine, "bank") == 6 * 430  # each ride once
    assert net(world.engine, f"covoit:payable:{world.other}") == 0
    world.whole()


def test_joining_twice_or_pricing_again_moves_nothing_more(world: World) -> None:
    world.grant()
    for _again in range(2):
        awards.award_ready(world.engine, NOW, home=world.home)
    assert awards.award_ready(world.engine, NOW, home=world.home).written == 0
    with pytest.raises(Exception, match="nothing_to_find"), transaction(world.engine) as session:
        identities.ask_agent(session, world.other, "Encore.", now=NOW)
    world.whole()


def test_a_paid_ride_withdrawn_later_is_taken_back_from_the_person(world: World) -> None:
    world.grant()
    cancel(world.engine, world.rides["mine-9"].journeys[0], NOW)  # type: ignore[attr-defined]  # paid before they joined
    closing.close_month(world.engine, "2026-11", sixth_after(11), home=world.home)
    # 8.60 € of November and 12.90 € to be paid, less 4.30 €
    assert net(world.engine, f"covoit:payable:{world.other}") == 860 + 1_290 - 430
    assert net(world.engine, f"covoit:overpaid:{world.anna}") == 0
    world.whole()


def test_a_payment_that_comes_back_after_is_payable_to_the_person(world: World) -> None:
    asked = world.pay(world.anna, 10, NOW, answer="")
    world.grant()
    said = pain002((f"MOBIGO-{asked}", "RJCT", "MS03"))
    returns.apply_bank_file(world.engine, None, said, by=COMPTABLE, now=NOW)
    assert net(world.engine, f"covoit:payable:{world.anna}") == 0
    assert net(world.engine, f"covoit:payable:{world.other}") == 860 + 430
    world.whole()


@pytest.mark.parametrize("who", ["anna", "other"])
def test_nothing_is_joined_while_a_payment_is_being_prepared(world: World, who: str) -> None:
    person = getattr(world, who)
    with transaction(world.engine) as session:
        if who == "other":
            claims.confirm_iban_at_counter(session, person, IBANS[1], "Anna Martin", by=DESK, now=NOW)
    asked = claim(world.engine, person, NOW)
    payments.prepare(world.engine, "2026-10", by=MANAGER, home=world.home, now=NOW)
    with pytest.raises(Refused, match="identity_payment_under_way"):
        world.grant()
    with reading(world.engine) as session:
        assert claim_store.get_case(session, claim_store.cases_of(session, world.anna)[0].id).answered_at is None
    assert stage(world.engine, asked) == "claimed"
    world.whole()


@pytest.mark.parametrize(("mine", "theirs"), [(True, False), (False, True), (True, True)])
def test_requests_that_wait_are_one_for_all_that_is_payable(world: World, mine: bool, theirs: bool) -> None:
    with transaction(world.engine) as session:
        claims.confirm_iban_at_counter(
            session, world.other, IBANS[1], "Anna Martin", by=DESK, now=NOW - timedelta(days=90)
        )
    for asks, person in ((mine, world.anna), (theirs, world.other)):
        if asks:
            claim(world.engine, person, NOW)
    world.grant()
    with reading(world.engine) as session:
        waiting = claim_store.open_claim(session, world.other)
        assert waiting is not None
        assert waiting.cents == 430 + 860
        assert [row.stage for row in claim_store.claims_of(session, world.other)].count("claimed") == 1
        account = ibans.active(session, world.other)
        assert account is not None
        assert account.iban == IBANS[0]  # the last confirmed
        assert ibans.active(session, world.anna) is None
    world.whole()


def test_somebody_elses_account_and_request_end_with_their_hold_on_the_file(world: World) -> None:
    with transaction(world.engine) as session:
        session.get_one(PersonRow, world.other).subject = accounts.create(
            session, NOW, email="b@example.org", name="B", password_hash=None
        )
        claims.confirm_iban_at_counter(session, world.other, IBANS[1], "B", by=DESK, now=NOW + timedelta(days=1))
    asked = claim(world.engine, world.other, NOW)
    world.grant()
    assert stage(world.engine, asked) == "reversed"
    with reading(world.engine) as session:
        account = ibans.active(session, world.other)
        assert account is not None
        assert account.iban == IBANS[0]
        assert claim_store.open_claim(session, world.other) is None
    world.pay(world.other, 10, NOW)
    assert net(world.engine, "bank") == 430 + 430 + 860
    world.whole()


def test_a_ride_with_oneself_is_taken_back(world: World) -> None:
    """She drove "herself" in October: closed for 4.30 €, not paid."""
    odd = ride(world.other, at=at(10, 12, 11), trip_id="odd", passenger=world.anna)
    record(world.engine, [odd])
    closing.close_month(world.engine, "2026-11", sixth_after(11), home=world.home)
    before = net(world.engine, f"covoit:payable:{world.other}") + net(world.engine, f"covoit:payable:{world.anna}")
    world.grant()
    closing.close_month(world.engine, "2026-12", sixth_after(12), home=world.home)
    assert net(world.engine, f"covoit:payable:{world.other}") == before - 430
    world.whole()


def test_fares_owed_as_a_passenger_are_owed_once(world: World) -> None:
    record(world.engine, [ride("bob", at=at(10, 9), trip_id="b10", passenger=world.anna)])
    record(world.engine, [ride("bob", at=at(11, 9), trip_id="b11", passenger=world.anna)])
    awards.award_ready(world.engine, NOW, home=world.home)
    closing.close_month(world.engine, "2026-11", sixth_after(11), home=world.home)
    with reading(world.engine) as session:
        assert fares.owed(session, world.anna) == Money(300)
    world.grant()
    with reading(world.engine) as session:
        assert (fares.owed(session, world.other), fares.owed(session, world.anna)) == (Money(300), Money(0))
    cancel(world.engine, ride("bob", at=at(10, 9), trip_id="b10").journeys[0], NOW)
    awards.award_ready(world.engine, NOW, home=world.home)
    with reading(world.engine) as session:
        assert fares.owed(session, world.other) == Money(150)
        me = find_person(session, subject=_subject(session, world.other))
        assert me is not None
        assert me.id == world.other
        assert ledger.balance(session, "covoit:fare_income").net.cents >= 150


def _subject(session: object, person: str) -> str:
    return session.get_one(PersonRow, person).subject or ""  # type: ignore[attr-defined]
