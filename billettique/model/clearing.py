"""Clearing: how what one seller took is shared among those who carry, under dated conventions."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

from mobigo.base.decisions import Decision
from mobigo.base.money import Money


class By(StrEnum):
    """What a key counts."""

    KM = "km"
    VALIDATIONS = "validations"
    FIXED = "fixed"


@dataclass(frozen=True, slots=True)
class Key:
    """How titles of some products are shared; "*" is every product. `shares`: by network, where nothing is counted."""

    products: frozenset[str]
    by: By
    shares: Mapping[str, int]

    def fits(self, product: str) -> bool:
        return "*" in self.products or product in self.products


@dataclass(frozen=True, slots=True)
class Conventions:
    """Who carries each network, how they are called, and the keys, from a first day on."""

    first_day: date
    source: str
    to_confirm: bool
    party_of: Mapping[str, str]
    keys: tuple[Key, ...]
    names: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Sold:
    """What an item brought in a month, without tax (negative: taken back), and what it was promised for: metres by
    network where a journey was sold, else the networks it is good on."""

    item: str
    product: str
    net: Money
    metres: Mapping[str, int]
    networks: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Share:
    """A part of an item for a party, and by which key. `party` None: nobody could be named."""

    item: str
    party: str | None
    net: Money
    why: Decision
