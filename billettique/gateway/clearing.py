"""Conventions of clearing, read from the dated files shipped with the product and from MOBIGO_HOME/clearing."""

import tomllib
from datetime import date
from pathlib import Path
from typing import Final

from billettique.model.clearing import By, Conventions, Key
from mobigo.base.errors import InvalidInput, NotFound

DATA: Final = Path(__file__).parents[1] / "data" / "clearing"
FOLDER_AT_HOME: Final = "clearing"


def conventions_on(day: date, home: Path | None = None) -> Conventions:
    """The conventions of a day. Raises NotFound("billettique.no_conventions"), InvalidInput for a file that cannot be
    read."""
    found = []
    for folder in (DATA, None if home is None else home / FOLDER_AT_HOME):
        for path in sorted(folder.glob("*.toml")) if folder is not None else ():
            try:
                found.append(_conventions(path))
            except (KeyError, ValueError, TypeError) as wrong:
                raise InvalidInput("billettique.bad_conventions", file=path.name, reason=str(wrong)) from wrong
    dated = [each for each in found if each.first_day <= day]
    if not dated:
        raise NotFound("billettique.no_conventions", day=day)
    return max(dated, key=lambda each: each.first_day)


def _conventions(path: Path) -> Conventions:
    document = tomllib.loads(path.read_text(encoding="utf-8"))
    return Conventions(
        document["first_day"],
        document["source"],
        document.get("to_confirm", False),
        document["parties"],
        tuple(Key(frozenset(each["products"]), By(each["by"]), each.get("shares", {})) for each in document["key"]),
        document.get("names", {}),
    )
