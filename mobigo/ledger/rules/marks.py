"""Marks: sums of the busy accounts inside a whole era, every MARK_EVERY lines by time of event; pure.

A balance at two past moments (of events, of record) then reads one mark and a few lines in each era, whatever the order
in which the events came.
"""

from collections import Counter
from collections.abc import Iterable
from itertools import chain as joined

from mobigo.ledger.model import Mark
from mobigo.ledger.rules.chain import ERA, MARK_EVERY

Move = tuple[int, str, str, int, int, int]  # n, debit, credit, moved_cents, held_cents, happened_us


def marks_of(moves: Iterable[Move]) -> list[Mark]:
    """The marks of an era, of all its lines; by account, then rank."""
    lines = list(moves)
    counted = Counter(joined((line[1] for line in lines), (line[2] for line in lines)))
    busy: dict[str, list[tuple[int, int, int, int, int, int]]] = {
        account: [] for account, count in counted.items() if count >= MARK_EVERY
    }
    for n, debit, credit, moved, held, happened_us in lines:
        if debit in busy:
            busy[debit].append((happened_us, n, moved, 0, held, 0))
        if credit in busy:
            busy[credit].append((happened_us, n, 0, moved, 0, held))
    marks = []
    for account in sorted(busy):
        debits = credits_ = held_debits = held_credits = 0
        for rank, (happened_us, n, d, c, hd, hc) in enumerate(sorted(busy[account]), 1):
            debits += d
            credits_ += c
            held_debits += hd
            held_credits += hc
            if rank % MARK_EVERY == 0:
                sums = (debits, credits_, held_debits, held_credits)
                marks.append(Mark(account, n // ERA, rank, happened_us, n, *sums))
    return marks


def wrong_account(made: Iterable[Mark], kept: Iterable[Mark]) -> str | None:
    """The first account of which a mark is missing, too many or not what it should be."""
    different = set(made) ^ set(kept)
    return min(mark.account for mark in different) if different else None
