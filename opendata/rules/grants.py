"""Subsidies as the law wants them published (décret n° 2017-779, arrêté of 17 November 2017; national schema
"subventions", SCDL): what each of the fourteen fields may hold.

Money given to companies, associations and authorities, whatever the sum; never a driver's aid, which is another table.
"""

import re
from collections.abc import Mapping
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Final

from stdnum.fr import siret

from mobigo.base.decisions import Decision

FIELDS: Final = (
    "nomAttribuant", "idAttribuant", "dateConvention", "referenceDecision", "nomBeneficiaire", "idBeneficiaire",
    "objet", "montant", "nature", "conditionsVersement", "datesPeriodeVersement", "idRAE", "notificationUE",
    "pourcentageSubvention",
)  # fmt: skip
OPTIONAL: Final = ("referenceDecision", "idRAE")
NATURES: Final = ("aide en numéraire", "aide en nature")
TEXT_MAX: Final = 256
_DAY: Final = re.compile(r"\d{4}-\d{2}-\d{2}")
_AMOUNT: Final = re.compile(r"\d{1,12}(\.\d{1,2})?")


def fault(row: Mapping[str, str]) -> tuple[str, Decision] | None:
    """The first field that is not as the schema wants it, with what is wanted; None: the row is good."""
    for field in FIELDS:
        value = row.get(field, "")
        if not value:
            if field not in OPTIONAL:
                return field, Decision("opendata.wanted.something")
            continue
        if len(value) > TEXT_MAX:
            return field, Decision("opendata.wanted.shorter", letters=TEXT_MAX)
        if field in _WANTED and not _is_good(field, value):
            return field, _WANTED[field]
    return None


_SIRET: Final = Decision("opendata.wanted.siret")
_WANTED: Final[Mapping[str, Decision]] = {
    "idAttribuant": _SIRET,
    "idBeneficiaire": _SIRET,
    "dateConvention": Decision("opendata.wanted.day"),
    "montant": Decision("opendata.wanted.amount"),
    "nature": Decision("opendata.wanted.nature", first=NATURES[0], second=NATURES[1]),
    "datesPeriodeVersement": Decision("opendata.wanted.days"),
    "notificationUE": Decision("opendata.wanted.yes_or_no"),
    "pourcentageSubvention": Decision("opendata.wanted.share"),
}


def _is_good(field: str, value: str) -> bool:
    days = value.split("/")
    match field:
        case "idAttribuant" | "idBeneficiaire":
            return value.isdigit() and bool(siret.is_valid(value))
        case "dateConvention":
            return _is_day(value)
        case "montant":
            return bool(_AMOUNT.fullmatch(value)) and Decimal(value) > 0
        case "nature":
            return all(each in NATURES for each in value.split(";"))
        case "datesPeriodeVersement":
            return len(days) <= 2 and all(map(_is_day, days)) and days == sorted(days)
        case "notificationUE":
            return value in ("oui", "non")
        case _:
            return _is_share(value)


def _is_day(value: str) -> bool:
    try:
        return bool(_DAY.fullmatch(value)) and date.fromisoformat(value) is not None
    except ValueError:
        return False


def _is_share(value: str) -> bool:
    try:
        return Decimal("0.01") <= Decimal(value) <= 1
    except InvalidOperation:
        return False
