"""The Region's on-demand services, offered for publication: what they are, as GTFS-Flex, and how their vehicles run
today, as GTFS Realtime. The same tables are a network of the whole regional offer, under the name `tad`.
"""

from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Final

from mobigo.app.open_live import addresses, live_offer
from mobigo.base.instants import paris_day
from mobigo.infra.db import reading
from mobigo.network.service.publishing import ZIP
from opendata.model.datasets import Declaration, FileSpec, Gate, LiveAddress, Period, Theme
from opendata.model.editions import Edition, Produced
from opendata.model.offers import Offer

if TYPE_CHECKING:
    from mobigo.infra.web import Services
    from mobigo.network.export.merged import Part
    from mobigo.tad.model.services import Service

CODE: Final = "transport-a-la-demande"
NAME: Final = "gtfs-flex.zip"
FEED: Final = "tad"  # of the regional offer
LIVE: Final = LiveAddress(
    "/tad/temps-reel.pb", "application/x-protobuf",
    "Les tournées du jour : passages attendus aux arrêts (TripUpdates), dernier arrêt desservi (VehiclePositions)",
    "GTFS Realtime", CODE,
)  # fmt: skip


def offers(services: "Services", now: datetime) -> list[Offer]:
    """What is offered of the services in force; nothing while there is none."""
    return [_flex(services), _live(services)] if in_force(services, now) else []


def in_force(services: "Services", now: datetime) -> "list[Service]":
    """The services in force."""
    from mobigo.tad.service import services as catalogue

    with reading(services.engine) as session:
        return [each.service for each in catalogue.services_on(session, paris_day(now))]


def archive(services: "Services", now: datetime) -> bytes:
    """The services in force as GTFS-Flex."""
    from mobigo.infra import competence
    from mobigo.tad.export.gtfs_flex import gtfs_flex

    config = services.config
    name = competence.table().authorities["region"].shown(production=config.production).name
    return gtfs_flex(in_force(services, now), base_url=config.base_url, publisher=name)


def part(services: "Services", now: datetime) -> "Part | None":
    """The services in force as a network of the regional offer; None while there is none."""
    from mobigo.network.export.merged import LOCATIONS, Part
    from mobigo.network.gateway.archive import open_feed
    from mobigo.network.gateway.gtfs import other_files, read_feed

    if not in_force(services, now):
        return None
    with TemporaryDirectory(prefix="mobigo-tad-") as folder:
        path = Path(folder) / NAME
        path.write_bytes(archive(services, now))
        zones = other_files(open_feed(path)).get(LOCATIONS)
        return Part(FEED, read_feed(path), None if zones is None else zones())


def _flex(services: "Services") -> Offer:
    declared = Declaration(
        code=CODE,
        title="Transport à la demande",
        description="Les services à la demande de la Région au format GTFS-Flex : arrêts et zones desservis, horaires, "
        "règles de réservation avec leur téléphone et leur page. Aucune réservation n’y est, ni aucune tournée.",
        serves="Pour proposer ces services dans un calculateur d’itinéraires, avec l’heure limite pour réserver.",
        theme=Theme.TIMETABLES,
        gate=Gate.NETWORK,
        period=Period.NIGHT,
        files=(FileSpec(NAME, ZIP, "Les services en vigueur", "GTFS Schedule"),),
        keywords=("transport à la demande", "TAD", "GTFS-Flex", "réservation"),
    )

    def produce(now: datetime, _folder: Path) -> list[Edition]:
        found = in_force(services, now)
        if not found:
            return []
        made = Produced(NAME, ZIP, archive(services, now))
        return [Edition(files=(made,), first_day=paris_day(now), counts={"published": len(found)})]

    return Offer(declared, produce)


def _live(services: "Services") -> Offer:
    declared = Declaration(
        code=f"{CODE}-temps-reel",
        title="Transport à la demande en temps réel",
        description="Les tournées du jour des véhicules à la demande : quand ils sont attendus aux arrêts, et le "
        "dernier arrêt desservi. C’est un flux : il n’a pas de versions, n’est pas archivé ; seule la liste de ses "
        "adresses est versionnée. Ni domicile, ni voyageur, ni conducteur, ni véhicule reconnaissable n’y est : une "
        "montée ou une descente à une porte n’est pas dite, une position est celle d’un arrêt.",
        serves="Pour dire quand vient un véhicule à la demande dans une application ou sur un écran.",
        theme=Theme.REALTIME,
        gate=Gate.OPEN,
        period=Period.LIVE,
        files=addresses(),
        keywords=("transport à la demande", "temps réel", "GTFS-RT", "positions"),
        live=(LIVE,),
    )

    return live_offer(services, declared)
