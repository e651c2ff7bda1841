"""Reasons as rows keep them: a code, and plain parameters from which the same reason is made again."""

from datetime import date, datetime
from typing import Any

from mobigo.base.decisions import Decision
from mobigo.base.money import Money


def written(why: Decision | None) -> dict[str, Any] | None:
    """A reason as a document. An amount, a day and an instant are kept as such, so that they are read as such."""
    if why is None:
        return None
    return {"code": why.code, "params": {name: _plain(each) for name, each in why.params.items()}}


def told(kept: Any) -> Decision | None:
    """The reason of such a document; None for none."""
    if not kept:
        return None
    return Decision(kept["code"], **{name: _read(each) for name, each in kept["params"].items()})


def _plain(value: object) -> object:
    if isinstance(value, Money):
        return {"cents": value.cents}
    if isinstance(value, datetime):  # before the day that it is too
        return {"instant": value.isoformat()}
    if isinstance(value, date):
        return {"day": value.isoformat()}
    return value if isinstance(value, (str, int, bool)) or value is None else str(value)


def _read(value: Any) -> Any:
    match value:
        case {"cents": cents}:
            return Money(cents)
        case {"instant": text}:
            return datetime.fromisoformat(text)
        case {"day": text}:
            return date.fromisoformat(text)
    return value
