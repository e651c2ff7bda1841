"""The thresholds of a day as it runs, dated files of this package."""

import tomllib
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Final

from mobigo.base.errors import NotFound
from scolaire.model.running import RunRules

FOLDER: Final = Path(__file__).parents[1] / "data" / "running"


def run_rules_on(day: date) -> RunRules:
    """The thresholds in force on a day. Raises NotFound("scolaire.no_run_rules", day)."""
    found = [each for each in _all() if each.first_day <= day]
    if not found:
        raise NotFound("scolaire.no_run_rules", day=day)
    return max(found, key=lambda each: each.first_day)


@lru_cache(maxsize=1)
def _all() -> tuple[RunRules, ...]:
    return tuple(_read(path) for path in sorted(FOLDER.glob("*.toml")))


def _read(path: Path) -> RunRules:
    told = tomllib.loads(path.read_text(encoding="utf-8"))
    absent, counts = told["no_show"], told["counts"]
    return RunRules(
        told["code"], told["first_day"], told["source"], absent["days"], absent["missing_least"], absent["missing_pct"],
        counts["within_days"], counts["late_days"], told["accompaniment"]["under_years"],
    )  # fmt: skip
