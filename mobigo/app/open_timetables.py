"""The Region's timetables, offered for publication: each feed in use as GTFS, NeTEx, Parquet, maps and tables, now and
for its coming period.

A feed that another organisation looks after, or that comes from an address whose licence we do not know, is not ours to
publish.
"""

from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

from mobigo.base.datasets import Column
from mobigo.base.instants import paris_day
from mobigo.infra.db import reading
from mobigo.network.service.publishing import CSV, GEOJSON, PARQUET, ZIP, coming_from, write_files
from opendata.model.datasets import LICENCES, Declaration, FileSpec, Gate, Licence, Period, Slot, Theme
from opendata.model.editions import Edition, Produced
from opendata.model.offers import Offer
from opendata.rules.publishing import slot_of

if TYPE_CHECKING:
    from mobigo.infra.web import Services
    from mobigo.network.store.feeds import FeedVersion

GTFS: Final = "GTFS Schedule"
NETEX: Final = "NeTEx FR"
# What is not in the NeTEx, and is in the GTFS: see `mobigo.network.export.netex`.
LEFT_OUT: Final = {
    "no_route": "courses d’une ligne inconnue, absentes du NeTEx",
    "no_service": "courses sans jour de circulation, absentes du NeTEx",
    "zone": "courses à la demande dans une zone, absentes du NeTEx",
    "no_stop": "courses à un arrêt inconnu ou à une gare entière, absentes du NeTEx",
    "one_stop": "courses d’un seul arrêt, absentes du NeTEx",
    "no_times": "courses sans heure de départ ou d’arrivée, absentes du NeTEx",
    "location_type_3": "nœuds de cheminement absents du NeTEx",
    "location_type_4": "zones de montée absentes du NeTEx",
    "pathways": "cheminements absents du NeTEx",
    "levels": "niveaux absents du NeTEx",
    "transfers": "correspondances absentes du NeTEx",
    "shapes": "points de tracé absents du NeTEx",
    "fare_attributes": "tarifs absents du NeTEx",
    "fare_products": "produits tarifaires absents du NeTEx",
    "booking_rules": "règles de réservation absentes du NeTEx",
}


def timetables(services: "Services") -> Iterator[Offer]:
    """The feeds in use that the Region may publish, each by itself and all as one."""
    from mobigo.app.open_region import region
    from mobigo.network.store import feeds, sources

    with reading(services.engine) as session:
        held = [feed for feed in feeds.list_feeds(session) if feed.active and feed.organisation is None]
        licences = {source.feed: source.licence for source in sources.list_sources(session)}
    ours = {}
    for feed in held:
        licence = LICENCES.get(licences.get(feed.name, "lov2"))
        if feed.version is not None and licence is not None:
            ours[feed.name] = feed.version, licence
            yield _timetable(services, feed.version, licence)
    yield from region(services, ours)


def _timetable(services: "Services", version: "FeedVersion", licence: Licence) -> Offer:
    name = _agency(services, version)
    declared = Declaration(
        code=f"horaires-{version.feed}",
        title=f"Horaires : {name}",
        description=f"Arrêts, lignes, courses et calendriers du réseau {name}, tels qu’ils circulent : l’offre que "
        "Mobigo montre aux voyageurs, table par table, sans rien en retirer.",
        serves="Pour les calculateurs d’itinéraires, les applications de mobilité et l’étude de l’offre de transport.",
        theme=Theme.TIMETABLES,
        gate=Gate.NETWORK,
        period=Period.NIGHT,
        licence=licence,
        files=_files(),
        keywords=("transport public", "horaires", "arrêts", "GTFS", "NeTEx", "accessibilité", version.feed),
    )

    def produce(now: datetime, folder: Path) -> list[Edition]:
        today = paris_day(now)
        slot = slot_of(version.first_day, today)
        editions = [_edition(services, version, folder, slot)]
        since = None if slot is Slot.NEXT else coming_from(services, version, today)
        if since is not None:
            editions.append(_edition(services, version, folder, Slot.NEXT, since))
        return editions

    return Offer(declared, produce)


def _edition(
    services: "Services", version: "FeedVersion", folder: Path, slot: Slot, since: date | None = None
) -> Edition:
    written = write_files(services, version, folder / slot.value, since=since)
    left_out = {reason: count for file in written for reason, count in file.left_out.items()}
    return Edition(
        files=tuple(
            Produced(file.name, file.media_type, file.path, file.rows, file.content_sha256) for file in written
        ),
        slot=slot,
        first_day=since or version.first_day,
        last_day=version.last_day,
        counts={
            **(version.rows if since is None else {}),
            **{LEFT_OUT.get(reason, reason): count for reason, count in left_out.items()},
        },
    )


def _files() -> tuple[FileSpec, ...]:
    from mobigo.network.export import datasets, parquet

    return (
        FileSpec("gtfs.zip", ZIP, "L’offre théorique, au format GTFS, sans perte", GTFS),
        FileSpec("netex-fr.zip", ZIP, "Arrêts, réseau, horaires et calendriers au profil français de NeTEx", NETEX),
        FileSpec("stop_times.parquet", PARQUET, "Les passages aux arrêts, pour le calcul", "Parquet", parquet.COLUMNS),
        FileSpec("stops.geojson", GEOJSON, "Les arrêts, sur une carte", "GeoJSON"),
        FileSpec("lines.geojson", GEOJSON, "Les lignes, sur une carte", "GeoJSON"),
        _table("accessibility.csv", "Où l’on monte en fauteuil roulant", datasets.ACCESSIBILITY),
        _table("lines.csv", "Les lignes et leur nombre de courses", datasets.LINES),
    )


def _table(name: str, means: str, columns: tuple[Column, ...]) -> FileSpec:
    return FileSpec(name, CSV, means, "Table Schema", columns)


def _agency(services: "Services", version: "FeedVersion") -> str:
    """The name that the feed gives its network: that of its agency, or of the feed when there are several."""
    from mobigo.network.service.importing import read_tables_of

    tables = read_tables_of(services, version)
    if tables.has("agency", "agency_name"):
        names = list(dict.fromkeys(tables["agency"]["agency_name"].str.strip_chars().to_list()))
        if len(names) == 1 and names[0]:
            return str(names[0])
    return version.feed
