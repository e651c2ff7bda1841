"""Amounts and terms of constats, read from the dated files shipped with the product and from MOBIGO_HOME/penalties."""

import tomllib
from collections.abc import Mapping
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from billettique.model.cases import Ground, Penalties
from mobigo.base.errors import InvalidInput, NotFound
from mobigo.base.money import ZERO, Money

DATA: Final = Path(__file__).parents[1] / "data" / "penalties"
FOLDER_AT_HOME: Final = "penalties"


def penalties_on(day: date, home: Path | None = None) -> Penalties:
    """The amounts and terms of a day: those an act decided, if there are some; else the latest to be confirmed.

    Raises NotFound("billettique.no_penalties"), InvalidInput("billettique.bad_penalties_file") for a file that cannot
    be read, or whose amounts are outside the bounds that the law sets.
    """
    found = [each for each in _read(home) if each.first_day <= day]
    if not found:
        raise NotFound("billettique.no_penalties", day=day)
    return max(found, key=lambda each: (each.act is not None, each.first_day))


def penalties_by_code(code: str, home: Path | None = None) -> Penalties:
    """Those of this code. Raises NotFound("billettique.no_such_penalties")."""
    for each in _read(home):
        if each.code == code:
            return each
    raise NotFound("billettique.no_such_penalties", penalties=code)


def _read(home: Path | None) -> tuple[Penalties, ...]:
    own = None if home is None else home / FOLDER_AT_HOME
    stamp = own.stat().st_mtime_ns if own is not None and own.is_dir() else None
    return _read_once(own if stamp is not None else None, stamp)


@lru_cache(maxsize=8)
def _read_once(own: Path | None, _stamp: int | None) -> tuple[Penalties, ...]:
    found = []
    for folder in (DATA, own):
        for path in sorted(folder.glob("*.toml")) if folder is not None else ():
            try:
                found.append(read_penalties(tomllib.loads(path.read_text(encoding="utf-8"))))
            except (KeyError, ValueError, TypeError) as wrong:
                raise InvalidInput("billettique.bad_penalties_file", file=path.name, reason=str(wrong)) from wrong
    return tuple(found)


def read_penalties(document: Mapping[str, Any]) -> Penalties:
    """The amounts and terms in a document. Raises KeyError, TypeError, ValueError."""
    act = document.get("act")
    if act is None and not document.get("to_confirm"):
        raise ValueError("neither an act nor to be confirmed")
    forgotten, retention = document["forgotten"], document["retention"]
    return Penalties(
        code=document["code"],
        first_day=document["first_day"],
        source=document["source"],
        act=act,
        grounds={each["code"]: _ground(each, document["bounds"]) for each in document["ground"]},
        file_fee=_amount(document["file_fee"]["cents"]),
        term_months=document["term"]["months"],
        forgotten_grounds=frozenset(forgotten["grounds"]),
        forgotten_days=forgotten["days"],
        forgotten_fee=_amount(forgotten["cents"]),
        answer_days=document["contest"]["answer_days"],
        paid_days=retention["paid_days"],
        withdrawn_days=retention["withdrawn_days"],
        transmitted_days=retention["transmitted_days"],
        most_days=retention["most_days"],
    )


def _ground(each: Mapping[str, Any], bounds: Mapping[str, Any]) -> Ground:
    law = bounds[f"class_{each['class']}"]
    if not law["least_cents"] <= each["cents"] <= law["most_cents"]:
        raise ValueError(f"{each['code']}: {each['cents']} cents is outside the bounds of the law")
    return Ground(each["code"], each["class"], _amount(each["cents"]))


def _amount(cents: int) -> Money:
    amount = Money(cents)
    if amount < ZERO:
        raise ValueError("a negative amount")
    return amount
