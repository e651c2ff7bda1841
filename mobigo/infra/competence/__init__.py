"""Which authority answers for a service in a commune, on a day: a dated table, read from the data beside this file.

The most precise rule wins: the communes it names, then the départements. Kept in `infra`, because every package asks:
the planner for a journey out of our reach, school transport for a pupil, carpool for a subsidy.
"""

import tomllib
import unicodedata
from bisect import bisect_left
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from functools import cache
from itertools import islice, takewhile
from operator import itemgetter
from pathlib import Path
from typing import Any, Final

from mobigo.base.errors import NotFound
from mobigo.base.periods import Period

TABLE: Final = Path(__file__).parent / "bourgogne-franche-comte.toml"
# Code and name of every commune of the region on 1 January 2026 (INSEE, code officiel géographique, Licence Ouverte).
COMMUNES: Final = Path(__file__).parent / "communes.csv"


class Service(StrEnum):
    """What a person may be asking about."""

    RAIL = "rail"
    COACH = "coach"  # between towns
    TOWN = "town"  # a town's own network
    ON_DEMAND = "on_demand"
    CARPOOL = "carpool"
    SCHOOL = "school"
    ADAPTED_SCHOOL = "adapted_school"  # pupils with a disability


@dataclass(frozen=True, slots=True)
class Authority:
    """Who answers, and how to reach them."""

    code: str
    name: str
    kind: str
    link: str
    phone: str
    # The day on which someone checked how to reach it; None: for demonstrations, with a number that is nobody's.
    confirmed: date | None = None
    hours: Mapping[str, str] | None = None
    postal: str = ""

    def shown(self, *, production: bool) -> "Authority":
        """What to show of it: in production, its name alone until someone has checked how to reach it."""
        if self.confirmed is not None or not production:
            return self
        return replace(self, link="", phone="", hours=None, postal="")

    @property
    def phone_link(self) -> str:
        """The number as a telephone dials it."""
        return "+33" + self.phone.replace(" ", "")[1:]


@dataclass(frozen=True, slots=True)
class Rule:
    """An authority's services, where and when. Named communes are more precise than départements."""

    authority: str
    services: frozenset[Service]
    period: Period
    source: str
    communes: frozenset[str] = frozenset()
    departements: frozenset[str] = frozenset()

    def covers(self, commune: str) -> bool:
        return commune in self.communes or departement_of(commune) in self.departements


@dataclass(frozen=True, slots=True)
class Competence:
    """An authority, and the rule that makes it answer."""

    authority: Authority
    rule: Rule


@dataclass(frozen=True, slots=True)
class Table:
    """The whole table, in force day by day."""

    authorities: Mapping[str, Authority]
    rules: tuple[Rule, ...]

    def competent(self, commune: str, service: Service, day: date) -> Competence:
        """Who answers for `service` in the commune of this INSEE code on `day`.

        Raises NotFound("competence.unknown") where no rule says: outside the region, or before the table begins.
        """
        found = [
            rule for rule in self.rules if service in rule.services and day in rule.period and rule.covers(commune)
        ]
        if not found:
            raise NotFound("competence.unknown", commune=commune)
        best = max(found, key=lambda rule: (bool(rule.communes), rule.period.first_day))
        return Competence(self.authorities[best.authority], best)

    def of_commune(self, commune: str, day: date) -> Mapping[Service, Competence]:
        """Every service of a commune with its authority. Raises NotFound as `competent` does."""
        return {service: self.competent(commune, service, day) for service in Service}


def departement_of(commune: str) -> str:
    """The département of an INSEE commune code: its first two characters, three overseas."""
    return commune[:3] if commune.startswith("97") else commune[:2]


@cache
def table(path: Path = TABLE) -> Table:
    """The table as it is published with the product, read once."""
    with path.open("rb") as stream:
        raw = tomllib.load(stream)
    authorities = {code: Authority(code=code, **fields) for code, fields in raw["authorities"].items()}
    return Table(authorities, tuple(_rules(raw["rules"])))


@dataclass(frozen=True, slots=True, order=True)
class Commune:
    """A commune of the region: its name, and its INSEE code."""

    name: str
    code: str

    @property
    def departement(self) -> str:
        return departement_of(self.code)


@cache
def communes() -> Mapping[str, Commune]:
    """Every commune of the region, by its code."""
    lines = COMMUNES.read_text(encoding="utf-8").splitlines()[1:]
    rows = (line.split(",") for line in lines)
    return {code: Commune(name, code) for code, name in rows}


def communes_named(text: str, most: int = 20) -> list[Commune]:
    """The communes whose name is `text`, then those that begin with it; or else those that hold a word that does.

    Accents, capitals, hyphens and apostrophes do not matter; an INSEE code is understood too.
    """
    if text.strip() in communes():
        return [communes()[text.strip()]]
    wanted = plain(text)
    if not wanted:
        return []
    folded = _folded()
    first = bisect_left(folded, wanted, key=itemgetter(0))
    begin = [
        (name != wanted, commune)
        for name, commune in takewhile(lambda each: each[0].startswith(wanted), islice(folded, first, None))
    ]
    hold = begin or [(True, commune) for name, commune in folded if f" {wanted}" in name]
    return [commune for _, commune in sorted(hold)][:most]


def plain(text: str) -> str:
    """Lower case, without accents, words apart by one space, "st" and "ste" written out."""
    letters = unicodedata.normalize("NFD", text.casefold().replace("œ", "oe"))
    kept = "".join(" " if letter in "-'’ " else letter for letter in letters if not unicodedata.combining(letter))
    short = {"st": "saint", "ste": "sainte"}
    return " ".join(short.get(word, word) for word in kept.split())


@cache
def _folded() -> tuple[tuple[str, Commune], ...]:
    return tuple(sorted((plain(commune.name), commune) for commune in communes().values()))


def _rules(rows: Iterable[Mapping[str, Any]]) -> Iterable[Rule]:
    for row in rows:
        yield Rule(
            authority=row["authority"],
            services=frozenset(Service(name) for name in row["services"]),
            period=Period(row["first_day"], row.get("last_day")),
            source=row["source"],
            communes=frozenset(row.get("communes", ())),
            departements=frozenset(row.get("departements", ())),
        )
