"""Zones as GeoJSON: what is drawn comes back the same, and what cannot be served is refused with its reason."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mobigo.base.errors import InvalidInput
from mobigo.base.geo import Point
from mobigo.tad.export.drawn import drawn_zones
from mobigo.tad.model.services import Zone
from mobigo.tad.rules.zones import AREA_KM2_MAX, POINTS_MAX, area_of, geojson_of, refusal, refusal_of_all, zones_of


def zone(*ring: tuple[float, float], id_: str = "z") -> Zone:
    """A zone of (lat, lon)."""
    return Zone(id_, "Le bourg", tuple(Point(*each) for each in ring))


SQUARE = ((47.0, 4.0), (47.0, 4.1), (47.1, 4.1), (47.1, 4.0))


def polygon(*rings: list[list[float]]) -> dict[str, Any]:
    return {"type": "Polygon", "coordinates": list(rings)}


RING = [[4.0, 47.0], [4.1, 47.0], [4.1, 47.1], [4.0, 47.0]]


def code_of(found: Zone) -> str:
    why = refusal(found)
    return "" if why is None else why.code


@pytest.mark.parametrize(
    ("ring", "code"),
    [
        (SQUARE, ""),
        (tuple(reversed(SQUARE)), ""),  # either way round
        (SQUARE[:2], "tad.zone_few_points"),
        (((47.0, 4.0), (47.1, 4.1), (47.0, 4.1), (47.1, 4.0)), "tad.zone_crosses"),  # a bow tie
        (((47.0, 4.0), (47.1, 4.0), (47.2, 4.0)), "tad.zone_crosses"),  # on one line
        (((46.09, 4.0), (46.2, 4.0), (46.2, 4.1)), "tad.zone_outside"),
        (((46.1, 4.0), (46.2, 4.0), (46.2, 4.1)), ""),  # on the bound
        (((4.0, 47.0), (4.1, 47.0), (4.1, 47.1)), "tad.zone_outside"),  # latitude first
        (((46.2, 3.0), (46.2, 7.0), (48.4, 7.0), (48.4, 3.0)), "tad.zone_large"),
        (((47.0, 4.0), (47.0, 4.0005), (47.0005, 4.0)), "tad.zone_small"),
    ],
)
def test_a_zone_is_refused_for_what_must_be_mended(ring: tuple[tuple[float, float], ...], code: str) -> None:
    assert code_of(zone(*ring)) == code


def test_where_an_outline_crosses_is_said() -> None:
    why = refusal(zone((47.0, 4.0), (47.1, 4.1), (47.0, 4.1), (47.1, 4.0)))
    assert why is not None
    assert why.params["where"] == "47.0500 ; 4.0500"


@pytest.mark.parametrize(("points", "refused"), [(POINTS_MAX, False), (POINTS_MAX + 1, True)])
def test_an_outline_has_so_many_points_at_most(points: int, refused: bool) -> None:
    low = [(47.0, 4.0 + each / 10_000) for each in range(points - 1)]
    assert (code_of(zone(*low, (47.2, 4.0))) == "tad.zone_many_points") is refused


def test_the_area_is_that_of_the_ground() -> None:
    # 0.1° of latitude are 11.12 km; 0.1° of longitude at 47.05° are 11.12 × cos 47.05° = 7.577 km: 84.26 km².
    assert area_of(zone(*SQUARE)) == pytest.approx(84.26, abs=0.05)
    assert AREA_KM2_MAX > 84


def test_two_zones_of_one_code_are_refused() -> None:
    why = refusal_of_all([zone(*SQUARE), zone(*SQUARE)])
    assert why is not None
    assert why.code == "tad.zone_twice"
    assert refusal_of_all([zone(*SQUARE), zone(*SQUARE, id_="y")]) is None
    assert refusal_of_all([]) is None


@pytest.mark.parametrize(
    "text",
    [
        "bonjour", "[]", "null", "3", '{"type":"Point","coordinates":[4,47]}',
        '{"type":"FeatureCollection","features":[]}',
        '{"type":"Polygon"}', '{"type":"Polygon","coordinates":[[["a","b"]]]}', '{"type":"Polygon","coordinates":7}',
        '{"type":"FeatureCollection","features":[{"type":"Feature","geometry":null}]}', "[" * 100_000,
        '{"type":"GeometryCollection","geometries":[]}',
    ],
)  # fmt: skip
def test_what_is_no_geojson_of_areas_is_said(text: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        zones_of(text)
    assert refused.value.decision.code == "tad.zone_unreadable"


def test_a_hole_is_refused() -> None:
    hole = [[4.05, 47.02], [4.06, 47.02], [4.06, 47.03], [4.05, 47.02]]
    with pytest.raises(InvalidInput) as refused:
        zones_of(json.dumps(polygon(RING, hole)))
    assert refused.value.decision.code == "tad.zone_hole"


@pytest.mark.parametrize("lon", ["NaN", "Infinity", "1e999", "181"])
def test_a_position_that_is_none_is_outside(lon: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        zones_of(f'{{"type":"Polygon","coordinates":[[[{lon},47],[4.1,47],[4.1,47.1]]]}}')
    assert refused.value.decision.code == "tad.zone_outside"


def test_every_way_of_writing_areas_is_read() -> None:
    several = {"type": "MultiPolygon", "coordinates": [[RING], [RING]]}
    assert zones_of("  ") == []
    assert [each["id"] for each in zones_of(json.dumps(several))] == ["zone-1-1", "zone-1-2"]
    feature = {"type": "Feature", "id": 7, "properties": {"nom": "Bourg"}, "geometry": polygon(RING)}
    (found,) = zones_of(json.dumps(feature))
    assert found == {"id": "7", "name": "Bourg", "ring": [[47.0, 4.0], [47.0, 4.1], [47.1, 4.1]]}


positions = st.tuples(
    st.integers(46_100_000, 48_500_000).map(lambda each: each / 1e6),
    st.integers(2_800_000, 7_200_000).map(lambda each: each / 1e6),
)


@given(st.lists(st.lists(positions, min_size=3, max_size=8, unique=True), min_size=1, max_size=3))
def test_what_is_written_is_read_back(rings: list[list[tuple[float, float]]]) -> None:
    made = [zone(*ring, id_=f"z{number}") for number, ring in enumerate(rings)]
    read = [
        Zone(each["id"], each["name"], tuple(Point(*at) for at in each["ring"])) for each in zones_of(geojson_of(made))
    ]
    assert read == made


def test_the_picture_says_where_its_points_lie() -> None:
    svg = drawn_zones([zone(*SQUARE)], [("<Arrêt>", Point(47.05, 4.05))], "Zones")
    facts = {name: float(svg.split(f'data-{name}="')[1].split('"')[0]) for name in ("west", "north", "step", "wide")}
    x, y = (float(each) for each in svg.split('points="')[1].split()[0].split(","))
    assert facts["west"] + x * facts["step"] / facts["wide"] == pytest.approx(4.0, abs=1e-3)
    assert facts["north"] - y * facts["step"] == pytest.approx(47.0, abs=1e-3)
    assert "&lt;Arrêt&gt;" in svg
