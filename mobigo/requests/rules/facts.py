"""What a request is about, as decisions that are kept as a document and read back."""

from collections.abc import Iterable
from datetime import date, datetime
from typing import Any

from mobigo.base.decisions import Decision
from mobigo.base.money import Money


def document(facts: Iterable[Decision]) -> list[dict[str, Any]]:
    """The facts as a JSON document."""
    return [
        {"code": each.code, "params": {name: _written(value) for name, value in each.params.items()}} for each in facts
    ]


def read(kept: Any) -> tuple[Decision, ...]:
    """The facts of a document; none of an emptied one."""
    return tuple(
        Decision(each["code"], **{name: _read(value) for name, value in each["params"].items()}) for each in kept or ()
    )


def _written(value: object) -> object:
    if isinstance(value, datetime):
        return {"at": value.isoformat()}
    if isinstance(value, date):
        return {"day": value.isoformat()}
    if isinstance(value, Money):
        return {"cents": value.cents}
    return value


def _read(value: Any) -> object:
    match value:
        case {"at": text}:
            return datetime.fromisoformat(text)
        case {"day": text}:
            return date.fromisoformat(text)
        case {"cents": cents}:
            return Money(cents)
        case _:
            return value
