"""What a citizen reads of a scale or a campaign: a sentence of its file, whose figures are taken from the same file.

A figure is written `{kind:path}`: the kind says how it is shown, the path where it stands. Items of a list are named by
their `id`, or by their place from 0: `{euros:parts.km.cents}`, `{number:caps.0.limit}`.
"""

import re
from collections.abc import Mapping, Sequence
from datetime import date
from fractions import Fraction
from typing import Any, Final

from mobigo.base.errors import NotFound
from mobigo.base.money import Money
from mobigo.infra import formats

FIGURE: Final = re.compile(r"\{(\w+):([\w.-]+)\}")


def citizen_text(document: Mapping[str, Any], language: str) -> str:
    """The text of a file in a language, figures put in. Raises NotFound("covoit.no_such_figure") for a path that leads
    nowhere or a kind nobody knows: a test reads every text shipped."""
    return FIGURE.sub(lambda found: _shown(document, found[1], found[2], language), document["text"][language])


def _shown(document: Mapping[str, Any], kind: str, path: str, language: str) -> str:
    value = _at(document, path)
    if kind == "euros" and type(value) is int:
        return formats.amount(Money(value), language)
    if kind == "km" and type(value) is int:
        return formats.number(Fraction(value, 1_000), language, _places(value)) + f"{formats.NBSP}km"
    if kind == "number" and type(value) is int:
        return formats.number(value, language)
    if kind == "times":
        return formats.number(Fraction(value), language)
    if kind == "day" and isinstance(value, date):
        return formats.day(value, language, year=True, weekday=False)
    raise NotFound("covoit.no_such_figure", path=f"{kind}:{path}")


def _places(metres: int) -> int:
    """Decimals that say every metre, and no idle zero."""
    return next(places for places in range(4) if metres % 10 ** (3 - places) == 0)


def _at(document: Any, path: str) -> Any:
    value = document
    for name in path.split("."):
        value = _step(value, name)
        if value is None:
            raise NotFound("covoit.no_such_figure", path=path)
    return value


def _step(value: Any, name: str) -> Any:
    if isinstance(value, Mapping):
        return value.get(name)
    if isinstance(value, Sequence) and not isinstance(value, str):
        if name.isdigit():
            return value[int(name)] if int(name) < len(value) else None
        return next((each for each in value if isinstance(each, Mapping) and each.get("id") == name), None)
    return None
