"""What leaves: the columns and rows of ticketing's tables, and what is owed to those behind them."""

from datetime import date
from pathlib import Path

import pytest

from billettique.export.opendata import PointOfSale, Sold, Use, datasets, fare_rows, use_rows
from billettique.gateway.fares import tariff_on
from billettique.gateway.points_of_sale import FILE, points_of_sale
from mobigo.base.errors import InvalidInput
from mobigo.base.money import Money

DAY = date(2026, 11, 24)
HEAD = "code;nom;type;adresse;insee;commune;latitude;longitude;horaires;accessible;especes\n"
GARE = "D1;Gare de Dijon;guichet;Place Darcy;21231;Dijon;47,3235;5,0275;6 h à 20 h;oui;oui\n"


def test_every_row_has_every_column_and_no_table_of_counts_is_without_a_policy() -> None:
    point = PointOfSale("D1", "Gare", "guichet", "", "21231", "Dijon", 47.3, 5.0, "", True, True)
    uses, flows = [Use(DAY, "l", "s", 8, "p", "online", 3)], {(DAY.replace(day=1), "matin", "a", "b"): 4}
    tables = datasets(
        tariff_on(DAY), [point], uses, flows, [Sold(DAY.replace(day=1), "p", "online", 2, Money(300))],
    )  # fmt: skip
    for table in tables:
        rows = list(table.rows())
        assert rows, table.code
        assert all(len(row) == len(table.columns) for row in rows)
        known = {column.name for column in table.columns}
        for group in table.privacy.groups if table.privacy is not None else ():
            assert set(group) <= known, table.code
    assert {table.code for table in tables if table.privacy is None} == {
        "billettique-tarifs", "billettique-points-de-vente"
    }  # fmt: skip
    assert "token" not in " ".join(column.name for table in tables for column in table.columns)


def test_prices_are_in_euros_with_their_version_and_source() -> None:
    (row,) = [row for row in fare_rows(tariff_on(DAY)) if row[0] == "car-unite"]
    assert row[4] == 1.5
    assert row[5]
    assert row[6]


def test_cells_come_in_order() -> None:
    cells = [Use(DAY, "b", "", 9, "", "", 1), Use(DAY, "a", "", 10, "", "", 2)]
    assert use_rows(cells) == [("2026-11-24", "a", "", 10, "", "", 2), ("2026-11-24", "b", "", 9, "", "", 1)]


def test_the_authority_s_own_points_of_sale_are_read(tmp_path: Path) -> None:
    assert points_of_sale(tmp_path) == ()
    (tmp_path / FILE).parent.mkdir()
    (tmp_path / FILE).write_text(HEAD + GARE, encoding="utf-8")
    (point,) = points_of_sale(tmp_path)
    assert (point.lat, point.lon, point.accessible) == (47.3235, 5.0275, True)


@pytest.mark.parametrize(
    "row",
    [GARE + GARE, GARE.replace("guichet", "kiosque"), GARE.replace("47,3235", "97"), GARE.replace(";oui;oui", ";oui"),
     GARE.replace(";oui;oui", ";yes;oui"), GARE.replace("D1;", " ;")],
)  # fmt: skip
def test_a_list_that_cannot_be_is_refused_with_its_line(tmp_path: Path, row: str) -> None:
    (tmp_path / FILE).parent.mkdir()
    (tmp_path / FILE).write_text(HEAD + row, encoding="utf-8")
    with pytest.raises(InvalidInput) as wrong:
        points_of_sale(tmp_path)
    assert wrong.value.decision.params["line"] in (2, 3)
