"""Points of sale, read from MOBIGO_HOME/sales/points-de-vente.csv: the authority's own list, none is shipped."""

import csv
from pathlib import Path
from typing import Final

from billettique.export.opendata import PointOfSale
from mobigo.base.errors import InvalidInput

FILE: Final = Path("sales") / "points-de-vente.csv"
KINDS: Final = frozenset({"guichet", "depositaire", "automate"})
YES: Final = {"oui": True, "non": False}


def points_of_sale(home: Path) -> tuple[PointOfSale, ...]:
    """The points of sale, none without the file. Columns: code, nom, type, adresse, insee, commune, latitude,
    longitude, horaires, accessible, especes (oui, non); separated by semicolons, UTF-8.

    Raises InvalidInput("billettique.bad_points_of_sale") with the line and the reason.
    """
    path = home / FILE
    if not path.exists():
        return ()
    found: dict[str, PointOfSale] = {}
    with path.open(encoding="utf-8-sig", newline="") as file:
        for number, row in enumerate(csv.DictReader(file, delimiter=";"), start=2):
            try:
                point = _point(row)
            except (KeyError, TypeError, ValueError) as wrong:
                raise InvalidInput("billettique.bad_points_of_sale", line=number, reason=str(wrong)) from wrong
            if point.code in found:
                raise InvalidInput("billettique.bad_points_of_sale", line=number, reason=f"{point.code} twice")
            found[point.code] = point
    return tuple(found.values())


def _point(row: dict[str, str]) -> PointOfSale:
    if row["type"] not in KINDS:
        raise ValueError(f"type {row['type']!r}: guichet, depositaire or automate")
    lat, lon = float(row["latitude"].replace(",", ".")), float(row["longitude"].replace(",", "."))
    if not (-90 <= lat <= 90 and -180 <= lon <= 180):
        raise ValueError("no such position")
    if not row["code"].strip():
        raise ValueError("no code")
    return PointOfSale(
        row["code"].strip(), row["nom"].strip(), row["type"], row["adresse"].strip(), row["insee"].strip(),
        row["commune"].strip(), lat, lon, (row.get("horaires") or "").strip(), YES[row["accessible"]],
        YES[row["especes"]],
    )  # fmt: skip
