"""Reasons as rows keep them: a code and plain parameters, from which the same reason is made again."""

from datetime import date
from typing import Any

from mobigo.base.decisions import Decision
from mobigo.base.money import Money


def written(why: Decision) -> dict[str, Any]:
    """A reason as a document; an amount and a day are kept as such, so that they are read as such."""
    return {"code": why.code, "params": {name: _plain(each) for name, each in why.params.items()}}


def told(kept: Any) -> Decision:
    """The reason of such a document."""
    return Decision(kept["code"], **{name: _read(each) for name, each in kept["params"].items()})


def _plain(value: object) -> object:
    if isinstance(value, Money):
        return {"cents": value.cents}
    if isinstance(value, date):
        return {"day": value.isoformat()}
    return value if isinstance(value, (str, int, float, bool)) or value is None else str(value)


def _read(value: Any) -> Any:
    match value:
        case {"cents": cents}:
            return Money(cents)
        case {"day": text}:
            return date.fromisoformat(text)
    return value
