"""What the Region tells live, offered for publication: its disruptions (GTFS Realtime, SIRI), what leaves its stops
(SIRI), the stops of its carpool lines (GBFS).

A feed is no file of a version: the dataset points to its address. What is versioned is the list of addresses. What
operators say of disruptions is theirs to publish, and is not in it.
"""

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

from mobigo.base.datasets import Column
from opendata.export.tables import CSV, csv_bytes
from opendata.model.datasets import REGIONAL, Declaration, FileSpec, Gate, LiveAddress, Period, Theme
from opendata.model.editions import Edition, Produced
from opendata.model.offers import Offer

if TYPE_CHECKING:
    from mobigo.infra.web import Services

NAME: Final = "adresses.csv"
COLUMNS: Final = (
    Column("adresse", "string", "Où interroger le flux"),
    Column("norme", "string", "La norme qu’il suit"),
    Column("type", "string", "Type du contenu (type MIME)"),
    Column("contenu", "string", "Ce qu’il dit"),
    Column("donnees_theoriques", "string", "Le jeu de données dont il reprend les identifiants"),
)
XML, JSON = "application/xml", "application/json"
ALERTS: Final = LiveAddress(
    "/perturbations.pb", "application/x-protobuf", "Les perturbations en cours et annoncées (Alerts)", "GTFS Realtime",
    REGIONAL,
)  # fmt: skip
SITUATIONS: Final = (
    LiveAddress("/siri/2.0/situation-exchange.xml", XML, "Les mêmes, en situations (SIRI-SX)", "SIRI", REGIONAL),
    LiveAddress("/siri/2.0/situation-exchange.json", JSON, "Les mêmes en SIRI Lite", "SIRI Lite", REGIONAL),
    LiveAddress("/siri/2.0/general-message.json", JSON, "Les mêmes, en messages (SIRI-GM)", "SIRI Lite", REGIONAL),
)
RUNNING: Final = (
    LiveAddress(
        "/siri/2.0/estimated-timetable.xml", XML, "Les courses de l’heure, arrêt par arrêt (SIRI-ET)", "SIRI", REGIONAL
    ),
    LiveAddress(
        "/cars/temps-reel.pb",
        "application/x-protobuf",
        "Les cars que leur conducteur suit : retard (TripUpdates), position de moins de cinq minutes "
        "(VehiclePositions)",
        "GTFS Realtime",
        REGIONAL,
    ),
    LiveAddress("/siri/2.0/lines-discovery.json", JSON, "Les lignes que l’on peut demander", "SIRI Lite", REGIONAL),
    LiveAddress(
        "/siri/2.0/stoppoints-discovery.json", JSON, "Les arrêts que l’on peut demander", "SIRI Lite", REGIONAL
    ),
)
CARPOOL: Final = LiveAddress(
    "/covoiturage/gbfs/3.0/gbfs.json", JSON, "Les arrêts des lignes, et s’ils sont desservis à cette heure", "GBFS",
    "covoit-lignes",
)  # fmt: skip


def offers(services: "Services") -> list[Offer]:
    """What is told live of the whole network."""
    return [live_offer(services, each) for each in (_disruptions(), _running(), _carpool())]


def live_offer(services: "Services", declared: Declaration) -> Offer:
    """The offer of a dataset that is told live: its one file is the list of its addresses."""

    def produce(_now: datetime, _folder: Path) -> list[Edition]:
        base = services.config.base_url
        rows = [
            (f"{base}{each.path}", each.standard, each.media_type, each.means, each.timetable) for each in declared.live
        ]
        made = Produced(NAME, CSV, csv_bytes(COLUMNS, rows), rows=len(rows))
        return [Edition(files=(made,), counts={"published": len(rows)})]

    return Offer(declared, produce)


def addresses() -> tuple[FileSpec, ...]:
    """The one file of a dataset that is told live."""
    return (FileSpec(NAME, CSV, "Les adresses du flux", "Table Schema", COLUMNS),)


def _disruptions() -> Declaration:
    return Declaration(
        code="perturbations-temps-reel",
        title="Perturbations en temps réel",
        description="Les perturbations écrites par la Région : quoi, où, de quand à quand, en français et, quand elles "
        "sont traduites, en anglais. C’est un flux : il dit l’état du moment, n’a pas de versions, n’est pas archivé. "
        "Seule la liste de ses adresses est versionnée. Les lignes et les arrêts y portent leur identifiant de l’offre "
        "régionale, un lieu celui de chacun de ses arrêts. Ni retards ni positions ; ce que disent les exploitants "
        "n’y est pas.",
        serves="Pour prévenir les voyageurs dans une application, sur un écran, ou dans un calculateur d’itinéraires.",
        theme=Theme.REALTIME,
        gate=Gate.OPEN,
        period=Period.LIVE,
        files=addresses(),
        keywords=("perturbations", "temps réel", "GTFS-RT", "SIRI", "alertes"),
        live=(ALERTS, *SITUATIONS),
    )


def _running() -> Declaration:
    return Declaration(
        code="passages-temps-reel",
        title="Prochains passages en temps réel",
        description="Les courses en cours et de l’heure qui vient, arrêt par arrêt : heure prévue, et heure attendue "
        "là où elle est connue, courses supprimées ou ajoutées (SIRI-ET). Pour un arrêt, demandez "
        "/siri/2.0/stop-monitoring.json?MonitoringRef=… (SIRI-SM), pour une ligne, ajoutez LineRef=… ; chaque adresse "
        "répond aussi en .json (SIRI Lite) ou en .xml. Les identifiants sont ceux de l’offre régionale. Les "
        "cars que leur conducteur suit y sont aussi en GTFS-RT, sans rien de qui conduit. C’est un flux : il n’a "
        "pas de versions, n’est pas archivé ; seule la liste de ses adresses est versionnée.",
        serves="Pour afficher les prochains passages dans une application ou sur un écran.",
        theme=Theme.REALTIME,
        gate=Gate.OPEN,
        period=Period.LIVE,
        files=addresses(),
        keywords=("temps réel", "prochains passages", "SIRI", "SIRI Lite", "retards"),
        live=RUNNING,
    )


def _carpool() -> Declaration:
    return Declaration(
        code="covoit-arrets-temps-reel",
        title="Arrêts des lignes de covoiturage en temps réel",
        description="Les arrêts des lignes de covoiturage au format GBFS : où l’on attend, à quelles heures des "
        "conducteurs sont attendus, et s’ils le sont en ce moment (is_renting). Aucune voiture n’est garée à un "
        "arrêt : le nombre de véhicules disponibles y est toujours zéro. Combien de voitures passent, et lesquelles, "
        "n’y est pas : ce serait dire ce que quelqu’un fait chaque matin. C’est un flux : il n’a pas de versions, "
        "n’est pas archivé ; seule la liste de ses adresses est versionnée.",
        serves="Pour les cartes et les calculateurs qui montrent où covoiturer sans réserver.",
        theme=Theme.CARPOOL,
        gate=Gate.OPEN,
        period=Period.LIVE,
        files=addresses(),
        keywords=("covoiturage", "lignes de covoiturage", "arrêts", "GBFS"),
        live=(CARPOOL,),
    )
