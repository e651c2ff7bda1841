"""The gate on whole datasets: what leaves, what is refused with the cell named, what a second release may add."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from billettique.export.opendata import USE_COLUMNS, USE_PRIVACY
from mobigo.base.datasets import Column, Dataset, Privacy, Row
from mobigo.base.errors import Refused
from mobigo.infra.i18n import sentence, use_language
from opendata.engine.audit import audit
from opendata.engine.release import Reduced, judge, reduce_counts, reduce_trips
from opendata.model.secrecy import Policy, Release, View
from opendata.rules import policies
from opendata.rules.secrecy import first_hidden, tabulated
from tests.oracles import secrecy as oracle

K = 11
COLUMNS = (
    Column("month", "string", "Mois"),
    Column("line", "string", "Ligne"),
    Column("product", "string", "Produit"),
    Column("count", "integer", "Nombre"),
)
POLICY = Policy(
    dataset="t",
    subject="s",
    views=(View("t", ("month", "line", "product"), "Tout"),),
    count="count",
    time=("month",),
    margins=(("month", "line"), ("month", "product"), ("month",)),
    base=1,
)
ROWS: Sequence[Row] = [
    ("2026-03", "L1", "billet", 3), ("2026-03", "L1", "pass", 40),
    ("2026-03", "L2", "billet", 30), ("2026-03", "L2", "pass", 50),
    ("2026-03", "L3", "billet", 25), ("2026-03", "L3", "pass", 60),
]  # fmt: skip


def dataset(rows: Sequence[Row], privacy: Privacy | None = None, columns: tuple[Column, ...] = COLUMNS) -> Dataset:
    return Dataset("t", "T", "T", columns, lambda: rows, privacy, "month")


def rows_of(reduced: Reduced, view: int = 0) -> dict[Row, Row]:
    named, names, rows = reduced.files[view]
    width = len(named.by)
    assert names[-1] == "secret"
    return {row[:width]: row[width:] for row in rows}


def figures(release: Release) -> dict[tuple[str, ...], int | None]:
    return {key: None if shown is None else int(shown[0] or 0) for key, shown in release.cells.items()}


def test_a_small_cell_leaves_hidden_and_is_not_given_back() -> None:
    made = reduce_counts(dataset(ROWS), POLICY, "2026-03")
    shown = rows_of(made)
    assert shown["2026-03", "L1", "billet"] == (None, True)
    assert made.counts == {"rows": 6, "cells": 12, "hidden": 4, "shown": 8}
    bounds = oracle.bounds(figures(made.release))
    assert all(high - low >= K - 1 and high >= K for low, high in bounds.values())


def test_every_cell_that_is_shown_counts_eleven_people_or_nobody() -> None:
    made = reduce_counts(dataset(ROWS), replace(POLICY, base=5), "2026-03")
    assert all(count is None or count == 0 or count >= K for count in figures(made.release).values())


def test_a_table_that_gives_a_cell_back_is_refused_in_french_with_its_name() -> None:
    counts = {("L1", "billet"): 3, ("L1", "pass"): 40, ("L2", "billet"): 30, ("L2", "pass"): 50}
    table = first_hidden(tabulated(counts, [(0, 1)], [(0,), (1,)]), K, {})
    with pytest.raises(Refused) as refused, use_language("fr"):
        judge(table, audit(table), "ventes")
    assert refused.value.decision.code == "opendata.cell_recoverable"
    with use_language("fr"):
        said = sentence(refused.value.decision).replace("\u202f", " ").replace("\xa0", " ")
    assert said == (
        "ventes n’est pas publié : la cellule « L1 · billet », qui est cachée, se retrouve par soustraction (entre 3 et"
        " 3). Cellules dans ce cas : 1."
    )


def test_the_same_facts_in_another_order_leave_the_same_way() -> None:
    assert (
        reduce_counts(dataset(ROWS), POLICY, "2026-03").files
        == reduce_counts(dataset(ROWS[::-1]), POLICY, "2026-03").files
    )


def test_a_line_with_one_family_of_tickets_does_not_tell_it() -> None:
    rows = [*ROWS[2:], ("2026-03", "L4", "pass", 40)]
    made = reduce_counts(dataset(rows), replace(POLICY, sensitive="product"), "2026-03")
    shown = rows_of(made)
    assert shown["2026-03", "L4", "pass"] == shown["2026-03", "L4", "billet"] == (None, True)
    bounds = oracle.bounds(figures(made.release), floor=0)
    assert bounds["2026-03", "L4", "billet"][1] >= K  # all of them may have had a ticket


def test_a_second_version_keeps_figures_that_moved_by_a_few() -> None:
    first = reduce_counts(dataset(ROWS), POLICY, "2026-03")
    moved = [("2026-03", "L3", "pass", 63) if row[1:3] == ("L3", "pass") else row for row in ROWS]
    second = reduce_counts(dataset(moved), POLICY, "2026-03", [first.release])
    assert second.files == first.files
    moved = [("2026-03", "L3", "pass", 71) if row[1:3] == ("L3", "pass") else row for row in ROWS]
    third = reduce_counts(dataset(moved), POLICY, "2026-03", [first.release])
    assert rows_of(third)["2026-03", "L3", "pass"] == (71, False)  # eleven more


def test_a_second_version_hides_at_least_what_the_first_hid() -> None:
    first = reduce_counts(dataset(ROWS), POLICY, "2026-03")
    grown = [("2026-03", "L1", "billet", 33) if row[1:3] == ("L1", "billet") else row for row in ROWS]
    second = reduce_counts(dataset(grown), POLICY, "2026-03", [first.release])
    hidden = {key for key, shown in first.release.cells.items() if shown is None}
    assert hidden <= {key for key, shown in second.release.cells.items() if shown is None}


def sold(line: str, product: str, count: int) -> list[Row]:
    """The rows, with another count in one cell."""
    return [("2026-03", line, product, count) if row[1:3] == (line, product) else row for row in ROWS]


@pytest.mark.parametrize(("now", "shown"), [(22, (25, False)), (9, (25, False)), (0, (0, False))])
def test_a_figure_that_falls_by_a_few_stays_though_it_would_be_hidden_now(now: int, shown: tuple[int, bool]) -> None:
    first = reduce_counts(dataset(ROWS), replace(POLICY, k=20), "2026-03")  # a fall of 20 or more is shown
    assert rows_of(first)["2026-03", "L3", "billet"] == (25, False)
    second = reduce_counts(dataset(sold("L3", "billet", now)), replace(POLICY, k=20), "2026-03", [first.release])
    assert rows_of(second).get(("2026-03", "L3", "billet"), (0, False)) == shown


def test_a_hidden_cell_that_is_empty_now_stays_hidden() -> None:
    first = reduce_counts(dataset(ROWS), POLICY, "2026-03")
    second = reduce_counts(dataset(sold("L1", "billet", 0)), POLICY, "2026-03", [first.release])
    assert rows_of(second)["2026-03", "L1", "billet"] == (None, True)


def test_versions_put_together_give_nothing_back() -> None:
    """Sixty tables published, corrected here and there, published again: the second is safe for whoever kept the first,
    and differs from it nowhere by a few people."""
    random = np.random.default_rng(12)
    refused = 0
    for _ in range(60):
        lines, products = random.integers(2, 5, 2)
        counts = random.integers(0, 40, (lines, products))
        fixes = random.integers(-15, 16, counts.shape) * (random.random(counts.shape) < 0.3)
        first_rows, second_rows = (
            [("2026-03", f"L{at[0]}", f"p{at[1]}", int(value)) for at, value in np.ndenumerate(table)]
            for table in (counts, np.maximum(counts + fixes, 0))
        )
        first = reduce_counts(dataset(first_rows), POLICY, "2026-03")
        assert reduce_counts(dataset(first_rows), POLICY, "2026-03", [first.release]).files == first.files
        try:
            second = reduce_counts(dataset(second_rows), POLICY, "2026-03", [first.release])
        except Refused:
            refused += 1  # what the first shows leaves no room: nothing more is published
            continue
        old, new = figures(first.release), figures(second.release)
        exact = {cell.key: cell for cell in second.table.cells}
        for key, count in old.items():
            now = new.get(key, 0)
            if count is None:
                assert now is None
            elif now is not None:
                assert now == count or abs(now - count) >= K
            else:
                assert abs((exact[key].value or 0) - count) >= K
        known = {key: None if cell.hidden else cell.value for key, cell in exact.items()}
        bounds = oracle.bounds(known, {key: cell.floor for key, cell in exact.items()})
        assert all(high - low >= K - 1 and high >= K for low, high in bounds.values())
    assert refused < 20


def test_a_month_whose_weeks_are_public_is_refused_when_it_tells_of_two_people() -> None:
    one_line = replace(POLICY, views=(View("t", ("month", "line"), ""),), margins=((),))
    weeks = Release(
        dataset="w", subject="s", period="2026-03", k=K, dimensions=("week", "line"), time=(0,),
        cells={(f"2026-W{week}", "L1"): (20,) for week in (10, 11, 12, 13)},
    )  # fmt: skip
    rows = [("2026-03", "L1", "x", 82), ("2026-03", "L2", "x", 90)]
    with pytest.raises(Refused) as refused:
        reduce_counts(dataset(rows), one_line, "2026-03", [weeks])
    assert refused.value.decision.code == "opendata.difference_recoverable"
    assert "line=L1" in str(refused.value.decision.params["cell"])
    assert (
        reduce_counts(dataset([("2026-03", "L1", "x", 91), rows[1]]), one_line, "2026-03", [weeks]).counts["shown"] > 0
    )


def test_a_row_with_too_few_people_of_a_kind_is_hidden_and_small_kinds_left_blank() -> None:
    columns = (*COLUMNS, Column("drivers", "integer", ""), Column("eur", "number", ""))
    policy = replace(
        POLICY, least=(("drivers", 3),), blank_under_k=("drivers",), measures=(("drivers", 1), ("eur", 10)), margins=(),
    )  # fmt: skip
    rows = [
        ("2026-03", "L1", "a", 40, 2, 120.0),  # two drivers: hidden
        ("2026-03", "L2", "a", 40, 3, 124.99),  # shown, their number is not
        ("2026-03", "L3", "a", 40, 11, 125.0),
    ]
    shown = rows_of(reduce_counts(dataset(rows, columns=columns), policy, "2026-03"))
    assert shown["2026-03", "L1", "a"] == (None, None, None, True)
    assert shown["2026-03", "L2", "a"] == (40, None, 120, False)
    assert shown["2026-03", "L3", "a"] == (40, 11, 130, False)


def test_a_line_that_one_person_drives_both_ways_is_not_told_by_the_total_less_the_others() -> None:
    columns = (*COLUMNS, Column("drivers", "integer", ""))
    policy = replace(POLICY, least=(("drivers", 3),), margins=(("month", "line"), ("month",)))
    rows = [
        ("2026-03", line, way, count, drivers)
        for line, count, drivers in (("L1", 40, 1), ("L2", 60, 5), ("L3", 90, 5))
        for way in ("0", "1")
    ]
    made = reduce_counts(dataset(rows, columns=columns), policy, "2026-03")
    totals = {key[1]: shown for key, shown in made.release.cells.items() if key[2] == "*" and key[1] != "*"}
    assert totals["L1"] is None  # both ways hold one driver: their total may be the same person's
    assert [totals["L2"], totals["L3"]].count(None) == 1  # else the month's total would give it back


def test_a_policy_weaker_than_the_module_asks_for_is_a_defect() -> None:
    with pytest.raises(ValueError, match="asks for 12"):
        reduce_counts(dataset(ROWS, Privacy(12, (("line",),))), POLICY, "2026-03")


def test_views_that_share_a_margin_hide_for_one_another() -> None:
    """A line's total is public in one view; the other view must not be subtracted from it."""
    rows = [
        ("2026-03", "L1", "a", 4),
        ("2026-03", "L1", "b", 20),
        ("2026-03", "L1", "c", 30),
        ("2026-03", "L2", "a", 50),
    ]
    policy = replace(
        POLICY,
        views=(View("v", ("month", "line"), ""), View("w", ("month", "line", "product"), "")),
        margins=(("month",),),
    )
    made = reduce_counts(dataset(rows), policy, "2026-03")
    first, second = rows_of(made, 0), rows_of(made, 1)
    assert first["2026-03", "L1"] == (54, False)
    assert [key for key, figures in second.items() if figures[-1]] == [
        ("2026-03", "L1", "a"), ("2026-03", "L1", "b"),
    ]  # fmt: skip


@pytest.mark.parametrize("seed", range(6))
def test_four_views_of_the_same_validations_give_nothing_back_together(seed: int) -> None:
    random = np.random.default_rng(seed)
    rows = [
        (f"2026-03-{day:02d}", f"L{line}", f"s{stop}", int(hour), product, "web", int(random.poisson(count)))
        for line, count in ((1, 1), (2, 6), (3, 25))
        for day in range(1, 6)
        for stop, hour, product in zip(
            random.integers(0, 4, 8), random.integers(5, 22, 8), random.choice(["ter-1", "pass-ok"], 8), strict=True
        )
    ]
    uses = Dataset("billettique-validations", "V", "V", USE_COLUMNS, lambda: rows, USE_PRIVACY, "month")
    made = reduce_counts(uses, replace(policies.USES, base=1), "2026-03")
    shown = figures(made.release)
    assert all(count is None or count == 0 or count >= policies.USES.k_of(key) for key, count in shown.items())
    places = {cell.key: cell for cell in made.table.cells}
    floors = {key: cell.floor for key, cell in places.items()}
    for key, (low, high) in oracle.bounds(shown, floors).items():
        assert high >= places[key].reach
        assert high - low >= K - 1


def test_every_policy_speaks_of_columns_its_dataset_has() -> None:
    from mobigo.app.open_people import _carpool_shells

    shells = _carpool_shells()
    for code, policy in policies.POLICIES.items():
        if code in shells:
            assert policies.faults(policy, shells[code]) == []
        assert policy.because
        assert policy.k >= K


TRIP_COLUMNS = (
    *(Column(name, "string", "") for name in ("journey_id", "trip_id")),
    *(Column(f"journey_{end}_{what}", "string", "") for end in ("start", "end")
      for what in ("datetime", "date", "time", "lon", "lat", "insee")),
    Column("journey_distance", "integer", ""), Column("journey_duration", "integer", ""),
)  # fmt: skip
REGISTRY = Privacy(6, (("journey_start_insee",), ("journey_end_insee",), ("journey_start_insee", "journey_end_insee")))


def journey(number: int, start: str, end: str, minute: int = 3) -> Row:
    return (
        f"j{number}", f"t{number}",
        f"2026-03-02T07:{minute:02d}:00+01:00", "2026-03-02", f"07:{minute:02d}:00", 5.98765, 47.12345, start,
        f"2026-03-02T07:{minute + 22:02d}:00+01:00", "2026-03-02", f"07:{minute + 22:02d}:00", 6.02345, 47.23456, end,
        12_349, 22,
    )  # fmt: skip


def trips(*counts: tuple[str, str, int]) -> list[Row]:
    ends = [(start, end) for start, end, count in counts for _ in range(count)]
    return [journey(number, start, end) for number, (start, end) in enumerate(ends)]


def test_journeys_leave_as_the_registry_shows_them() -> None:
    made = reduce_trips(dataset(trips(("A", "B", 6), ("A", "C", 5)), REGISTRY, TRIP_COLUMNS), "2026-03", dense={"B"})
    assert made.counts == {"rows": 11, "removed": 5, "shown": 6}
    _view, names, rows = made.files[0]
    assert dict(zip(names, rows[0], strict=True)) == {
        "journey_id": "j0", "trip_id": "t0",
        "journey_start_datetime": "2026-03-02T07:10:00+01:00", "journey_start_date": "2026-03-02",
        "journey_start_time": "07:10:00", "journey_start_lon": 5.98, "journey_start_lat": 47.12,
        "journey_start_insee": "A",
        "journey_end_datetime": "2026-03-02T07:30:00+01:00", "journey_end_date": "2026-03-02",
        "journey_end_time": "07:30:00", "journey_end_lon": 6.023, "journey_end_lat": 47.234, "journey_end_insee": "B",
        "journey_distance": 12_300, "journey_duration": 20,
    }  # fmt: skip


def test_a_pair_of_communes_under_six_journeys_pulls_its_ends_along() -> None:
    made = reduce_trips(dataset(trips(("A", "B", 6), ("A", "C", 5), ("D", "C", 4)), REGISTRY, TRIP_COLUMNS), "2026-03")
    left = Counter((row[7], row[13]) for row in made.files[0][2])
    assert left == {("A", "B"): 6}


def test_the_order_of_rows_does_not_tell_who_left_first() -> None:
    rows = [journey(number, "A", "B", minute) for number, minute in enumerate((9, 2, 5, 1, 7, 4))]
    made = reduce_trips(dataset(rows, REGISTRY, TRIP_COLUMNS), "2026-03")
    # All left before 7:10; the first of the list alone arrived after 7:30. Names say nothing: they are random.
    assert [row[0] for row in made.files[0][2]] == ["j1", "j2", "j3", "j4", "j5", "j0"]


@pytest.mark.parametrize(("more", "refused"), [(0, False), (1, True), (5, True), (6, False)])
def test_a_version_with_a_few_more_journeys_waits(more: int, refused: bool) -> None:
    first = reduce_trips(dataset(trips(("A", "B", 8)), REGISTRY, TRIP_COLUMNS), "2026-03")
    again = dataset(trips(("A", "B", 8 + more)), REGISTRY, TRIP_COLUMNS)
    if refused:
        with pytest.raises(Refused) as why:
            reduce_trips(again, "2026-03", [first.release])
        assert why.value.decision.params["count"] == more
    else:
        assert reduce_trips(again, "2026-03", [first.release]).counts["shown"] == 8 + more
