"""The deadlines from `mobigo/requests/data/deadlines` and `MOBIGO_HOME/deadlines`: a region's own tables go there."""

import tomllib
from collections.abc import Iterator
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from mobigo.base.errors import InvalidInput
from mobigo.requests.model import Kind
from mobigo.requests.rules.deadlines import Table, Term

DATA: Final = Path(__file__).parents[1] / "data" / "deadlines"


@lru_cache(maxsize=4)
def tables(home: Path | None = None) -> tuple[Table, ...]:
    """Every table known. Raises InvalidInput("requests.bad_deadlines") for a file that cannot be read or forgets a
    kind."""
    return tuple(each for folder in [DATA] + ([] if home is None else [home / "deadlines"]) for each in _read(folder))


def _read(folder: Path) -> Iterator[Table]:
    for path in sorted(folder.glob("*.toml")):
        try:
            document = tomllib.loads(path.read_text(encoding="utf-8"))
            first_day = document["first_day"]
            if type(first_day) is not date:
                raise ValueError("first_day")
            yield Table(str(document["code"])[:20], first_day, {kind: _term(document[kind]) for kind in Kind})
        except KeyError as missing:
            raise InvalidInput("requests.bad_deadlines", file=path.name, reason=f"{missing.args[0]} ?") from missing
        except (tomllib.TOMLDecodeError, UnicodeDecodeError, TypeError, ValueError) as wrong:
            raise InvalidInput("requests.bad_deadlines", file=path.name, reason=str(wrong)[:80]) from wrong


def _term(given: dict[str, Any]) -> Term:
    days, months = int(given["promised_days"]), given.get("legal_months")
    if not 1 <= days <= 366 or (months is not None and not 1 <= int(months) <= 12):
        raise ValueError("promised_days, legal_months")
    return Term(days, None if months is None else int(months), str(given["source"]), bool(given["to_confirm"]))
