"""Work that takes a month of carpool money from its trips to the bank, and may be killed at any moment: what it finds
done it leaves, what it finds undone it does."""

from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import Engine, select

from covoit.model.payments import Stage
from covoit.service import awards, claims, closing, payments, returns
from covoit.store import claims as claim_store
from covoit.store import payments as store
from mobigo.infra.blobs import Blobs
from mobigo.infra.db import open_engine, reading, transaction
from tests.covoit_money_world import (
    COMPTABLE,
    FINANCE,
    MANAGER,
    ORDONNATEUR,
    driver,
    fund,
    pain002,
    record,
    ride,
)
from tests.kills import Say

PEOPLE, DAYS = 12, 10
TOTAL = PEOPLE * DAYS * 430
SIXTH = datetime(2026, 12, 6, 8, tzinfo=UTC)


def prepare(engine: Engine, home: Path) -> None:
    """The trips and the people, before any money."""
    people = [driver(engine, f"driver{'abcdefghijklmnop'[at]}") for at in range(PEOPLE)]
    fund(engine, TOTAL * 2, home)
    at = datetime(2026, 11, 3, 6, 30, tzinfo=UTC)
    record(engine, [ride(person, at=at.replace(day=3 + day)) for person in people for day in range(DAYS)])


def work(engine: Engine, home: Path) -> None:
    """From the awards to the bank's answer, two drivers a batch."""
    blobs = Blobs(home / "blobs")
    awards.award_ready(engine, SIXTH, home=home)
    closing.close_month(engine, "2026-11", SIXTH, home=home)
    with reading(engine) as session:
        from covoit.store.awards import StatementRow

        people = sorted(session.scalars(select(StatementRow.person)))
    for at in range(0, len(people), 2):
        for person in people[at : at + 2]:
            with transaction(engine) as session:
                if claims.payable_of(session, person).cents and not claim_store.open_claim(session, person):
                    claims.claim(session, person, now=SIXTH)
        finish(engine, home, blobs)


def finish(engine: Engine, home: Path, blobs: Blobs) -> None:
    with reading(engine) as session:
        begun = [(row.id, row.state) for row in store.under_way(session)]
        waiting = [row for row in claim_store.waiting_claims(session) if row.batch is None]
    if not begun and waiting:
        begun = [(payments.prepare(engine, "2026-11", by=MANAGER, home=home, now=SIXTH).batch, "prepared")]
    for batch, state in begun:
        if state == "prepared":
            payments.check(engine, batch, by=FINANCE, now=SIXTH)
            state = "checked"
        if state == "checked":
            payments.order(engine, batch, by=ORDONNATEUR, now=SIXTH)
            state = "ordered"
        if state == "ordered":
            payments.accept(engine, batch, by=COMPTABLE, now=SIXTH)
        payments.send(engine, blobs, batch, by=COMPTABLE, home=home, now=SIXTH)
    with reading(engine) as session:
        sent = session.scalars(
            select(store.PaymentRow.end_to_end_id)
            .join(claim_store.ClaimRow, claim_store.ClaimRow.id == store.PaymentRow.claim)
            .where(claim_store.ClaimRow.stage == Stage.SENT)
        ).all()
    if sent:
        returns.apply_bank_file(
            engine, blobs, pain002(*((name, "ACSC", "") for name in sorted(sent))), by=COMPTABLE, now=SIXTH
        )


def to_the_bank(say: Say, database: str, home: str) -> None:
    """All of it."""
    engine = open_engine(f"sqlite:///{database}")
    work(engine, Path(home))
    say("paid")
    engine.dispose()


def to_the_statements(say: Say, database: str, home: str) -> None:
    """Awards, then the closing of the month."""
    engine = open_engine(f"sqlite:///{database}")
    awards.award_ready(engine, SIXTH, home=Path(home))
    say("awarded")
    closing.close_month(engine, "2026-11", SIXTH, home=Path(home))
    say("closed")
    engine.dispose()
