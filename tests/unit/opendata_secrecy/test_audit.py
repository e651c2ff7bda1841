"""The audit before a release, and what is hidden so that it passes, judged by an oracle that shares no code."""

from collections.abc import Iterator

import numpy as np
import pytest

from opendata.engine.audit import audit
from opendata.engine.lone import found_by_the_lone
from opendata.engine.suppression import suppress
from opendata.model.secrecy import Audit, Cell, Key, Sum, Table
from opendata.rules import witness
from opendata.rules.secrecy import first_hidden, overlapping, tabulated
from tests.oracles import secrecy as oracle

K = 11
ROW, COLUMN, ALL_OF_IT = (0,), (1,), ()
CROSSED = {
    ("a", "x"): 3, ("a", "y"): 40, ("a", "z"): 20,
    ("b", "x"): 30, ("b", "y"): 25, ("b", "z"): 50,
    ("c", "x"): 12, ("c", "y"): 60, ("c", "z"): 33,
}  # fmt: skip


def crossed(counts: dict[Key, int]) -> Table:
    return tabulated(counts, [(0, 1)], [ROW, COLUMN, ALL_OF_IT])


def published(table: Table) -> dict[Key, int | None]:
    return {cell.key: None if cell.hidden else cell.value for cell in table.cells}


def hidden_keys(table: Table) -> set[Key]:
    return {cell.key for cell in table.cells if cell.hidden}


def test_one_hidden_cell_is_given_back_by_its_margins() -> None:
    found = audit(first_hidden(crossed(CROSSED), K, {}))
    assert [(leak.key, leak.lower, leak.upper, leak.proven) for leak in found.leaks] == [(("a", "x"), 3, 3, True)]
    assert not found.passed


def test_three_further_cells_are_hidden_and_then_nothing_is_given_back() -> None:
    made = suppress(first_hidden(crossed(CROSSED), K, {}), K)
    assert made.audit.passed
    assert len(hidden_keys(made.table)) == 4  # a rectangle: two in each line and column concerned
    assert witness.faults(made.table, made.audit) == []
    for low, high in oracle.bounds(published(made.table)).values():
        assert high - low >= K - 1
        assert high >= K


def test_a_cell_that_may_only_move_a_little_is_a_leak_with_its_bounds() -> None:
    # a+b = 12, c+d = 30, a+c = 22, b+d = 20: a is 3 and may be 1 to 11 (b is at least 1); 11 values, so it is safe.
    counts = {("1", "1"): 3, ("1", "2"): 9, ("2", "1"): 19, ("2", "2"): 11}
    also = {0: 1, 1: 1, 2: 1, 3: 1}
    assert audit(first_hidden(crossed(counts), K, also)).passed
    # One person fewer on the first line: a may be 1 to 10, never eleven.
    counts["1", "2"] = 8
    found = audit(first_hidden(crossed(counts), K, also))
    assert {(leak.key, leak.lower, leak.upper) for leak in found.leaks} == {
        (("1", "1"), 1, 10), (("1", "2"), 1, 10), (("2", "1"), 12, 21), (("2", "2"), 9, 18),
    }  # fmt: skip


def test_one_pupil_on_a_circuit_cannot_be_published_with_the_total() -> None:
    counts = {("C1",): 1, ("C2",): 24, ("C3",): 31}
    table = first_hidden(tabulated(counts, [(0,)], [()]), K, {})
    assert [(leak.key, leak.lower, leak.upper) for leak in audit(table).leaks] == [(("C1",), 1, 1)]
    made = suppress(table, K)
    assert made.audit.passed
    assert hidden_keys(made.table) == {("C1",), ("C2",)}


def test_two_circuits_whose_difference_is_one_pupil_cannot_both_be_published() -> None:
    pupils = [f"pupil {number}" for number in range(13)]
    found = audit(overlapping({"A": pupils[:12], "B": pupils}, K))
    assert [(leak.key, leak.lower, leak.upper) for leak in found.leaks] == [(("B sans A",), 1, 1)]
    assert audit(overlapping({"A": pupils[:12], "B": [*pupils, *map(str, range(10))]}, K)).passed  # 11 apart


def test_a_month_less_its_weeks_gives_back_the_days_that_are_left() -> None:
    # Four weeks and the month are shown; the three days that are left hold 2.
    counts = {("w1",): 20, ("w2",): 25, ("w3",): 30, ("w4",): 25, ("rest",): 2}
    found = audit(first_hidden(tabulated(counts, [(0,)], [()]), K, {}))
    assert [(leak.key, leak.lower, leak.upper) for leak in found.leaks] == [(("rest",), 2, 2)]


def test_sums_that_contradict_what_is_shown_are_no_table() -> None:
    table = crossed(CROSSED)
    wrong = Table((*table.cells[:-1], Cell(table.cells[-1].key, 1)), table.sums)
    with pytest.raises(ValueError, match="do not add up"):
        audit(wrong)


def test_the_same_table_is_hidden_in_the_same_way() -> None:
    table = first_hidden(crossed(CROSSED), K, {})
    assert suppress(table, K).table == suppress(table, K).table


def test_what_readers_know_already_hides_nothing() -> None:
    table = first_hidden(crossed(CROSSED), K, {})
    free = suppress(table, K).table
    known = frozenset(place for place, cell in enumerate(free.cells) if cell.hidden and cell.key != ("a", "x"))
    made = suppress(table, K, frozen=known)
    assert made.audit.passed
    assert not hidden_keys(made.table) & {free.cells[place].key for place in known}


def test_a_proof_with_one_figure_changed_does_not_hold() -> None:
    made = suppress(first_hidden(crossed(CROSSED), K, {}), K)
    forged = made.audit.witnesses.copy()
    place = next(place for place, cell in enumerate(made.table.cells) if cell.hidden)
    forged[-1, place] += 1
    assert witness.faults(made.table, Audit((), 4, forged))
    assert witness.faults(made.table, Audit((), 4, made.audit.witnesses[:1]))  # the true table alone proves nothing


def test_the_family_of_a_lone_pupil_does_not_find_another_small_circuit() -> None:
    """Four cells in a rectangle, safe for readers who know nothing; whoever is alone in one would know all four."""
    counts = {("a", "x"): 1, ("a", "y"): 30, ("b", "x"): 25, ("b", "y"): 3, ("c", "x"): 40, ("c", "y"): 50}
    table = tabulated(counts, [(0, 1)], [ROW, COLUMN])
    rectangle = first_hidden(table, K, {0: 1, 1: 1, 2: 1, 3: 1})
    found = audit(rectangle)
    assert found.passed
    assert [(each.alone_key, each.key) for each in found_by_the_lone(rectangle, found)] == [(("a", "x"), ("b", "y"))]
    assert found_by_those_alone(rectangle) == [(("a", "x"), ("b", "y"))]
    made = suppress(rectangle, K)
    assert made.audit.passed
    assert not made.lone
    assert found_by_those_alone(made.table) == []


def random_tables(count: int, seed: int, sides: tuple[int, ...], most: int) -> Iterator[dict[Key, int]]:
    random = np.random.default_rng(seed)
    for _ in range(count):
        shape = [int(random.integers(2, side + 1)) for side in sides]
        values = random.integers(0, most, shape) * (random.random(shape) < 0.85)
        yield {tuple(f"{axis}{place}" for axis, place in zip("abc", at, strict=False)): int(value)
               for at, value in np.ndenumerate(values)}  # fmt: skip


def margins_of(dimensions: int) -> list[tuple[int, ...]]:
    if dimensions == 2:
        return [ROW, COLUMN, ALL_OF_IT]
    return [(0, 1), (0, 2), (1, 2), (0,), (1,), (2,), ()]


def found_by_those_alone(table: Table) -> list[tuple[Key, Key]]:
    """By the oracle: for each person alone in a hidden cell, the small cells that are one value only once theirs is
    known; those that hold the same person alone left out."""
    values = {cell.key: cell.value or 0 for cell in table.cells}
    small = [cell.key for cell in table.cells if cell.hidden and 0 < (cell.value or 0) < K]

    def under(total: Key) -> list[Key]:
        own = [key for key, value in values.items() if value and "*" not in key]
        return [key for key in own if all(t in ("*", part) for t, part in zip(total, key, strict=True))]

    found = []
    for alone in (key for key in small if values[key] == 1):
        bounds = oracle.bounds({**published(table), alone: 1})
        others = [key for key in small if under(key) != under(alone)]
        found += [(alone, key) for key in others if bounds[key][0] == bounds[key][1]]
    return found


def leaks_after_the_gate(counts: dict[Key, int], dimensions: int) -> list[Key]:
    table = first_hidden(tabulated(counts, [tuple(range(dimensions))], margins_of(dimensions)), K, {})
    made = suppress(table, K)
    assert made.audit.passed
    assert witness.faults(made.table, made.audit) == []
    assert found_by_those_alone(made.table) == []
    found = oracle.bounds(published(made.table))
    assert set(found) == hidden_keys(made.table)
    return [key for key, (low, high) in found.items() if high - low < K - 1 or high < K]


def test_five_hundred_tables_give_nothing_back() -> None:
    leaks = [leak for counts in random_tables(500, 7, (5, 6), 40) for leak in leaks_after_the_gate(counts, 2)]
    assert leaks == []


def test_tables_of_three_dimensions_give_nothing_back() -> None:
    leaks = [leak for counts in random_tables(25, 8, (3, 3, 3), 60) for leak in leaks_after_the_gate(counts, 3)]
    assert leaks == []


def clique(size: int, width: int) -> Table:
    """So many groups, of which any two hold one person at most together, and their total, of which `width` is asked.

    By halves the total may be size / 2; in whole people it is one at most.
    """
    pairs = [(one, other) for one in range(size) for other in range(one + 1, size)]
    groups = [Cell((f"g{at}",), 0, hidden=True) for at in range(size)]
    rests = [Cell((f"rest {one} {other}",), 1, hidden=True) for one, other in pairs]
    ones = [Cell((f"pair {one} {other}",), 1) for one, other in pairs]
    total = Cell(("total",), 0, hidden=True, width=width)
    sums = [Sum(size + len(pairs) + at, (*pair, size + at)) for at, pair in enumerate(pairs)]
    return Table((*groups, *rests, *ones, total), (*sums, Sum(size + 2 * len(pairs), tuple(range(size)))))


def test_where_halves_are_possible_whole_people_are_looked_for() -> None:
    found = audit(clique(3, 1))
    assert found.passed
    assert witness.faults(clique(3, 1), found) == []


def test_what_only_halves_would_allow_is_refused_as_not_proven() -> None:
    (leak,) = audit(clique(4, 2)).leaks  # half a person in each of four groups makes two; whole people make one
    assert (leak.key, leak.lower, leak.upper, leak.proven) == (("total",), 0, 2, False)


@pytest.mark.slow
def test_a_thousand_larger_tables_give_nothing_back() -> None:
    leaks = [leak for counts in random_tables(1_000, 9, (10, 12), 80) for leak in leaks_after_the_gate(counts, 2)]
    leaks += [leak for counts in random_tables(200, 10, (4, 4, 4), 90) for leak in leaks_after_the_gate(counts, 3)]
    assert leaks == []


def test_the_audit_finds_what_trying_every_table_finds() -> None:
    """Hidden cells drawn at random, so that some leak and some do not."""
    random = np.random.default_rng(3)
    seen = {True: 0, False: 0}
    for counts in random_tables(60, 4, (3, 3), 25):
        places = {int(place): 1 for place in random.choice(len(counts), size=min(4, len(counts)), replace=False)}
        table = tabulated(counts, [(0, 1)], margins_of(2))
        chosen = {
            place: 1 for place in places if (table.cells[place].value or 0) > 0 and "*" not in table.cells[place].key
        }
        table = first_hidden(table, 2, chosen)  # with k = 2, a cell leaks when it can be one value only
        possible = oracle.every_value(published(table), ceiling=60)
        leaking = {leak.key for leak in audit(table).leaks}
        assert leaking == {key for key, values in possible.items() if len(values) < 2}
        for key in possible:
            seen[key in leaking] += 1
    assert min(seen.values()) > 10
