"""Subsidies to companies, associations and authorities, offered for publication from the finance service's file."""

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from opendata.export.tables import CSV, csv_bytes
from opendata.model.datasets import Declaration, FileSpec, Gate, Period, Theme
from opendata.model.editions import Edition, Produced
from opendata.model.offers import Offer

if TYPE_CHECKING:
    from mobigo.infra.web import Services

NAME = "subventions.csv"


def offers(services: "Services") -> list[Offer]:
    """The one offer of subsidies; empty while the home holds no file of them."""
    from covoit.export.opendata import GRANT_COLUMNS

    declared = Declaration(
        code="covoit-subventions",
        title="Subventions à des personnes morales",
        description="Sommes versées à des opérateurs, des employeurs et des collectivités pour le covoiturage, dans le "
        "schéma national des subventions ; jamais à un conducteur.",
        serves="Pour savoir à qui va l’argent public, et pour quoi.",
        theme=Theme.SUBSIDIES,
        gate=Gate.OPEN,
        period=Period.YEAR,
        files=(FileSpec(NAME, CSV, "Une subvention par ligne", "Table Schema", GRANT_COLUMNS),),
        keywords=("subventions", "données essentielles", "SCDL"),
    )

    def produce(_now: datetime, _folder: Path) -> list[Edition]:
        from opendata.gateway.grants import grants

        rows = [tuple(row[column.name] for column in GRANT_COLUMNS) for row in grants(services.config.home)]
        if not rows:
            return []
        made = Produced(NAME, CSV, csv_bytes(GRANT_COLUMNS, rows), rows=len(rows))
        return [Edition(files=(made,), counts={"published": len(rows)})]

    return [Offer(declared, produce)]
