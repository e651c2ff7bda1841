"""Prices in NeTEx: read back by a reader of this file's own, they are the prices of the tariff; rules are counted."""

from dataclasses import replace
from datetime import date

import pytest
from lxml import etree

from billettique.export.netex_fares import fares_document
from billettique.gateway.fares import tariff_on
from billettique.model.fares import DurationKind, LegRule, TransferKind, TransferRule
from billettique.model.tariffs import Carnet, Cover, CoverKind, Days, Discount, Span, Tariff
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
        if table.find("n:limitations/n:UsageValidityPeriodRef", NS) is None  # a pass or a card
        for cell in table.iterfind("n:cells/n:Cell", NS)
        if cell.find("n:PreassignedFareProductRef", NS) is not None  # else a book of tickets, or a discount
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


# ---------------------------------------------------------------- how they may be used


def cover(of: str = "abonnement", **more: object) -> Cover:
    return replace(Cover(of, "Abonnement", CoverKind.PASS, 4_905, Span.MONTH), **more)  # type: ignore[arg-type]


def usage(tariff: Tariff) -> tuple[list[tuple[str, str, list[str], str | None, str | None]], dict[str, int]]:
    """Each pass and card as a stranger reads it: its identifier, its price, for whom, its span and its duration."""
    document, left_out = fares_document(tariff, "region")
    root = etree.fromstring(document)
    by_id = {each.get("id"): each for each in root.iterfind(".//*[@id]")}
    found = []
    for table in root.iterfind(".//n:FareTable", NS):
        spans = table.findall("n:limitations/n:UsageValidityPeriodRef", NS)
        for ref in spans:
            span = by_id[ref.get("ref")]
            riders = [by_id[each.get("ref")].findtext("n:Name", namespaces=NS) or ""
                      for each in table.iterfind("n:limitations/n:UserProfileRef", NS)]  # fmt: skip
            (cell,) = table.iterfind("n:cells/n:Cell", NS)
            product = by_id[cell[1].get("ref")]
            found.append((
                product.findtext("n:keyList/n:KeyValue/n:Value", namespaces=NS) or "",
                cell.findtext("n:FareProductPrice/n:Amount", namespaces=NS) or "", riders,
                span.findtext("n:ValidityPeriodType", namespaces=NS),
                span.findtext("n:StandardDuration", namespaces=NS),
            ))  # fmt: skip
    return found, dict(left_out)


@pytest.mark.parametrize(
    ("given", "riders", "kind", "duration"),
    [
        (cover(), [], "monthlyPass", None),
        (cover(span=Span.DAY), [], "dayPass", None),  # an operating day, not 24 hours
        (cover(span=Span.WEEK), [], "weeklyPass", None),
        (cover(span=Span.DAYS, span_days=7), [], None, "P7D"),
        (cover(span=Span.YEAR, kind=CoverKind.CARD, riders=frozenset({"j"})), ["Moins de 26 ans"], "annualPass", "P1Y"),
        (cover(span=Span.SCHOOL_YEAR, proof="ayant_droit"), ["Sur justificatif (ayant droit)"], "seasonTicket", None),
    ],
)  # fmt: skip
def test_a_pass_says_what_it_costs_for_whom_and_how_long(
    given: Cover, riders: list[str], kind: str | None, duration: str | None
) -> None:
    found, left_out = usage(replace(PRICES, covers=(given,)))
    assert found == [("abonnement", "49.05", riders, kind, duration)]
    assert "covers" not in left_out


def test_what_cannot_be_said_whole_is_counted_and_not_told() -> None:
    both = cover("les-deux", riders=frozenset({"j"}), proof="carte_etudiant")  # a category and a proof: "or" or "and"?
    cap = cover("plafond", kind=CoverKind.CAP)
    found, left_out = usage(replace(PRICES, covers=(both, cap, cover())))
    assert ([each[0] for each in found], left_out["covers"]) == (["abonnement"], 2)


FREE = TransferRule(TransferKind.FROM_AND_TRANSFER, from_group="g", to_group="g")


@pytest.mark.parametrize(
    ("rules", "told_as"),
    [
        ((replace(FREE, count=-1),), {"CanInterchange": "true"}),
        ((replace(FREE, count=2),), {"CanInterchange": "true", "MaximumNumberOfInterchanges": "2"}),
        ((replace(FREE, duration_s=3_600, duration_kind=DurationKind.ARRIVAL_TO_DEPARTURE),),
         {"CanInterchange": "true", "MaximumTimeToMakeATransfer": "PT3600S"}),
        ((replace(FREE, duration_s=3_600, duration_kind=DurationKind.DEPARTURE_TO_DEPARTURE),), None),
        ((replace(FREE, to_group="h"),), None),
        ((replace(FREE, product="jour"),), None),
        ((FREE, replace(FREE, to_group="h")), None),
    ],
)  # fmt: skip
def test_a_free_change_is_told_when_it_is_just_that(
    rules: tuple[TransferRule, ...], told_as: dict[str, str] | None
) -> None:
    tables = replace(PRICES.tables, leg_rules=(LegRule("u", group="g"), LegRule("jour")), transfer_rules=rules)
    document, left_out = fares_document(replace(PRICES, tables=tables), "region")
    assert prices(document) == told(PRICES)
    root = etree.fromstring(document)
    found = {each.tag.rpartition("}")[2]: each.text for each in root.iterfind(".//n:Interchanging/*", NS)}
    assert (found or None) == told_as
    bound = [
        cell.find("n:PreassignedFareProductRef", NS).get("ref")
        for table in root.iterfind(".//n:FareTable", NS)
        if table.find("n:limitations/n:InterchangingRef", NS) is not None
        for cell in table.iterfind("n:cells/n:Cell", NS)
    ]
    assert set(bound) == ({"FR:PreassignedFareProduct:billettique__u:"} if told_as else set())
    assert left_out.get("fare_transfer_rules", 0) == (0 if told_as else len(rules))


# ---------------------------------------------------------------- books of tickets, discounts


def discounts(tariff: Tariff) -> dict[str, tuple[str | None, list[str], str | None]]:
    """Each discount as a stranger reads it, by its name: the share, for whom, with what card."""
    root = etree.fromstring(fares_document(tariff, "region")[0])
    by_id = {each.get("id"): each for each in root.iterfind(".//*[@id]")}

    def name(ref: str | None) -> str:
        return by_id[ref].findtext("n:Name", namespaces=NS) or ""

    found = {}
    for table in root.iterfind(".//n:FareTable", NS):
        for cell in table.iterfind("n:cells/n:Cell", NS):
            rule = cell.find("n:FareProductPrice/n:DiscountingRuleRef", NS)
            if rule is not None:
                card = cell.find("n:SaleDiscountRightRef", NS)
                who = [name(each.get("ref")) for each in table.iterfind("n:limitations/n:UserProfileRef", NS)]
                share = by_id[rule.get("ref")].findtext("n:DiscountAsPercentage", namespaces=NS)
                found[name(rule.get("ref"))] = (share, who, None if card is None else name(card.get("ref")))
    return found


CARD = cover("carte", name="Carte", kind=CoverKind.CARD, span=Span.YEAR)


@pytest.mark.parametrize(
    ("given", "told_as"),
    [
        (Discount("d", "Groupe", pct=75, party_min=10), ("75", [], None)),
        (Discount("d", "Groupe", pct=50, riders=frozenset({"j"})), ("50", ["Moins de 26 ans"], None)),
        (Discount("d", "Groupe", pct=75, proof="solidarite"), ("75", ["Sur justificatif (solidarite)"], None)),
        (Discount("d", "Groupe", pct=30, card="carte", days=Days.ORDINARY), ("30", [], "Carte")),
        (Discount("d", "Groupe", pct=100), ("100", [], None)),
        (Discount("d", "Groupe", flat_cents=200), None),
        (Discount("d", "Groupe", pct=30, card="autre"), None),
        (Discount("d", "Groupe", pct=30, riders=frozenset({"j"}), proof="solidarite"), None),
    ],
)  # fmt: skip
def test_a_discount_says_how_much_less_for_whom_and_with_what_card(
    given: Discount, told_as: tuple[str, list[str], str | None] | None
) -> None:
    tariff = replace(PRICES, covers=(CARD,), discounts=(given,))
    assert discounts(tariff) == ({} if told_as is None else {"Groupe": told_as})
    assert fares_document(tariff, "region")[1].get("discounts", 0) == (1 if told_as is None else 0)


def test_a_book_says_how_many_tickets_for_how_much() -> None:
    book = Carnet("dix", "Dix voyages", PRICES.tables.products[0].id, 10, 1_250, riders=frozenset({"j"}))
    online = replace(book, id="web", channels=frozenset({"web"}))
    document, left_out = fares_document(replace(PRICES, carnets=(book, online)), "region")
    root = etree.fromstring(document)
    (product,) = root.iterfind(".//n:AmountOfPriceUnitProduct", NS)
    assert [product.findtext(f"n:{name}", namespaces=NS) for name in ("Name", "ProductType", "Amount")] == [
        "Dix voyages", "tripCarnet", "10",
    ]  # fmt: skip
    (cell,) = (each.getparent() for each in root.iterfind(".//n:Cell/n:AmountOfPriceUnitProductRef", NS))
    assert cell.findtext("n:FareProductPrice/n:Amount", namespaces=NS) == "12.50"
    assert left_out["carnets"] == 1
