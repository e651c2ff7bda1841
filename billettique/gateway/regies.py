"""Régies, read from the dated files shipped with the product and from MOBIGO_HOME/regies. A file in the home with the
same code replaces the shipped one from its own first day on."""

import tomllib
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from billettique.model.regie import Place, Regie
from mobigo.base.errors import InvalidInput, NotFound
from mobigo.base.money import Money

DATA: Final = Path(__file__).parents[1] / "data" / "regies"
FOLDER_AT_HOME: Final = "regies"


def regies_on(day: date, home: Path | None = None) -> tuple[Regie, ...]:
    """The régies of a day, by code, each as its newest act says. Raises InvalidInput for a file that cannot be read."""
    own = None if home is None else home / FOLDER_AT_HOME
    stamp = own.stat().st_mtime_ns if own is not None and own.is_dir() else None
    newest: dict[str, Regie] = {}
    for each in _read(own if stamp is not None else None, stamp):
        if each.first_day <= day and (each.code not in newest or newest[each.code].first_day <= each.first_day):
            newest[each.code] = each
    return tuple(newest[code] for code in sorted(newest))


def get_regie(code: str, day: date, home: Path | None = None) -> Regie:
    """One régie, as its act says on a day. Raises NotFound("billettique.no_regie")."""
    for each in regies_on(day, home):
        if each.code == code:
            return each
    raise NotFound("billettique.no_regie", regie=code[:60])


@lru_cache(maxsize=8)
def _read(own: Path | None, _stamp: int | None) -> tuple[Regie, ...]:
    found = []
    for folder in (DATA, own):
        for path in sorted(folder.glob("*.toml")) if folder is not None else ():
            try:
                found.append(_regie(tomllib.loads(path.read_text(encoding="utf-8"))))
            except (KeyError, ValueError, TypeError) as wrong:
                raise InvalidInput("billettique.bad_regie_file", file=path.name, reason=str(wrong)) from wrong
    return tuple(found)


def _regie(document: dict[str, Any]) -> Regie:
    return Regie(
        code=document["code"],
        name=document["name"],
        first_day=document["first_day"],
        act=document["act"],
        source=document["source"],
        means=frozenset(document["means"]),
        ceiling=Money(document["ceiling_cents"]),
        float_=Money(document["float_cents"]),
        advance=Money(document["advance_cents"]),
        refund_max=Money(document["refund_max_cents"]),
        payment_max=Money(document["payment_max_cents"]),
        justify_days=document["justify_days"],
        places=tuple(
            Place(each["code"], each["name"], each["commune"], each.get("moving", False)) for each in document["places"]
        ),
        to_confirm=document.get("to_confirm", False),
        receipts=frozenset(document.get("receipts", ("sale", "penalty"))),
        round_max=Money(document.get("round_max_cents", 0)),
    )
