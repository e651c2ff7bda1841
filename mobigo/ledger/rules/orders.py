"""Which order is acceptable and what it changes, pure: orders in, lines out, one after the other."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Final

import orjson

from mobigo.base.decisions import Decision
from mobigo.base.errors import Conflict, InvalidInput, NotFound, Refused
from mobigo.base.money import Money
from mobigo.ledger.model import (
    Balance,
    Expire,
    Head,
    Hold,
    Line,
    Memo,
    Order,
    Phase,
    Posted,
    Reverse,
    Settle,
    Transfer,
    Void,
)
from mobigo.ledger.rules.chain import ERA, from_us, line_hash, request_hash, to_us

LARGEST_CENTS: Final = 10**15  # so that no sum of a region's century leaves 64 bits
LONGEST_CODE: Final = 120
LONGEST_KEY: Final = 200
LONGEST_KIND: Final = 60
LONGEST_MEMO: Final = 2_000
_PLAIN: Final = frozenset((str, int, bool, type(None)))
_PHASES: Final = {phase.value: phase for phase in Phase}
_MOVED: Final = (Phase.POST.value, Phase.SETTLE.value)


# ---------------------------------------------------------------- what may be asked


def fault_of(order: Order) -> Decision | None:
    """First thing wrong with an order in itself, whatever the book holds; its memo is looked at when it is written."""
    group = order.group
    if group is not None:
        reason = fault_of_words(order.key, (group, LONGEST_KEY))
        if reason is not None:
            return reason
    if isinstance(order, Transfer):
        return _fault_of_transfer(order)
    if isinstance(order, Hold):
        if order.expires_at is not None and order.expires_at.tzinfo is None:
            return Decision("ledger.no_zone", key=order.key)
        return _fault_of_transfer(order.transfer)
    return fault_of_words(order.key, (order.of_key if isinstance(order, Reverse) else order.hold_key, LONGEST_KEY))


def _fault_of_transfer(transfer: Transfer) -> Decision | None:
    if not 0 < transfer.amount.cents <= LARGEST_CENTS:
        return Decision("ledger.bad_amount", key=transfer.key, cents=transfer.amount.cents)
    if transfer.debit == transfer.credit:
        return Decision("ledger.same_account", key=transfer.key, account=transfer.debit)
    if transfer.happened_at.tzinfo is None:
        return Decision("ledger.no_zone", key=transfer.key)
    return fault_of_words(
        transfer.key, (transfer.debit, LONGEST_CODE), (transfer.credit, LONGEST_CODE), (transfer.kind, LONGEST_KIND),
        (transfer.ref, LONGEST_KEY),
    )  # fmt: skip


def fault_of_words(key: str, *others: tuple[str, int]) -> Decision | None:
    """First text that is empty, too long or not printable: the key, then the others, each with its longest length."""
    for text, longest in ((key, LONGEST_KEY), *others):
        if not (text and len(text) <= longest and text.isprintable()):
            return Decision("ledger.bad_text", key=key, text=text[:LONGEST_KEY], longest=longest)
    return None


def memo_text(key: str, memo: Memo) -> str:
    """A memo as it is stored and hashed. Raises InvalidInput("ledger.bad_memo") for one that is not flat, holds a float
    (no exact figure) or what cannot be printed, or is too long."""
    if not memo:
        return "{}"
    if _PLAIN.issuperset(map(type, memo.values())):
        try:
            text = orjson.dumps(dict(memo), option=orjson.OPT_SORT_KEYS).decode()
        except TypeError:  # a name that is no text, an integer beyond 64 bits
            text = ""
        # In JSON, what cannot be printed is either written as it is, or behind a backslash.
        if 0 < len(text) <= LONGEST_MEMO and text.isprintable() and ("\\" not in text or _printable(memo)):
            return text
    raise InvalidInput("ledger.bad_memo", key=key, longest=LONGEST_MEMO)


def _printable(memo: Memo) -> bool:
    return all(
        name.isprintable() and (not isinstance(value, str) or value.isprintable()) for name, value in memo.items()
    )


# ---------------------------------------------------------------- what an order changes


@dataclass(slots=True)
class Book:
    """The sums of one account while orders are applied to it. `floor`: what credits less debits less held debits may
    never be below (None: no limit)."""

    floor_cents: int | None
    debits: int = 0
    credits: int = 0
    held_debits: int = 0
    held_credits: int = 0

    @property
    def spendable(self) -> int:
        return self.credits - self.debits - self.held_debits

    def balance(self) -> Balance:
        return Balance(Money(self.debits), Money(self.credits), Money(self.held_debits), Money(self.held_credits))


def apply(line: Line, debit: Book, credit: Book) -> Decision | None:
    """Apply one line to its two accounts; or say why the debited one cannot bear it, changing nothing."""
    moved, held = line.moved_cents, line.held_cents
    if debit.floor_cents is not None and moved + held > 0:
        left = debit.spendable - debit.floor_cents
        if moved + held > left:
            return Decision(
                "ledger.insufficient",
                key=line.key,
                account=line.debit,
                asked=Money(moved + held),
                available=Money(left),
            )
    debit.debits += moved
    debit.held_debits += held
    credit.credits += moved
    credit.held_credits += held
    return None


@dataclass(frozen=True, slots=True)
class Known:
    """What the book already holds that the orders refer to: lines by key, and which line ended which one."""

    by_key: Mapping[str, Line]
    ended_by: Mapping[int, str]  # number of a line settled, voided, expired or reversed → key of the line that did
    groups: Collection[str] = ()  # those of the orders' groups that are already recorded


def extend(
    head: Head, orders: Sequence[Order], known: Known, books: Mapping[str, Book], *, now: datetime
) -> tuple[list[Line], list[Line], Head]:
    """(the line of each order, those of them that are new, the new head): orders applied one after the other, as if
    each had been given alone, to `books`, which are changed.

    The orders have no fault in themselves (`fault_of`). One already known, by key and content, gets the line it made
    and changes nothing. Raises InvalidInput, NotFound, Refused or Conflict for the first order that cannot be taken;
    the books are then not to be used.
    """
    recorded_us = max(to_us(now), head.recorded_us)
    by_key, ended_by = dict(known.by_key), dict(known.ended_by)
    answered: list[Line] = []
    fresh: list[Line] = []
    n, previous = head.n, head.hash
    for order, place in zip(orders, _places(orders), strict=True):
        asked = _asked(order, place, by_key, now)
        request = request_hash(asked)
        line = by_key.get(order.key)
        if line is not None:
            if line.request_hash != request:
                raise Conflict("ledger.other_content", key=order.key)
            answered.append(line)
            continue
        if order.group is not None and order.group in known.groups:
            raise Conflict("ledger.group_closed", key=order.key, group=order.group)
        n += 1
        of_n = asked[12]
        if of_n is not None:
            if of_n in ended_by:
                raise Conflict("ledger.already_ended", key=order.key, by=ended_by[of_n])
            _refuse_untimely(order, by_key, to_us(now))
            ended_by[of_n] = order.key
        digest = line_hash(previous, n, recorded_us, asked[14], request)
        line = Line(n, recorded_us, *asked, request, previous, digest, n // ERA)
        reason = apply(line, _book(books, line.debit), _book(books, line.credit))
        if reason is not None:
            raise Refused(reason.code, **reason.params)
        previous = digest
        by_key[order.key] = line
        answered.append(line)
        fresh.append(line)
    return answered, fresh, Head(n, previous, recorded_us) if fresh else head


Place = tuple[str | None, int | None, int | None]
Asked = tuple[
    str, str, str, str, int, int, str, str, str, str | None, int | None, int | None, int | None, int | None, int
]
_ALONE: Final[Place] = (None, None, None)


def _places(orders: Sequence[Order]) -> Iterator[Place]:
    """For each order: its group, its place in it counted from 1, and how many the group has."""
    sizes: dict[str, int] = {}
    for order in orders:
        if order.group is not None:
            sizes[order.group] = sizes.get(order.group, 0) + 1
    seen = dict.fromkeys(sizes, 0)
    for order in orders:
        group = order.group
        if group is None:
            yield _ALONE
        else:
            seen[group] += 1
            yield (group, seen[group], sizes[group])


def _asked(order: Order, place: Place, by_key: Mapping[str, Line], now: datetime) -> Asked:
    """What the order asks, in the columns of a line from `phase` to `happened_us`."""
    if isinstance(order, Transfer):
        return _stated(order, Phase.POST, place, None)
    if isinstance(order, Hold):
        return _stated(order.transfer, Phase.HOLD, place, order.expires_at)
    memo = memo_text(order.key, order.memo)
    at = to_us(now)
    if isinstance(order, Reverse):
        of = _line(by_key, order.of_key)
        if of.phase not in _MOVED:
            raise Refused("ledger.not_reversible", key=order.of_key)
        return (
            Phase.REVERSE.value, order.key, of.credit, of.debit, of.moved_cents, 0, of.kind, of.ref, memo, *place, of.n,
            None, at,
        )  # fmt: skip
    of = _line(by_key, order.hold_key)
    if of.phase != Phase.HOLD:
        raise Refused("ledger.not_a_hold", key=order.hold_key)
    moved, phase = 0, Phase.VOID if isinstance(order, Void) else Phase.EXPIRE
    if isinstance(order, Settle):
        moved, phase = of.held_cents if order.amount is None else order.amount.cents, Phase.SETTLE
        if moved <= 0:
            raise InvalidInput("ledger.bad_amount", key=order.key, cents=moved)
        if moved > of.held_cents:
            raise Refused("ledger.more_than_held", key=order.key, asked=Money(moved), held=Money(of.held_cents))
    return (
        phase.value, order.key, of.debit, of.credit, moved, -of.held_cents, of.kind, of.ref, memo, *place, of.n, None,
        at,
    )  # fmt: skip


def _stated(transfer: Transfer, phase: Phase, place: Place, expires_at: datetime | None) -> Asked:
    cents = transfer.amount.cents
    moved, held = (cents, 0) if phase is Phase.POST else (0, cents)
    return (
        phase.value, transfer.key, transfer.debit, transfer.credit, moved, held, transfer.kind, transfer.ref,
        memo_text(transfer.key, transfer.memo), *place, None, None if expires_at is None else to_us(expires_at),
        to_us(transfer.happened_at),
    )  # fmt: skip


def _refuse_untimely(order: Order, by_key: Mapping[str, Line], now_us: int) -> None:
    """A hold is settled before its end, and expires from its end on; voiding it is always possible. By the clock, not
    by the last line: after a clock that was ahead, lines bear its last instant until the right one gets there."""
    if isinstance(order, (Settle, Expire)):
        expires_us = by_key[order.hold_key].expires_us
        over = expires_us is not None and expires_us <= now_us
        if isinstance(order, Settle) and over:
            raise Refused("ledger.hold_expired", key=order.hold_key)
        if isinstance(order, Expire) and not over:
            raise Refused("ledger.hold_not_expired", key=order.hold_key)


def _line(by_key: Mapping[str, Line], key: str) -> Line:
    found = by_key.get(key)
    if found is None:
        raise NotFound("ledger.no_line", key=key)
    return found


def _book(books: Mapping[str, Book], code: str) -> Book:
    found = books.get(code)
    if found is None:
        raise NotFound("ledger.no_account", account=code)
    return found


# ---------------------------------------------------------------- lines as values


def posted(line: Line, order: Order | None = None) -> Posted:
    """The value a caller sees; `order` is the one that this line answers, if it is at hand."""
    if isinstance(order, Hold):
        order = order.transfer
    return Posted(
        order if isinstance(order, Transfer) else _transfer(line),
        line.n,
        _PHASES[line.phase],
        from_us(line.recorded_us),
        line.hash,
        line.of_n,
        Money(-line.held_cents) if line.held_cents < 0 else None,
        None if line.expires_us is None else from_us(line.expires_us),
    )


def _transfer(line: Line) -> Transfer:
    return Transfer(
        line.key,
        line.debit,
        line.credit,
        Money(line.moved_cents or abs(line.held_cents)),
        from_us(line.happened_us),
        line.kind,
        line.ref,
        orjson.loads(line.memo),
        line.group_name,
    )


def keys_referred(orders: Iterable[Order]) -> list[str]:
    """The keys of lines that the orders settle, void, expire or reverse."""
    return [
        order.of_key if isinstance(order, Reverse) else order.hold_key
        for order in orders
        if isinstance(order, (Settle, Void, Expire, Reverse))
    ]


def accounts_named(orders: Iterable[Order], by_key: Mapping[str, Line]) -> set[str]:
    """The accounts that the orders touch."""
    named: set[str] = set()
    for order in orders:
        transfer = order.transfer if isinstance(order, Hold) else order
        if isinstance(transfer, Transfer):
            named.add(transfer.debit)
            named.add(transfer.credit)
    for key in keys_referred(orders):
        if key in by_key:
            named.add(by_key[key].debit)
            named.add(by_key[key].credit)
    return named


def short(key: str) -> str:
    """A text of 64 characters for a key of any length, to build another key upon."""
    return sha256(key.encode()).hexdigest()
