"""Subsidies to companies, associations and authorities, offered for publication: those we paid ourselves to operators'
companies, and those of the finance service's file."""

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

from opendata.export.tables import CSV, csv_bytes
from opendata.model.datasets import Declaration, FileSpec, Gate, Period, Theme
from opendata.model.editions import Edition, Produced
from opendata.model.offers import Offer

if TYPE_CHECKING:
    from mobigo.infra.web import Services

NAME = "subventions.csv"
GIVER: Final = "Région Bourgogne-Franche-Comté"
GIVER_SIRET: Final = "20005372600010"


def offers(services: "Services") -> list[Offer]:
    """The one offer of subsidies; empty while nothing was paid and the home holds no file of them."""
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

        told = [*_paid(services), *grants(services.config.home)]
        rows = sorted(tuple(row[column.name] for column in GRANT_COLUMNS) for row in told)
        if not rows:
            return []
        made = Produced(NAME, CSV, csv_bytes(GRANT_COLUMNS, rows), rows=len(rows))
        return [Edition(files=(made,), counts={"published": len(rows)})]

    return [Offer(declared, produce)]


def _paid(services: "Services") -> list[dict[str, str]]:
    """What was paid to operators' companies, in the words of the national schema: sums to the cent, as text. Raises
    ValueError for a row that is not as the schema wants it: it does not leave."""
    from covoit.service.calls import grants as paid
    from mobigo.infra.db import reading
    from opendata.rules.grants import fault

    with reading(services.engine) as session:
        found = paid(session)
    rows = []
    for each in found:
        row = {
            "nomAttribuant": GIVER, "idAttribuant": GIVER_SIRET, "dateConvention": each.agreed_on.isoformat(),
            "referenceDecision": each.reference, "nomBeneficiaire": each.beneficiary, "idBeneficiaire": each.siret,
            "objet": each.purpose, "montant": f"{each.amount.cents // 100}.{each.amount.cents % 100:02d}",
            "nature": "aide en numéraire", "conditionsVersement": "échelonné",
            "datesPeriodeVersement": f"{each.first_day.isoformat()}/{each.last_day.isoformat()}", "idRAE": "",
            "notificationUE": "non", "pourcentageSubvention": "1",
        }  # fmt: skip
        wrong = fault(row)
        if wrong is not None:
            raise ValueError(f"{each.siret}: {wrong[0]}")
        rows.append(row)
    return rows
