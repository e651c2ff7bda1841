"""Circuits counted in public: no part of a few pupils may be found from those that are shown, now or from a version
to the next; the map and the public timetable name no stop that a few pupils share."""

import json
import random
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from itertools import combinations

import pytest

from mobigo.base.datasets import Column, Dataset, Privacy, Row
from mobigo.base.errors import Refused
from mobigo.base.geo import Point
from opendata.engine.groups import band, band_named, reduce_groups
from opendata.engine.release import differences
from opendata.export.circuits import circuits_geojson, simplified
from opendata.model.secrecy import Policy, Release, View
from opendata.rules.policies import CIRCUITS
from opendata.rules.schools import Named, named_otherwise, named_places

K = 11
COLUMNS = (Column("circuit", "string", ""), Column("places", "integer", ""), Column("inscrits", "integer", ""))
POLICY = Policy(
    dataset="scolaire-circuits", subject="scolaire.circuits", count="inscrits", time=(),
    views=(View("frequentation", ("circuit", "places", "inscrits", "tranche"), ""),),
)  # fmt: skip


def pupils(first: int, after: int) -> list[str]:
    return [f"pupil {number}" for number in range(first, after)]


def circuits(groups: Mapping[str, Collection[str]], k: int = K) -> Dataset:
    rows: list[Row] = [(name, 53, len(set(people))) for name, people in groups.items()]
    behind: list[tuple[str, ...]] = [tuple(people) for people in groups.values()]
    privacy = Privacy(k, (("circuit",),))
    return Dataset("scolaire-circuits", "", "", COLUMNS, lambda: rows, privacy, "year", lambda: behind)


def shown(groups: Mapping[str, Collection[str]], before: Sequence[Release] = ()) -> dict[str, tuple[object, object]]:
    made = reduce_groups(circuits(groups), POLICY, "circuit", "2026-2027", before)
    ((_view, names, rows),) = made.files
    assert names == ("circuit", "places", "inscrits", "tranche")
    return {str(row[0]): (row[2], row[3]) for row in rows}


def release(groups: Mapping[str, Collection[str]], before: Sequence[Release] = ()) -> Release:
    return reduce_groups(circuits(groups), POLICY, "circuit", "2026-2027", before).release


@pytest.mark.parametrize(
    ("count", "least", "said"),
    [(11, 11, "11 à 20"), (20, 11, "11 à 20"), (21, 21, "21 à 30"), (50, 41, "41 à 50"), (51, 51, "51 et plus"),
     (120, 51, "51 et plus")],
)  # fmt: skip
def test_bands_have_two_sides(count: int, least: int, said: str) -> None:
    assert (band(count), band_named(band(count))) == (least, said)


def test_a_circuit_of_a_few_pupils_is_not_even_named() -> None:
    assert shown({"empty": [], "one": pupils(0, 1), "ten": pupils(10, 20), "eleven": pupils(30, 41)}) == {
        "eleven": (15, "11 à 20")
    }


def test_the_band_is_that_of_the_pupils_not_of_the_rounded_count() -> None:
    assert shown({"a": pupils(0, 22)}) == {"a": (20, "21 à 30")}


@pytest.mark.parametrize(
    ("apart", "both"),
    [(0, True), (1, False), (10, False), (11, True)],
)
def test_two_circuits_that_differ_by_a_few_pupils_are_not_both_shown(apart: int, both: bool) -> None:
    morning, evening = pupils(0, 30 + apart), pupils(0, 30)
    told = shown({"matin": morning, "soir": evening})
    assert (len(told) == 2) is both
    assert told


def test_three_circuits_of_which_two_together_are_the_third_but_for_one() -> None:
    told = shown({"a": pupils(0, 20), "b": pupils(20, 40), "all": pupils(0, 41)})
    assert 0 < len(told) < 3


def test_no_part_of_a_few_pupils_can_be_found_by_subtracting_circuits_that_are_shown() -> None:
    """An oracle that knows no programme: whatever is the difference of one circuit and others inside it, all shown."""
    draw = random.Random(7)
    for _ in range(12):
        everybody = pupils(0, 60)
        groups = {f"c{n}": set(draw.sample(everybody, draw.randint(1, 50))) for n in range(5)}
        groups |= {f"s{n}": groups[f"c{n}"] - set(draw.sample(everybody, 4)) for n in range(2)}
        told = [groups[name] for name in shown(groups)]
        for whole in told:
            assert len(whole) >= K
            inside = [each for each in told if each < whole]
            for some in (1, 2):
                for parts in combinations(inside, some):
                    if len(set().union(*parts)) == sum(map(len, parts)):
                        assert not 0 < len(whole) - sum(map(len, parts)) < K


def test_a_pupil_more_is_not_told_by_the_next_version() -> None:
    first = release({"a": pupils(0, 22), "b": pupils(40, 60)})
    assert first.cells == {("a",): (20, 21), ("b",): (20, 11)}
    again = release({"a": pupils(0, 23), "b": pupils(40, 61)}, [first])
    assert again.cells == first.cells
    later = release({"a": pupils(0, 33), "b": pupils(40, 61)}, [first])
    assert later.cells == {("a",): (35, 31), ("b",): (20, 11)}


@pytest.mark.parametrize(("left", "figure"), [(10, (15, 11)), (5, (15, 11)), (4, None)])
def test_a_circuit_that_falls_under_eleven_keeps_its_figure_until_eleven_have_left(
    left: int, figure: tuple[int, int] | None
) -> None:
    first = release({"a": pupils(0, 11), "b": pupils(40, 60)})
    assert release({"a": pupils(0, left), "b": pupils(40, 60)}, [first]).cells == {("a",): figure, ("b",): (20, 11)}


def test_what_was_hidden_stays_hidden_and_what_was_shown_hides_nothing() -> None:
    first = release({"a": pupils(0, 10), "b": pupils(40, 60)})
    assert first.cells["a",] is None
    assert shown({"a": pupils(0, 30), "b": pupils(40, 60)}, [first]) == {"b": (20, "11 à 20")}
    with pytest.raises(Refused) as refused:  # "b" is public: one pupil less in the evening cannot be hidden any more
        shown({"b": pupils(40, 60), "c": pupils(40, 59)}, [release({"b": pupils(40, 60)}), _also("c", 20)])
    assert refused.value.decision.code == "opendata.cell_recoverable"
    assert refused.value.decision.params["cell"] == "b sans c"


def _also(name: str, count: int) -> Release:
    return Release(
        dataset="scolaire-circuits", subject="scolaire.circuits", period="2026-2027", k=K, base=5,
        cells={(name,): (count, 11)},
    )  # fmt: skip


def test_another_year_is_another_table() -> None:
    first = replace(release({"a": pupils(0, 10)}), period="2025-2026")
    assert shown({"a": pupils(0, 30)}, [first]) == {"a": (30, "21 à 30")}


def test_a_month_less_its_weeks_is_refused_for_circuits_too() -> None:
    """September 2026 begins on the Tuesday of its week 36: whole weeks are 37 to 39, and then comes 28 September."""
    weeks = Release(
        dataset="scolaire-semaines", subject="scolaire.circuits", period="2026-09", k=K,
        dimensions=("semaine", "circuit"),
        time=(0,), cells={**{(f"2026-W{week}", "a"): (20,) for week in (37, 38, 39)}, ("2026-09-28", "a"): (15,)},
    )  # fmt: skip
    month = replace(weeks, dataset="scolaire-mois", dimensions=("mois", "circuit"), cells={("2026-09", "a"): (88,)})
    differences(month, [weeks], [])  # 13 on the days that are left
    month = replace(month, cells={("2026-09", "a"): (77,)})
    with pytest.raises(Refused) as refused:
        differences(month, [weeks], [])
    assert refused.value.decision.code == "opendata.difference_recoverable"


@pytest.mark.parametrize(
    "wrong",
    [
        replace(circuits({"a": pupils(0, 20)}), behind=None),
        circuits({"a": pupils(0, 20)}, k=12),  # the module asks for more
        replace(circuits({"a": pupils(0, 20)}), rows=lambda: [("a", 53, 21)]),
        replace(
            circuits({"a": pupils(0, 20)}), rows=lambda: [("a", 53, 20)] * 2, behind=lambda: [tuple(pupils(0, 20))] * 2
        ),
    ],
)
def test_a_table_that_does_not_say_who_is_behind_it_is_not_made(wrong: Dataset) -> None:
    with pytest.raises(ValueError, match="scolaire-circuits"):
        reduce_groups(wrong, POLICY, "circuit", "2026-2027")


def test_the_policy_that_is_signed_says_why() -> None:
    assert CIRCUITS.k == K
    assert "onze élèves" in CIRCUITS.because


# ---------------------------------------------------------------- places

PLACES = ("annee_scolaire", "circuit", "rang", "genre", "lieu", "latitude", "longitude", "arret_public")


def places(*rows: tuple[str, int, str, bool, int]) -> Dataset:
    """circuit, rank, place, whether it is of the public network, how many pupils are there."""
    told: list[Row] = [
        ("2026-2027", circuit, rank, *place.split(":"), 47.0 + rank / 100, 4.0, is_public)
        for circuit, rank, place, is_public, _count in rows
    ]
    behind: list[tuple[str, ...]] = [tuple(pupils(0, row[4])) for row in rows]
    columns = tuple(Column(name, "string", "") for name in PLACES)
    return Dataset("scolaire-lieux", "", "", columns, lambda: told, Privacy(K, ()), "year", lambda: behind)


TABLE = places(
    ("a", 1, "stop:far", False, 1), ("a", 2, "stop:square", False, 11), ("a", 3, "stop:mairie", True, 10),
    ("a", 4, "school:S", False, 0), ("b", 1, "stop:square", False, 30), ("b", 2, "school:S", False, 0),
)  # fmt: skip


@pytest.mark.parametrize(
    ("circuits_shown", "public", "expected"),
    [
        ({"a", "b"}, False, ["a2", "a4", "b1", "b2"]),
        ({"b"}, False, ["b1", "b2"]),  # nothing at all of a circuit that is hidden
        ({"a", "b"}, True, ["a2", "a3", "a4", "b1", "b2"]),
        (set(), True, ["a3", "a4", "b2"]),  # what is public without it: thirty at the square would say how many
    ],
)
def test_a_stop_is_named_where_eleven_pupils_of_a_shown_circuit_share_it(
    circuits_shown: set[str], public: bool, expected: list[str]
) -> None:
    found = named_places(TABLE, circuits_shown, K, public=public)
    assert [f"{each.circuit}{each.rank}" for each in found] == expected


def test_places_without_the_people_behind_them_are_refused() -> None:
    with pytest.raises(ValueError, match="who is behind"):
        named_places(replace(TABLE, behind=None), {"a"}, K)


@pytest.mark.parametrize(
    ("row", "wrong"),
    [
        (("t", "stop:a", "07:40:00", "07:40:00"), []),
        (("t", "stop:b", "07:40:00", "07:40:00"), ["t stop:b"]),
        (("t", "stop:a", "07:40:00", "07:40:33"), ["t stop:a"]),  # eleven pupils at three seconds each
        (("t", "stop:a", "07:40:12", "07:40:12"), ["t stop:a"]),
    ],
)
def test_a_feed_is_read_back_before_it_leaves(row: tuple[str, str, str, str], wrong: list[str]) -> None:
    names = ("trip_id", "stop_id", "arrival_time", "departure_time")
    assert named_otherwise([dict(zip(names, row, strict=True))], [Named("t", 1, "stop:a", 47.0, 4.0)]) == wrong


def test_the_map_is_a_stroke_between_what_may_be_named() -> None:
    straight = [Point(47.0, 4.0), Point(47.01, 4.0001), Point(47.02, 4.0)]  # 8 m beside the stroke
    assert simplified(straight) == [straight[0], straight[2]]
    bent = [Point(47.0, 4.0), Point(47.01, 4.001), Point(47.02, 4.0)]  # 76 m
    assert simplified(bent) == bent
    assert simplified([straight[0], straight[0]]) == [straight[0]]
    made = json.loads(circuits_geojson([({"circuit": "a"}, straight), ({"circuit": "b"}, straight[:1])]))
    first, second = made["features"]
    assert first["geometry"] == {"type": "LineString", "coordinates": [[4.0, 47.0], [4.0, 47.02]]}
    assert first["properties"] == {"circuit": "a", "longueur_m": 2200}  # 2,224 m
    assert (second["geometry"], second["properties"]["longueur_m"]) == (None, None)
