"""The tables of the ledger; each says what it holds and how long it is kept."""

from typing import Any, Final

from sqlalchemy import BigInteger, CheckConstraint, Index, Integer, LargeBinary, SmallInteger, String, text
from sqlalchemy.orm import Mapped, mapped_column

from mobigo.infra.append_only import append_only
from mobigo.infra.db import Base
from mobigo.infra.privacy import Always, describe
from mobigo.ledger.model import Line
from mobigo.ledger.rules.chain import ERA
from mobigo.ledger.rules.orders import LONGEST_CODE, LONGEST_KEY, LONGEST_KIND, LONGEST_MEMO

WholeNumber = BigInteger().with_variant(Integer, "sqlite")  # on SQLite, the row's own number
_TEN_YEARS: Final = (
    "accounting records are kept ten years, and a chain cannot lose a line; they hold random ids, codes and figures "
    "only, which mean nothing once the person is erased"
)


class AccountRow(Base):
    """One account: its floor, and the sums of its lines. `floor_cents`: what credits less debits less held debits may
    never be below."""

    __tablename__ = "ledger_account"
    __table_args__ = (
        CheckConstraint(
            "floor_cents IS NULL OR credits_cents - debits_cents - held_debits_cents >= floor_cents", name="floor"
        ),
        CheckConstraint(
            "debits_cents >= 0 AND credits_cents >= 0 AND held_debits_cents >= 0 AND held_credits_cents >= 0",
            name="sums",
        ),
    )

    code: Mapped[str] = mapped_column(String(LONGEST_CODE), primary_key=True)
    floor_cents: Mapped[int | None] = mapped_column(BigInteger)
    opened_us: Mapped[int] = mapped_column(BigInteger)
    debits_cents: Mapped[int] = mapped_column(BigInteger)
    credits_cents: Mapped[int] = mapped_column(BigInteger)
    held_debits_cents: Mapped[int] = mapped_column(BigInteger)
    held_credits_cents: Mapped[int] = mapped_column(BigInteger)


describe(
    AccountRow,
    purpose="know what each account holds without adding its lines up again",
    keep=Always(_TEN_YEARS),
    plain="code floor_cents opened_us debits_cents credits_cents held_debits_cents held_credits_cents",
)


def _where_present(column: str) -> dict[str, Any]:
    """An index over the few rows that have this column."""
    condition = text(f"{column} IS NOT NULL")
    return {"sqlite_where": condition, "postgresql_where": condition}


class LineRow(Base):
    """One line; see `mobigo.ledger.model.Line` for each column. Written and read as plain tuples."""

    __tablename__ = "ledger_line"
    __table_args__ = (
        CheckConstraint(f"era = n / {ERA}", name="era"),
        CheckConstraint("n > 0 AND moved_cents >= 0 AND (moved_cents <> 0 OR held_cents <> 0)", name="amounts"),
        CheckConstraint("debit <> credit", name="two_accounts"),
        Index(None, "debit", "era", "happened_us", "n"),
        Index(None, "credit", "era", "happened_us", "n"),
        Index(None, "of_n", unique=True, **_where_present("of_n")),
        Index(None, "group_name", "group_position", unique=True, **_where_present("group_name")),
        Index(None, "expires_us", **_where_present("expires_us")),
    )

    n: Mapped[int] = mapped_column(WholeNumber, primary_key=True, autoincrement=False)
    recorded_us: Mapped[int] = mapped_column(BigInteger)
    phase: Mapped[str] = mapped_column(String(10))
    key: Mapped[str] = mapped_column(String(LONGEST_KEY), unique=True)
    debit: Mapped[str] = mapped_column(String(LONGEST_CODE))
    credit: Mapped[str] = mapped_column(String(LONGEST_CODE))
    moved_cents: Mapped[int] = mapped_column(BigInteger)
    held_cents: Mapped[int] = mapped_column(BigInteger)
    kind: Mapped[str] = mapped_column(String(LONGEST_KIND))
    ref: Mapped[str] = mapped_column(String(LONGEST_KEY))
    memo: Mapped[str] = mapped_column(String(LONGEST_MEMO))
    group_name: Mapped[str | None] = mapped_column(String(LONGEST_KEY))
    group_position: Mapped[int | None]
    group_size: Mapped[int | None]
    of_n: Mapped[int | None] = mapped_column(BigInteger)
    expires_us: Mapped[int | None] = mapped_column(BigInteger)
    happened_us: Mapped[int] = mapped_column(BigInteger)
    request_hash: Mapped[bytes] = mapped_column(LargeBinary)
    previous_hash: Mapped[bytes] = mapped_column(LargeBinary)
    hash: Mapped[bytes] = mapped_column(LargeBinary)
    era: Mapped[int]


append_only(LineRow)
describe(
    LineRow,
    purpose="the book itself: every movement of public money, in the order it was recorded",
    keep=Always(_TEN_YEARS),
    plain=" ".join(Line._fields),
)


class HeadRow(Base):
    """The end of the chain: one row. Who holds its lock is the one who adds lines."""

    __tablename__ = "ledger_head"

    id: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    n: Mapped[int] = mapped_column(BigInteger)
    hash: Mapped[bytes] = mapped_column(LargeBinary)
    recorded_us: Mapped[int] = mapped_column(BigInteger)


describe(
    HeadRow,
    purpose="number the lines of the book without a gap",
    keep=Always(_TEN_YEARS),
    plain="id n hash recorded_us",
)


class MarkRow(Base):
    """Sums of an account inside one complete era, up to its `rank`-th line by time of event: what makes a past balance
    quick. Made from the lines, and checked against them."""

    __tablename__ = "ledger_mark"
    __table_args__ = (Index(None, "account", "era", "happened_us", "rank"),)

    account: Mapped[str] = mapped_column(String(LONGEST_CODE), primary_key=True)
    era: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    rank: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    happened_us: Mapped[int] = mapped_column(BigInteger)
    n: Mapped[int] = mapped_column(BigInteger)
    debits_cents: Mapped[int] = mapped_column(BigInteger)
    credits_cents: Mapped[int] = mapped_column(BigInteger)
    held_debits_cents: Mapped[int] = mapped_column(BigInteger)
    held_credits_cents: Mapped[int] = mapped_column(BigInteger)


append_only(MarkRow)
describe(
    MarkRow,
    purpose="answer quickly what an account held at a past moment",
    keep=Always(_TEN_YEARS),
    plain="account era rank happened_us n debits_cents credits_cents held_debits_cents held_credits_cents",
)


class SignedHeadRow(Base):
    """A head that was signed and published: later, the chain must still pass through it."""

    __tablename__ = "ledger_signed_head"

    n: Mapped[int] = mapped_column(WholeNumber, primary_key=True, autoincrement=False)
    hash: Mapped[bytes] = mapped_column(LargeBinary)
    signed_us: Mapped[int] = mapped_column(BigInteger)
    public_key: Mapped[bytes] = mapped_column(LargeBinary)
    signature: Mapped[bytes] = mapped_column(LargeBinary)


append_only(SignedHeadRow)
describe(
    SignedHeadRow,
    purpose="prove later that the book was not rewritten",
    keep=Always(_TEN_YEARS),
    plain="n hash signed_us public_key signature",
)
