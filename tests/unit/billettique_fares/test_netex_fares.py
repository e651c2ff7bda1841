"""Prices in NeTEx: read back by a reader of this file's own, they are the prices of the tariff; rules are counted."""

from dataclasses import replace
from datetime import date

import pytest
from lxml import etree

from billettique.export.netex_fares import fares_document
from billettique.gateway.fares import tariff_on
from billettique.model.tariffs import Tariff
from tests.prices_world import PRICES

NS = {"n": "http://www.netex.org.uk/netex"}
Price = tuple[str, str, str, str, str]  # product, rider, medium, amount, currency


def prices(document: bytes) -> list[Price]:
    """The prices as a stranger reads them: identifiers by the source that each object gives."""
    root = etree.fromstring(document)
    source = {
        each.get("id"): each.findtext("n:keyList/n:KeyValue[n:Key='source']/n:Value", namespaces=NS)
        for each in root.iterfind(".//*[@id]")
    }

    def named(element: etree._Element, path: str) -> str:
        found = element.find(path, NS)
        return "" if found is None else source[found.get("ref")] or ""

    return sorted(
        (
            named(cell, "n:PreassignedFareProductRef"), named(table, "n:limitations/n:UserProfileRef"),
            named(table, "n:specifics/n:TypeOfTravelDocumentRef"),
            cell.findtext("n:FareProductPrice/n:Amount", namespaces=NS) or "",
            cell.findtext("n:FareProductPrice/n:Currency", namespaces=NS) or "",
        )
        for table in root.iterfind(".//n:FareTable", NS)
        for cell in table.iterfind("n:cells/n:Cell", NS)
    )  # fmt: skip


def told(tariff: Tariff) -> list[Price]:
    return sorted(
        (each.id, each.rider or "", each.medium or "", f"{each.amount / 100:.2f}", each.currency)
        for each in tariff.tables.products
    )


@pytest.mark.parametrize("tariff", [PRICES, tariff_on(date(2026, 11, 26))], ids=["small", "shipped"])
def test_every_price_comes_back_as_it_is(tariff: Tariff) -> None:
    document, left_out = fares_document(tariff, "region")
    assert prices(document) == told(tariff)
    assert left_out["fare_leg_rules"] == len(tariff.tables.leg_rules)
    backwards = replace(tariff, tables=replace(tariff.tables, products=tariff.tables.products[::-1]))
    assert fares_document(backwards, "region")[0] == document


def test_a_price_is_a_price_whatever_its_name_holds() -> None:
    root = etree.fromstring(fares_document(PRICES, "region")[0])
    names = {each.text for each in root.iterfind(".//n:PreassignedFareProduct/n:Name", NS)}
    assert names == {"Unité <1 h>", "jour"}
