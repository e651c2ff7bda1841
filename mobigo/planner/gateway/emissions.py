"""Emission factors from `mobigo/planner/data/co2` and `MOBIGO_HOME/co2`, put beside the journeys of an answer."""

import tomllib
from collections.abc import Iterator
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from mobigo.base.errors import InvalidInput
from mobigo.base.instants import paris_day
from mobigo.network.model.live import LiveNetwork
from mobigo.planner.export.names import bare
from mobigo.planner.model import Answer, By
from mobigo.planner.rules.emissions import Factor, FactorTable, emission, table_on
from mobigo.planner.rules.trace import Trace

DATA: Final = Path(__file__).parents[1] / "data" / "co2"


def with_emissions(live: LiveNetwork, home: Path, answer: Answer) -> Answer:
    """The answer with what each of its journeys emits, by the factors of the day it leaves; None where there are no
    factors yet."""
    tables = factor_tables(home)
    plain = live.derived(
        "planner.plain_agencies", lambda timetable: tuple(bare(name) for name in timetable.agency_name)
    )
    found = []
    for journey in answer.journeys:
        table = table_on(tables, paris_day(journey.depart_at))
        found.append(None if table is None else emission(table, live.timetable, journey, plain))
    return replace(answer, emissions=tuple(found))


def with_all_emissions(live: LiveNetwork, home: Path, answer: Answer, trace: Trace) -> Trace:
    """A trace with what each of its journeys emits, those that are not shown too."""
    emitted = with_emissions(live, home, replace(answer, journeys=tuple(each.journey for each in trace.candidates)))
    candidates = [
        replace(each, emission=known) for each, known in zip(trace.candidates, emitted.emissions, strict=True)
    ]
    return replace(trace, candidates=tuple(candidates))


@lru_cache(maxsize=4)
def factor_tables(home: Path | None = None) -> tuple[FactorTable, ...]:
    """Every table known. Raises InvalidInput("planner.bad_factor_file")."""
    folders = [DATA] + ([] if home is None else [home / "co2"])
    return tuple(table for folder in folders for table in _tables(folder))


def _tables(folder: Path) -> Iterator[FactorTable]:
    for path in sorted(folder.glob("*.toml")):
        try:
            document = tomllib.loads(path.read_text(encoding="utf-8"))
            yield FactorTable(
                document["first_day"], document["source"], tuple(_factor(each) for each in document["factor"])
            )
        except KeyError as missing:
            raise InvalidInput("planner.bad_factor_file", file=path.name, reason=f"{missing.args[0]} ?") from missing
        except (tomllib.TOMLDecodeError, UnicodeDecodeError, TypeError, ValueError) as wrong:
            raise InvalidInput("planner.bad_factor_file", file=path.name, reason=str(wrong)) from wrong


def _factor(row: dict[str, Any]) -> Factor:
    """A row. Raises ValueError for a factor that is not a whole number from zero."""
    mg = row["mg_per_km"]
    if not isinstance(mg, int) or isinstance(mg, bool) or mg < 0:
        raise ValueError(f"mg_per_km {mg!r}")
    return Factor(
        row["mode"],
        mg,
        frozenset(row.get("route_types", ())),
        frozenset(bare(name) for name in row.get("agencies", ())),
        frozenset(By(name) for name in row.get("by", ())),
    )
