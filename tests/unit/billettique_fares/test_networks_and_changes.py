"""Which network a line is of, what changes between two versions, and the text a version is kept as."""

from dataclasses import replace
from datetime import date

import pytest

from billettique.export.tariff_text import tariff_text
from billettique.gateway.fares import DATA, document_of, document_of_text, version_of_text, versions
from billettique.gateway.networks import network_tables
from billettique.model.tariffs import Version
from billettique.rules.changes import changes
from billettique.rules.networks import mode_of, network_of, plain, table_on

NETWORKS = network_tables()[0].networks


@pytest.mark.parametrize(
    ("agency", "route_type", "network"),
    [
        ("TER Mobigo", 2, "ter"),
        ("TER Mobigo (démonstration)", 106, "ter"),
        ("TER", 2, "ter"),
        ("Cars Mobigo", 3, "car"),
        ("MOBIGO", 200, "car"),
        ("Optymo", 3, "optymo"),
        ("Évolity", 700, "evolity"),
        ("TER Mobigo", 3, None),  # a coach run by the trains is in no table
        ("Cars Mobigo", 2, None),
        ("Réseau urbain de Dijon", 3, None),
        ("SNCF Voyageurs", 2, None),  # high speed trains too are of that agency
        ("", 3, None),
        ("TER Mobigo", 0, None),
    ],
)
def test_a_line_is_of_a_network_only_where_data_name_it(agency: str, route_type: int, network: str | None) -> None:
    found = network_of(agency, route_type, NETWORKS)
    assert (None if found is None else found.id) == network


@pytest.mark.parametrize(
    ("name", "lat", "lon", "holds"),
    [
        ("Dijon Ville", 47.32, 5.03, True),
        ("Lyon Part-Dieu", 45.76, 4.86, False),
        ("Bourg-en-Bresse", 46.2, 5.21, False),  # within the box, and of the other region
        ("Bourg en Bresse", 46.2, 5.21, False),
        ("Une gare de Paris", 48.84, 2.38, False),
        ("Mâcon Ville", 46.30, 4.83, True),
    ],
)
def test_the_tariff_of_trains_holds_within_the_region(name: str, lat: float, lon: float, holds: bool) -> None:
    ter = next(each for each in NETWORKS if each.id == "ter")
    assert ter.holds_at(name, lat, lon) is holds


def test_names_are_compared_without_accents_hyphens_or_brackets() -> None:
    assert plain("Mâcon-Ville (démo)") == "macon ville"
    assert [mode_of(each) for each in (0, 2, 3, 99, 100, 199, 200, 299, 700, 799, 800)] == [
        None, "rail", "coach", None, "rail", "rail", "coach", "coach", "coach", "coach", None,
    ]  # fmt: skip


def test_the_table_of_networks_is_that_of_the_day() -> None:
    tables = network_tables()
    assert table_on(tables, date(2018, 8, 31)) is None
    assert table_on(tables, date(2018, 9, 1)) is tables[0]


# ---- text and changes


@pytest.mark.parametrize("version", versions(), ids=lambda each: each.code)
def test_a_version_written_and_read_again_has_the_same_hash(version: Version) -> None:
    document = document_of_text(document_of(version), version.code)
    assert version_of_text(tariff_text(document), version.code).hash == version.hash


def coach(old: str = "", new: str = "") -> Version:
    text = (DATA / "fares" / "2020-09-01-car-a-l-unite.toml").read_text(encoding="utf-8")
    return version_of_text(text.replace(old, new) if old else text, "coach")


@pytest.mark.parametrize(
    ("old", "new", "codes"),
    [
        ("", "", []),
        ("cents = 150", "cents = 180", ["billettique.change_dearer"]),
        ("cents = 150", "cents = 120", ["billettique.change_cheaper"]),
        ("first_day = 2020-09-01", "first_day = 2027-01-01", ["billettique.change_first_day"]),
        (
            'id = "car-unite"\nname = "Billet de car à l’unité"\ncents = 150\n\n[[leg]]\nproduct = "car-unite"',
            'id = "car-2"\nname = "Billet deux heures"\ncents = 150\n\n[[leg]]\nproduct = "car-2"',
            ["billettique.change_product_new", "billettique.change_gone", "billettique.change_leg_rules",
             "billettique.change_sale_terms"],
        ),
    ],
)  # fmt: skip
def test_each_difference_is_said_once(old: str, new: str, codes: list[str]) -> None:
    assert [each.code for each in changes(coach(), coach(old, new))] == codes


def test_bands_and_discounts_are_compared() -> None:
    known = {each.code: each for each in versions()}
    said = [each.code for each in changes(known["ter-2017"], known["ter-2026"])]
    assert said.count("billettique.change_dearer") == 7  # 5..35 € become 6..41 €
    assert "billettique.change_band" not in said  # the same edges
    one = known["ter-2017"]
    assert one.content is not None
    moved = replace(one.content.bands[0], until_m=35_000)
    other = replace(one, content=replace(one.content, bands=(moved, *one.content.bands[1:])))
    assert [each.code for each in changes(one, other)] == ["billettique.change_band"]
