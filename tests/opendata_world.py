"""Small datasets to publish, whose facts a test changes: one of places, one of people."""

import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from sqlalchemy import Engine

from mobigo.base.datasets import Column, Privacy, Row
from mobigo.infra.config import Config
from mobigo.network.model.notices import Severity
from opendata.export.tables import CSV, csv_bytes
from opendata.model.checks import Check, Finding, Verdict
from opendata.model.datasets import Declaration, FileSpec, Gate, Period, Said, Theme
from opendata.model.editions import Edition, Produced
from opendata.model.offers import Offer
from opendata.rules.publishing import PRIVACY_JUDGE, slot_of

NOW = datetime(2026, 11, 26, 2, 40, tzinfo=UTC)
COLUMNS = (Column("code", "string", "Code"), Column("places", "integer", "Nombre de places"))
ROWS: tuple[Row, ...] = (("dijon", 12), ("beaune", 4), ("saulieu", 0))
PLACES = Declaration(
    code="essai-lieux", title="Lieux d’essai", description="Trois lieux.", serves="Pour les tests.",
    theme=Theme.CARPOOL, gate=Gate.OPEN, period=Period.NIGHT,
    files=(FileSpec("lieux.csv", CSV, "Un lieu par ligne", "Table Schema", COLUMNS),), keywords=("essai", "lieux"),
    english=Said("Test places", "Three places.", "For tests.", ("test", "places")),
)  # fmt: skip
PEOPLE = replace(
    PLACES, code="essai-personnes", title="Personnes d’essai", gate=Gate.PEOPLE, theme=Theme.USE,
    privacy=Privacy(11, (("code",),)),
)  # fmt: skip
AUDITED = Check(judge=PRIVACY_JUDGE, judge_version="1", verdict=Verdict.PASSED)
LEAKS = Check(judge=PRIVACY_JUDGE, judge_version="1", verdict=Verdict.FAILED)


@dataclass
class Facts:
    """What a dataset is made of at the moment; `shuffled` gives the rows in another order each time."""

    declared: Declaration = PLACES
    rows: Sequence[Row] = ROWS
    checks: tuple[Check, ...] = ()
    first_day: date | None = None
    last_day: date | None = None
    shuffled: random.Random | None = None

    @property
    def offer(self) -> Offer:
        return Offer(self.declared, self._editions)

    def _editions(self, now: datetime, folder: Path) -> Iterable[Edition]:
        rows = list(self.rows)
        if self.shuffled is not None:
            self.shuffled.shuffle(rows)
        made = Produced("lieux.csv", CSV, csv_bytes(COLUMNS, rows), rows=len(rows))
        yield Edition(
            files=(made,), first_day=self.first_day, last_day=self.last_day, checks=self.checks,
            slot=slot_of(self.first_day, now.date()), counts={"published": len(rows)},
        )  # fmt: skip


@dataclass
class Stern:
    """A judge that finds what it is told to find."""

    findings: tuple[Finding, ...] = ()
    verdict: Verdict = Verdict.PASSED
    name: str = "severe"
    required: bool = True
    asked: list[str] = field(default_factory=list)

    def reads(self, name: str, media_type: str, standard: str) -> bool:
        return media_type == CSV

    def check(self, path: Path, name: str, today: date) -> Check:
        self.asked.append(name)
        return Check(judge=self.name, judge_version="2.0", verdict=self.verdict, file=name, findings=self.findings)


def stern(code: str) -> Stern:
    """A judge that finds one error of this code."""
    return Stern((Finding(code, Severity.ERROR, 3, {"line": 2}),), Verdict.FAILED)


def tools_of(config: Config, engine: Engine) -> Any:
    """What publication works with."""
    return SimpleNamespace(config=config, engine=engine)
