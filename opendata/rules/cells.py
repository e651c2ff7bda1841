"""Whether a cell of a table is what its column says (Table Schema), as it is written in CSV."""

import re
from collections.abc import Callable
from datetime import date, datetime, time
from typing import Final

from mobigo.base.datasets import Column, Kind

_INTEGER: Final = re.compile(r"[+-]?\d+", re.ASCII)
_NUMBER: Final = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)


def _parses(read: Callable[[str], object]) -> Callable[[str], bool]:
    def answer(text: str) -> bool:
        try:
            read(text)
        except ValueError:
            return False
        return True

    return answer


def _is_date(text: str) -> bool:
    return len(text) == 10 and _parses(date.fromisoformat)(text)


_FITS: Final[dict[Kind, Callable[[str], bool]]] = {
    "string": lambda _text: True,
    "integer": lambda text: _INTEGER.fullmatch(text) is not None,
    "number": lambda text: _NUMBER.fullmatch(text) is not None,
    "boolean": lambda text: text in ("true", "false"),
    "date": _is_date,
    "datetime": _parses(datetime.fromisoformat),
    "time": _parses(time.fromisoformat),
}


def fault(column: Column, text: str) -> str | None:
    """What is wrong with a cell: `missing_value`, or `wrong_type`; None: nothing."""
    if text == "":
        return "missing_value" if column.required else None
    return None if _FITS[column.kind](text) else "wrong_type"
