"""Elements of SIRI Lite: `{"value": …}` or the bare value; one that may repeat is a list or, alone, that element."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from mobigo.base.instants import PARIS

TEXT_MAX: Final = 4_000
Json = Mapping[str, Any]


def listed(value: Any) -> list[Any]:
    """What stands there, as a list: alone, several or none."""
    return value if isinstance(value, list) else [] if value is None else [value]


def many(row: Json, name: str) -> list[Json]:
    """The elements of that name."""
    return [each for each in listed(row.get(name)) if isinstance(each, dict)]


def first_of(row: Json, name: str) -> Json:
    """The first element of that name; empty for none."""
    found = many(row, name)
    return found[0] if found else {}


def text_of(row: Json, name: str) -> str:
    """The text of an element: its value, that of the first where it repeats; empty for none."""
    value = next(iter(listed(row.get(name))), None)
    if isinstance(value, dict):
        value = value.get("value")
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return ""
    return str(value).strip()[:TEXT_MAX]


def needed(row: Json, name: str) -> str:
    """The text of an element. Raises ValueError, with its name, where there is none."""
    text = text_of(row, name)
    if not text:
        raise ValueError(name)
    return text


def refs(value: Any) -> list[str]:
    """The texts of references."""
    return [text for each in listed(value) if (text := text_of({"v": each}, "v"))]


def texts_of(value: Any) -> dict[str, str]:
    """By language, without its region; "" where none is given."""
    out: dict[str, str] = {}
    for each in listed(value):
        text = text_of({"v": each}, "v")
        language = text_of(each, "lang") if isinstance(each, dict) else ""
        if text:
            out.setdefault(language.split("-")[0].lower(), text)
    return out


def second_of(value: Any) -> int | None:
    """Seconds since 1970 of an instant of ISO 8601; without a zone it is the clock of Paris. Raises ValueError."""
    if isinstance(value, dict):
        value = value.get("value")
    if value is None or value == "":
        return None
    if not isinstance(value, str):
        raise ValueError(value)
    at = datetime.fromisoformat(value.strip())
    return int((at if at.tzinfo is not None else at.replace(tzinfo=PARIS)).timestamp())


def whole(value: Any) -> int | None:
    """A whole number of five digits at most; None for anything else."""
    text = text_of({"v": value}, "v")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 6 else None


def is_yes(value: Any) -> bool:
    """Whether it says true."""
    return value is True or (isinstance(value, str) and value.strip().lower() == "true")


def is_no(value: Any) -> bool:
    """Whether it says false; what says nothing does not."""
    return value is False or (isinstance(value, str) and value.strip().lower() == "false")
