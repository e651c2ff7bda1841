"""Who pays and under which accounting codes: files of `MOBIGO_HOME`, dated codes shipped in `covoit/data/accounts`.

# MOBIGO_HOME/payer.toml
way = "mandatary"            # or "accountant"
name = "Région Bourgogne-Franche-Comté"
iban = "FR76…"               # of the mandatary's account; not needed with the public accountant
bic = "…"
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Final

from covoit.model.payments import Debtor, Way
from mobigo.base.errors import InvalidInput, NotFound, Refused
from mobigo.base.periods import Period

FILE: Final = "payer.toml"
FOLDER: Final = "accounts"
DATA: Final = Path(__file__).parents[1] / "data" / FOLDER


@dataclass(frozen=True, slots=True)
class Payer:
    """Who pays, and how. `debtor` is None with the public accountant, who pays from the Region's own account."""

    way: Way
    name: str
    debtor: Debtor | None


@dataclass(frozen=True, slots=True)
class Column:
    """A column of the finance software's file: its title, and the name of what stands in it."""

    title: str
    value: str


@dataclass(frozen=True, slots=True)
class Accounts:
    """Accounting codes of a period, and the file that carries them."""

    code: str
    period: Period
    source: str
    codes: Mapping[str, str]
    separator: str
    decimal: str
    encoding: str
    columns: tuple[Column, ...]


def load_payer(home: Path) -> Payer:
    """Who pays. Raises Refused("covoit.payer_unknown") where nobody said, InvalidInput("covoit.bad_payer_file")."""
    path = home / FILE
    if not path.is_file():
        raise Refused("covoit.payer_unknown", file=FILE)
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
        way = Way(document["way"])
        debtor = None
        if way is Way.MANDATARY:
            debtor = Debtor(document["name"], check_iban(document["iban"]), str(document["bic"]))
        return Payer(way, str(document["name"]), debtor)
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, KeyError, ValueError, InvalidInput) as wrong:
        raise InvalidInput("covoit.bad_payer_file", file=FILE, reason=str(wrong)) from wrong


def accounts_on(day: date, home: Path | None = None) -> Accounts:
    """The codes of a day, an authority's own before those shipped. Raises NotFound("covoit.no_accounts"),
    InvalidInput("covoit.bad_accounts_file")."""
    for folder in ([home / FOLDER] if home is not None else []) + [DATA]:
        found = [each for each in _accounts(folder) if day in each.period]
        if found:
            return max(found, key=lambda each: each.period.first_day)
    raise NotFound("covoit.no_accounts", day=day)


def _accounts(folder: Path) -> list[Accounts]:
    found = []
    for path in sorted(folder.glob("*.toml")):
        try:
            document: dict[str, Any] = tomllib.loads(path.read_text(encoding="utf-8"))
            table = document["import"]
            found.append(
                Accounts(
                    document["code"],
                    Period(document["first_day"], document.get("last_day")),
                    document["source"],
                    {name: str(value) for name, value in document["codes"].items()},
                    table["separator"],
                    table["decimal"],
                    table["encoding"],
                    tuple(Column(each["title"], each["value"]) for each in table["columns"]),
                )
            )
        except (tomllib.TOMLDecodeError, UnicodeDecodeError, KeyError, ValueError, TypeError) as wrong:
            raise InvalidInput("covoit.bad_accounts_file", file=path.name, reason=str(wrong)) from wrong
    return found


def check_iban(text: str) -> str:
    """The IBAN, compact: its key, its bank's own check digits (a French RIB key too) and its being in the SEPA area are
    checked. Raises InvalidInput("covoit.bad_iban"), which never repeats the number."""
    from schwifty import IBAN
    from schwifty.exceptions import SchwiftyException

    try:
        iban = IBAN(text, validate_bban=True)
    except (SchwiftyException, ValueError, KeyError) as wrong:
        raise InvalidInput("covoit.bad_iban") from wrong
    if not iban.in_sepa_zone:
        raise InvalidInput("covoit.iban_outside_sepa", country=iban.country_code)
    return iban.compact
