"""The file of accounting entries (fichier des écritures comptables, FEC) that a private operator has to be able to hand
over: article A47 A-1, VII-1° of the livre des procédures fiscales. A public body's accounts need none."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final, NamedTuple

from mobigo.base.money import Money


@dataclass(frozen=True, slots=True)
class AccountRule:
    """An account of the ledger, or all that begin so (`auxiliary`: what follows is the auxiliary account)."""

    ledger: str
    number: str
    label: str
    auxiliary: bool


@dataclass(frozen=True, slots=True)
class Chart:
    """Which accounts and journals the entries go to. `journals`: code → (label, kinds of entries)."""

    source: str
    carried: tuple[str, str]
    journals: Mapping[str, tuple[str, frozenset[str]]]
    rules: tuple[AccountRule, ...]


@dataclass(frozen=True, slots=True)
class Operator:
    """A private operator: its SIREN, the last day of its financial years, the collectors that are its own."""

    siren: str
    name: str
    closing: tuple[int, int]  # month, day
    collectors: frozenset[str]


class Account(NamedTuple):
    """An account of the file."""

    number: str
    label: str
    aux_number: str
    aux_label: str


class Entry(NamedTuple):
    """One line of an entry, before it is text; debit or credit is zero."""

    journal: str
    journal_label: str
    number: str
    booked_on: date
    account: Account
    piece: str
    piece_on: date
    label: str
    debit: Money
    credit: Money
    validated_on: date


FIELDS: Final = (
    "JournalCode", "JournalLib", "EcritureNum", "EcritureDate", "CompteNum", "CompteLib", "CompAuxNum", "CompAuxLib",
    "PieceRef", "PieceDate", "EcritureLib", "Debit", "Credit", "EcritureLet", "DateLet", "ValidDate", "Montantdevise",
    "Idevise",
)  # fmt: skip
OPENING: Final = ("AN", "À-nouveaux")
