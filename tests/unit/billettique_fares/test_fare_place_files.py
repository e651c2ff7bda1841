"""Files of places and pairs, and drawing up a draft with them: what is taken, what is refused and where."""

import json
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from billettique.export.tariff_text import tariff_text
from billettique.gateway.fares import document_of_text, version_of_text
from billettique.gateway.place_files import PairRow, StopRow, read_places
from billettique.model.spots import Spot
from billettique.rules import placing as rules
from billettique.service.placing import one_meant, taken_in, ticked
from mobigo.base.errors import InvalidInput, MobigoError
from mobigo.base.geo import Point


def spot(place: str, name: str, lat: float, lon: float, uic: str = "") -> tuple[str, Spot]:
    return place, Spot(place, name, Point(lat, lon), (("f", f"stop-{place}"),), uic, ("ter",))


SPOTS = dict(
    [
        spot("P1", "Belfort-Ville", 47.632, 6.854, "8718400"),
        spot("P2", "Belfort-Montbéliard TGV", 47.586, 6.899, "8718440"),
        spot("P3", "Montbéliard", 47.506, 6.798, "8718452"),
        spot("P4", "Mairie", 47.64, 6.86),
        spot("P5", "Mairie", 46.0, 5.0),
    ]
)
NAMES = {"belfort": "Belfort", "montbeliard": "Montbéliard"}
DRAFT: dict[str, Any] = {"tariff": "lieux", "code": "l", "title": "L", "first_day": date(2026, 1, 1), "source": "Essai"}
SNCF = "Région;Origine;Origine - code UIC;Destination;Destination - code UIC;Libellé tarif;Type tarif;Prix\n"


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        ("lieu;arret\nBelfort;f:1\n\nmacon;X\n", [StopRow("Belfort", "f:1", 2), StopRow("macon", "X", 4)]),
        ("\ufeffArrêt,Lieu\r\nf:1,Belfort\r\n", [StopRow("Belfort", "f:1", 2)]),
        ("de;a;km\n87184002;8718452;18,5\n", [PairRow("8718400", "8718452", Decimal("18.5"), None, 2)]),
        ("De\tÀ\tPrix\nSaint Amour\tBourg\t5,10 €\n", [PairRow("Saint-Amour", "Bourg", None, 510, 2)]),
        (
            SNCF + "BFC;A;87184002;B;87184523;X;Tarif réduit;2\nBFC;A;87184002;B;87184523;X;Tarif normal;4.3\n",
            [PairRow("8718400", "8718452", None, 430, 3, ("A", "B"))],
        ),
    ],
)
def test_each_kind_of_file_is_known_by_its_columns(text: str, rows: list[Any]) -> None:
    assert list(read_places(text, "essai.csv")) == rows


@pytest.mark.parametrize(
    ("text", "line", "column"),
    [
        ("lieu;arret\nBelfort;\n", 2, "arret"),
        ("de;a;km\nA;B;1\nA;;2\n", 3, "a"),
        ("de;a;km\nA;B;-1\n", 2, "km"),
        ("de;a;km\nA;B;beaucoup\n", 2, "km"),
        ("de;a;km\nA;B;1,0001\n", 2, "km"),
        ("de;a;prix\nA;B;1,005\n", 2, "prix"),
        ("de;a;prix\nA;B;0\n", 2, "prix"),  # a free journey is not said so
    ],
)
def test_what_cannot_be_read_is_named_by_line_and_column(text: str, line: int, column: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        read_places(text, "essai.csv")
    assert (refused.value.decision.params["line"], refused.value.decision.params["column"]) == (line, column)


def outline(ring: Any, name: str = "Belfort", kind: str = "Polygon") -> str:
    shape = {"type": kind, "coordinates": [ring]}
    return json.dumps({"features": [{"properties": {"nom": name}, "geometry": shape}]})


SQUARE = [[6.8, 47.6], [6.9, 47.6], [6.9, 47.7], [6.8, 47.7], [6.8, 47.6]]


@pytest.mark.parametrize(
    "text", ["", "a;b\n1;2\n", "{", '{"features": 3}', outline(SQUARE, kind="Point"), 'de;a;km\n"' + "x" * 200_000]
)
def test_a_file_of_no_such_kind_is_refused(text: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        read_places(text, "essai")
    assert refused.value.decision.code == "billettique.bad_place_file"


def taken(text: str, document: dict[str, Any] | None = None) -> dict[str, Any]:
    return taken_in(document or DRAFT, NAMES, read_places(text, "essai.csv"), "essai.csv", SPOTS)


def test_stops_inside_an_outline_are_those_of_its_place() -> None:
    assert taken(outline(SQUARE))["place"] == [
        {"id": "belfort", "name": "Belfort", "stops": ["P1 Belfort-Ville", "P4 Mairie"]}
    ]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (outline(SQUARE, "Ailleurs"), "billettique.file_changes_nothing"),
        (SNCF + "BFC;A;87184002;B;87184523;X;Tarif réduit;2\n", "billettique.file_changes_nothing"),
        (outline([SQUARE[0], SQUARE[2], SQUARE[1], SQUARE[3], SQUARE[0]]), "billettique.bad_place_file"),  # a bow tie
        (outline([[6.8, 47.6]]), "billettique.bad_place_file"),
        ("lieu;arret\nBelfort;Mairie\n", "billettique.bad_fare_cell"),  # two stops of that name
        ("lieu;arret\nAilleurs;P1\n", "billettique.bad_fare_cell"),
        ("de;a;km\n87184002;8718452;18\n8718400;87184523;19\n", "billettique.bad_fare_cell"),  # one pair, twice
    ],
)
def test_what_a_file_cannot_say_is_refused_whole(text: str, code: str) -> None:
    with pytest.raises(MobigoError) as refused:
        taken(text)
    assert refused.value.decision.code == code


def test_prices_by_stations_are_the_products_of_the_tariff_where_it_has_them() -> None:
    band = {"network": "ter", "product": "court", "from_km": 0}
    products = [{"id": "court", "name": "Court", "cents": 600}, {"id": "car", "name": "Car", "cents": 430}]
    made = taken(
        "de;a;prix\n87184002;87184523;4,30\n87184002;87184408;6\n", DRAFT | {"product": products, "band": [band]}
    )
    assert made["pairs"][0]["rows"] == ["8718400 8718452 ter-430", "8718400 8718440 court"]
    assert [each["id"] for each in made["product"]] == ["court", "car", "ter-430"]
    assert made["place"][0] == {"id": "8718400", "name": "8718400", "stops": ["P1 Belfort-Ville"]}
    assert version_of_text(tariff_text(made), "").content is not None
    again = taken("de;a;prix\n87184002;87184523;4,30\n", document_of_text(tariff_text(made), ""))
    assert again["pairs"][0]["rows"] == ["8718400 8718452 ter-430"], "a new table takes the place of the old one"


def test_stops_are_proposed_never_kept_by_themselves() -> None:
    assert [each.place for each in rules.proposals("belfort", "Belfort", SPOTS.values())] == ["P1", "P2"]
    assert [each.place for each in rules.proposals("stop-P3", "?", SPOTS.values())] == ["P3"]
    assert [each.place for each in rules.proposals("87184002", "?", SPOTS.values())] == ["P1"]
    for text in ("P3", "f:stop-P3", "stop-P3", "8718452", "montbeliard"):
        assert one_meant(text, SPOTS).place == "P3"
    for text, code in (("Mairie", "billettique.ambiguous_stop"), ("", "billettique.unknown_stop")):
        with pytest.raises(InvalidInput) as refused:
            one_meant(text, SPOTS)
        assert refused.value.decision.code == code


def test_a_stop_no_longer_served_is_kept_until_it_is_taken_out() -> None:
    draft = DRAFT | {"place": [{"id": "belfort", "name": "Belfort", "stops": ["P1 Belfort-Ville", "P8 Ancienne gare"]}]}
    kept = ticked(draft, NAMES, {"belfort": ["P1", "P8"]}, SPOTS)
    assert kept["place"] == draft["place"]
    content = version_of_text(tariff_text(kept), "").content
    assert content is not None
    (said,) = rules.remarks([content], SPOTS)
    assert (said.code, said.params["which"]) == ("billettique.place_stop_gone", "Ancienne gare (Belfort)")
    assert ticked(draft, NAMES, {"belfort": []}, SPOTS)["place"][0]["stops"] == []
