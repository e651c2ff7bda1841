"""The rules of secrecy: thresholds, the fixed point, diversity, rounding, coarser words, releases compared."""

from collections import Counter
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opendata.engine.audit import audit
from opendata.model.secrecy import Release, Window
from opendata.rules import differencing, recoding
from opendata.rules.secrecy import not_diverse, removed_under_k, rounded, small, tabulated

MARCH = Window(date(2026, 3, 1), date(2026, 3, 31))
K = 11


@pytest.mark.parametrize(("count", "hidden"), [(0, False), (1, True), (10, True), (11, False)])
def test_a_cell_of_one_to_ten_people_is_small(count: int, hidden: bool) -> None:
    table = tabulated({("a",): count, ("b",): 50}, [(0,)], zeros=[("a",)])
    assert small(table.cells[0], K) is hidden


@pytest.mark.parametrize(
    ("count", "shown"), [(0, 0), (11, 15), (12, 15), (17, 15), (18, 20), (22, 20), (23, 25), (102, 100), (103, 105)]
)
def test_counts_are_rounded_to_five_and_never_below_the_threshold(count: int, shown: int) -> None:
    assert rounded(count, 5, K) == shown


def test_removing_rows_goes_on_until_nothing_is_under_the_threshold() -> None:
    # "a" goes, since it leaves once; then only one row arrives at "y", which goes too.
    rows = [("a", "y"), ("b", "y"), ("b", "z"), ("b", "z")]
    assert removed_under_k(rows, [(0,), (1,)], 2) == {0, 1}
    assert removed_under_k(rows, [(0, 1)], 2) == {0, 1}
    assert removed_under_k(rows, [(0,)], 1) == set()


@pytest.mark.parametrize(("drivers", "out"), [("uvw", set()), ("uvv", {0, 1, 2, 3, 4, 5}), ("uuu", {0, 1, 2, 3, 4, 5})])
def test_one_person_who_comes_often_is_not_many(drivers: str, out: set[int]) -> None:
    behind = [(f"passenger {at % 4}", drivers[at % 3]) for at in range(6)]
    assert removed_under_k([("a", "y")] * 6, [(0,)], 6, behind=behind, people=3) == out


@given(st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from("xyz")), max_size=25), st.integers(1, 4))
def test_what_is_left_is_the_most_that_could_be(rows: list[tuple[str, str]], k: int) -> None:
    groups = [(0,), (1,), (0, 1)]
    out = removed_under_k(rows, groups, k)
    left = [row for place, row in enumerate(rows) if place not in out]
    for group in groups:
        assert all(count >= k for count in Counter(tuple(row[at] for at in group) for row in left).values())
    turned = removed_under_k(rows[::-1], groups, k)
    assert {len(rows) - 1 - place for place in turned} == out  # whatever the order


def test_a_group_of_one_sensitive_value_is_hidden_for_all_values() -> None:
    counts = {("L1", "reduced"): 40, ("L2", "reduced"): 15, ("L2", "full"): 60}
    assert not_diverse(counts, 1) == {("L1", "reduced"), ("L1", "full")}
    assert not_diverse({("L1", "full"): 40, ("L2", "full"): 3}, 1) == set()  # one value everywhere tells nothing


@pytest.mark.parametrize(
    ("instant", "slot"),
    [
        ("2026-03-02T07:40:00+01:00", "2026-03-02T07:40:00+01:00"),
        ("2026-03-02T07:40:01+01:00", "2026-03-02T07:50:00+01:00"),
        ("2026-03-02T23:55:00+01:00", "2026-03-03T00:00:00+01:00"),
    ],
)
def test_times_go_to_the_end_of_their_ten_minutes(instant: str, slot: str) -> None:
    assert recoding.up_to_slot(instant) == slot


@pytest.mark.parametrize(("degrees", "decimals", "cut"), [(5.98765, 2, 5.98), (5.98765, 3, 5.987), (-0.0199, 2, -0.01)])
def test_positions_are_cut_and_not_rounded(degrees: float, decimals: int, cut: float) -> None:
    assert recoding.truncated(degrees, decimals) == cut


def test_coarser_words() -> None:
    assert [recoding.day_part(hour) for hour in (0, 5, 6, 9, 16, 19, 23, None)] == [
        "nuit", "nuit", "matin", "journee", "soir", "nuit", "nuit", "",
    ]  # fmt: skip
    assert [recoding.family(code) for code in ("ter-3", "abonnement-scolaire", "pass-ok", "xyz", None)] == [
        "billet", "scolaire", "abonnement", "autre", "autre",
    ]  # fmt: skip
    with pytest.raises(ValueError, match="no hour"):
        recoding.day_part(24)


def release(dataset: str, cells: dict[tuple[str, ...], int | None], base: int = 1) -> Release:
    figures = {key: None if count is None else (count,) for key, count in cells.items()}
    return Release(
        dataset=dataset, subject="s", period="2026-03", k=K, base=base, dimensions=("day", "line"), time=(0,),
        cells=figures,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("before", "after", "told"), [(40, 40, False), (40, 41, True), (40, 50, True), (40, 51, False)]
)
def test_a_correction_of_fewer_than_eleven_people_waits(before: int, after: int, told: bool) -> None:
    old, new = (release("t", {("2026-03", "L1"): count}) for count in (before, after))
    assert bool(differencing.version_differences(new, old)) is told
    assert differencing.held(new.cells, old.cells, K) == (old.cells if told else new.cells)


def test_what_was_hidden_is_not_shown_by_a_later_version() -> None:
    old, new = (release("t", {("2026-03", "L1"): count}) for count in (None, 40))
    assert [found.key for found in differencing.version_differences(new, old)] == [("2026-03", "L1")]


def test_the_days_of_a_window() -> None:
    assert differencing.window_of("2026-03") == MARCH
    assert differencing.window_of("2024-02").last_day.day == 29
    assert str(differencing.window_of("2026-W11").first_day) == "2026-03-09"
    with pytest.raises(ValueError, match="2026"):
        differencing.window_of("2026")


def leaks(*releases: Release) -> list[tuple[str, int, int]]:
    found = [leak for table, _other in differencing.windows_tables(releases, K) for leak in audit(table).leaks]
    return [(leak.key[-1], leak.lower, leak.upper) for leak in found if leak.upper > 0]


def test_a_month_and_its_weeks_tell_the_days_that_are_left() -> None:
    weeks = release("weeks", {(f"2026-W{week}", "L1"): 20 for week in (10, 11, 12, 13)})  # 2 to 29 March
    month = release("month", {("2026-03", "L1"): 82, ("2026-03", "L2"): 82})
    # The 1st, the 30th and the 31st hold two people between them.
    assert leaks(weeks, month) == [("2026-03-01/2026-03-01", 0, 2), ("2026-03-30/2026-03-31", 0, 2)]
    assert leaks(month) == []
    assert leaks(weeks, release("month", {("2026-03", "L1"): 80})) == []  # nobody: nothing is told of anyone
    assert leaks(weeks, release("month", {("2026-03", "L1"): 91})) == []  # eleven


def test_rounded_figures_leave_room_for_the_rounding() -> None:
    weeks = release("weeks", {(f"2026-W{week}", "L1"): 20 for week in (10, 11, 12, 13)}, base=5)
    assert leaks(weeks, release("month", {("2026-03", "L1"): 85}, base=5)) == []


def test_windows_of_other_lines_are_not_subtracted() -> None:
    weeks = release("weeks", {(f"2026-W{week}", "L2"): 20 for week in (10, 11, 12, 13)})
    assert leaks(weeks, release("month", {("2026-03", "L1"): 82})) == []
