"""The document of a tariff version as TOML text: what a draft is kept as, and what is downloaded. Read again, it is the
same document, with the same hash."""

import json
from collections.abc import Mapping
from datetime import date
from typing import Any


def tariff_text(document: Mapping[str, Any]) -> str:
    """The document, its single values first, then its lists of tables in their order. Raises TypeError for what a
    tariff never holds."""
    lines = [f"{name} = {_value(value)}" for name, value in document.items() if not _is_tables(value)]
    for name, rows in document.items():
        if _is_tables(rows):
            for row in rows:
                lines += ["", f"[[{name}]]", *(f"{key} = {_value(value)}" for key, value in row.items())]
    return "\n".join(lines) + "\n"


def _is_tables(value: object) -> bool:
    return isinstance(value, list) and bool(value) and isinstance(value[0], Mapping)


def _value(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    if isinstance(value, list):
        return "[" + ", ".join(_value(each) for each in value) + "]"
    raise TypeError(f"{type(value).__name__} has no place in a tariff")
