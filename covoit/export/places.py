"""The stops of the lines in the national schema of carpool places (schema-lieux-covoiturage 0.2.0), as CSV.

What we do not know (lighting, number of spaces) is left empty. `type` is "Auto-stop": one of the schema's seven, and
the one by which the existing lines of roadside stops are listed; a stop of a line is neither a car park nor a lay-by.
"""

import csv
import io
from collections import defaultdict
from collections.abc import Sequence
from datetime import date
from typing import Final

from covoit.model.lines import Line
from mobigo.base.datasets import COMMUNE, SIREN, Column
from mobigo.base.sheets import guarded

KINDS: Final = (
    "Aire de covoiturage", "Sortie d'autoroute", "Parking", "Supermarché", "Parking relais", "Délaissé routier",
    "Auto-stop",
)  # fmt: skip
COLUMNS: Final = (
    Column(
        "id_lieu",
        "string",
        "Identifiant provisoire ; le point d’accès national donne le définitif",
        pattern=f"{COMMUNE}-C-[0-9]{{3}}",
    ),
    Column("nom_lieu", "string", "Nom du lieu"),
    Column("ad_lieu", "string", "Où l’on attend exactement", required=False),
    Column("com_lieu", "string", "Commune"),
    Column("insee", "string", "Code de la commune", pattern=COMMUNE),
    Column("type", "string", "Type de lieu, dans la liste du schéma national", allowed=KINDS),
    Column("date_maj", "date", "Jour depuis lequel ces lignes sont en vigueur"),
    Column("ouvert", "boolean", "Le lieu est en service"),
    Column("source", "string", "SIREN de qui décrit le lieu", required=False, pattern=SIREN),
    Column("Xlong", "number", "Longitude (WGS84)"),
    Column("Ylat", "number", "Latitude (WGS84)"),
    Column("nbre_pl", "integer", "Places de stationnement", required=False),
    Column("nbre_pmr", "integer", "Places réservées aux personnes handicapées", required=False),
    Column("duree", "integer", "Durée de stationnement permise, en minutes", required=False),
    Column("horaires", "string", "Horaires (syntaxe OpenStreetMap)", required=False),
    Column("proprio", "string", "Propriétaire", required=False),
    Column("lumiere", "boolean", "Le lieu est éclairé", required=False),
    Column("comm", "string", "Commentaire", required=False),
)
PRIVACY_POLICY: Final = "public: places, no person"
# Our stops are numbered from 901 in their commune: the national access point numbers from 001 and gives the final id.
FIRST_NUMBER: Final = 901


def places(lines: Sequence[Line], *, updated: date, siren: str | None) -> bytes:
    """The file: one row a stop, in the order of lines and stops; the same stops, the same bytes."""
    seen: dict[str, int] = defaultdict(int)
    written = io.StringIO()
    rows = csv.writer(written, lineterminator="\r\n")
    rows.writerow([column.name for column in COLUMNS])
    for line in lines:
        for stop in line.stops:
            number = FIRST_NUMBER + seen[stop.insee]
            seen[stop.insee] += 1
            rows.writerow(
                [
                    f"{stop.insee}-C-{number:03d}", guarded(stop.name), guarded(stop.where),
                    guarded(stop.commune), stop.insee, "Auto-stop", updated.isoformat(), "true", siren or "",
                    f"{stop.point.lon:.4f}", f"{stop.point.lat:.4f}",
                    "", "", "", "", "", "",
                    f"Arrêt de la ligne de covoiturage {line.number} {line.name} (Mobigo)",
                ]
            )  # fmt: skip
    return written.getvalue().encode()
