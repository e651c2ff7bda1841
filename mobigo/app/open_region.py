"""The whole regional offer as one GTFS, offered for publication: every network that the Region publishes, each id
behind the name of its feed; now, and from the first day on which a network changes."""

from collections.abc import Iterator, Mapping
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

from mobigo.app import open_on_demand
from mobigo.base.instants import paris_day
from mobigo.network.service.publishing import ZIP, coming_from
from opendata.model.datasets import (
    LICENCE_MOBILITES,
    LICENCE_OUVERTE,
    ODBL,
    REGIONAL,
    Declaration,
    FileSpec,
    Gate,
    Licence,
    Period,
    Slot,
    Theme,
)
from opendata.model.editions import Edition, Produced
from opendata.model.offers import Offer
from opendata.rules.publishing import slot_of

if TYPE_CHECKING:
    from mobigo.infra.web import Services
    from mobigo.network.store.feeds import FeedVersion

NAME: Final = "gtfs.zip"
# What is not in the whole, and is in the GTFS of its network: see `mobigo.network.export.merged`.
LEFT_OUT: Final = {
    "other_files": "fichiers hors référence GTFS, laissés au GTFS de leur réseau",
    "translations": "traductions qui ne désignent pas un enregistrement",
    "fares_of_nobody": "tarifs sans exploitant dans un réseau qui en a plusieurs",
    "fares_v2": "produits tarifaires dont les règles changeraient celles d’un autre réseau",
    "fare_transfers": "règles de correspondance tarifaire qui comptent à travers plusieurs groupes",
    "locations": "fichiers de zones illisibles",
}


def region(services: "Services", held: "Mapping[str, tuple[FeedVersion, Licence]]") -> Iterator[Offer]:
    """The one offer of these feeds, by name; none while there is no feed."""
    licence, names = shared_licence({name: licence for name, (_version, licence) in held.items()})
    versions = [held[name][0] for name in names]
    if not versions:
        return
    declared = Declaration(
        code=REGIONAL,
        title="Offre régionale : tous les réseaux en un seul GTFS",
        description="Arrêts, lignes, courses, calendriers, correspondances, tarifs, transport à la demande : les "
        "tables GTFS de tous les réseaux que la Région publie, réunies. Chaque identifiant est précédé du nom de son "
        "réseau (« cars:127 ») et reste le même d’une semaine à l’autre. L’adresse « next » donne l’offre à partir du "
        "premier jour où un réseau change.",
        serves="Pour un calculateur d’itinéraires ou une étude qui veut toute la région d’un coup, à une adresse "
        "stable.",
        theme=Theme.TIMETABLES,
        gate=Gate.NETWORK,
        period=Period.NIGHT,
        licence=licence,
        files=(FileSpec(NAME, ZIP, "L’offre théorique de tous les réseaux, au format GTFS", "GTFS Schedule"),),
        keywords=("transport public", "horaires", "arrêts", "GTFS", "région", "multimodal"),
    )

    def produce(now: datetime, folder: Path) -> Iterator[Edition]:
        today = paris_day(now)
        yield _edition(services, versions, folder, slot_of(_first_day(versions), today), now)
        changes = [day for version in versions if (day := _changes_on(services, version, today)) is not None]
        if changes and slot_of(_first_day(versions), today) is Slot.LATEST:
            yield _edition(services, versions, folder, Slot.NEXT, now, min(changes))

    yield Offer(declared, produce)


def shared_licence(licences: Mapping[str, Licence]) -> tuple[Licence, list[str]]:
    """The licence of feeds put together, and those that may be under it, by name.

    What is under the Licence Ouverte may be republished under the ODbL, which asks that the whole be (share alike); the
    Licence Mobilités asks reusers for what neither of them does: its feeds are put together with no other.
    """
    open_ = {name: licence for name, licence in licences.items() if licence is not LICENCE_MOBILITES}
    if not open_:
        return LICENCE_MOBILITES, sorted(licences)
    return (ODBL if ODBL in open_.values() else LICENCE_OUVERTE), sorted(open_)


def _first_day(versions: "list[FeedVersion]") -> date | None:
    return min((version.first_day for version in versions if version.first_day is not None), default=None)


def _changes_on(services: "Services", version: "FeedVersion", today: date) -> date | None:
    """The first day of what is to come of a feed: its own first day, or that of its coming period."""
    if version.first_day is not None and version.first_day > today:
        return version.first_day
    return coming_from(services, version, today)


def _edition(
    services: "Services",
    versions: "list[FeedVersion]",
    folder: Path,
    slot: Slot,
    now: datetime,
    since: date | None = None,
) -> Edition:
    from mobigo.infra import competence
    from mobigo.network.service.regional import Publisher, write_region

    config = services.config
    name = competence.table().authorities["region"].shown(production=config.production).name
    publisher = Publisher(name, config.base_url, config.opendata_contact)
    ours = (
        None if any(version.feed == open_on_demand.FEED for version in versions) else open_on_demand.part(services, now)
    )
    written = write_region(
        services, versions, folder / slot.value / NAME, publisher, since=since, beside=() if ours is None else (ours,)
    )
    return Edition(
        files=(Produced(NAME, ZIP, written.path, content_sha256=written.content_sha256),),
        slot=slot,
        first_day=since or _first_day(versions),
        last_day=max((version.last_day for version in versions if version.last_day is not None), default=None),
        counts={
            "réseaux": len(versions) + (ours is not None),
            **{LEFT_OUT[reason]: count for reason, count in written.left_out.items()},
        },
    )
