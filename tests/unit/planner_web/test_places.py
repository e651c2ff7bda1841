"""The index of places: what a text finds, what it must not decide alone, and laws that hold for any text."""

import string

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mobigo.base.geo import Point
from mobigo.network.engine.placegroups import build_index
from mobigo.network.engine.placenames import fold, words
from mobigo.network.engine.places import PlaceIndex
from mobigo.network.model.places import Commune, Kind, Mode, mode_of
from tests.unit.planner_web.tiny import Route, Stop, Trip, timetable

STOPS = [
    Stop("Dijon Ville", 47.3233, 5.0272, kind=1, place="p-dijon"),  # 0, the station of 1 and 2
    Stop("Dijon Ville", 47.3233, 5.0272, parent=0, platform="A"),
    Stop("Dijon Ville", 47.3234, 5.0275, parent=0, platform="B"),
    Stop("Saulieu, place Monge", 47.2790, 4.2290),  # 3
    Stop("Châtillon-sur-Seine, centre", 47.8600, 4.5740),  # 4
    Stop("Mairie", 47.5000, 4.3000),  # 5
    Stop("Mairie", 47.5010, 4.3000),  # 6: 111 m from 5, across the road
    Stop("Mairie", 47.6000, 4.4000),  # 7: another village's
    Stop("Bellefontaine", 46.5600, 6.0600),  # 8
    Stop("Stade", 47.2795, 4.2300),  # 9
]
COMMUNES = [
    Commune("21231", "Dijon", 47.3220, 5.0415, 159_346, "Côte-d’Or"),
    Commune("21584", "Saulieu", 47.2800, 4.2300, 2_400, "Côte-d’Or"),
    Commune("21154", "Châtillon-sur-Seine", 47.8590, 4.5730, 5_200, "Côte-d’Or"),
    Commune("39048", "Bellefontaine", 46.5590, 6.0650, 570, "Jura"),
    Commune("71442", "Saint-Martin-du-Lac", 46.2600, 4.0700, 240, "Saône-et-Loire"),
    Commune("21561", "Saint-Martin-du-Mont", 47.4100, 4.7600, 400, "Côte-d’Or"),
    Commune("01372", "Saint-Martin-du-Mont", 46.1000, 5.3200, 1_700, "Ain"),
]


@pytest.fixture(scope="module")
def index() -> PlaceIndex:
    trips = [Trip([(1, "8:00"), (3, "9:00"), (4, "10:00"), (5, "10:10"), (7, "10:20")], route=1)]
    trips += [Trip([(2, f"{h}:00"), (1, f"{h}:30")], route=0) for h in range(6, 12)]
    return build_index(timetable(STOPS, trips, [Route("TER", type=2), Route("LR 119", type=200)]), COMMUNES)


def names(index, text, limit=8):
    return [match.place.name for match in index.search(text, limit)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("dijon", "Dijon"),
        ("DIJON VILLE", "Dijon Ville"),
        ("dijonville", "Dijon Ville"),
        ("gare de dijon", "Dijon Ville"),
        ("dijon centre", "Dijon"),
        ("saulieu monge inconnu", "Saulieu, place Monge"),
        ("chatillon", "Châtillon-sur-Seine"),
        ("Châtillon s/ Seine", "Châtillon-sur-Seine"),
        ("chattillon sur siene", "Châtillon-sur-Seine"),
        ("chatilon", "Châtillon-sur-Seine"),
        ("saul", "Saulieu"),
        ("saulie monge", "Saulieu, place Monge"),
        ("pl monge saulieu", "Saulieu, place Monge"),
        ("st martin du lac", "Saint-Martin-du-Lac"),
        ("st martin du mont cote d'or", "Saint-Martin-du-Mont"),
        ("st", "Saint-Martin-du-Mont"),
        ("belle fontaine", "Bellefontaine"),
        ("stade saulieu", "Stade"),
        ("sauleiu", "Saulieu"),
    ],
)
def test_a_text_finds_its_place_first(index, text, expected):
    assert names(index, text)[0] == expected


@pytest.mark.parametrize("text", ["", "   ", "!!", "zzzzqqq", "\x00", "🚌", "x" * 5_000, "a b c d e f g h i j k l m n"])
def test_what_names_nothing_finds_nothing(index, text):
    assert names(index, text) == []


def test_st_may_also_begin_a_word(index):
    assert "Stade" in names(index, "st")


def test_a_station_is_one_place_with_its_platforms_and_namesakes_across_the_road_are_one(index):
    dijon = index.by_id("p-dijon")
    assert dijon is not None
    assert (dijon.kind, dijon.stops, dijon.modes) == (Kind.STATION, (0, 1, 2), Mode.RAIL | Mode.COACH)
    assert index.by_id("demo:S2") == dijon
    first, second = index.by_id("demo:S5"), index.by_id("demo:S7")
    assert first is not None
    assert first.stops == (5, 6)
    assert index.place_of_stop[5] == index.place_of_stop[6] != index.place_of_stop[7]
    assert second is not None
    assert second.stops == (7,)


def test_a_stop_is_told_by_the_commune_around_it(index):
    stade = index.by_id("demo:S9")
    assert stade is not None
    assert stade.context == "Saulieu"


@pytest.mark.parametrize(
    ("text", "chosen"),
    [
        ("Saulieu", "commune:21584"),  # one commune bears the name: taken at its word
        ("saulieu", "commune:21584"),
        ("Dijon ville", "p-dijon"),
        ("commune:39048", "commune:39048"),
        ("demo:S4", "demo:S4"),
        ("Saint-Martin-du-Mont, Ain", "commune:01372"),
        ("Saint-Martin-du-Mont", None),  # two communes
        ("mairie", None),  # two villages
        ("st martin", None),
        ("nowhere at all", None),
    ],
)
def test_a_text_is_taken_at_its_word_only_when_it_leaves_no_choice(index, text, chosen):
    place, others = index.resolve(text)
    assert (place.id if place else None) == chosen
    if chosen is None and text != "nowhere at all":
        assert len({match.place.id for match in others}) == len(others) >= 2


def test_near_gives_places_by_distance_and_only_within_the_radius(index):
    found = index.near(Point(47.2800, 4.2300), 200, 5)
    assert [(place.name, metres) for place, metres in found] == [
        ("Saulieu", 0),
        ("Stade", 56),
        ("Saulieu, place Monge", 134),
    ]
    assert index.near(Point(0, 0), 1_000, 5) == []
    assert [place.kind for place, _ in index.near(Point(47.2800, 4.2300), 200, 5, [Kind.COMMUNE])] == [Kind.COMMUNE]


def test_the_stops_of_a_commune_are_those_that_bear_its_name_near_its_centre(index):
    assert index.stops_of_commune(index.by_id("commune:21231")) == (0, 1, 2)  # Dijon Ville
    assert index.stops_of_commune(index.by_id("commune:21584")) == (3,)  # not Stade, which does not say Saulieu
    assert index.stops_of_commune(index.by_id("commune:71442")) == ()


def test_an_empty_index_answers():
    empty = build_index(timetable([], []))
    assert empty.search("dijon") == []
    assert empty.resolve("dijon") == (None, [])
    assert empty.near(Point(47, 5), 1_000, 3) == []


@pytest.mark.parametrize(
    ("route_type", "mode"),
    [(0, Mode.URBAN_RAIL), (2, Mode.RAIL), (3, Mode.BUS), (100, Mode.RAIL), (199, Mode.RAIL), (200, Mode.COACH),
     (715, Mode.ON_DEMAND), (714, Mode.BUS), (4, Mode.OTHER), (1700, Mode.OTHER), (-1, Mode.OTHER)],
)  # fmt: skip
def test_every_route_type_has_a_family(route_type, mode):
    assert mode_of(route_type) is mode


@given(st.text(max_size=60))
def test_folding_twice_is_folding_once(text):
    assert fold(fold(text)) == fold(text)
    assert all(word for word in words(text))


@settings(max_examples=60, deadline=None)
@given(text=st.text(alphabet=string.ascii_letters + "éèçœ-' ,/0123", max_size=40), limit=st.integers(1, 12))
def test_any_text_gives_the_same_short_ordered_list_every_time(index, text, limit):
    found = index.search(text, limit)
    assert found == index.search(text, limit)
    assert len(found) <= limit
    assert [m.score for m in found] == sorted((m.score for m in found), reverse=True)
    assert found == index.search(text, 12)[:limit]


@settings(max_examples=60, deadline=None)
@given(place=st.integers(0, len(COMMUNES) - 1), data=st.data())
def test_a_name_is_found_with_one_letter_wrong(index, place, data):
    name = COMMUNES[place].name
    where = data.draw(st.integers(1, len(name) - 1))
    letter = data.draw(st.sampled_from(string.ascii_lowercase))
    typed = name[:where] + letter + name[where + 1 :]
    assert name in names(index, typed)


def test_the_order_of_communes_and_equal_scores_do_not_change_the_answer(index):
    table = timetable(STOPS, [])
    one, other = build_index(table, COMMUNES), build_index(table, COMMUNES[::-1])
    for text in ("saint", "st martin du mont", "mairie", "a"):
        assert [m.place.id for m in one.search(text)] == [m.place.id for m in other.search(text)]
