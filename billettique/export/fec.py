"""The FEC as bytes: flat, one record a line (CR LF), 18 zones separated by a tabulation, ISO 8859-15, amounts with a
comma, days as AAAAMMJJ; and the description that has to come with it (article A47 A-1, I to III)."""

import unicodedata
from datetime import date
from typing import Final

from billettique.model.fec import FIELDS, Entry, Operator
from mobigo.base.money import Money

SEPARATOR: Final = "\t"
ENDING: Final = "\r\n"
ENCODING: Final = "iso8859-15"
_PLAIN: Final = str.maketrans({"’": "'", "‘": "'", "“": '"', "”": '"', "–": "-", "—": "-", "…": "...", "\u202f": " "})


def name_of(operator: Operator, closing: date) -> str:
    """SIRENFECAAAAMMJJ, the day being the last of the financial year."""
    return f"{operator.siren}FEC{closing:%Y%m%d}.txt"


def header() -> bytes:
    """The first record names the zones."""
    return _record(FIELDS)


def line(entry: Entry) -> bytes:
    """One record. Lettering and currency are left empty: all is in euros, and the ledger letters nothing."""
    return _record(
        (
            entry.journal, entry.journal_label, entry.number, _day(entry.booked_on), entry.account.number,
            entry.account.label, entry.account.aux_number, entry.account.aux_label, entry.piece, _day(entry.piece_on),
            entry.label, _figure(entry.debit), _figure(entry.credit), "", "", _day(entry.validated_on), "", "",
        )
    )  # fmt: skip


def description(operator: Operator, closing: date, source: str) -> bytes:
    """What has to be said of the file: its zones, its codes, how it is written."""
    said = [
        f"Description du fichier {name_of(operator, closing)}",
        f"Exploitant : {operator.name}, SIREN {operator.siren}. Exercice clos le {closing:%d/%m/%Y}.",
        "Article A47 A-1 du livre des procédures fiscales, VII, 1°.",
        "Fichier à plat, monostructure, enregistrements de longueur variable terminés par CR LF ; le premier nomme les"
        " zones.",
        "Zones séparées par une tabulation ; jeu de caractères ISO 8859-15 ; montants en euros, virgule décimale, sans"
        " séparateur de milliers ; dates AAAAMMJJ.",
        "Zones, dans l'ordre : " + ", ".join(FIELDS) + ".",
        "EcritureNum : code du journal et numéro continu dans ce journal. EcritureDate et ValidDate : jour"
        " d'enregistrement, après lequel rien ne change. PieceDate : jour de l'événement.",
        "EcritureLet, DateLet, Montantdevise, Idevise : sans objet, vides.",
        "Journal AN : reprise des soldes de l'exercice précédent, les résultats antérieurs en report à nouveau.",
        f"Plan de comptes : {source}",
    ]
    return (ENDING.join(map(_clean, said)) + ENDING).encode(ENCODING, "replace")


def _record(zones: tuple[str, ...]) -> bytes:
    return (SEPARATOR.join(map(_clean, zones)) + ENDING).encode(ENCODING, "replace")


def _clean(text: str) -> str:
    """Nothing that separates, nothing that the character set has not."""
    plain = unicodedata.normalize("NFC", text.translate(_PLAIN))
    return "".join(each if each.isprintable() else " " for each in plain).strip()


def _day(day: date) -> str:
    return f"{day:%Y%m%d}"


def _figure(amount: Money) -> str:
    return f"{amount.cents // 100},{amount.cents % 100:02d}"
