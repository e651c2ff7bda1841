"""The modules' tables about people, handed to the gate of `opendata`: carpool journeys and sums, ticketing's uses,
flows and sales. What is offered here leaves only reduced, audited and approved by two persons.
"""

from collections.abc import Mapping
from datetime import date
from typing import TYPE_CHECKING, Final

from mobigo.base.datasets import Dataset
from mobigo.infra import keys
from mobigo.infra.db import reading
from opendata.model.datasets import Theme
from opendata.model.offers import Offer
from opendata.service import gated
from opendata.service.gated import Wording

if TYPE_CHECKING:
    from mobigo.infra.web import Services

GIVER: Final = "Région Bourgogne-Franche-Comté"
SIRET: Final = "20005372600010"
CARPOOL: Final = {
    "covoit-trajets": Wording(
        Theme.CARPOOL,
        "Pour comparer avec les données du registre national, étudier les distances, les heures et les lieux du "
        "covoiturage.",
        ("covoiturage", "trajets", "registre de preuve de covoiturage"),
    ),
    "covoit-lignes-mois": Wording(
        Theme.CARPOOL,
        "Pour suivre la fréquentation des lignes de covoiturage et ce qu’elles coûtent.",
        ("covoiturage", "lignes", "fréquentation"),
    ),
    "covoit-aides": Wording(
        Theme.SUBSIDIES,
        "Pour suivre l’argent public versé au covoiturage, barème par barème.",
        ("covoiturage", "aides", "subventions"),
    ),
}
TICKETING: Final = {
    "billettique-validations": Wording(
        Theme.USE,
        "Pour connaître la fréquentation des lignes et des arrêts.",
        ("fréquentation", "validations", "lignes", "arrêts"),
    ),
    "billettique-trajets": Wording(
        Theme.USE,
        "Pour connaître les déplacements entre les lieux du réseau.",
        ("origines et destinations", "déplacements"),
    ),
    "billettique-ventes": Wording(
        Theme.SALES, "Pour suivre les ventes par produit et par canal.", ("ventes", "titres de transport")
    ),
}


def offers(services: "Services") -> list[Offer]:
    """The offers of the tables about people."""
    return [
        *gated.offers(services.engine, _carpool_shells(), lambda month: _carpool(services, month), CARPOOL),
        *gated.offers(services.engine, _ticketing_shells(services), lambda m: _ticketing(services, m), TICKETING),
    ]


def _carpool_shells() -> Mapping[str, Dataset]:
    from covoit.export.opendata import datasets

    return {each.code: each for each in datasets([], [], [], {}, salt=b"", giver=GIVER, giver_siret=SIRET)}


def _carpool(services: "Services", month: str) -> Mapping[str, Dataset]:
    from covoit.service.month_export import month_export

    salt = keys.derived(services.config, f"covoit.opendata.{month}")
    with reading(services.engine) as session:
        made = month_export(session, month, salt=salt, giver=GIVER, giver_siret=SIRET, blobs=services.blobs)
    return {each.code: each for each in made.datasets}


def _ticketing_shells(services: "Services") -> Mapping[str, Dataset]:
    from billettique.export.opendata import datasets
    from billettique.gateway.fares import tariff_on

    return {each.code: each for each in datasets(tariff_on(date(2026, 1, 1), services.config.home), [], [], {}, [])}


def _ticketing(services: "Services", month: str) -> Mapping[str, Dataset]:
    from billettique.service.publication import month_tables

    with reading(services.engine) as session:
        made = month_tables(session, date.fromisoformat(f"{month}-01"), services.config.home)
        return {each.code: each for each in made}
