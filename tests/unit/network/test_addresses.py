"""Addresses of a national file: each row read or its fault told, found by text and by id, kept on disk."""

import gzip
from dataclasses import replace
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

import pytest

from mobigo.base.errors import InvalidInput, NotFound
from mobigo.base.geo import Point
from mobigo.network.engine import addressing
from mobigo.network.engine.addressing import STREET, WHOLE, AddressBook, AddressBuilder
from mobigo.network.engine.placegroups import build_index
from mobigo.network.gateway.ban import LINE_BYTES_MAX, read_ban
from mobigo.network.model.addresses import Address, AddressFault
from mobigo.network.model.places import Kind
from mobigo.network.rules.addresses import address_of
from mobigo.network.service.addressing import import_addresses
from mobigo.network.store import addresses as store
from tests.unit.planner_web.tiny import Stop, Trip, timetable

FILE = Path(__file__).parents[3] / "fixtures" / "addresses" / "adresses-exemple.csv"
NOW = datetime(2026, 11, 26, 8, tzinfo=UTC)
ROW = {"numero": "12", "rep": "bis", "nom_voie": "Rue des Fleurs", "code_postal": "21210", "code_insee": "21584",
       "nom_commune": "Saulieu", "lon": "4.231", "lat": "47.2815"}  # fmt: skip
GOOD = Address(12, "bis", "Rue des Fleurs", "21210", "21584", "Saulieu", "", "", 47.2815, 4.231)


def read(path: Path) -> tuple[list[Address], list[AddressFault]]:
    found = [each for _, each in read_ban(path)]
    return [each for each in found if isinstance(each, Address)], [e for e in found if isinstance(e, AddressFault)]


@pytest.fixture(scope="module")
def book() -> AddressBook:
    builder = AddressBuilder()
    for address in read(FILE)[0]:
        builder.add(address)
    return AddressBook(builder.build("hash"))


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({}, GOOD),
        ({"rep": "BIS"}, GOOD),
        ({"nom_voie": "  Rue  des Fleurs "}, GOOD),
        ({"numero": "0"}, GOOD._replace(number=0, suffix="")),
        ({"numero": "99999"}, GOOD._replace(number=0, suffix="")),
        ({"numero": ""}, GOOD._replace(number=0, suffix="")),
        ({"numero": "9999"}, GOOD._replace(number=9999)),
        ({"code_postal": ""}, GOOD._replace(postcode="")),
        ({"code_insee": "2A004"}, GOOD._replace(insee="2A004")),
        ({"lat": "-90", "lon": "180"}, GOOD._replace(lat=-90.0, lon=180.0)),
        ({"numero": "10000"}, ("numero", "network.address_bad_number")),
        ({"numero": "12bis"}, ("numero", "network.address_bad_number")),
        ({"numero": "١٢"}, ("numero", "network.address_bad_number")),
        ({"rep": "b/c"}, ("rep", "network.address_bad_suffix")),
        ({"nom_voie": " "}, ("nom_voie", "network.address_blank")),
        ({"nom_voie": "x" * 150}, GOOD._replace(street="x" * 150)),
        ({"nom_voie": "x" * 151}, ("nom_voie", "network.address_too_long")),
        ({"nom_voie": "Rue de l\ufffd\ufffdglise"}, ("nom_voie", "network.address_unreadable")),
        ({"nom_commune": ""}, ("nom_commune", "network.address_blank")),
        ({"code_insee": "2158"}, ("code_insee", "network.address_bad_insee")),
        ({"code_postal": "2121"}, ("code_postal", "network.address_bad_postcode")),
        ({"lat": "90.1"}, ("lat", "network.address_bad_position")),
        ({"lon": "nan"}, ("lon", "network.address_bad_position")),
        ({"lon": "4,231"}, ("lon", "network.address_bad_position")),
        ({"lat": "0", "lon": "0"}, ("lat", "network.address_bad_position")),
        ({"lat": "0", "lon": "4"}, GOOD._replace(lat=0.0, lon=4.0)),
    ],
)
def test_a_row_is_an_address_or_says_which_column_is_wrong(changed: dict[str, str], expected: object) -> None:
    found = address_of({**ROW, **changed})
    assert (found if isinstance(found, Address) else (found[0], found[1].code)) == expected


@pytest.mark.parametrize(
    ("text", "name", "context", "score"),
    [
        ("12 rue des Fleurs, Saulieu", "12 Rue des Fleurs", "21210 Saulieu", WHOLE),
        ("12, RUE DES FLEURS 21210 SAULIEU", "12 Rue des Fleurs", "21210 Saulieu", WHOLE),
        ("12 r. fleurs saulieu", "12 Rue des Fleurs", "21210 Saulieu", WHOLE),
        ("12 bis rue des fleurs saulieu", "12 bis Rue des Fleurs", "21210 Saulieu", WHOLE),
        ("12b rue des fleurs saulieu", "12B Rue des Fleurs", "21210 Saulieu", WHOLE),
        ("12 rue des fleurs chatillon", "12 Rue des Fleurs", "21400 Châtillon-sur-Seine", WHOLE),
        ("3 place du 8 mai 1945 saulieu", "3 Place du 8-Mai-1945", "21210 Saulieu", WHOLE),
        ("2 rue de l'eglise bourg neuf", "2 Rue de l’Église", "21140 Semur-en-Auxois (Bourg-Neuf)", WHOLE),
        ("rue des fleurs saulieu", "Rue des Fleurs", "21210 Saulieu", STREET),
        ("les granges saulieu", "Les Granges", "21210 Saulieu", STREET),
        ("12 rue des fleures saulieu", "12 Rue des Fleurs", "21210 Saulieu", None),  # a typing error
        ("12 rue des fleurs sauleiu", "12 Rue des Fleurs", "21210 Saulieu", None),  # letters changed round
        ("12 rue des fl", "12 Rue des Fleurs", "21400 Châtillon-sur-Seine", None),  # not typed to its end
        ("12ter rue des fleurs saulieu", "12 Rue des Fleurs", "21210 Saulieu", None),  # there is none: its house
        ("13 rue des fleurs saulieu", "Rue des Fleurs", "21210 Saulieu", None),  # no such number: its street
        ("8 mai saulieu", "Place du 8-Mai-1945", "21210 Saulieu", None),
    ],
)
def test_an_address_is_found_as_people_write_it(
    book: AddressBook, text: str, name: str, context: str, score: float | None
) -> None:
    best = book.search(text)[0]
    assert (best.place.kind, best.place.name, best.place.context) == (Kind.ADDRESS, name, context)
    assert best.score == score if score is not None else 50 < best.score < WHOLE


@pytest.mark.parametrize(
    "text", ["", " ", "12", "12 bis", "rue", "zzzz 12", "rue de la Paix, Dijon", "🚌 rue", "9" * 400]
)
def test_what_names_no_street_finds_none(book: AddressBook, text: str) -> None:
    assert [match for match in book.search(text) if match.score >= STREET] == []


def test_namesakes_are_all_given_and_nearness_decides_between_them(book: AddressBook) -> None:
    doors = [match for match in book.search("2 rue de l'église, Semur") if match.score == WHOLE]
    assert len(doors) == 2
    near = {city: book.search("rue des fl", near=at)[0].place.context for city, at in (
        ("Saulieu", Point(47.28, 4.23)), ("Châtillon", Point(47.86, 4.57))
    )}  # fmt: skip
    assert near == {"Saulieu": "21210 Saulieu", "Châtillon": "21400 Châtillon-sur-Seine"}


def test_every_address_found_is_found_again_by_its_id(book: AddressBook) -> None:
    for text in ("12 bis rue des fleurs", "rue des fleurs", "2 rue de l'église", "les granges saulieu"):
        for match in book.search(text):
            assert book.by_id(match.place.id) == match.place
    for unknown in ("address:", "address:21584.:rue-des-fleurs:13", "address:21584.:rue-des-fleurs:12ter",
                    "address:21584.:nulle-part", "address:21584.:rue-des-fleurs:12:1", "commune:21584"):  # fmt: skip
        assert book.by_id(unknown) is None


def test_the_order_of_rows_changes_neither_what_is_found_nor_the_columns() -> None:
    rows = read(FILE)[0]
    made = []
    for order in (rows, [*rows, rows[0]]):  # one of them twice
        builder = AddressBuilder()
        for address in order:
            builder.add(address)
        made.append(builder.build("hash"))
    assert [len(each.number) for each in made] == [10, 10]
    assert list(made[0].street_key) == list(made[1].street_key)
    assert made[0].address_count == 11  # the hamlet counts


def test_no_more_addresses_are_held_than_was_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(addressing, "ADDRESSES_MAX", 2)
    builder = AddressBuilder()
    builder.add(GOOD)
    builder.add(GOOD)
    with pytest.raises(InvalidInput, match="addresses_too_many"):
        builder.add(GOOD)


def write(path: Path, lines: list[str]) -> Path:
    path.write_text("\n".join(lines) + "\n", "utf-8")
    return path


def test_faults_are_told_by_line_and_nothing_changes_unless_the_good_part_is_asked_for(tmp_path: Path) -> None:
    home = tmp_path / "home"
    lines = FILE.read_text("utf-8").splitlines()
    broken = write(
        tmp_path / "b.csv", [*lines[:3], lines[3].replace(";47.", ";north."), lines[4] + ";more", *lines[5:]]
    )
    bad = tmp_path / "bad.csv"
    first = import_addresses(home, [broken], NOW, bad=bad)
    assert (first.in_use, first.rows, first.wrong) == (None, 11, 2)
    assert [(fault.line, fault.column, fault.reason.code) for fault in first.faults] == [
        (4, "lat", "network.address_bad_position"),
        (5, "", "network.address_wrong_columns"),
    ]
    assert store.find_in_use(home) is None
    assert len(bad.read_text("utf-8-sig").splitlines()) == 3
    second = import_addresses(home, [broken], NOW, good_part=True)
    assert second.in_use is not None
    assert (second.in_use.addresses, second.in_use.streets, second.in_use.communes) == (9, 6, 3)
    assert store.find_in_use(home) == second.in_use


def test_an_import_takes_the_place_of_the_one_before(tmp_path: Path) -> None:
    first = import_addresses(tmp_path, [FILE], NOW).in_use
    assert first is not None
    packed = tmp_path / "more.csv.gz"
    packed.write_bytes(gzip.compress("\n".join(FILE.read_text("utf-8").splitlines()[:3]).encode()))
    second = import_addresses(tmp_path, [packed], NOW).in_use
    assert second is not None
    assert [folder.name for folder in (tmp_path / "addresses").iterdir() if folder.is_dir()] == [second.hash]
    book = AddressBook(store.load(tmp_path, second.hash))
    assert [match.place.name for match in book.search("12 rue des fleurs saulieu")] == ["12 Rue des Fleurs"]
    assert store.forget(tmp_path)
    assert store.find_in_use(tmp_path) is None
    assert not store.forget(tmp_path)


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        ("none.csv", b"", "network.addresses_columns"),
        ("other.csv", b"a;b\n1;2\n", "network.addresses_columns"),
        ("header.csv", b"numero;nom_voie;code_insee;nom_commune;lon;lat\n", "network.addresses_none"),
        ("long.csv", b"numero;nom_voie;code_insee;nom_commune;lon;lat\n" + b"x" * (LINE_BYTES_MAX + 1),
         "network.addresses_long_line"),
        ("plain.csv.gz", b"numero;nom_voie", "network.addresses_broken"),
        ("cut.csv.gz", gzip.compress(b"numero;nom_voie;code_insee;nom_commune;lon;lat\n" * 99, mtime=0)[:40],
         "network.addresses_broken"),
        ("nul.csv", b"\x00" * 100, "network.addresses_columns"),
    ],
    ids=["empty", "other", "header", "long", "plain", "cut", "nul"],
)  # fmt: skip
def test_what_is_no_address_file_is_refused_whole(tmp_path: Path, name: str, content: bytes, code: str) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(InvalidInput) as refused:
        import_addresses(tmp_path / "home", [tmp_path / name], NOW)
    assert refused.value.decision.code == code
    with pytest.raises(NotFound):
        import_addresses(tmp_path / "home", [tmp_path / "missing.csv"], NOW)
    assert not (tmp_path / "home").exists()


def test_commas_a_byte_order_mark_and_other_columns_do_no_harm(tmp_path: Path) -> None:
    text = 'lat,lon,nom_commune,code_insee,nom_voie,numero,x\n47.28,4.23,Saulieu,21584,"Rue A, dite B",7,?\n'
    (tmp_path / "a.csv").write_bytes(text.encode("utf-8-sig"))
    digest = sha256()
    found = [each for _, each in read_ban(tmp_path / "a.csv", digest) if each is not None]
    assert found == [Address(7, "", "Rue A, dite B", "", "21584", "Saulieu", "", "", 47.28, 4.23)]
    assert digest.hexdigest() == sha256(text.encode("utf-8-sig")).hexdigest()


def test_beside_stops_an_address_is_taken_when_it_is_the_only_one_said(book: AddressBook) -> None:
    stops = [Stop("Saulieu, rue des Fleurs", 47.28, 4.23), Stop("Dijon", 47.32, 5.03)]
    index = build_index(timetable(stops, [Trip([(0, "8:00"), (1, "9:00")])]), (), book)
    place, others = index.resolve("12 rue des Fleurs, Saulieu")
    assert place is not None
    assert (place.kind, place.name) == (Kind.ADDRESS, "12 Rue des Fleurs")
    assert "Saulieu, rue des Fleurs" in [match.place.name for match in others]
    assert index.by_id(place.id) == place
    assert index.resolve("12 rue des Fleurs")[0] is None  # two towns: one is asked which
    street, choices = index.resolve("rue des Fleurs Saulieu")
    assert street is None or street.kind is Kind.STOP  # the stop, or the question; never the street unasked
    assert {Kind.STOP, Kind.ADDRESS} <= {match.place.kind for match in choices} | ({street.kind} if street else set())
    assert index.resolve("Dijon")[0] == index.by_id("demo:S1")
    assert [m.place.kind for m in index.search("12 rue des fleurs saulieu", 3)] == [Kind.STOP]  # only when asked for
    assert index.search("12 rue des fleurs saulieu", 3, [Kind.STOP, Kind.ADDRESS])[0].place.kind is Kind.ADDRESS
    bare = replace(book.addresses, hash="other")
    assert AddressBook(bare).search("12 rue des fleurs saulieu")[0].score == WHOLE
