"""How passes, cards and transfers may be used, in NeTEx: how long a title lasts, for whom, whether one may change.

Ages are not in it: a tariff names its categories of travellers, and has no ages as figures. Nor are refunds and
exchanges: their terms belong to the sale, and none is confirmed by an act yet.
"""

from collections.abc import Collection, Mapping, Sequence
from typing import Final

from lxml import etree

from billettique.model.fares import UNLIMITED, DurationKind, FareTables, TransferKind, TransferRule
from billettique.model.tariffs import Cover, CoverKind, Span, Tariff
from mobigo.network.export.netex.names import Element, Naming, add, add_source, entity, ident

# A span: its kind in NeTEx, and its name where it follows the calendar; a duration is that of one that does not.
_SPANS: Final[Mapping[Span, tuple[str, str, str]]] = {
    Span.DAY: ("dayPass", "Un jour, de 4 h à 3 h 59 le lendemain", ""),
    Span.WEEK: ("weeklyPass", "Une semaine, du lundi au dimanche", ""),
    Span.MONTH: ("monthlyPass", "Un mois, du premier au dernier jour", ""),
    Span.SCHOOL_YEAR: ("seasonTicket", "Une année scolaire, du 1er septembre au 31 août", ""),
    Span.DAYS: ("", "", "P{days}D"),
    Span.YEAR: ("annualPass", "", "P1Y"),
}
_OF: Final = {CoverKind.PASS: "PreassignedFareProduct", CoverKind.CARD: "SaleDiscountRight"}


def told_covers(tariff: Tariff) -> list[Cover]:
    """The passes and cards that can be told whole, by id: those sold, whose holder is known by a category or by a
    proof, not by both."""
    return sorted(
        (each for each in tariff.covers if each.kind in _OF and not (each.riders and each.proof)),
        key=lambda each: each.id,
    )


def parameters(naming: Naming, tariff: Tariff, proofs: Collection[str] = ()) -> list[Element]:
    """What the tables of prices refer to: spans, proofs (and `proofs`, of discounts), transfers."""
    covers = told_covers(tariff)
    found = []
    for proof in sorted({each.proof for each in covers if each.proof} | set(proofs)):
        element = entity("UserProfile", proof_code(naming, proof))
        add_source(element, proof)
        add(element, "Name", f"Sur justificatif ({proof.replace('_', ' ')})")
        found.append(element)
    found += [_span(naming, *each) for each in sorted({(each.span, each.span_days) for each in covers})]
    return found + [_interchange(naming, rule) for rule in _free(tariff.tables).values()]


def cover_product(naming: Naming, cover: Cover, names: Mapping[str, str]) -> Element:
    """A pass or a card as a product. `names`: of the networks."""
    element = entity(_OF[cover.kind], naming.code(cover.id))
    add_source(element, cover.id)
    add(element, "Name", cover.name)
    said = []
    if cover.networks is not None:
        said.append(networks_words(cover.networks, names))
    if cover.areas is not None:
        said.append(f"Zones ({', '.join(sorted(cover.areas))}).")
    if cover.seats > 1:
        said.append(f"Pour {cover.seats} personnes qui voyagent ensemble.")
    if said:
        add(element, "Description", " ".join(said))
    return element


def networks_words(networks: Collection[str], names: Mapping[str, str]) -> str:
    """Which networks something is of, in words."""
    return f"Réseaux ({', '.join(sorted(names.get(each, each) for each in networks))})."


def cover_table(naming: Naming, cover: Cover) -> Element:
    """The table of its one price: for whom, how long."""
    code = naming.code(f"{cover.id}/prix")
    element = entity("FareTable", code)
    limits = add(element, "limitations")
    for rider in sorted(cover.riders or ()):
        add(limits, "UserProfileRef", ref=ident("UserProfile", naming.code(rider)))
    if cover.proof:
        add(limits, "UserProfileRef", ref=ident("UserProfile", proof_code(naming, cover.proof)))
    add(limits, "UsageValidityPeriodRef", ref=_span_id(naming, cover.span, cover.span_days))
    cell = etree.SubElement(add(element, "cells"), "Cell", id=ident("Cell", f"{code}__1"), version="any", order="1")
    price = add(cell, "FareProductPrice", id=ident("FareProductPrice", f"{code}__1"), version="any")
    add(price, "Amount", f"{cover.cents // 100}.{cover.cents % 100:02d}")
    add(price, "Currency", "EUR")
    add(cell, f"{_OF[cover.kind]}Ref", ref=ident(_OF[cover.kind], naming.code(cover.id)))
    return element


def transfers_of(tables: FareTables) -> Mapping[str, str]:
    """By product, the group of legs within which one may change without paying again."""
    free = _free(tables)
    return {rule.product: rule.group for rule in tables.leg_rules if rule.group in free and rule.group}


def transfer_ref(naming: Naming, group: str) -> str:
    """The identifier of what says so."""
    return ident("Interchanging", naming.code(f"{group}/correspondance"))


def left_out(tariff: Tariff) -> Mapping[str, int]:
    """What is not said of usage, by kind."""
    return {
        "fare_transfer_rules": len(tariff.tables.transfer_rules) - len(_free(tariff.tables)),
        "covers": len(tariff.covers) - len(told_covers(tariff)),
    }


def _free(tables: FareTables) -> Mapping[str, TransferRule]:
    """The rules that NeTEx can say as they are, by group: a change within the group costs nothing, and the only time
    limit is that of the change itself. A group of several rules is not told."""
    by_group: dict[str, list[TransferRule]] = {}
    for rule in tables.transfer_rules:
        by_group.setdefault(rule.from_group or "", []).append(rule)
    return {group: rules[0] for group, rules in sorted(by_group.items()) if len(rules) == 1 and _is_free(rules[0])}


def _is_free(rule: TransferRule) -> bool:
    within = rule.from_group is not None and rule.from_group == rule.to_group
    timed = rule.duration_s is None or rule.duration_kind is DurationKind.ARRIVAL_TO_DEPARTURE
    return within and timed and rule.product is None and rule.kind is TransferKind.FROM_AND_TRANSFER


def _interchange(naming: Naming, rule: TransferRule) -> Element:
    element = etree.Element("Interchanging", id=transfer_ref(naming, rule.from_group or ""), version="any")
    add(element, "CanInterchange", "true")
    if rule.count is not None and rule.count != UNLIMITED:
        add(element, "MaximumNumberOfInterchanges", str(rule.count))
    if rule.duration_s is not None:
        add(element, "MaximumTimeToMakeATransfer", f"PT{rule.duration_s}S")
    return element


def proof_code(naming: Naming, proof: str) -> str:
    """The code of those who hold a proof, as a category of travellers."""
    return naming.code(f"justificatif/{proof}")


def _span_id(naming: Naming, span: Span, days: int) -> str:
    return ident("UsageValidityPeriod", naming.code(f"{span}/{days}" if days else str(span)))


def _span(naming: Naming, span: Span, days: int) -> Element:
    kind, name, duration = _SPANS[span]
    element = etree.Element("UsageValidityPeriod", id=_span_id(naming, span, days), version="any")
    for child, text in (("Name", name), ("ValidityPeriodType", kind), ("StandardDuration", duration.format(days=days))):
        if text:
            add(element, child, text)
    return element


def refer(element: Element, groups: Sequence[tuple[str, str]]) -> None:
    """Put these references (class of the parameter, identifier) at the head of a table of prices."""
    if groups:
        limits = etree.Element("limitations")
        for of, identity in groups:
            add(limits, f"{of}Ref", ref=identity)
        element.insert(0, limits)
