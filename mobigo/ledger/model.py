"""What the ledger is made of: the orders one may give it, the lines it keeps, balances, heads. Frozen values.

A transfer moves a positive amount from the account `debit` to the account `credit`. A hold sets an amount aside: it
counts against what the debited account may still spend, and moves nothing until it is settled (whole or in part),
voided, or expired. A correction is a reversal: the opposite transfer. Every order becomes one line; a line never
changes.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Final, NamedTuple

from mobigo.base.decisions import Decision
from mobigo.base.money import Money

Memo = Mapping[str, str | int | bool | None]
NO_MEMO: Final[Memo] = {}


class Phase(StrEnum):
    """What a line does."""

    POST = "post"  # moves an amount
    HOLD = "hold"  # sets an amount aside
    SETTLE = "settle"  # moves all or part of what was held, and frees the rest
    VOID = "void"  # frees what was held
    EXPIRE = "expire"  # the same, because its time is over
    REVERSE = "reverse"  # moves back what a POST or a SETTLE moved


# ---------------------------------------------------------------- orders


@dataclass(frozen=True, slots=True)
class Transfer:
    """`amount` (positive) from `debit` to `credit`. `key` names it for ever; `happened_at` is the time of the event,
    which may be long before it is recorded. `kind` and `ref` say what it is and what it is about; `memo` holds codes
    and figures only, never a name. Transfers of one `group` are given in one call and stand or fall together."""

    key: str
    debit: str
    credit: str
    amount: Money
    happened_at: datetime
    kind: str
    ref: str
    memo: Memo = field(default_factory=dict)
    group: str | None = None


@dataclass(frozen=True, slots=True)
class Hold:
    """Set the amount of `transfer` aside, until `expires_at` if that is given."""

    transfer: Transfer
    expires_at: datetime | None = None

    @property
    def key(self) -> str:
        return self.transfer.key

    @property
    def group(self) -> str | None:
        return self.transfer.group


@dataclass(frozen=True, slots=True)
class Settle:
    """Move `amount` (all of it when None) of what `hold_key` holds, and free the rest."""

    key: str
    hold_key: str
    amount: Money | None = None
    memo: Memo = field(default_factory=dict)
    group: str | None = None


@dataclass(frozen=True, slots=True)
class Void:
    """Free what `hold_key` holds."""

    key: str
    hold_key: str
    memo: Memo = field(default_factory=dict)
    group: str | None = None


@dataclass(frozen=True, slots=True)
class Expire:
    """Free what `hold_key` holds, its time being over."""

    key: str
    hold_key: str
    memo: Memo = field(default_factory=dict)
    group: str | None = None


@dataclass(frozen=True, slots=True)
class Reverse:
    """Move back what `of_key` moved; at most once for each line."""

    key: str
    of_key: str
    memo: Memo = field(default_factory=dict)
    group: str | None = None


Order = Transfer | Hold | Settle | Void | Expire | Reverse


# ---------------------------------------------------------------- what is kept


class Line(NamedTuple):
    """One line as it is stored, column by column. Instants are whole microseconds since 1970 (UTC), so that both
    databases keep, compare and hash the very same figures. From `phase` to `happened_us` stands what was asked."""

    n: int  # 1, 2, 3 … without a gap, in the order of recording
    recorded_us: int  # never smaller than on the line before
    phase: str
    key: str
    debit: str
    credit: str
    moved_cents: int  # what passes from debit to credit; 0 or more
    held_cents: int  # what is set aside (positive) or freed (negative)
    kind: str
    ref: str
    memo: str  # JSON, names sorted
    group_name: str | None
    group_position: int | None  # 1 … group_size
    group_size: int | None
    of_n: int | None  # the line settled, voided, expired or reversed
    expires_us: int | None
    happened_us: int
    request_hash: bytes
    previous_hash: bytes
    hash: bytes
    era: int  # n // ERA: lines are summed by eras


class Mark(NamedTuple):
    """Sums of an account inside one era, up to its `rank`-th line there by time of event (then by number)."""

    account: str
    era: int
    rank: int
    happened_us: int  # of that line
    n: int
    debits_cents: int
    credits_cents: int
    held_debits_cents: int
    held_credits_cents: int


@dataclass(frozen=True, slots=True)
class Posted:
    """An order, recorded. `transfer.amount` is what was moved, or, for a hold, a void and an expiry, what was set aside
    or freed. The same order given again gets the same value."""

    transfer: Transfer
    number: int
    phase: Phase
    recorded_at: datetime
    hash: bytes
    of_number: int | None = None
    freed: Money | None = None  # what a settlement, a void or an expiry took off what was held
    expires_at: datetime | None = None

    @property
    def key(self) -> str:
        return self.transfer.key

    @property
    def amount(self) -> Money:
        return self.transfer.amount


@dataclass(frozen=True, slots=True)
class Balance:
    """What passed through an account, and what is set aside on it."""

    debits: Money
    credits: Money
    held_debits: Money
    held_credits: Money

    @property
    def net(self) -> Money:
        """Credits less debits; holds are not in it."""
        return self.credits - self.debits

    @property
    def spendable(self) -> Money:
        """Credits less debits, less what is set aside to leave: what a floor is compared with."""
        return self.net - self.held_debits


@dataclass(frozen=True, slots=True)
class Head:
    """The end of the chain: the last line's number, hash and time of record."""

    n: int
    hash: bytes
    recorded_us: int


@dataclass(frozen=True, slots=True)
class SignedHead:
    """A head and who vouches for it: an Ed25519 signature, and the public key that checks it."""

    n: int
    hash: bytes
    signed_at: datetime
    public_key: bytes
    signature: bytes


@dataclass(frozen=True, slots=True)
class Fault:
    """The first thing found wrong: the number of the line (None for an account), its key or the account's code."""

    line: int | None
    key: str | None
    reason: Decision


@dataclass(frozen=True, slots=True)
class Verdict:
    """What checking the whole ledger found."""

    lines: int  # checked, up to the fault if there is one
    accounts: int
    heads: int  # signed heads that were checked
    head: bytes  # the hash of the last good line
    fault: Fault | None = None

    @property
    def ok(self) -> bool:
        return self.fault is None
