"""The prices in force in NeTEx, part 3 (fares): products, passes and cards, categories of travellers, media, what each
costs and how long it lasts (`netex_usage`), books of tickets and discounts (`netex_discounts`).

Where a product may be used (networks, zones, hours) and what a transfer that is paid costs is said by the rules of
GTFS-Fares v2; the French fare profile is not settled, so that those rules are counted here, and not approximated.
"""

from collections.abc import Mapping
from datetime import UTC, datetime, time
from typing import Final

from lxml import etree

from billettique.export import netex_discounts, netex_usage
from billettique.export.fares import amount_text
from billettique.model.fares import FareMedium, FareProduct, FareTables, MediumKind, RiderCategory
from billettique.model.tariffs import Tariff
from mobigo.network.export.netex.names import Element, Naming, add, add_source, delivery, entity, ident

FILE: Final = "tarifs.xml"
FEED: Final = "billettique"
# How NeTEx calls what a ticket is held on (MediaTypeEnumeration).
_MEDIA: Final = {
    MediumKind.NONE: "none", MediumKind.PAPER: "paperTicket", MediumKind.CARD: "smartCard",
    MediumKind.BANK_CARD: "card", MediumKind.APP: "mobileApp",
}  # fmt: skip
ALL: Final = "tous"  # the table of prices of any traveller, on any medium


def fares_document(tariff: Tariff, participant: str) -> tuple[bytes, Mapping[str, int]]:
    """The document, and the rules that it does not hold, by table. Same tariff, same bytes."""
    tables = tariff.tables
    first = max(version.period.first_day for version in tariff.versions)
    naming = Naming(FEED, participant, datetime.combine(first, time(), UTC), "Europe/Paris")
    frame = entity("FareFrame", naming.code("tarifs"))
    add(frame, "Name", " + ".join(version.code for version in tariff.versions))
    networks = {each.id: each.name or each.id for each in tables.networks}
    pricing = netex_discounts.parameters(naming, tariff, networks)
    if pricing is not None:
        frame.append(pricing)
    profiles = [_profile(naming, each.id, each.name) for each in sorted(tables.riders, key=_id)]
    _put(frame, "usageParameters", profiles + netex_usage.parameters(naming, tariff, netex_discounts.proofs(tariff)))
    covers = netex_usage.told_covers(tariff)
    names = sorted((each.id, each.name or each.id) for each in tables.products)
    products = dict(reversed(names))  # one name each: the first
    _put(frame, "fareProducts", [
        *(_product(naming, code, products[code]) for code in sorted(products)),
        *(netex_usage.cover_product(naming, each, networks) for each in covers),
        *netex_discounts.products(naming, tariff),
    ])  # fmt: skip
    _put(frame, "fareTables", [
        *_price_tables(naming, tables), *(netex_usage.cover_table(naming, each) for each in covers),
        *netex_discounts.tables(naming, tariff),
    ])  # fmt: skip
    media = [_medium(naming, each.id, each.name, each.kind) for each in sorted(tables.media, key=_id)]
    _put(frame, "typesOfTravelDocuments", media)
    with delivery(naming) as (out, xml):
        xml.write(frame)
    left = {
        "fare_leg_rules": len(tables.leg_rules),
        "fare_leg_join_rules": len(tables.join_rules),
        **netex_usage.left_out(tariff),
        **netex_discounts.left_out(tariff),
    }
    return out.getvalue(), {name: count for name, count in left.items() if count}


def _id(each: RiderCategory | FareMedium) -> str:
    return each.id


def _put(frame: Element, name: str, elements: list[Element]) -> None:
    if elements:
        etree.SubElement(frame, name).extend(elements)


def _profile(naming: Naming, code: str, name: str | None) -> Element:
    element = entity("UserProfile", naming.code(code))
    add_source(element, code)
    add(element, "Name", name or code)
    return element


def _product(naming: Naming, code: str, name: str) -> Element:
    element = entity("PreassignedFareProduct", naming.code(code))
    add_source(element, code)
    add(element, "Name", name)
    return element


def _medium(naming: Naming, code: str, name: str | None, kind: MediumKind) -> Element:
    element = entity("TypeOfTravelDocument", naming.code(code))
    add_source(element, code)
    add(element, "Name", name or code)
    add(element, "MediaType", _MEDIA[kind])
    return element


def _price_tables(naming: Naming, tables: FareTables) -> list[Element]:
    """One table of prices a category of travellers, medium and way of changing."""
    changes = netex_usage.transfers_of(tables)
    groups: dict[tuple[str, str, str], list[FareProduct]] = {}
    for each in tables.products:
        groups.setdefault((each.rider or "", each.medium or "", changes.get(each.id, "")), []).append(each)
    found = []
    for (rider, medium, change), products in sorted(groups.items()):
        code = naming.code(f"{rider or ALL}/{medium or ALL}" + (f"/{change}" if change else ""))
        element = entity("FareTable", code)
        if medium:
            specifics = add(element, "specifics")
            add(specifics, "TypeOfTravelDocumentRef", ref=ident("TypeOfTravelDocument", naming.code(medium)))
        limits = [("UserProfile", ident("UserProfile", naming.code(rider)))] if rider else []
        limits += [("Interchanging", netex_usage.transfer_ref(naming, change))] if change else []
        netex_usage.refer(element, limits)
        cells = add(element, "cells")
        for order, product in enumerate(sorted(products, key=lambda each: each.id), start=1):
            cells.append(_cell(naming, code, order, product))
        found.append(element)
    return found


def _cell(naming: Naming, table: str, order: int, product: FareProduct) -> Element:
    own = f"{table}__{order}"
    cell = etree.Element("Cell", id=ident("Cell", own), version="any", order=str(order))
    price = add(cell, "FareProductPrice", id=ident("FareProductPrice", own), version="any")
    add(price, "Amount", amount_text(product))
    add(price, "Currency", product.currency)
    add(cell, "PreassignedFareProductRef", ref=ident("PreassignedFareProduct", naming.code(product.id)))
    return cell
