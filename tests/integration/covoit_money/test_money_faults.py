"""An exception at every named point of every step, the database reopened each time: nothing is lost, nothing is paid
twice, and the end is the same as without a fault. Then real kills."""

import importlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, event, func, select
from sqlalchemy.orm import Session

from covoit.model.journeys import Journey
from covoit.service import awards, claims, closing, payments, returns, verification
from covoit.store import payments as payment_store
from mobigo.infra.blobs import Blobs
from mobigo.infra.db import open_engine, reading, transaction
from tests.covoit_money_world import (
    COMPTABLE,
    FINANCE,
    IBANS,
    MANAGER,
    ORDONNATEUR,
    cancel,
    driver,
    fund,
    home_with,
    net,
    pain002,
    payer,
    record,
    ride,
)

# Where a fault may strike: before and after each of these, and just before each commit.
POINTS = (
    ("covoit.store.awards", "lock"),
    ("covoit.store.awards", "write"),
    ("covoit.store.awards", "freeze"),
    ("covoit.store.awards", "mark_priced"),
    ("covoit.store.claims", "get_claim"),
    ("covoit.store.claims", "open_case"),
    ("covoit.store.payments", "get_batch"),
    ("covoit.store.awards", "ready_on"),
    ("covoit.service.awards", "open_accounts"),
    ("covoit.service.award_writing", "open_accounts"),
    ("covoit.service.payment_steps", "move"),
    ("covoit.service.payment_steps", "record_act"),
    ("covoit.service.payment_steps", "note"),
    ("covoit.service.payments", "payment_file"),
    ("covoit.service.returns", "_movement"),
    ("covoit.service.claims", "insert_new"),
    ("mobigo.ledger.store", "add_lines"),
    ("mobigo.ledger.store", "write_sums"),
    ("mobigo.ledger.store", "move_head"),
    ("mobigo.infra.audit", "record"),
    ("mobigo.infra.blobs", "write_point"),
)


class Boom(Exception):
    """The fault."""


class Faults:
    """Counts the points reached, and raises at the one that is armed."""

    def __init__(self) -> None:
        self.at: int | None = None
        self.reached = 0
        self.struck = 0

    def point(self) -> None:
        self.reached += 1
        if self.at is not None and self.reached == self.at:
            self.struck += 1
            raise Boom

    @contextmanager
    def everywhere(self, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
        for module_name, name in POINTS:
            module = importlib.import_module(module_name)
            if name == "write_point":
                put = Blobs.put
                monkeypatch.setattr(Blobs, "put", self._around(put))
                continue
            monkeypatch.setattr(module, name, self._around(getattr(module, name)))
        event.listen(Session, "before_commit", self._before_commit)
        try:
            yield
        finally:
            event.remove(Session, "before_commit", self._before_commit)

    def _before_commit(self, _session: Session) -> None:
        self.point()

    def _around(self, function: Callable[..., Any]) -> Callable[..., Any]:
        def wrapped(*args: Any, **named: Any) -> Any:
            self.point()
            answer = function(*args, **named)
            self.point()
            return answer

        return wrapped


NOVEMBER = datetime(2026, 11, 23, 6, 30, tzinfo=UTC)
SIXTH = datetime(2026, 12, 6, 8, tzinfo=UTC)
JANUARY = datetime(2027, 1, 6, 8, tzinfo=UTC)


def steps(
    home: Path, people: list[str], blobs: Blobs, seen: dict[str, str], taken_back: Journey
) -> list[Callable[[Engine], object]]:
    """A month from the award to the bank, a return and a new payment included; each step is one call of a service."""

    def in_one(act: Callable[[Session], object]) -> Callable[[Engine], object]:
        def step(engine: Engine) -> object:
            with transaction(engine) as session:
                return act(session)

        return step

    def prepare(engine: Engine) -> None:
        seen["batch"] = payments.prepare(engine, "2026-11", by=MANAGER, home=home, now=SIXTH).batch

    def bank(status: str, reason: str) -> Callable[[Engine], object]:
        def step(engine: Engine) -> object:
            with reading(engine) as session:
                names = [row.end_to_end_id for row in payment_store.payments_of(session, seen["batch"])]
            said = pain002(*((name, status, reason) for name in names))
            return returns.apply_bank_file(engine, blobs, said, by=COMPTABLE, now=SIXTH)

        return step

    def hands() -> list[Callable[[Engine], object]]:
        return [
            prepare,
            lambda engine: payments.check(engine, seen["batch"], by=FINANCE, now=SIXTH),
            lambda engine: payments.order(engine, seen["batch"], by=ORDONNATEUR, now=SIXTH),
            lambda engine: payments.accept(engine, seen["batch"], by=COMPTABLE, now=SIXTH),
            lambda engine: payments.send(engine, blobs, seen["batch"], by=COMPTABLE, home=home, now=SIXTH),
        ]

    return [
        lambda engine: fund(engine, 100_000, home),
        lambda engine: awards.award_ready(engine, SIXTH, home=home),
        lambda engine: closing.close_month(engine, "2026-11", SIXTH, home=home),
        *(in_one(lambda session, person=person: claims.claim(session, person, now=SIXTH)) for person in people),
        *hands(),
        bank("RJCT", "MS03"),
        *(in_one(lambda session, person=person: claims.claim(session, person, now=SIXTH)) for person in people),
        *hands(),
        bank("ACSC", ""),
        lambda engine: cancel(engine, taken_back, SIXTH),
        lambda engine: awards.award_ready(engine, JANUARY, home=home),
        lambda engine: closing.close_month(engine, "2026-12", JANUARY, home=home),
    ]


def test_a_fault_at_any_point_changes_nothing(
    sqlite_template: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import shutil

    path = tmp_path / "test.sqlite"
    shutil.copyfile(sqlite_template, path)
    home, blobs = payer(home_with(tmp_path / "home")), Blobs(tmp_path / "blobs")
    engine = open_engine(f"sqlite:///{path}")
    people = [driver(engine, name, IBANS[at]) for at, name in enumerate(("anna", "bob"))]
    trips = [ride(person, at=NOVEMBER.replace(day=day)) for person in people for day in (3, 4)]
    record(engine, trips)
    faults, seen = Faults(), {}
    with faults.everywhere(monkeypatch):
        for step in steps(home, people, blobs, seen, trips[0].journeys[0]):
            at = 1
            while True:
                faults.at, faults.reached = at, 0
                try:
                    step(engine)
                except Boom:
                    engine.dispose()
                    engine = open_engine(f"sqlite:///{path}")
                    at += 1
                    continue
                break
            faults.at = None
    assert faults.struck >= 300, faults.struck
    assert net(engine, "bank") == 4 * 430
    assert [net(engine, f"covoit:payable:{person}") for person in people] == [0, 0]
    assert net(engine, f"covoit:overpaid:{people[0]}") == -430  # one recovery, once
    with reading(engine) as session:
        count, distinct = session.execute(
            select(func.count(), func.count(payment_store.PaymentRow.claim.distinct()))
        ).one()
        assert (count, distinct) == (4, 4)  # two refused by the bank, two paid
        for batch in payment_store.batches(session):
            if batch.file is not None:
                assert payments.payment_file(session, batch.id, home) == blobs.read(batch.file)
    assert verification.verify(engine, home=home).ok
    engine.dispose()
