"""School circuits through the gate: what of them leaves, as a table and as a map; and which places the feed of the
services open to everybody may name. Never a pupil, never a school by a stop, never the hour at which a child waits.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from hashlib import sha256
from typing import TYPE_CHECKING, Final

from mobigo.base.datasets import Column, Dataset
from mobigo.base.geo import Point
from mobigo.infra.db import reading, transaction
from mobigo.network.model.notices import Severity
from opendata.export.circuits import circuits_geojson
from opendata.export.tables import CSV, csv_bytes
from opendata.model.checks import Check, Finding, Verdict
from opendata.model.datasets import Slot
from opendata.model.editions import Edition, Produced
from opendata.rules.policies import CIRCUITS
from opendata.rules.publishing import PRIVACY_JUDGE, content_hash
from opendata.rules.schools import Named, named_places
from opendata.store import releases

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from opendata.engine.release import Reduced

JUDGE_VERSION: Final = "1"
GEOJSON: Final = "application/geo+json"
TABLE: Final = "frequentation.csv"
MAP: Final = "circuits.geojson"
BY: Final = "circuit"
MEANS: Final = {
    "inscrits": "Élèves inscrits sur le circuit, arrondis à cinq, jamais moins de quinze",
    "tranche": "Tranche du nombre d’inscrits : 11 à 20, 21 à 30, 31 à 40, 41 à 50, 51 et plus",
}


@dataclass(frozen=True)
class Year:
    """The exact tables of a school year ("2026-2027"): its circuits, and the places they serve."""

    name: str
    first_day: date
    last_day: date
    circuits: Dataset
    places: Dataset


def columns_of(circuits: Dataset) -> tuple[Column, ...]:
    """The columns of the published table."""
    own = {column.name: column for column in circuits.columns}
    derived = {name: Column(name, "string", means) for name, means in MEANS.items()}
    return tuple(
        replace(own[name], means=MEANS.get(name, own[name].means)) if name in own else derived[name]
        for name in CIRCUITS.views[0].by
    )


def reduced(engine: "Engine", year: Year) -> "Reduced":
    """The circuits that may be counted in public. Raises Refused as `opendata.engine.groups` does."""
    from opendata.engine.groups import reduce_groups

    with reading(engine) as session:
        before = releases.known(session, CIRCUITS.subject)
    return reduce_groups(year.circuits, CIRCUITS, BY, year.name, before)


def shown_circuits(made: "Reduced") -> frozenset[str]:
    """The circuits that a reduction names."""
    ((_view, names, rows),) = made.files
    place = names.index(BY)
    return frozenset(str(row[place]) for row in rows)


def edition(engine: "Engine", year: Year, slot: Slot, now: datetime) -> Edition | None:
    """The table and the map of a year; None when no circuit may be named."""
    made = reduced(engine, year)
    ((_view, names, rows),) = made.files
    if not rows:
        return None
    lines: dict[str, list[Point]] = {}
    for each in named_places(year.places, shown_circuits(made), CIRCUITS.k):
        lines.setdefault(each.circuit, []).append(Point(each.lat, each.lon))
    told = [dict(zip(names, row, strict=True)) for row in rows]
    drawn = circuits_geojson((properties, lines.get(str(properties[BY]), [])) for properties in told)
    table = csv_bytes(columns_of(year.circuits), rows)
    files = (Produced(MAP, GEOJSON, drawn, rows=len(rows)), Produced(TABLE, CSV, table, rows=len(rows)))
    digest = content_hash((name, sha256(data).hexdigest()) for name, data in ((MAP, drawn), (TABLE, table)))
    with transaction(engine) as session:
        releases.add(session, made.release, digest, now)
    example = {"k": CIRCUITS.k, "tables": len(made.audit.witnesses)}
    counts = {name: count for name, count in made.counts.items() if name != "cells"}
    return Edition(
        files=files, slot=slot, first_day=year.first_day, last_day=year.last_day,
        checks=(passed("hidden_cells_proven_safe", made.counts["hidden"], example),), counts=counts,
    )  # fmt: skip


def passed(code: str, total: int, example: dict[str, int]) -> Check:
    """The gate's word: it passed, having hidden so many."""
    findings = (Finding(code, Severity.INFO, total, example),) if total else ()
    return Check(judge=PRIVACY_JUDGE, judge_version=JUDGE_VERSION, verdict=Verdict.PASSED, findings=findings)


def places_of_open_services(engine: "Engine", year: Year) -> Sequence[Named]:
    """The places that a public timetable may name. Raises Refused as `reduced` does."""
    return named_places(year.places, shown_circuits(reduced(engine, year)), CIRCUITS.k, public=True)
