"""Reasons as rows keep them: a code, and plain parameters from which the same reason is made again."""

from typing import Any

from mobigo.base.decisions import Decision
from mobigo.base.money import Money


def written(why: Decision | None) -> dict[str, Any] | None:
    """A reason as a document. An amount is kept as one, so that it is read as one."""
    if why is None:
        return None
    said = {
        name: {"cents": each.cents} if isinstance(each, Money) else _plain(each) for name, each in why.params.items()
    }
    return {"code": why.code, "params": said}


def _plain(value: object) -> object:
    return value if isinstance(value, (str, int, bool)) or value is None else str(value)


def told(kept: Any) -> Decision | None:
    """The reason of such a document; None for none."""
    if not kept:
        return None
    params = {name: Money(each["cents"]) if isinstance(each, dict) else each for name, each in kept["params"].items()}
    return Decision(kept["code"], **params)
