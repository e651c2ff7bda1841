"""The agreements by which operators are paid, from `MOBIGO_HOME/conventions.toml`; none without it.

    [[convention]]
    operator = "blue"                   # its code in the journeys
    name = "Opérateur Bleu SAS"         # its legal name
    siret = "73282932000074"
    reference = "CP-2026-1"
    date = 2026-01-05                   # of the agreement
    purpose = "Covoiturage du quotidien"
    first_day = 2026-01-01              # the days of the trips it is about
    last_day = 2026-12-31               # left out: it lasts

Only legal persons: a SIRET is checked, and nothing is taken of a file with one that is none.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Final

from stdnum.fr import siret as sirets

from mobigo.base.errors import InvalidInput, Refused
from mobigo.base.periods import Period

FILE: Final = "conventions.toml"
_FIELDS: Final = {"operator", "name", "siret", "reference", "date", "purpose", "first_day", "last_day"}
PURPOSE_MAX: Final = 256  # what the national schema of subsidies takes


@dataclass(frozen=True, slots=True)
class Convention:
    """An operator, the company that it is, and the agreement by which its drivers' aid goes through it."""

    operator: str
    name: str
    siret: str
    reference: str
    agreed_on: date
    purpose: str
    period: Period


def conventions(home: Path) -> tuple[Convention, ...]:
    """The agreements of the file. Raises InvalidInput("covoit.bad_conventions_file") naming what is wrong; two for one
    operator on one day are."""
    path = home / FILE
    if not path.is_file():
        return ()
    try:
        rows = tomllib.loads(path.read_text(encoding="utf-8"))["convention"]
        found = tuple(_convention(row) for row in rows)
    except KeyError as missing:
        raise _bad(f"{missing.args[0]} ?") from missing
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, ValueError, TypeError, AttributeError) as wrong:
        raise _bad(str(wrong)) from wrong
    for number, one in enumerate(found):
        if any(one.operator == other.operator and one.period.overlaps(other.period) for other in found[:number]):
            raise _bad(f"{one.operator}: {one.period.first_day}")
    return found


def convention_of(home: Path, operator: str, first_day: date, last_day: date) -> Convention:
    """The one that covers all of these days for an operator. Raises Refused("covoit.no_convention")."""
    for one in conventions(home):
        if one.operator == operator and first_day in one.period and last_day in one.period:
            return one
    raise Refused("covoit.no_convention", operator=operator, day=first_day)


def _convention(row: Mapping[str, Any]) -> Convention:
    unknown = set(row) - _FIELDS
    if unknown:
        raise ValueError(f"{', '.join(sorted(unknown))} ?")
    for name in ("operator", "name", "siret", "reference", "purpose"):
        if not isinstance(row[name], str) or not row[name].strip() or len(row[name]) > PURPOSE_MAX:
            raise ValueError(f"{name}: {row[name]!r} ?")
    if not (row["siret"].isascii() and row["siret"].isdigit() and sirets.is_valid(row["siret"])):
        raise ValueError(f"siret: {row['siret']} ?")
    if type(row["date"]) is not date:
        raise TypeError(f"date: {row['date']!r} ?")
    return Convention(
        row["operator"], row["name"].strip(), row["siret"], row["reference"].strip(), row["date"],
        row["purpose"].strip(), Period(row["first_day"], row.get("last_day")),
    )  # fmt: skip


def _bad(reason: str) -> InvalidInput:
    return InvalidInput("covoit.bad_conventions_file", file=FILE, reason=reason[:200])
