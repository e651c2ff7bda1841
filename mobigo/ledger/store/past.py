"""What an account held at a past moment: sums of lines, with a mark in each whole era so that few lines are read."""
# ruff: noqa: S608 - statements are built from our own names of tables and columns; every value is a parameter

from collections.abc import Sequence
from typing import Final, cast

from sqlalchemy import text
from sqlalchemy.orm import Session

from mobigo.ledger.model import Mark
from mobigo.ledger.rules.chain import ERA, MARK_EVERY, whole_eras
from mobigo.ledger.rules.marks import Move
from mobigo.ledger.rules.orders import Book
from mobigo.ledger.store.statements import dialect_of, many

_FOR_EVER: Final = 1 << 62  # microseconds: after any instant
_SUMS: Final = ", ".join(f"CAST(coalesce(sum({name}), 0) AS BIGINT)" for name in ("d", "c", "hd", "hc"))
# The lines of the era that is not whole, or not asked whole: at most ERA of them.
_LAST_ERA: Final = (
    "SELECT moved_cents d, 0 c, held_cents hd, 0 hc FROM ledger_line "
    "WHERE debit = :account AND era = :era AND happened_us < :happened AND n <= :n UNION ALL "
    "SELECT 0, moved_cents, 0, held_cents FROM ledger_line "
    "WHERE credit = :account AND era = :era AND happened_us < :happened AND n <= :n"
)
# In each whole era: the last mark before the moment, and the few lines between it and the moment. PostgreSQL would
# rather read every mark and every line of a busy account: LIMIT tells it how few are wanted.
_LAST_MARK: Final = {
    "sqlite": "LEFT JOIN ledger_mark m ON m.account = :account AND m.era = eras.era AND m.rank = ("
    "SELECT k.rank FROM ledger_mark k WHERE k.account = :account AND k.era = eras.era AND k.happened_us < :happened "
    "ORDER BY k.happened_us DESC, k.rank DESC LIMIT 1)",
    "postgresql": "LEFT JOIN LATERAL (SELECT * FROM ledger_mark WHERE account = :account AND era = eras.era "
    "AND happened_us < :happened ORDER BY happened_us DESC, rank DESC LIMIT 1) m ON true",
}
_WHOLE_ERAS: Final = (
    "WITH RECURSIVE eras(era) AS (SELECT 0 UNION ALL SELECT era + 1 FROM eras WHERE era + 1 < :era), "
    "marked AS (SELECT eras.era, coalesce(m.happened_us, :never) happened_us, coalesce(m.n, 0) n, m.debits_cents d, "
    "m.credits_cents c, m.held_debits_cents hd, m.held_credits_cents hc FROM eras {last_mark}) "
)
_NEXT_LINES: Final = {
    "sqlite": "JOIN ledger_line l ON l.{side} = :account AND l.era = marked.era AND l.happened_us < :happened "
    "AND (l.happened_us, l.n) > (marked.happened_us, marked.n)",
    "postgresql": "CROSS JOIN LATERAL (SELECT moved_cents, held_cents FROM ledger_line WHERE {side} = :account "
    "AND era = marked.era AND happened_us < :happened AND (happened_us, n) > (marked.happened_us, marked.n) "
    f"ORDER BY happened_us, n LIMIT {MARK_EVERY}) l",
}
_PAST: Final = text(f"SELECT {_SUMS} FROM ({_LAST_ERA}) moves")
_LONG_PAST: Final = {
    dialect: text(
        _WHOLE_ERAS.format(last_mark=_LAST_MARK[dialect])
        + f"SELECT {_SUMS} FROM (SELECT d, c, hd, hc FROM marked UNION ALL "
        f"SELECT l.moved_cents, 0, l.held_cents, 0 FROM marked {join.format(side='debit')} UNION ALL "
        f"SELECT 0, l.moved_cents, 0, l.held_cents FROM marked {join.format(side='credit')} UNION ALL "
        f"{_LAST_ERA}) moves"
    )
    for dialect, join in _NEXT_LINES.items()
}


def sums_before(session: Session, account: str, happened_us: int | None, up_to_n: int) -> Book:
    """The sums of an account over its lines numbered up to `up_to_n`, whose event came before `happened_us`. Reads a
    mark and at most MARK_EVERY lines in each whole era, and at most one era in full."""
    eras = whole_eras(up_to_n)
    row = session.execute(
        _LONG_PAST[dialect_of(session)] if eras else _PAST,
        {
            "account": account,
            "happened": _FOR_EVER if happened_us is None else happened_us,
            "never": -_FOR_EVER,
            "n": up_to_n,
            "era": eras,
        },
    ).one()
    return Book(None, *row)


_MARK_COLUMNS: Final = ", ".join(Mark._fields)
_ADD_MARKS: Final = {
    "sqlite": f"INSERT INTO ledger_mark ({_MARK_COLUMNS}) VALUES ({', '.join('?' * len(Mark._fields))})",
    "postgresql": f"INSERT INTO ledger_mark ({_MARK_COLUMNS}) SELECT * FROM unnest(%s::text[], %s::int[], %s::int[], "
    + ", ".join(["%s::bigint[]"] * 6)
    + ")",
}


def moves_of_era(session: Session, era: int) -> list[Move]:
    """What each line of an era moved."""
    asked = text(
        "SELECT n, debit, credit, moved_cents, held_cents, happened_us FROM ledger_line "
        "WHERE n BETWEEN :first AND :last"
    )
    found = session.execute(asked, {"first": era * ERA, "last": era * ERA + ERA - 1})
    return [(row[0], row[1], row[2], row[3], row[4], row[5]) for row in found]


def add_marks(session: Session, marks: Sequence[Mark]) -> None:
    """Keep the marks of an era."""
    if marks:
        many(session, _ADD_MARKS, marks)


def marks_in(session: Session, era: int) -> list[Mark]:
    """The marks kept of an era."""
    found = session.execute(text(f"SELECT {_MARK_COLUMNS} FROM ledger_mark WHERE era = :era"), {"era": era})
    return [Mark._make(row) for row in found]


def mark_too_many(session: Session, eras: int) -> str | None:
    """The account of a mark in an era that is not whole yet."""
    asked = text("SELECT account FROM ledger_mark WHERE era >= :eras OR era < 0 ORDER BY account LIMIT 1")
    return cast("str | None", session.scalar(asked, {"eras": eras}))
