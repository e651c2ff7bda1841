"""Books of tickets and discounts in NeTEx: so many tickets of a product for a price; a share less, for whom, with what
card. Discounts never add up (`AllowCumulativeDiscounts`).

A flat amount instead of a price is no discounting rule of NeTEx, and is counted by `left_out`; so is what only some
channels sell, and what wants both a category and a proof.
"""

from collections.abc import Iterable, Mapping
from typing import Final

from lxml import etree

from billettique.export import netex_usage
from billettique.model.tariffs import Carnet, CoverKind, Days, Discount, Tariff
from mobigo.network.export.netex.names import Element, Naming, add, add_source, entity, ident

UNIT: Final = "titre"  # what a book counts
_DAYS: Final = {
    Days.ORDINARY: "Hors week-ends, fêtes et vacances scolaires.",
    Days.OFF: "Week-ends, fêtes et vacances scolaires.",
}


def told_carnets(tariff: Tariff) -> list[Carnet]:
    """The books that can be told whole, by id: those of a product that is told, sold everywhere."""
    products = {each.id for each in tariff.tables.products}
    return sorted(
        (each for each in tariff.carnets if each.channels is None and each.product in products),
        key=lambda each: each.id,
    )


def told_discounts(tariff: Tariff) -> list[Discount]:
    """The discounts that can be told whole, by id."""
    cards = {each.id for each in netex_usage.told_covers(tariff) if each.kind is CoverKind.CARD}
    return sorted(
        (
            each
            for each in tariff.discounts
            if each.pct is not None and not (each.riders and each.proof) and (each.card is None or each.card in cards)
        ),
        key=lambda each: each.id,
    )


def proofs(tariff: Tariff) -> set[str]:
    """The proofs that the discounts told ask for."""
    return {each.proof for each in told_discounts(tariff) if each.proof}


def parameters(naming: Naming, tariff: Tariff, networks: Mapping[str, str]) -> Element | None:
    """What a book counts and the discounting rules; None where there is neither."""
    discounts, carnets = told_discounts(tariff), told_carnets(tariff)
    if not discounts and not carnets:
        return None
    element = entity("PricingParameterSet", naming.code("remises"))
    add(element, "Name", "Carnets et réductions")
    if carnets:
        unit = etree.SubElement(add(element, "priceUnits"), "PriceUnit", id=_unit(naming), version="any")
        add(unit, "Name", "Titre")
    if discounts:
        rules = add(element, "pricingRules")
        rules.extend(_rule(naming, each, networks) for each in discounts)
    add(element, "AllowCumulativeDiscounts", "false")
    return element


def _unit(naming: Naming) -> str:
    return ident("PriceUnit", naming.code(UNIT))


def _rule(naming: Naming, discount: Discount, networks: Mapping[str, str]) -> Element:
    element = etree.Element("DiscountingRule", id=_rule_id(naming, discount), version="any")
    add_source(element, discount.id)
    add(element, "Name", discount.name)
    said = [] if discount.networks is None else [netex_usage.networks_words(discount.networks, networks)]
    if discount.party_min > 1:
        said.append(f"À partir de {discount.party_min} personnes qui voyagent ensemble.")
    said += [_DAYS[discount.days]] if discount.days in _DAYS else []
    if said:
        add(element, "Description", " ".join(said))
    add(element, "DiscountAsPercentage", str(discount.pct))
    add(element, "CanBeCumulative", "false")
    return element


def _rule_id(naming: Naming, discount: Discount) -> str:
    return ident("DiscountingRule", naming.code(discount.id))


def products(naming: Naming, tariff: Tariff) -> list[Element]:
    """The books as products."""
    found = []
    for each in told_carnets(tariff):
        element = entity("AmountOfPriceUnitProduct", naming.code(each.id))
        add_source(element, each.id)
        add(element, "Name", each.name)
        add(element, "Description", f"Carnet de {each.units} titres « {each.product} ».")
        add(element, "ProductType", "tripCarnet")
        add(element, "PriceUnitRef", ref=_unit(naming))
        add(element, "Amount", str(each.units))
        found.append(element)
    return found


def tables(naming: Naming, tariff: Tariff) -> list[Element]:
    """What each book costs; and of each discount, for whom it is and with what card."""
    found = []
    for each in told_carnets(tariff):
        table, cell, price = _table(naming, each.id, [(rider, False) for rider in sorted(each.riders or ())])
        add(price, "Amount", f"{each.cents // 100}.{each.cents % 100:02d}")
        add(price, "Currency", "EUR")
        add(cell, "AmountOfPriceUnitProductRef", ref=ident("AmountOfPriceUnitProduct", naming.code(each.id)))
        found.append(table)
    for discount in told_discounts(tariff):
        who = [(rider, False) for rider in sorted(discount.riders or ())]
        who += [(discount.proof, True)] if discount.proof else []
        table, cell, price = _table(naming, discount.id, who)
        add(price, "DiscountingRuleRef", ref=_rule_id(naming, discount))
        add(price, "CanBeCumulative", "false")
        if discount.card is not None:
            add(cell, "SaleDiscountRightRef", ref=ident("SaleDiscountRight", naming.code(discount.card)))
        found.append(table)
    return found


def _table(naming: Naming, of: str, who: Iterable[tuple[str, bool]]) -> tuple[Element, Element, Element]:
    """A table of one cell, for these categories and proofs: the table, the cell, the price in it."""
    code = naming.code(f"{of}/prix")
    element = entity("FareTable", code)
    refs = [
        ident("UserProfile", netex_usage.proof_code(naming, name) if is_proof else naming.code(name))
        for name, is_proof in who
    ]
    netex_usage.refer(element, [("UserProfile", each) for each in refs])
    cell = etree.SubElement(add(element, "cells"), "Cell", id=ident("Cell", f"{code}__1"), version="any", order="1")
    return element, cell, add(cell, "FareProductPrice", id=ident("FareProductPrice", f"{code}__1"), version="any")


def left_out(tariff: Tariff) -> Mapping[str, int]:
    """What is not said of them, by kind."""
    return {
        "discounts": len(tariff.discounts) - len(told_discounts(tariff)),
        "carnets": len(tariff.carnets) - len(told_carnets(tariff)),
    }
