"""Checking a book: every line read once, the first fault named. Trusts nothing that is stored beside the lines."""

import struct
from collections.abc import Collection, Iterable, Mapping, Sequence
from hashlib import sha256
from typing import Any

import orjson

from mobigo.base.decisions import Decision
from mobigo.ledger.model import Fault, Head, SignedHead
from mobigo.ledger.rules.chain import ERA, GENESIS, STATED, three_integers, to_us
from mobigo.ledger.rules.orders import Book


class Checker:
    """Reads every line once, in order, and stops at the first one that is not as it was written.

    `heads` are the signed ones: the chain must pass through each. `fault` is what was found; `finish` compares the end
    of the chain and the sums of accounts with what the database keeps beside the lines.
    """

    def __init__(self, heads: Iterable[SignedHead] = ()) -> None:
        self.n = 0
        self.hash = GENESIS.hash
        self.recorded_us = GENESIS.recorded_us
        self.fault: Fault | None = None
        self.sums: dict[str, list[int]] = {}
        self._heads = sorted(heads, key=lambda head: head.n)
        self._passed = 0
        self._groups: dict[str, tuple[int, str, int]] = {}  # group → places still to come, its last key and line

    def read(self, rows: Sequence[Sequence[Any]]) -> Fault | None:
        """Check the next lines, plain tuples in the order of `Line`."""
        if self.fault is None:
            first = self.n
            hashes = self._read(rows)
            self._pass_heads(first, hashes)
        return self.fault

    def _read(self, rows: Sequence[Sequence[Any]]) -> list[bytes]:
        n, previous, sums, dumps, three, stated = self.n, self.hash, self.sums, orjson.dumps, three_integers, STATED
        hashes: list[bytes] = []
        try:
            for row in rows:
                if row[0] != n + 1:
                    self.fault = Fault(n + 1, row[3], Decision("ledger.fault_gap", line=n + 1, found=row[0]))
                    break
                if row[18] != previous:
                    self.fault = Fault(n + 1, row[3], Decision("ledger.fault_previous", line=n + 1))
                    break
                request = sha256(dumps(row[2:17] if row[2] in stated else row[2:16])).digest()
                digest = sha256(previous + three(row[0], row[1], row[16]) + request).digest()
                if digest != row[19] or request != row[17] or row[20] != row[0] // ERA:
                    self.fault = Fault(n + 1, row[3], Decision("ledger.fault_hash", line=n + 1))
                    break
                if row[11] is not None:
                    self._group(row)
                moved, held = row[6], row[7]
                for code, at in ((row[4], 0), (row[5], 1)):
                    found = sums.get(code)
                    if found is None:
                        found = sums[code] = [0, 0, 0, 0]
                    found[at] += moved
                    found[at + 2] += held
                n += 1
                previous = digest
                hashes.append(digest)
        except (TypeError, ValueError, struct.error):  # a value of another type than was written
            self.fault = Fault(n + 1, None, Decision("ledger.fault_hash", line=n + 1))
        if n > self.n:
            self.recorded_us = rows[n - self.n - 1][1]
        self.n, self.hash = n, previous
        return hashes

    def _group(self, row: Sequence[Any]) -> None:
        left = self._groups.get(row[11], (row[13], "", 0))[0] - 1
        if left:
            self._groups[row[11]] = (left, row[3], row[0])
        else:
            self._groups.pop(row[11], None)

    def _pass_heads(self, first: int, hashes: list[bytes]) -> None:
        while self._passed < len(self._heads):
            head = self._heads[self._passed]
            if head.n > first + len(hashes):
                return
            if head.n <= first or hashes[head.n - first - 1] != head.hash:
                self.fault = Fault(head.n, None, Decision("ledger.fault_head", line=head.n))
                return
            self._passed += 1

    def finish(self, head: Head, books: Mapping[str, Book]) -> Fault | None:
        """After the last line: is it where the head row and every signed head say, are the sums those of the lines, is
        every group whole?"""
        if self.fault is not None:
            return self.fault
        self.fault = self._at_the_end(head) or self._broken_group() or self._wrong_sum(books)
        return self.fault

    def _at_the_end(self, head: Head) -> Fault | None:
        furthest = max([head.n, *(signed.n for signed in self._heads)])
        if furthest > self.n:
            return Fault(self.n + 1, None, Decision("ledger.fault_truncated", line=self.n + 1, last=furthest))
        if (head.n, head.hash, head.recorded_us) != (self.n, self.hash, self.recorded_us):
            return Fault(head.n + 1, None, Decision("ledger.fault_head", line=head.n))
        return None

    def _broken_group(self) -> Fault | None:
        for name, (left, key, n) in self._groups.items():
            return Fault(n, key, Decision("ledger.fault_group", group=name, missing=left))
        return None

    def _wrong_sum(self, books: Mapping[str, Book]) -> Fault | None:
        for code in sorted(self.sums.keys() | books.keys()):
            book, sums = books.get(code), self.sums.get(code, [0, 0, 0, 0])
            if book is None or [book.debits, book.credits, book.held_debits, book.held_credits] != sums:
                return Fault(None, code, Decision("ledger.fault_balance", account=code))
        return None


# ---------------------------------------------------------------- signed heads


def head_message(n: int, digest: bytes, signed_us: int) -> bytes:
    """What is signed: a line of text that says what it is, then the figures."""
    return b"mobigo ledger head %d %s %d" % (n, digest.hex().encode(), signed_us)


def signature_fault(head: SignedHead, trusted: Collection[bytes] | None = None) -> Decision | None:
    """Why a signed head proves nothing: its signature is not of this head, or not by one of the `trusted` keys."""
    from cryptography.exceptions import InvalidSignature  # imported when used: a page that posts never needs it
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    if trusted is not None and head.public_key not in trusted:
        return Decision("ledger.fault_signer", line=head.n)
    message = head_message(head.n, head.hash, to_us(head.signed_at))
    try:
        Ed25519PublicKey.from_public_bytes(head.public_key).verify(head.signature, message)
    except (InvalidSignature, ValueError):
        return Decision("ledger.fault_signature", line=head.n)
    return None
