"""What one does with the ledger: open accounts, give orders, read balances and entries, sign the head, verify.

Everything happens in the caller's transaction: what it does beside the ledger and the lines themselves stand or fall
together. Whoever adds lines, or asks `available`, holds the head's lock until the end of that transaction (on SQLite
the write lock, which `transaction` takes at once): lines are numbered without a gap, two writers never spend the same
cent, and since there is one lock, taken first, no two wait for each other. Many orders in one call cost far less than
as many calls: one extension of the chain, one update for each account touched.
"""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from datetime import datetime
from operator import itemgetter
from pathlib import Path
from typing import TYPE_CHECKING, Final

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from mobigo.base.decisions import Decision
from mobigo.base.errors import Conflict, InvalidInput, NotFound, Refused
from mobigo.base.money import ZERO, Money
from mobigo.infra.blobs import write_whole
from mobigo.infra.config import Config
from mobigo.infra.db import reading, transaction
from mobigo.infra.keys import derived
from mobigo.ledger import store
from mobigo.ledger.export import head_document
from mobigo.ledger.gateway import read_head
from mobigo.ledger.model import (
    NO_MEMO,
    Balance,
    Expire,
    Fault,
    Hold,
    Line,
    Memo,
    Order,
    Posted,
    Reverse,
    Settle,
    SignedHead,
    Transfer,
    Verdict,
    Void,
)
from mobigo.ledger.rules import chain, checking, marks
from mobigo.ledger.rules import orders as rules

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

PAGE: Final = 2_000
_MOVE: Final = itemgetter(
    *map(Line._fields.index, ("n", "debit", "credit", "moved_cents", "held_cents", "happened_us"))
)


def open_account(session: Session, code: str, *, floor: Money | None, now: datetime) -> None:
    """Make an account, unless it is there. See `open_accounts`."""
    open_accounts(session, {code: floor}, now=now)


def open_accounts(session: Session, floors: Mapping[str, Money | None], *, now: datetime) -> None:
    """Make the accounts that are not there yet. The floor of one: what its credits less its debits less what is held to
    leave may never be below; ZERO for one that is never overdrawn, None for no limit.

    Raises InvalidInput("ledger.bad_text", "ledger.bad_floor"), Conflict("ledger.other_floor") for an account that has
    another floor.
    """
    wanted: dict[str, int | None] = {}
    for code, floor in floors.items():
        _refuse(rules.fault_of_words(code, (code, rules.LONGEST_CODE)))
        if floor is not None and floor > ZERO:
            raise InvalidInput("ledger.bad_floor", account=code)
        wanted[code] = None if floor is None else floor.cents
    found = store.books(session, wanted)
    if wanted.keys() - found.keys():
        store.lock_head(session)
        found = store.books(session, wanted)
        fresh = {code: wanted[code] for code in sorted(wanted.keys() - found.keys())}
        if fresh:
            store.add_accounts(session, fresh, chain.to_us(now))
    for code, book in found.items():
        if book.floor_cents != wanted[code]:
            raise Conflict("ledger.other_floor", account=code)


def _refuse(reason: Decision | None) -> None:
    if reason is not None:
        raise InvalidInput(reason.code, **reason.params)


# ---------------------------------------------------------------- orders


def give(session: Session, orders: Sequence[Order], *, now: datetime) -> list[Posted]:
    """Record orders, all or none, one after the other as if each were given alone; the answer of each, in order.

    An order whose key is already recorded with the same content changes nothing and gets the same answer. Raises
    Conflict("ledger.other_content") for a key with other content, Refused("ledger.insufficient") when an account would
    fall below its floor, and for the rest what `mobigo.ledger.rules.orders.extend` says; then nothing is written.
    """
    return list(map(rules.posted, _recorded(session, orders, now), orders))


def record(session: Session, orders: Sequence[Order], *, now: datetime) -> None:
    """`give`, for who needs no answer to each of many orders."""
    _recorded(session, orders, now)


def _recorded(session: Session, orders: Sequence[Order], now: datetime) -> list[Line]:
    if not orders:
        return []
    for order in orders:
        _refuse(rules.fault_of(order))
    head = store.lock_head(session)
    by_key = store.lines_by_key(session, [order.key for order in orders] + rules.keys_referred(orders))
    referred = [by_key[key].n for key in rules.keys_referred(orders) if key in by_key]
    groups = {order.group for order in orders if order.group is not None}
    known = rules.Known(by_key, store.ended_by(session, referred), store.groups_among(session, groups))
    books = store.books(session, rules.accounts_named(orders, by_key))
    answered, fresh, new_head = rules.extend(head, orders, known, books, now=now)
    if fresh:
        store.add_lines(session, fresh)
        touched = {line.debit for line in fresh} | {line.credit for line in fresh}
        store.write_sums(session, {code: books[code] for code in touched})
        store.move_head(session, new_head)
        for era in range(chain.whole_eras(head.n), chain.whole_eras(new_head.n)):
            store.add_marks(session, marks.marks_of(store.moves_of_era(session, era)))
    return answered


def post(session: Session, transfers: Sequence[Transfer], *, now: datetime) -> list[Posted]:
    """Move amounts, all or none. See `give`."""
    return give(session, transfers, now=now)


def hold(
    session: Session, transfers: Sequence[Transfer], *, now: datetime, expires_at: datetime | None = None
) -> list[Posted]:
    """Set amounts aside, all or none, until they are settled, voided, or expire. See `give`."""
    return give(session, [Hold(transfer, expires_at) for transfer in transfers], now=now)


def settle(
    session: Session, *, key: str, hold_key: str, amount: Money | None = None, now: datetime, memo: Memo = NO_MEMO
) -> Posted:
    """Move `amount` (all of it by default) of what was held, and free the rest. Raises NotFound("ledger.no_line"),
    Refused("ledger.not_a_hold", "ledger.more_than_held", "ledger.hold_expired"), Conflict("ledger.already_ended")."""
    return give(session, [Settle(key, hold_key, amount, memo)], now=now)[0]


def void(session: Session, *, key: str, hold_key: str, now: datetime, memo: Memo = NO_MEMO) -> Posted:
    """Free what was held. Raises as `settle` does."""
    return give(session, [Void(key, hold_key, memo)], now=now)[0]


def expire_due(session: Session, *, now: datetime, limit: int = PAGE) -> list[Posted]:
    """End the holds whose time is over at `now`, at most `limit` of them, oldest first."""
    store.lock_head(session)
    keys = store.open_holds_over(session, chain.to_us(now), limit)
    return give(session, [Expire(f"expire:{rules.short(key)}", key) for key in keys], now=now)


def reverse(session: Session, *, key: str, of_key: str, now: datetime, memo: Memo = NO_MEMO) -> Posted:
    """Move back what a transfer or a settlement moved, at most once. Raises NotFound("ledger.no_line"),
    Refused("ledger.not_reversible"; "ledger.insufficient" when the money is no longer there),
    Conflict("ledger.already_ended")."""
    return give(session, [Reverse(key, of_key, memo)], now=now)[0]


# ---------------------------------------------------------------- reading


def balance(
    session: Session,
    account: str,
    *,
    event_before: datetime | None = None,
    recorded_before: datetime | None = None,
) -> Balance:
    """What an account holds; or held, counting what happened before `event_before` as it was recorded before
    `recorded_before`. Raises NotFound("ledger.no_account")."""
    found = _book(session, account)
    if event_before is None and recorded_before is None:
        return found.balance()
    if recorded_before is None:
        up_to = store.find_head(session).n
    else:
        up_to = store.line_count_before(session, chain.to_us(recorded_before))
    happened = None if event_before is None else chain.to_us(event_before)
    return store.sums_before(session, account, happened, up_to).balance()


def available(session: Session, account: str) -> Money | None:
    """What may still leave the account, None when nothing limits it. Until the end of this transaction nobody else
    spends it: so a caller may post what remains when it asked for more. Raises NotFound("ledger.no_account")."""
    store.lock_head(session)
    found = _book(session, account)
    return None if found.floor_cents is None else max(ZERO, Money(found.spendable - found.floor_cents))


def _book(session: Session, account: str) -> rules.Book:
    found = store.books(session, [account]).get(account) if account.isprintable() else None
    if found is None:
        raise NotFound("ledger.no_account", account=account)
    return found


def find(session: Session, key: str) -> Posted | None:
    """The line of this key."""
    line = store.lines_by_key(session, [key]).get(key) if key.isprintable() else None
    return None if line is None else rules.posted(line)


def entries(session: Session, account: str, *, after: int = 0) -> Iterator[Posted]:
    """The lines of an account in the order of record, after the line numbered `after`."""
    if not account.isprintable():
        return
    while page := store.lines_of(session, account, after):
        yield from map(rules.posted, page)
        after = page[-1].n


def recorded(session: Session, since: datetime, until: datetime) -> Iterator[Posted]:
    """The lines recorded from `since` to before `until`, in their order."""
    first, last = (store.line_count_before(session, chain.to_us(each)) for each in (since, until))
    while page := store.lines_numbered(session, first, min(first + PAGE, last)):
        yield from map(rules.posted, page)
        first = page[-1].n


# ---------------------------------------------------------------- trusting it


def sign_head(session: Session, config: Config, *, now: datetime) -> SignedHead:
    """Sign the end of the chain with this instance's key, and keep it: from then on, lines up to it cannot be changed
    or cut unnoticed. The same head is signed once. Raises Refused("ledger.empty") for a book without a line."""
    head = store.lock_head(session)
    if head.n == 0:
        raise Refused("ledger.empty")
    for known in store.signed_heads(session):
        if known.n == head.n:
            return known
    key, signed_us = signing_key(config), chain.to_us(now)
    signed = SignedHead(
        head.n,
        head.hash,
        chain.from_us(signed_us),
        key.public_key().public_bytes_raw(),
        key.sign(checking.head_message(head.n, head.hash, signed_us)),
    )
    store.add_signed_head(session, signed, signed_us)
    return signed


def signing_key(config: Config) -> "Ed25519PrivateKey":
    """The Ed25519 key of this instance, derived from its secret key: made at the first run, the same on every host."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    return Ed25519PrivateKey.from_private_bytes(derived(config, "mobigo.ledger head ed25519"))


def publish_head(engine: Engine, config: Config, *, now: datetime) -> SignedHead | None:
    """Sign the end of the chain and publish it: a file under home/publications/ledger, to be copied out of reach of
    whoever holds the database. A head that was signed and whose file is missing gets it. None for an empty book."""
    with transaction(engine) as session:
        signed = sign_head(session, config, now=now) if store.lock_head(session).n else None
        heads = store.signed_heads(session)
    for head in heads:
        path = _published(config) / f"head-{head.n:012d}.json"
        if not path.exists():
            document = head_document(head)
            write_whole(path, lambda out, document=document: out.write(document))  # type: ignore[misc]
    return signed


def published_heads(config: Config) -> list[SignedHead]:
    """The heads published under this home. Raises InvalidInput("ledger.bad_head_file") for a file that is not one."""
    return [read_head(path) for path in sorted(_published(config).glob("head-*.json"))]


def verify(
    engine: Engine,
    *,
    published: Sequence[SignedHead] = (),
    trusted: Collection[bytes] | None = None,
    progress: Callable[[int], object] | None = None,
) -> Verdict:
    """Check the whole book in one look: every line, the chain, the groups, the sums of accounts and the marks, and that
    the chain passes through the heads signed here and those `published` (kept elsewhere, which nobody who holds the
    database can rewrite). The first fault is named. With `trusted`, only heads signed by these public keys are good.
    `progress` is told how many lines were checked.
    """
    with reading(engine) as session:
        return check(session, published=published, trusted=trusted, progress=progress)


def check(
    session: Session,
    *,
    published: Sequence[SignedHead] = (),
    trusted: Collection[bytes] | None = None,
    progress: Callable[[int], object] | None = None,
) -> Verdict:
    """`verify`, in a look that is already open."""
    heads = [*store.signed_heads(session), *published]
    books = store.all_books(session)
    checker = checking.Checker(heads)
    wrong = None
    for page in store.stream_lines(session):
        if checker.read(page) is not None:
            break
        era = page[-1][0] // chain.ERA
        if wrong is None and chain.whole_eras(checker.n) > era:
            wrong = marks.wrong_account(marks.marks_of(map(_MOVE, page)), store.marks_in(session, era))
        if progress is not None:
            progress(checker.n)
    fault = checker.finish(store.find_head(session), books) or _bad_signature(heads, trusted)
    wrong = wrong or store.mark_too_many(session, chain.whole_eras(checker.n))
    if fault is None and wrong is not None:
        fault = Fault(None, wrong, Decision("ledger.fault_mark", account=wrong))
    return Verdict(checker.n, len(books), len(heads), checker.hash, fault)


def _bad_signature(heads: Sequence[SignedHead], trusted: Collection[bytes] | None) -> Fault | None:
    for head in heads:
        reason = checking.signature_fault(head, trusted)
        if reason is not None:
            return Fault(head.n, None, reason)
    return None


def _published(config: Config) -> Path:
    return config.home / "publications" / "ledger"
