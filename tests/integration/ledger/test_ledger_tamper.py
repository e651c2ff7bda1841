"""Somebody who holds the database alters the book, triggers switched off: the check names the first line that differs,
for every kind of alteration, at any place."""

import random
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from mobigo.infra.append_only import statements
from mobigo.infra.config import Config, load_config
from mobigo.infra.db import open_engine, transaction
from mobigo.ledger import service
from mobigo.ledger.model import Fault, Hold, Line, SignedHead
from mobigo.ledger.rules.chain import ERA
from tests.conftest import empty_postgres
from tests.integration.ledger.books import BUDGET, NOW, long_book, move

SIGNED = 200  # the line whose head is signed
LINES = 300
PLACES = [1, 2, SIGNED, SIGNED + 1, LINES - 1]
TURNS = 5  # random places for each kind, besides these


class UndoneError(Exception):
    """Raised to take an alteration back."""


def written(engine: Engine, signed: int, lines: int, config: Config) -> None:
    """A book with holds and groups at its end, and a signed head."""
    long_book(engine, signed)
    with transaction(engine) as session:
        service.sign_head(session, config, now=NOW)
        last = [
            Hold(move(f"h{n}", 5, credit="d1")) if n % 3 else move(f"g{n}", 5, credit="d1", group=f"pair{n // 6}")
            for n in range(signed, lines)
        ]
        service.give(session, last, now=NOW)
        assert service.check(session).ok


@pytest.fixture(scope="module", params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def module_engine(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """One database for all the tests of this file: no alteration stays."""
    if request.param == "sqlite":
        path = tmp_path_factory.mktemp("tamper") / "test.sqlite"
        shutil.copyfile(request.getfixturevalue("sqlite_template"), path)
        opened = open_engine(f"sqlite:///{path}")
    else:
        opened = open_engine(request.getfixturevalue("postgres_url"))
    yield opened
    if request.param == "postgres":
        empty_postgres(opened)
    opened.dispose()


@pytest.fixture(scope="module")
def book(module_engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> Engine:
    """A book of 300 lines."""
    written(module_engine, SIGNED, LINES, load_config({"MOBIGO_HOME": str(tmp_path_factory.mktemp("home"))}))
    return module_engine


@contextmanager
def altering(engine: Engine) -> Iterator[Session]:
    """A transaction in which nothing protects the book, and of which nothing stays."""
    with suppress(UndoneError), transaction(engine) as session:
        if engine.dialect.name == "postgresql":
            session.execute(text("SET LOCAL session_replication_role = replica"))
        else:
            for table in ("ledger_line", "ledger_mark", "ledger_signed_head"):
                for statement in statements(table, "sqlite"):
                    session.execute(text(f"DROP TRIGGER {statement.split()[2]}"))
        yield session
        raise UndoneError


def run(session: Session, statement: str, **values: object) -> None:
    session.execute(text(statement), values)


def found(session: Session, **how: object) -> Fault:
    fault = service.check(session, **how).fault  # type: ignore[arg-type]  # arguments of check
    assert fault is not None, "the alteration was not found"
    return fault


def places(chance: random.Random, last: int = LINES) -> list[int]:
    return [n for n in PLACES if n <= last] + [chance.randrange(1, last) for _ in range(TURNS)]


@pytest.mark.parametrize("field", [name for name in Line._fields if name not in ("n", "era")])
def test_an_altered_value_is_found_at_its_line(book: Engine, field: str) -> None:
    for n in places(random.Random(field)):
        with altering(book) as session:
            value = session.scalar(text(f"SELECT {field} FROM ledger_line WHERE n = :n"), {"n": n})
            run(session, f"UPDATE ledger_line SET {field} = :other WHERE n = :n", n=n, other=another(field, value, n))
            fault = found(session)
            expected = "ledger.fault_previous" if field == "previous_hash" else "ledger.fault_hash"
            assert (fault.line, fault.reason.code) == (n, expected)
            assert fault.key is not None


def another(field: str, value: object, n: int) -> object:
    """Another value of the same type: a hash with one bit turned, a text with one letter more, a figure plus 7."""
    if isinstance(value, bytes):
        return bytes(byte ^ (1 << n % 8 if at == n % 32 else 0) for at, byte in enumerate(value))
    if isinstance(value, str) or field == "group_name":
        return f"{value or ''}x"
    return int(value or 0) + 7  # type: ignore[call-overload]  # a figure, or none


def test_a_removed_line_is_found(book: Engine) -> None:
    for n in places(random.Random(1), LINES - 1):
        with altering(book) as session:
            run(session, "DELETE FROM ledger_line WHERE n = :n", n=n)
            fault = found(session)
            assert (fault.line, fault.reason.code) == (n, "ledger.fault_gap")


def test_a_removed_line_whose_followers_close_the_gap_is_found(book: Engine) -> None:
    for n in (1, SIGNED, LINES - 1):
        with altering(book) as session:
            run(session, "DELETE FROM ledger_line WHERE n = :n", n=n)
            for following in range(n + 1, min(n + 3, LINES) + 1):
                renumber(session, following, following - 1)
            fault = found(session)
            assert (fault.line, fault.reason.code) == (n, "ledger.fault_previous")


def test_a_renumbered_line_is_found(book: Engine) -> None:
    for n in places(random.Random(2)):
        with altering(book) as session:
            renumber(session, n, LINES + 7)
            fault = found(session)
            assert (fault.line, fault.reason.code) == (n, "ledger.fault_gap")


def test_two_swapped_lines_are_found_at_the_first(book: Engine) -> None:
    chance = random.Random(3)
    for n in places(chance, LINES - 1):
        later = chance.randrange(n + 1, LINES + 1)
        with altering(book) as session:
            renumber(session, n, LINES + 7)
            renumber(session, later, n)
            renumber(session, LINES + 7, later)
            fault = found(session)
            assert (fault.line, fault.reason.code) == (n, "ledger.fault_previous")


def renumber(session: Session, n: int, to: int) -> None:
    run(session, "UPDATE ledger_line SET n = :to, era = :era WHERE n = :n", n=n, to=to, era=to // ERA)


@pytest.mark.parametrize("kept", [0, 1, SIGNED - 1, SIGNED, LINES - 1])
def test_a_cut_tail_is_found(book: Engine, kept: int) -> None:
    with altering(book) as session:
        run(session, "DELETE FROM ledger_line WHERE n > :kept", kept=kept)
        fault = found(session)
        assert (fault.line, fault.reason.code) == (kept + 1, "ledger.fault_truncated")


@pytest.mark.parametrize("kept", [1, SIGNED - 1])
def test_a_tail_cut_with_the_head_moved_back_is_found_by_the_signed_head(book: Engine, kept: int) -> None:
    with altering(book) as session:
        run(session, "DELETE FROM ledger_line WHERE n > :kept", kept=kept)
        run(
            session,
            "UPDATE ledger_head SET n = :kept, hash = (SELECT hash FROM ledger_line WHERE n = :kept), "
            "recorded_us = (SELECT recorded_us FROM ledger_line WHERE n = :kept)",
            kept=kept,
        )
        fault = found(session)
        assert (fault.line, fault.reason.code) == (kept + 1, "ledger.fault_truncated")


def test_a_tail_cut_with_every_trace_in_the_database_is_found_by_what_was_published(book: Engine) -> None:
    with altering(book) as session:
        published: list[SignedHead] = store_heads(session)
        kept = SIGNED - 1
        run(session, "DELETE FROM ledger_signed_head")
        run(session, "DELETE FROM ledger_line WHERE n > :kept", kept=kept)
        run(
            session,
            "UPDATE ledger_head SET n = :kept, hash = (SELECT hash FROM ledger_line WHERE n = :kept), "
            "recorded_us = (SELECT recorded_us FROM ledger_line WHERE n = :kept)",
            kept=kept,
        )
        for side, moved, held in (("debit", "debits", "held_debits"), ("credit", "credits", "held_credits")):
            run(
                session,
                f"UPDATE ledger_account SET {moved}_cents = (SELECT coalesce(sum(moved_cents), 0) FROM ledger_line "
                f"WHERE {side} = code), {held}_cents = (SELECT coalesce(sum(held_cents), 0) FROM ledger_line "
                f"WHERE {side} = code)",
            )
        assert service.check(session).ok  # a shorter book, good in itself
        fault = found(session, published=published)
        assert (fault.line, fault.reason.code) == (SIGNED, "ledger.fault_truncated")


def store_heads(session: Session) -> list[SignedHead]:
    from mobigo.ledger import store

    return store.signed_heads(session)


@pytest.mark.parametrize(
    ("statement", "code", "named"),
    [
        ("UPDATE ledger_head SET n = n - 1", "ledger.fault_head", None),
        ("UPDATE ledger_head SET n = n + 1", "ledger.fault_truncated", None),
        ("UPDATE ledger_head SET recorded_us = recorded_us + 1", "ledger.fault_head", None),
        ("DELETE FROM ledger_head", "ledger.fault_head", None),
        (f"UPDATE ledger_account SET debits_cents = 1 WHERE code = '{BUDGET}'", "ledger.fault_balance", BUDGET),
        ("UPDATE ledger_account SET credits_cents = credits_cents + 1 WHERE code = 'd7'", "ledger.fault_balance", "d7"),
        (f"UPDATE ledger_account SET held_debits_cents = 0 WHERE code = '{BUDGET}'", "ledger.fault_balance", BUDGET),
        ("UPDATE ledger_account SET held_credits_cents = 0 WHERE code = 'd1'", "ledger.fault_balance", "d1"),
        ("DELETE FROM ledger_account WHERE code = 'd1'", "ledger.fault_balance", "d1"),
        ("UPDATE ledger_account SET code = 'd999' WHERE code = 'd1'", "ledger.fault_balance", "d1"),
        ("UPDATE ledger_signed_head SET n = n - 1", "ledger.fault_head", None),
        ("UPDATE ledger_signed_head SET signed_us = signed_us + 1", "ledger.fault_signature", None),
    ],
)  # fmt: skip
def test_what_is_kept_beside_the_lines_is_checked_too(
    book: Engine, statement: str, code: str, named: str | None
) -> None:
    with altering(book) as session:
        run(session, statement.replace("BUDGET", BUDGET))
        fault = found(session)
        assert (fault.reason.code, fault.key) == (code, named)


def test_an_alteration_made_to_look_right_is_found_at_the_next_line(book: Engine) -> None:
    """The amount of a line doubled, and its two hashes computed again."""
    from mobigo.ledger.rules.chain import line_hash, request_hash

    with altering(book) as session:
        row = Line._make(session.execute(text(f"SELECT {', '.join(Line._fields)} FROM ledger_line WHERE n = 50")).one())
        forged = row._replace(moved_cents=row.moved_cents * 2)
        request = request_hash(tuple(forged[2:17]))
        digest = line_hash(row.previous_hash, row.n, row.recorded_us, row.happened_us, request)
        run(
            session,
            "UPDATE ledger_line SET moved_cents = :m, request_hash = :r, hash = :h WHERE n = 50",
            m=forged.moved_cents,
            r=request,
            h=digest,
        )
        fault = found(session)
        assert (fault.line, fault.reason.code) == (51, "ledger.fault_previous")


def test_an_altered_mark_is_found_and_its_account_named(engine: Engine, database_config: Config) -> None:
    """Marks exist from the first whole era on."""
    written(engine, ERA, ERA + 20, database_config)
    for statement, named in [
        ("UPDATE ledger_mark SET debits_cents = debits_cents + 1 WHERE rank = 128", BUDGET),
        ("UPDATE ledger_mark SET happened_us = happened_us + 1 WHERE rank = 64 AND account = 'd1'", "d1"),
        ("DELETE FROM ledger_mark WHERE rank = 64 AND account = 'd1'", "d1"),
        ("INSERT INTO ledger_mark VALUES ('d3', 1, 64, 0, 1, 0, 0, 0, 0)", "d3"),
    ]:
        with altering(engine) as session:
            run(session, statement)
            fault = found(session)
            assert (fault.reason.code, fault.key) == ("ledger.fault_mark", named)
    for n in (ERA - 1, ERA):
        with altering(engine) as session:
            run(session, "UPDATE ledger_line SET moved_cents = moved_cents + 1 WHERE n = :n", n=n)
            assert found(session).line == n
