"""The lines, the guarantee and the longest ban, read from the data files of the package (TOML, one dated file each)."""

import tomllib
from collections.abc import Callable
from datetime import date
from functools import lru_cache
from importlib import resources
from typing import Any

from covoit.model.lines import Guarantee, Line, Measure
from covoit.rules import lines as rules
from mobigo.base.errors import InvalidInput, NotFound


@lru_cache(maxsize=1)
def every_line() -> tuple[Line, ...]:
    """Every line ever declared, by number then first day. Raises InvalidInput("covoit.bad_line")."""
    found = [rules.line_of(content) for content in _contents("lines")]
    ids = [(stop.id, line.code) for line in found for stop in line.stops]
    owner = dict(ids)
    for stop_id, code in ids:
        if owner[stop_id] != code:
            raise InvalidInput("covoit.bad_line", line=code, fault=f"the stop {stop_id} is of another line too")
    return tuple(sorted(found, key=lambda line: (line.number, line.period.first_day)))


def lines_on(day: date) -> list[Line]:
    """The lines in force that day."""
    return rules.in_force(every_line(), day)


def get_line(code: str, day: date) -> Line:
    """The line of this code as it is in force that day. Raises NotFound("covoit.no_such_line")."""
    for line in lines_on(day):
        if line.code == code:
            return line
    raise NotFound("covoit.no_such_line", line=code[:80])


def find_stop_line(stop_id: str, day: date) -> Line | None:
    """The line that stops there."""
    return next((line for line in lines_on(day) if line.stop(stop_id) is not None), None)


@lru_cache(maxsize=1)
def _guarantees() -> tuple[Guarantee, ...]:
    return tuple(rules.guarantee_of(content) for content in _contents("guarantee"))


def guarantee_on(day: date) -> Guarantee | None:
    """The rule of départ et retour garantis in force that day, if there is one: the last to have begun."""
    found: list[Guarantee] = rules.in_force(_guarantees(), day)
    return max(found, key=lambda each: each.period.first_day, default=None)


@lru_cache(maxsize=1)
def _measures() -> tuple[Measure, ...]:
    return tuple(rules.measure_of(content) for content in _contents("measures"))


def measure_on(day: date) -> Measure | None:
    """For how long somebody may be kept out, by a decision of that day: the last rule to have begun."""
    found: list[Measure] = rules.in_force(_measures(), day)
    return max(found, key=lambda each: each.period.first_day, default=None)


def _contents(folder: str) -> list[dict[str, Any]]:
    place = resources.files("covoit").joinpath("data", folder)
    read: Callable[[str], dict[str, Any]] = tomllib.loads
    files = sorted((file for file in place.iterdir() if file.name.endswith(".toml")), key=lambda file: file.name)
    return [read(file.read_text(encoding="utf-8")) for file in files]
