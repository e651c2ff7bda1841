"""Whether a cell of a table is what its column says (Table Schema), as it is written in CSV."""

import re
from collections.abc import Callable
from datetime import date, datetime, time
from functools import cache
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
    """What is wrong with a cell: `missing_value`, `wrong_type`, `wrong_value` (not among those allowed) or
    `wrong_pattern`; None: nothing."""
    if text == "":
        return "missing_value" if column.required else None
    if not _FITS[column.kind](text):
        return "wrong_type"
    if column.allowed and text not in column.allowed:
        return "wrong_value"
    return "wrong_pattern" if column.pattern and not _compiled(column.pattern).fullmatch(text) else None


_compiled = cache(re.compile)
