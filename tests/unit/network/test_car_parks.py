"""Car parks read from the national file and from map tags, and their free places: nothing is guessed."""

import json
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mobigo.base.errors import InvalidInput
from mobigo.base.geo import Point
from mobigo.network.gateway.parks import packed, read_occupancy, read_parks, unpacked
from mobigo.network.model.parks import CarPark, Occupancy, ToldParks
from mobigo.network.rules.parks import park_of_tags

HEADER = "id,nom,insee,type_usagers,gratuit,nb_places,nb_pr,nb_pmr,nb_velo,tarif_24h,Xlong,Ylat"
VALSUZON = "21231-P-001,Valmy,21231,tous,true,600,600,12,20,,5.0571,47.3574"
AT = datetime(2026, 11, 26, 7, 0, tzinfo=UTC)


def parks(*rows: str) -> tuple[CarPark, ...]:
    return read_parks("\n".join([HEADER, *rows]).encode(), "parkings.csv")


def test_a_row_of_the_national_file() -> None:
    assert parks(VALSUZON) == (
        CarPark("21231-P-001", "Valmy", Point(47.3574, 5.0571), True, True, 600, 12, 20, True, None),
    )


@pytest.mark.parametrize(
    ("row", "changed"),
    [
        ("a,A,,abonnés,0,50,,,,12.50,5,47", {"is_public": False, "is_free": False, "day_cents": 1250}),
        ("a,A,,tous,false,50,0,,,,5,47", {"is_free": False, "is_relay": False}),
        ("a,A,,Tous,,50,,0,,,5,47", {"disabled": 0}),
        ("a,A,,tous,true,50,,,,4,5,47", {"is_free": True}),  # free of charge: a price beside it says nothing
        ("a,A,,tous,,,,,,,5,47", {"capacity": None}),
        ("a,,,tous,,50,,,,,5,47", {"name": "a"}),
    ],
)
def test_what_a_row_says_and_what_it_leaves_open(row: str, changed: dict[str, object]) -> None:
    assert parks(row) == (replace(CarPark("a", "A", Point(47, 5), capacity=50), **changed),)  # type: ignore[arg-type]  # fields


def test_semicolons_and_decimal_commas_as_spreadsheets_save_them() -> None:
    data = (HEADER.replace(",", ";") + "\na;A;;tous;;50;;;;3,00;5,25;47,5\n").encode("utf-8-sig")
    [park] = read_parks(data, "p.csv")
    assert (park.point, park.day_cents) == (Point(47.5, 5.25), 300)


@pytest.mark.parametrize(
    ("row", "code", "column"),
    [
        (",A,,tous,,5,,,,,5,47", "parks.bad_row", "id"), ("a,A,,tous,,x,,,,,5,47", "parks.bad_row", "nb_places"),
        ("a,A,,tous,,-5,,,,,5,47", "parks.bad_row", "nb_places"), ("a,A,,tous,,5,,,,,0,0", "parks.bad_row", "Ylat"),
        ("a,A,,tous,,5,,,,,5,nan", "parks.bad_row", "Ylat"), ("a,A,,tous,,5,,,,,5,97", "parks.bad_row", "Ylat"),
        (VALSUZON, "parks.said_twice", None),
    ],
)  # fmt: skip
def test_a_row_that_makes_no_sense_is_told_with_its_line(row: str, code: str, column: str | None) -> None:
    with pytest.raises(InvalidInput) as refused:
        parks(VALSUZON, row)
    said = refused.value.decision
    assert (said.code, said.params["line"], said.params.get("column")) == (code, 3, column)


@pytest.mark.parametrize("data", [b"", b"\n", b"id;nom\n", b"\0", b"\xff\xfe", HEADER.encode(), b'"' * 200_000])
def test_what_is_no_file_of_car_parks_is_refused(data: bytes) -> None:
    with pytest.raises(InvalidInput, match=r"parks\."):
        read_parks(data, "p.csv")


@pytest.mark.parametrize(
    ("tags", "found"),
    [
        ({"park_ride": "yes", "name": "P+R"}, {"name": "P+R", "is_relay": True}),
        ({"park_ride": "train"}, {"name": "Parc relais", "is_relay": True}),
        ({"name": "Place"}, {"name": "Place"}),
        ({"name": "Place", "fee": "yes"}, {"name": "Place", "is_free": False}),
        ({"name": "Place", "fee": "no", "capacity": "80"}, {"name": "Place", "is_free": True, "capacity": 80}),
        ({"name": "Place", "access": "private"}, {"name": "Place", "is_public": False}),
        ({"name": "Place", "access": "customers"}, {"name": "Place", "is_public": False}),
        ({"name": "Place", "access": "no", "motorcar": "yes"}, {"name": "Place"}),
        ({"name": "Place", "capacity:disabled": "yes"}, {"name": "Place", "disabled": None}),  # some: not how many
        ({"name": "Place", "capacity:disabled": "no"}, {"name": "Place", "disabled": 0}),
        ({"name": "Place", "capacity": "a lot"}, {"name": "Place", "capacity": None}),
        ({}, None), ({"name": "Rue", "parking": "street_side"}, None), ({"park_ride": "no"}, None),
    ],
)  # fmt: skip
def test_what_map_tags_say(tags: dict[str, str], found: dict[str, object] | None) -> None:
    told = park_of_tags("w1", Point(47, 5), {"amenity": "parking", **tags})
    assert told == (None if found is None else replace(CarPark("w1", "", Point(47, 5)), **found))  # type: ignore[arg-type]  # fields


def test_free_places_say_the_same_as_csv_and_as_json() -> None:
    csv = b"id;places_libres;horodatage;ouvert\nv;12;2026-11-26T08:00:00;oui\nx;0;2026-11-26T07:00:00Z;non\n"
    rows = [
        {"id": "v", "places_libres": 12, "horodatage": "2026-11-26T08:00:00+01:00"},
        {"id": "x", "places_libres": "0", "horodatage": "2026-11-26T07:00:00Z", "ouvert": False},
    ]
    expected = {"v": Occupancy(12, AT), "x": Occupancy(0, AT, is_open=False)}
    assert read_occupancy(csv) == expected
    assert read_occupancy(json.dumps(rows).encode()) == expected
    assert read_occupancy(json.dumps({"parkings": rows}).encode()) == expected


@pytest.mark.parametrize("places", [-1, 1.5, "12 places", None, True, 100_001, "9" * 5_000])
def test_a_number_that_is_none_is_left_out(places: object) -> None:
    good = {"id": "v", "places_libres": 3, "horodatage": "2026-11-26T07:00:00Z"}
    found = read_occupancy(json.dumps([good, {**good, "id": "x", "places_libres": places}]).encode())
    assert found == {"v": Occupancy(3, AT)}


def test_of_two_rows_of_one_park_the_later_is_kept() -> None:
    rows = [
        {"id": "v", "places_libres": free, "horodatage": f"2026-11-26T0{hour}:00:00Z"}
        for free, hour in ((5, 7), (9, 6))
    ]
    assert read_occupancy(json.dumps(rows).encode()) == {"v": Occupancy(5, AT)}


@pytest.mark.parametrize("data", [b"", b"[]", b"{}", b"null", b"[" * 100_000, b"id\n", b"\xff" * 9, b'{"parkings": 4}'])
def test_no_free_places_are_refused(data: bytes) -> None:
    with pytest.raises(InvalidInput, match=r"parks\.occupancy_unreadable"):
        read_occupancy(data)


@given(st.binary(max_size=300))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    for read in (read_occupancy, lambda given_: read_parks(given_, "p.csv")):
        with suppress(InvalidInput):
            read(data)


@pytest.mark.parametrize(
    ("age_s", "believed"), [(0, True), (900, True), (901, False), (-900, True), (-901, False)]
)  # fmt: skip
def test_free_places_grow_too_old(age_s: int, believed: bool) -> None:
    told = ToldParks("d", "p.csv", parks(VALSUZON), {"v": Occupancy(3, AT)}, 900, occupancy_url="https://x.example/")
    now = AT + timedelta(seconds=age_s)
    assert (told.known("v", now) is not None, told.is_stale(now)) == (believed, not believed)


def test_what_is_kept_is_what_was_read() -> None:
    assert unpacked(packed(parks(VALSUZON))) == parks(VALSUZON)
