"""In which commune a point lies, and what a file of outlines must be: two squares side by side, a hole, two isles."""

import json
from pathlib import Path
from typing import Any

import pytest

from covoit.engine.communes import NEAR_M, Communes
from covoit.gateway.communes import as_geojson, read_outlines
from covoit.model.communes import Outline
from mobigo.base.errors import InvalidInput
from mobigo.base.geo import Point

DEGREE_M = 111_195


def square(west: float, south: float, side: float = 0.1) -> tuple[tuple[float, float], ...]:
    east, north = west + side, south + side
    return ((west, south), (east, south), (east, north), (west, north), (west, south))


WEST = Outline("21001", "Ouest", ((square(4.0, 47.0),),))
EAST = Outline("21002", "Est", ((square(4.1, 47.0), square(4.13, 47.03, 0.04)),))  # with a hole
INNER = Outline("21003", "Centre", ((square(4.13, 47.03, 0.04),),))
ISLES = Outline("2A004", "Îles", ((square(5.0, 47.0, 0.01),), (square(5.1, 47.0, 0.01),)))


@pytest.mark.parametrize(
    ("lat", "lon", "code"),
    [
        (47.05, 4.05, "21001"),
        (47.05, 4.10, "21001"),  # on the border: the smaller code
        (47.05, 4.12, "21002"),
        (47.05, 4.15, "21003"),  # in the hole of the second
        (47.005, 5.005, "2A004"),
        (47.005, 5.105, "2A004"),
        (46.0, 4.0, None),
    ],
)
def test_a_point_is_where_its_outline_is(lat: float, lon: float, code: str | None) -> None:
    assert Communes([EAST, INNER, WEST, ISLES]).locate([Point(lat, lon)]) == [code]


@pytest.mark.parametrize(("metres", "code"), [(1, "21001"), (299, "21001"), (301, None)])
def test_just_outside_every_outline_the_nearest_within_300_m(metres: float, code: str | None) -> None:
    assert NEAR_M == 300
    assert Communes([WEST, EAST]).locate([Point(47.0 - metres / DEGREE_M, 4.05)]) == [code]


def test_many_points_are_answered_in_their_order_and_none_without_outlines() -> None:
    points = [Point(47.05, 4.15), Point(0.0, 0.0), Point(47.05, 4.05)]
    assert Communes([WEST, EAST, INNER]).locate(points) == ["21003", None, "21001"]
    assert Communes([]).locate(points) == [None, None, None]
    assert Communes([WEST]).locate([]) == []


def document(*features: Any) -> bytes:
    return json.dumps({"type": "FeatureCollection", "features": features}).encode()


def feature(code: Any = "21001", kind: str = "Polygon", coordinates: Any = None, **properties: Any) -> dict[str, Any]:
    given = [list(map(list, square(4.0, 47.0)))] if coordinates is None else coordinates
    return {"properties": {"code": code, **properties}, "geometry": {"type": kind, "coordinates": given}}


def test_a_file_is_read_and_written_the_same_whatever_the_names_of_its_properties() -> None:
    (one,) = read_outlines(document(feature(nom="Agencourt")), "a.geojson")
    assert (one.code, one.name, one.parts) == ("21001", "Agencourt", WEST.parts)
    ign = {"properties": {"INSEE_COM": "21001", "NOM": "Agencourt"}, "geometry": feature()["geometry"]}
    assert read_outlines(document(ign), "b.geojson") == [one]
    written = as_geojson([ISLES, one])
    assert read_outlines(written, "c") == [one, ISLES]
    assert as_geojson([one, ISLES]) == written


@pytest.mark.parametrize(
    ("content", "number", "reason"),
    [
        (b"{", 0, "JSON"),
        (b"[]", 0, "FeatureCollection"),
        (document(), 0, "FeatureCollection"),
        (document(feature(), {"geometry": None}), 2, "geometry"),
        (document(feature(code="2100")), 1, "code"),
        (document(feature(code=None)), 1, "code"),
        (document(feature(kind="Point", coordinates=[4.0, 47.0])), 1, "geometry"),
        (document(feature(coordinates=[[[4.0, 47.0], [4.1, 47.0], [4.1, 47.1], [4.0, 47.1]]])), 1, "not closed"),
        (document(feature(coordinates=[[["x", 1], [1, 1], [1, 1], [1, 1]]])), 1, "coordinates"),
        (document(feature(coordinates=[[[850000, 6700000]] * 4])), 1, "degrees"),  # Lambert 93, not WGS 84
    ],
)
def test_a_file_that_is_none_says_which_feature_and_why(content: bytes, number: int, reason: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        read_outlines(content, "x.geojson")
    assert refused.value.decision.code == "covoit.communes_file"
    assert refused.value.decision.params["feature"] == number
    assert reason in str(refused.value.decision.params["reason"])


@pytest.mark.realdata
def test_town_halls_and_stations_of_the_region_are_in_their_communes(realdata: Path) -> None:
    files = sorted((realdata / "geo").glob("communes-*.geojson"))
    outlines = [each for file in files for each in read_outlines(file.read_bytes(), file.name)]
    known = Communes(outlines)
    places = {
        "21231": Point(47.3233, 5.0272),  # Dijon, gare
        "25056": Point(47.2465, 6.0215),  # Besançon, gare Viotte
        "90010": Point(47.6325, 6.8537),  # Belfort, gare
        "71270": Point(46.3067, 4.8300),  # Mâcon, centre
        "21584": Point(47.2800, 4.2297),  # Saulieu
    }
    assert known.locate(list(places.values())) == list(places)
    assert known.locate([Point(48.8566, 2.3522), Point(46.9480, 7.4474)]) == [None, None]  # Paris, Berne
