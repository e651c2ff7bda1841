"""What the Region tells live, offered for publication: its disruptions, as GTFS Realtime Alerts.

The feed itself is no file of a version: the dataset points to its address. What is versioned is the list of addresses.
What operators say is theirs to publish, and is not in it.
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
    Column("donnees_theoriques", "string", "Le jeu de données dont il reprend les identifiants de lignes"),
)
ALERTS: Final = LiveAddress(
    "/perturbations.pb", "application/x-protobuf", "Les perturbations en cours et annoncées (Alerts)", "GTFS Realtime",
    REGIONAL,
)  # fmt: skip


def offers(services: "Services") -> list[Offer]:
    """The one offer of what is told live."""
    declared = Declaration(
        code="perturbations-temps-reel",
        title="Perturbations en temps réel",
        description="Les perturbations écrites par la Région : quoi, où, de quand à quand, en français et, quand elles "
        "sont traduites, en anglais. C’est un flux : il dit l’état du moment, n’a pas de versions, n’est pas archivé. "
        "Seule la liste de ses adresses est versionnée. Les lignes et les arrêts y portent leur identifiant de l’offre "
        "régionale, un lieu celui de chacun de ses arrêts. Ni retards ni positions ; ce que disent les exploitants "
        "n’y est pas.",
        serves="Pour prévenir les voyageurs dans une application, sur un écran, ou dans un calculateur d’itinéraires.",
        theme=Theme.REALTIME,
        gate=Gate.OPEN,
        period=Period.LIVE,
        files=(FileSpec(NAME, CSV, "Les adresses du flux", "Table Schema", COLUMNS),),
        keywords=("perturbations", "temps réel", "GTFS-RT", "alertes"),
        live=(ALERTS,),
    )

    def produce(_now: datetime, _folder: Path) -> list[Edition]:
        base = services.config.base_url
        rows = [
            (f"{base}{each.path}", each.standard, each.media_type, each.means, each.timetable) for each in declared.live
        ]
        made = Produced(NAME, CSV, csv_bytes(COLUMNS, rows), rows=len(rows))
        return [Edition(files=(made,), counts={"published": len(rows)})]

    return [Offer(declared, produce)]
