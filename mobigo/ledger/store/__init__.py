"""Tables of the ledger and their queries.

Lines only grow, by trigger. An account's sums are a projection of its lines, kept beside its floor so that the database
itself refuses a sum below it; the head row is the end of the chain, and the one lock under which lines are numbered.
Statements are written out: a batch of lines is one statement, whichever database.
"""

from mobigo.ledger.store.accounts import add_accounts, all_books, books, write_sums
from mobigo.ledger.store.heads import add_signed_head, signed_heads
from mobigo.ledger.store.lines import (
    add_lines,
    ended_by,
    find_head,
    groups_among,
    line_count_before,
    lines_by_key,
    lines_numbered,
    lines_of,
    lock_head,
    move_head,
    open_holds_over,
    stream_lines,
)
from mobigo.ledger.store.past import add_marks, mark_too_many, marks_in, moves_of_era, sums_before
from mobigo.ledger.store.rows import AccountRow, HeadRow, LineRow, MarkRow, SignedHeadRow

__all__ = [
    "AccountRow",
    "HeadRow",
    "LineRow",
    "MarkRow",
    "SignedHeadRow",
    "add_accounts",
    "add_lines",
    "add_marks",
    "add_signed_head",
    "all_books",
    "books",
    "ended_by",
    "find_head",
    "groups_among",
    "line_count_before",
    "lines_by_key",
    "lines_numbered",
    "lines_of",
    "lock_head",
    "mark_too_many",
    "marks_in",
    "move_head",
    "moves_of_era",
    "open_holds_over",
    "signed_heads",
    "stream_lines",
    "sums_before",
    "write_sums",
]
