"""What is not published, and why: the register that a reuser may read before asking (code des relations entre le public
et l'administration, L. 311-5 to L. 311-7, L. 312-1-2; GDPR, article 6).
"""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Withheld:
    """Data held and not published: French texts, the law, what may be had instead (a dataset's code, or "")."""

    title: str
    because: str
    law: str
    instead: str = ""


WITHHELD: Final = (
    Withheld(
        "Trajets de covoiturage un par un, avec leurs positions exactes et leur opérateur",
        "Deux positions et une heure désignent une personne : son domicile et son travail. Le dialecte du registre "
        "national, réduit, est publié à la place.",
        "CRPA, article L. 312-1-2 ; RGPD, article 4",
        "covoit-trajets",
    ),
    Withheld(
        "Passages habituels des conducteurs sur les lignes de covoiturage",
        "Un horaire régulier, sur une ligne rurale, est celui d’une seule personne.",
        "CRPA, articles L. 311-6 et L. 312-1-2",
        "covoit-lignes-mois",
    ),
    Withheld(
        "Aides, relevés et coordonnées bancaires des conducteurs",
        "Ce que chacun reçoit n’est communicable qu’à lui-même.",
        "CRPA, article L. 311-6",
        "covoit-aides",
    ),
    Withheld(
        "Titres, validations et contrôles un par un",
        "Une suite de validations est un itinéraire de personne, même sous un numéro sans nom.",
        "CRPA, article L. 312-1-2 ; RGPD, article 4, 5°",
        "billettique-validations",
    ),
    Withheld(
        "Contraventions et dossiers du contrôle",
        "Des données relatives aux infractions, réservées à qui en est chargé.",
        "RGPD, article 10",
    ),
    Withheld(
        "Élèves, familles, adresses, droits au transport scolaire",
        "Des mineurs et leur domicile. Un arrêt que moins de onze élèves prennent n’est pas publié pour lui-même.",
        "CRPA, articles L. 311-6 et L. 312-1-2",
        "scolaire-circuits",
    ),
    Withheld(
        "Réservations du transport à la demande, positions des véhicules qui y roulent",
        "Une course à la demande est un trajet de personne.",
        "CRPA, article L. 312-1-2",
    ),
    Withheld(
        "Clés de signature des titres, empreintes de mots de passe, journaux d’accès",
        "Leur publication porterait atteinte à la sécurité des systèmes d’information.",
        "CRPA, article L. 311-5, 2°, d",
    ),
    Withheld(
        "Horaires d’autres autorités ou d’opérateurs, importés ici",
        "Leur producteur les publie sous la licence qu’il choisit ; ils ne sont republiés ici que sous une licence "
        "connue, et au nom de la Région.",
        "CRPA, article L. 321-2",
    ),
    Withheld(
        "Prix consentis par les transporteurs dans les marchés en cours",
        "Le secret des affaires protège le détail des offres.",
        "CRPA, article L. 311-6, 1°",
    ),
)
