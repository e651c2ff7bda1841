"""How stops of one version follow those of the one before, and the laws that hold for any two versions."""

from hypothesis import given
from hypothesis import strategies as st

from mobigo.base.geo import Point
from mobigo.network.rules.identity import SAME_PLACE_M, StopSeen, succession

METRE = 1 / 111_195  # degrees of latitude


def stop(stop_id: str, name: str = "Gare", metres_north: float = 0.0, kind: int = 0) -> StopSeen:
    return StopSeen(stop_id, name, kind, Point(47.0 + metres_north * METRE, 5.0))


def test_an_id_that_survives_keeps_its_place_wherever_it_moves() -> None:
    found = succession([stop("A")], [stop("A", "Autre nom", 5_000)])
    assert found.kept == ("A",)
    assert not any((found.renamed, found.new, found.ended, found.splits, found.merges))


def test_another_id_with_the_same_name_at_the_same_place_takes_it_over() -> None:
    assert succession([stop("A")], [stop("A2", "GARE", 20)]).renamed == {"A2": "A"}


def test_accents_case_and_punctuation_do_not_make_another_name() -> None:
    assert succession([stop("A", "Châtillon-sur-Seine")], [stop("B", "CHATILLON SUR SEINE")]).renamed == {"B": "A"}


def test_the_limit_of_the_same_place() -> None:
    assert succession([stop("A")], [stop("B", metres_north=SAME_PLACE_M - 1)]).renamed == {"B": "A"}
    beyond = succession([stop("A")], [stop("B", metres_north=SAME_PLACE_M + 1)])
    assert (beyond.renamed, beyond.new, beyond.ended) == ({}, ("B",), ("A",))


def test_another_name_or_another_kind_is_another_place() -> None:
    assert succession([stop("A")], [stop("B", "Mairie")]).new == ("B",)
    assert succession([stop("A")], [stop("B", kind=1)]).new == ("B",)


def test_a_stop_without_position_is_nobody_s_successor() -> None:
    nowhere = StopSeen("B", "Gare", 0, None)
    assert succession([stop("A")], [nowhere]).new == ("B",)


def test_of_several_the_nearest_takes_the_place_and_the_split_is_told() -> None:
    found = succession([stop("A")], [stop("far", metres_north=40), stop("near", metres_north=5)])
    assert found.renamed == {"near": "A"}
    assert found.new == ("far",)
    assert found.splits == (("A", ("near", "far")),)


def test_two_stops_made_one_are_told_as_a_merge() -> None:
    found = succession([stop("A"), stop("B", metres_north=30)], [stop("AB", metres_north=5)])
    assert found.renamed == {"AB": "A"}
    assert found.ended == ("B",)
    assert found.merges == (("B", "AB"),)


def test_a_stop_that_ends_beside_one_that_stays_is_merged_into_it() -> None:
    found = succession([stop("A"), stop("B", metres_north=30)], [stop("A")])
    assert (found.kept, found.ended, found.merges) == (("A",), ("B",), (("B", "A"),))


def test_two_platforms_that_swap_nothing_but_ids_keep_to_their_own_side() -> None:
    before = [stop("1", metres_north=0), stop("2", metres_north=30)]
    after = [stop("b", metres_north=29), stop("a", metres_north=1)]
    assert succession(before, after).renamed == {"a": "1", "b": "2"}


def test_stops_without_a_name_are_not_taken_for_one_another() -> None:
    assert succession([stop("A", "")], [stop("B", "")]).new == ("B",)


def test_a_crowd_of_one_name_costs_no_more_than_any_other() -> None:
    """Twenty thousand stops of one name, all with new ids: nobody is anybody's successor, and it is said at once."""
    before = [stop(f"a{number}") for number in range(20_000)]
    after = [stop(f"b{number}") for number in range(20_000)]
    assert len(succession(before, after).new) == 20_000


stops = st.lists(
    st.builds(
        stop,
        st.sampled_from("ABCDEFGH"),
        st.sampled_from(["Gare", "Mairie"]),
        st.floats(0, 400),
        st.sampled_from([0, 1]),
    ),
    max_size=8,
    unique_by=lambda each: each.stop_id,
)


@given(stops, stops)
def test_every_stop_has_one_fate(before: list[StopSeen], after: list[StopSeen]) -> None:
    found = succession(before, after)
    assert sorted([*found.kept, *found.renamed, *found.new]) == sorted(each.stop_id for each in after)
    assert sorted([*found.kept, *found.renamed.values(), *found.ended]) == sorted(each.stop_id for each in before)
    assert {one for one, _ in found.merges} <= set(found.ended)


@given(stops, stops, st.randoms())
def test_the_order_of_stops_changes_nothing(before: list[StopSeen], after: list[StopSeen], chance: object) -> None:
    mixed, others = list(before), list(after)
    chance.shuffle(mixed)  # type: ignore[attr-defined]  # hypothesis gives a random.Random
    chance.shuffle(others)  # type: ignore[attr-defined]  # as above
    assert succession(before, after) == succession(mixed, others)


@given(stops)
def test_nothing_changes_when_nothing_changed(same: list[StopSeen]) -> None:
    found = succession(same, same)
    assert set(found.kept) == {each.stop_id for each in same}
    assert not any((found.renamed, found.new, found.ended, found.merges, found.splits))
