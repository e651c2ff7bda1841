"""Marks of an era, beside sums made one by one."""

from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from mobigo.ledger.rules.chain import ERA, MARK_EVERY
from mobigo.ledger.rules.marks import Move, marks_of, wrong_account

FIRST = 3 * ERA


def move(n: int, happened_us: int = 0, cents: int = 1, *, debit: str = "busy", credit: str = "quiet") -> Move:
    return (FIRST + n, debit, credit, cents, 0, happened_us)


def test_an_account_is_marked_from_its_sixty_fourth_line_on() -> None:
    below = [move(n, credit=f"c{n}") for n in range(MARK_EVERY - 1)]
    assert marks_of(below) == []
    [mark] = marks_of([*below, move(MARK_EVERY - 1, credit="last")])
    assert mark == ("busy", 3, MARK_EVERY, 0, FIRST + MARK_EVERY - 1, MARK_EVERY, 0, 0, 0)


def test_both_sides_of_an_account_count() -> None:
    half = MARK_EVERY // 2
    moves = [move(n, credit=f"c{n}", cents=10) for n in range(half)]
    moves += [move(half + n, debit=f"d{n}", credit="busy", cents=1) for n in range(half)]
    [mark] = marks_of(moves)
    assert mark[5:] == (10 * half, half, 0, 0)


def test_lines_are_ranked_by_time_of_event_then_by_number() -> None:
    moves = [move(n, happened_us=100 - n // 2, cents=n, credit=f"c{n}") for n in range(MARK_EVERY + 10)]
    [mark] = marks_of(moves)
    # The 64 earliest: all but the ten of the latest instants, which are the first ten lines.
    assert (mark.happened_us, mark.n) == (95, FIRST + 11)
    assert mark.debits_cents == sum(range(10, MARK_EVERY + 10))


@settings(max_examples=20)
@given(st.randoms(use_true_random=True))
def test_a_mark_is_the_sum_of_the_lines_up_to_it(chance: Random) -> None:
    moves = [
        (
            FIRST + n,
            chance.choice("abc"),
            chance.choice("xyz"),
            chance.randrange(9),
            chance.randrange(-5, 5),
            n * 7 % 11,
        )
        for n in range(chance.randrange(150, 300))
    ]
    made = marks_of(moves)
    for account in "abcxyz":
        lines = sorted((m for m in moves if account in m[1:3]), key=lambda m: (m[5], m[0]))
        expected = []
        for rank in range(MARK_EVERY, len(lines) + 1, MARK_EVERY):
            counted = lines[:rank]
            out, into = [[m for m in counted if m[side] == account] for side in (1, 2)]
            sums = (sum(m[3] for m in out), sum(m[3] for m in into), sum(m[4] for m in out), sum(m[4] for m in into))
            expected.append((account, 3, rank, counted[-1][5], counted[-1][0], *sums))
        assert [mark for mark in made if mark.account == account] == expected


def test_a_mark_that_differs_is_told_by_its_account() -> None:
    marks = marks_of([move(n) for n in range(MARK_EVERY)])
    assert [mark.account for mark in marks] == ["busy", "quiet"]
    assert wrong_account(marks, marks) is None
    assert wrong_account(marks, marks[:1]) == "quiet"
    assert wrong_account(marks, [marks[0]._replace(n=0), marks[1]]) == "busy"
    assert wrong_account([], marks) == "busy"
