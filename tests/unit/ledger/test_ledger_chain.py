"""The chain, computed again with common tools; and whatever is altered in it, found at the first line that differs."""

import json
import random
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mobigo.base.decisions import Decision
from mobigo.base.money import Money
from mobigo.ledger.model import Fault, Head, Hold, Line, Reverse, Settle, SignedHead, Transfer, Void
from mobigo.ledger.rules.chain import GENESIS
from mobigo.ledger.rules.checking import Checker, head_message, signature_fault
from mobigo.ledger.rules.orders import Book, Known, extend

NOW = datetime(2026, 11, 24, 8, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
TEXTS = {"phase", "key", "debit", "credit", "kind", "ref", "memo"}


def small_book(count: int = 40) -> tuple[list[Line], Head, dict[str, Book]]:
    """Some of everything: transfers in and out of groups, holds that end in each way, reversals."""
    books = {"budget": Book(None), "driver": Book(0), "bank": Book(None)}
    orders: list[object] = []
    for i in range(count // 4):
        move = Transfer(
            f"t{i}", "budget", "driver", Money(10 + i), NOW - timedelta(hours=i), "award", f"é{i}", {"m": i}
        )
        orders += [move, Hold(replace(move, key=f"h{i}"), NOW + timedelta(days=1))]
        orders.append(Settle(f"e{i}", f"h{i}", Money(5)) if i % 2 else Void(f"e{i}", f"h{i}"))
        orders.append(replace(move, key=f"g{i}", group=f"pair{i // 2}") if i % 3 else Reverse(f"r{i}", f"t{i}"))
    lines, _, head = extend(GENESIS, orders, Known({}, {}), books, now=NOW)  # type: ignore[arg-type]  # orders
    return lines, head, books


LINES, HEAD, BOOKS = small_book()
SIGNED = SignedHead(20, LINES[19].hash, NOW, b"", b"")


def check(
    lines: list[Line], head: Head = HEAD, books: dict[str, Book] | None = None, heads: tuple[SignedHead, ...] = ()
) -> Fault | None:
    """The fault found, reading pages of seven lines."""
    checker = Checker(heads)
    for start in range(0, len(lines), 7):
        if checker.read(lines[start : start + 7]):
            break
    return checker.finish(head, BOOKS if books is None else books)


def test_an_untouched_book_is_good() -> None:
    assert check(LINES) is None
    assert check(LINES, heads=(SIGNED, replace(SIGNED, n=HEAD.n, hash=HEAD.hash))) is None
    assert check([], GENESIS, {}) is None


def test_anyone_can_compute_the_chain_again() -> None:
    previous = bytes(32)
    for line in LINES:
        asked = list(line[2:17])
        if line.phase not in ("post", "hold"):
            del asked[-1]
        text = json.dumps(asked, ensure_ascii=False, separators=(",", ":"))
        request = sha256(text.encode()).digest()
        figures = b"".join(n.to_bytes(8, "big", signed=True) for n in (line.n, line.recorded_us, line.happened_us))
        previous = sha256(previous + figures + request).digest()
        assert (line.request_hash, line.hash) == (request, previous)


def test_the_first_hash_for_ever() -> None:
    """A chain written today must be checked by every later version: this figure never changes."""
    assert LINES[0].hash.hex() == FIRST
    assert HEAD.hash.hex() == LAST


FIRST = "2f5a07afa32b7b64ed4b9f210fba3440e7d76d9a5be3283a4438508005ed6185"
LAST = "a5e5f115a67dc44f0fb89e1e49d2c0aebe3fb62ac338b6600b4f3c4689c94ac0"


def other(value: object, field: str, rng: random.Random) -> object:
    """A value that differs, by one bit or one letter where that makes sense."""
    if isinstance(value, bytes):
        at = rng.randrange(len(value) * 8)
        return bytes(byte ^ (1 << at % 8 if at // 8 == i else 0) for i, byte in enumerate(value))
    if isinstance(value, int):
        return value ^ (1 << rng.randrange(20))
    if isinstance(value, str):
        return value + "x"
    return "x" if field in TEXTS or field == "group_name" else 1


@given(st.integers(0, len(LINES) - 1), st.sampled_from(Line._fields), st.randoms(use_true_random=False))
def test_any_altered_value_is_found_at_its_line(at: int, field: str, rng: random.Random) -> None:
    line = LINES[at]._replace(**{field: other(getattr(LINES[at], field), field, rng)})
    fault = check([*LINES[:at], line, *LINES[at + 1 :]])
    assert fault is not None
    assert fault.line == at + 1
    expected = {"n": "ledger.fault_gap", "previous_hash": "ledger.fault_previous"}.get(field, "ledger.fault_hash")
    assert fault.reason.code == expected


@given(st.integers(0, len(LINES) - 2))
def test_a_removed_line_is_found(at: int) -> None:
    fault = check([*LINES[:at], *LINES[at + 1 :]])
    assert fault == Fault(at + 1, LINES[at + 1].key, Decision("ledger.fault_gap", line=at + 1, found=at + 2))


@given(st.integers(0, len(LINES) - 2))
def test_a_removed_line_whose_followers_are_numbered_again_is_found(at: int) -> None:
    closed = [line._replace(n=line.n - 1, era=(line.n - 1) // 8_192) for line in LINES[at + 1 :]]
    fault = check([*LINES[:at], *closed])
    assert fault is not None
    assert (fault.line, fault.reason.code) == (at + 1, "ledger.fault_previous")


@given(st.sets(st.integers(0, len(LINES) - 1), min_size=2, max_size=2).map(sorted))
def test_two_swapped_lines_are_found_at_the_first(pair: list[int]) -> None:
    i, j = pair
    lines = list(LINES)
    lines[i], lines[j] = LINES[j]._replace(n=i + 1), LINES[i]._replace(n=j + 1)
    fault = check(lines)
    assert fault is not None
    assert (fault.line, fault.reason.code) == (i + 1, "ledger.fault_previous")


@pytest.mark.parametrize("kept", [0, 1, 20, len(LINES) - 1])
def test_a_cut_tail_is_found(kept: int) -> None:
    fault = check(LINES[:kept])
    assert fault == Fault(kept + 1, None, Decision("ledger.fault_truncated", line=kept + 1, last=len(LINES)))


def test_a_cut_tail_is_found_by_a_signed_head_when_the_head_row_was_cut_too() -> None:
    lines, books = LINES[:10], {}
    head = Head(10, lines[-1].hash, lines[-1].recorded_us)
    fault = check(lines, head, books, heads=(SIGNED,))
    assert fault == Fault(11, None, Decision("ledger.fault_truncated", line=11, last=20))


def test_a_book_written_anew_does_not_pass_through_the_signed_head() -> None:
    books = {"budget": Book(None), "driver": Book(None), "bank": Book(None)}
    orders = [Transfer(f"t{i}", "budget", "driver", Money(1), NOW, "award", "forged") for i in range(40)]
    lines, _, head = extend(GENESIS, orders, Known({}, {}), books, now=NOW)
    assert check(lines, head, books) is None  # by itself it is a good book
    fault = check(lines, head, books, heads=(SIGNED,))
    assert fault == Fault(20, None, Decision("ledger.fault_head", line=20))


@pytest.mark.parametrize(
    "head",
    [
        replace(HEAD, n=HEAD.n - 1),
        replace(HEAD, hash=bytes(32)),
        replace(HEAD, recorded_us=0),
        GENESIS,
    ],
)
def test_an_altered_head_row_is_found(head: Head) -> None:
    fault = check(LINES, head)
    assert fault is not None
    assert fault.reason.code == "ledger.fault_head"


@pytest.mark.parametrize("sums", ["debits", "credits", "held_debits", "held_credits"])
def test_an_altered_sum_is_found_and_its_account_named(sums: str) -> None:
    books = {**BOOKS, "driver": replace(BOOKS["driver"], **{sums: getattr(BOOKS["driver"], sums) + 1})}
    assert check(LINES, books=books) == Fault(None, "driver", Decision("ledger.fault_balance", account="driver"))


@pytest.mark.parametrize(
    "change",
    [
        lambda books: {code: book for code, book in books.items() if code != "driver"},  # removed
        lambda books: {**books, "driver": replace(books["budget"])},
    ],
)
def test_a_missing_or_exchanged_account_is_found(change: Callable[[dict[str, Book]], dict[str, Book]]) -> None:
    fault = check(LINES, books=change(dict(BOOKS)))
    assert fault is not None
    assert fault.key == "driver"


def test_an_account_that_holds_money_no_line_brought_is_found() -> None:
    fault = check(LINES, books={**BOOKS, "a": Book(None, credits=1)})
    assert fault is not None
    assert fault.key == "a"


def test_a_group_that_lacks_a_line_is_found() -> None:
    """A chain made by a program that forgot the second line of a pair: each hash is right."""
    books = {"budget": Book(None), "driver": Book(None)}
    pair = [Transfer(key, "budget", "driver", Money(1), NOW, "award", "r", group="pair") for key in "ab"]
    lines, _, _ = extend(GENESIS, pair, Known({}, {}), books, now=NOW)
    head = Head(1, lines[0].hash, lines[0].recorded_us)
    half = {"budget": Book(None, debits=1), "driver": Book(None, credits=1)}
    assert check(lines[:1], head, half) == Fault(1, "a", Decision("ledger.fault_group", group="pair", missing=1))


def test_a_signature_is_of_one_head_by_one_key() -> None:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    key = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
    public = key.public_key().public_bytes_raw()
    us = 1_795_500_000_000_000
    signed_at = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=us)
    good = SignedHead(7, LINES[6].hash, signed_at, public, key.sign(head_message(7, LINES[6].hash, us)))
    assert head_message(7, LINES[6].hash, us) == f"mobigo ledger head 7 {LINES[6].hash.hex()} {us}".encode()
    assert signature_fault(good) is None
    assert signature_fault(good, trusted={public}) is None
    assert signature_fault(good, trusted=set()) == Decision("ledger.fault_signer", line=7)
    for bad in (
        replace(good, n=8),
        replace(good, hash=LINES[7].hash),
        replace(good, signed_at=signed_at + timedelta(seconds=1)),
        replace(good, signature=bytes(64)),
        replace(good, public_key=bytes(32)),
        replace(good, public_key=b"short"),
    ):
        assert signature_fault(bad) == Decision("ledger.fault_signature", line=bad.n)
