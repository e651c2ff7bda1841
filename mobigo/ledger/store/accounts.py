"""Accounts: a projection of the lines, whose floors the database itself holds. Under the head's lock nobody else opens
or changes one."""
# ruff: noqa: S608 - statements are built from our own names of tables and columns; every value is a parameter

from collections.abc import Iterable, Mapping
from typing import Final

from sqlalchemy import insert
from sqlalchemy.orm import Session

from mobigo.infra.db import table_of
from mobigo.ledger.rules.orders import Book
from mobigo.ledger.store.rows import AccountRow
from mobigo.ledger.store.statements import AMONG, dialect_of, listed, many

_ADD_SUMS: Final = {
    "sqlite": "UPDATE ledger_account SET debits_cents = ?, credits_cents = ?, held_debits_cents = ?, "
    "held_credits_cents = ? WHERE code = ?",
    "postgresql": "UPDATE ledger_account a SET debits_cents = s.d, credits_cents = s.c, held_debits_cents = s.hd, "
    "held_credits_cents = s.hc FROM unnest(%s::bigint[], %s::bigint[], %s::bigint[], %s::bigint[], %s::text[]) "
    "AS s(d, c, hd, hc, code) WHERE a.code = s.code",
}


def add_accounts(session: Session, floors: Mapping[str, int | None], opened_us: int) -> None:
    """New accounts, one statement. Under the head's lock, nobody else opens one."""
    empty = {"debits_cents": 0, "credits_cents": 0, "held_debits_cents": 0, "held_credits_cents": 0}
    rows = [{"code": code, "floor_cents": floor, "opened_us": opened_us, **empty} for code, floor in floors.items()]
    session.execute(insert(table_of(AccountRow)), rows)


def books(session: Session, codes: Iterable[str]) -> dict[str, Book]:
    """The accounts of these codes that exist. Under the head's lock, nobody else changes them."""
    dialect = dialect_of(session)
    found = session.connection().exec_driver_sql(
        "SELECT code, floor_cents, debits_cents, credits_cents, held_debits_cents, held_credits_cents "
        f"FROM ledger_account WHERE code {AMONG[dialect]}",
        (listed(dialect, sorted(set(codes))),),
    )
    return {row[0]: Book(*row[1:]) for row in found}


def write_sums(session: Session, changed: Mapping[str, Book]) -> None:
    """The new sums of these accounts: one statement. The database refuses one below its floor."""
    rows = [
        (book.debits, book.credits, book.held_debits, book.held_credits, code) for code, book in sorted(changed.items())
    ]
    touched = many(session, _ADD_SUMS, rows).rowcount
    if touched != len(rows):
        raise RuntimeError(f"{len(rows)} accounts to change, {touched} changed")


def all_books(session: Session) -> dict[str, Book]:
    """Every account."""
    found = session.connection().exec_driver_sql(
        "SELECT code, floor_cents, debits_cents, credits_cents, held_debits_cents, held_credits_cents "
        "FROM ledger_account"
    )
    return {row[0]: Book(*row[1:]) for row in found}
