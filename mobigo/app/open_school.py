"""School transport's offers: circuits as a table and a map, and the services open to everybody as GTFS. Both wait for
two persons, and hold nothing that the gate of `opendata` has not let through.
"""

import csv
import io
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

from mobigo.base.instants import paris_day
from mobigo.infra.db import reading
from opendata.export.tables import CSV
from opendata.model.datasets import Declaration, FileSpec, Gate, Period, Slot, Theme
from opendata.model.editions import Edition, Produced
from opendata.model.offers import Offer

if TYPE_CHECKING:
    from mobigo.infra.web import Services
    from opendata.rules.schools import Named
    from opendata.service.schools import Year
    from scolaire.export.opendata import InForce

GTFS: Final = "GTFS Schedule"
ZIP: Final = "application/zip"
NAME: Final = "gtfs.zip"


def offers(services: "Services") -> list[Offer]:
    """The two offers of school transport."""
    return [_circuits(services), _lines(services)]


def _circuits(services: "Services") -> Offer:
    from opendata.rules.policies import CIRCUITS
    from opendata.service import schools
    from scolaire.export.opendata import PRIVACY, datasets

    shell = datasets([])[CIRCUITS.dataset]
    declared = Declaration(
        code=shell.code,
        title=shell.title,
        description=shell.description,
        serves="Pour connaître le réseau scolaire, ses exploitants et ses capacités, sans rien apprendre d’un élève.",
        theme=Theme.SCHOOL,
        gate=Gate.PEOPLE,
        period=Period.YEAR,
        files=(
            FileSpec(schools.MAP, schools.GEOJSON, "Les circuits, sur une carte : tracé simplifié", "GeoJSON"),
            FileSpec(schools.TABLE, CSV, CIRCUITS.views[0].means, "Table Schema", schools.columns_of(shell)),
        ),
        privacy=replace(PRIVACY, because=CIRCUITS.because),
        keywords=("transport scolaire", "circuits", "établissements", "fréquentation"),
    )

    def produce(now: datetime, _folder: Path) -> Iterator[Edition]:
        for slot, year, _plans in _years(services, now):
            made = schools.edition(services.engine, year, slot, now)
            if made is not None:
                yield made

    return Offer(declared, produce)


def _lines(services: "Services") -> Offer:
    from opendata.rules.policies import CIRCUITS
    from scolaire.export.opendata import LINES, PRIVACY

    declared = Declaration(
        code=LINES,
        title="Lignes scolaires ouvertes à tous",
        description="Les services scolaires que tout voyageur peut prendre : horaires à la minute, jours de classe. Un "
        "arrêt que moins de onze élèves prennent, et qui n’est pas un arrêt du réseau, n’y est pas.",
        serves="Pour montrer aux voyageurs les cars des jours de classe, là où il n’y a souvent pas d’autre ligne.",
        theme=Theme.SCHOOL,
        gate=Gate.PEOPLE,
        period=Period.YEAR,
        files=(FileSpec(NAME, ZIP, "Arrêts, lignes, courses et jours de classe, au format GTFS", GTFS),),
        privacy=replace(PRIVACY, because=CIRCUITS.because),
        keywords=("transport scolaire", "horaires", "lignes scolaires", "GTFS"),
    )

    def produce(now: datetime, _folder: Path) -> Iterator[Edition]:
        from opendata.service.schools import passed, places_of_open_services

        for slot, year, plans in _years(services, now):
            allowed = places_of_open_services(services.engine, year)
            data, counts = _feed(services, plans, allowed)
            if data is not None:
                check = passed("school_places_left_out", counts["places_left_out"], {"k": CIRCUITS.k})
                yield Edition(
                    files=(Produced(NAME, ZIP, data, content_sha256=_content(data)),), slot=slot,
                    first_day=year.first_day, last_day=year.last_day, checks=(check,), counts=counts,
                )  # fmt: skip

    return Offer(declared, produce)


def _years(services: "Services", now: datetime) -> Iterator[tuple[Slot, "Year", "list[InForce]"]]:
    """The school year that runs, and those to come that have plans in force: the first of them only."""
    from opendata.service.schools import Year
    from scolaire.export.opendata import CIRCUITS, PLACES, datasets, school_year
    from scolaire.model.schools import SchoolYear
    from scolaire.service.publication import plans_in_force, years_in_force

    today = paris_day(now)
    taken: set[Slot] = set()
    with reading(services.engine) as session:
        found = [(year, plans_in_force(session, year)) for year in years_in_force(session, today)]
    for first, plans in found:
        period = SchoolYear(first).period
        slot = Slot.LATEST if today in period else Slot.NEXT
        if slot not in taken and period.last_day is not None:
            taken.add(slot)
            tables = datasets(plans)
            name = school_year(first)
            yield slot, Year(name, period.first_day, period.last_day, tables[CIRCUITS], tables[PLACES]), plans


def _feed(
    services: "Services", plans: "Iterable[InForce]", allowed: "Iterable[Named]"
) -> tuple[bytes | None, Mapping[str, int]]:
    """The feed, read back before it leaves; and how many services and places of open services are not in it."""
    from mobigo.infra import competence
    from opendata.rules.schools import named_otherwise
    from scolaire.export.gtfs import Publisher
    from scolaire.export.opendata import runs_of
    from scolaire.export.public_gtfs import public_gtfs

    config = services.config
    region = competence.table().authorities["region"].shown(production=config.production)
    runs = [run for held in plans for run in runs_of(held) if run.circuit.id in held.open_services]
    known = {(each.circuit, each.rank) for each in allowed}
    publisher = Publisher(region.name, config.base_url, region.phone)
    data = public_gtfs(runs, publisher, lambda name, rank: (name, rank) in known, contact=config.opendata_contact)
    if data is None:
        return None, {}
    calls = _calls(data)
    if wrong := named_otherwise(calls, allowed):
        raise ValueError(f"the feed of school lines names what it should not: {wrong[0]}")
    told = {row["trip_id"] for row in calls}
    left_out = sum(
        (run.id, rank) not in known for run in runs if run.id in told for rank in range(1, len(run.told) + 1)
    )
    return data, {"published": len(told), "services_left_out": len(runs) - len(told), "places_left_out": left_out}


def _calls(data: bytes) -> list[dict[str, str]]:
    with zipfile.ZipFile(io.BytesIO(data)) as feed:
        return list(csv.DictReader(io.StringIO(feed.read("stop_times.txt").decode())))


def _content(data: bytes) -> str:
    """The name of the archive's content, whatever packed it."""
    from hashlib import sha256

    from mobigo.network.export.archive import content_hash

    with zipfile.ZipFile(io.BytesIO(data)) as feed:
        return content_hash({name: sha256(feed.read(name)).hexdigest() for name in feed.namelist()})
