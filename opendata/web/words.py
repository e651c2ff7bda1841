"""What pages call things: themes, periods, standings, events, judges."""

from collections.abc import Iterable
from typing import Final

from opendata.model.datasets import Gate, Period, Theme
from opendata.model.editions import State
from opendata.service.following import SAID


def _(message: str) -> str:
    """Marks a message for the catalogues; templates translate it when it is shown."""
    return message


THEMES: Final = {
    Theme.TIMETABLES: _("Horaires"),
    Theme.STOPS: _("Arrêts"),
    Theme.FARES: _("Tarifs"),
    Theme.POINTS_OF_SALE: _("Points de vente"),
    Theme.CARPOOL: _("Covoiturage"),
    Theme.USE: _("Fréquentation"),
    Theme.SALES: _("Ventes"),
    Theme.SUBSIDIES: _("Aides versées"),
    Theme.SCHOOL: _("Transport scolaire"),
    Theme.REALTIME: _("Temps réel"),
    Theme.ACCESSIBILITY: _("Accessibilité"),
}
PERIODS: Final = {
    Period.NIGHT: _("chaque nuit, quand quelque chose a changé"),
    Period.MONTH: _("chaque mois"),
    Period.YEAR: _("chaque année"),
    Period.LIVE: _("en continu, à l’adresse du flux"),
}


def themes(found: Iterable[Theme]) -> list[tuple[str, str]]:
    """The themes as a list to choose from: (value, word)."""
    from mobigo.infra.i18n import gettext

    return [(theme.value, gettext(THEMES[theme])) for theme in found]


QUALITY: Final = {
    "clean": (_("contrôlé, rien à signaler"), "good"),
    "warnings": (_("contrôlé, avec des remarques"), ""),
    "errors": (_("des erreurs sont connues"), "bad"),
    "unchecked": (_("aucun contrôle ne s’est prononcé"), ""),
}
EVENTS: Final = SAID
STATES: Final = {
    State.DRAFT: _("brouillon"),
    State.CHECKED: _("contrôlé, attend un accord"),
    State.FAULTY: _("refusé par un contrôle"),
    State.APPROVED: _("approuvé, attend sa publication"),
    State.PUBLISHED: _("publié"),
    State.REJECTED: _("rejeté"),
    State.WITHDRAWN: _("retiré"),
}
GATES: Final = {
    Gate.OPEN: _("Ces données ne parlent de personne : elles sont publiées telles quelles."),
    Gate.NETWORK: _("L’offre de transport ne parle de personne : elle est publiée telle quelle."),
    Gate.PEOPLE: _(
        "Des personnes sont derrière ces chiffres : ils sont regroupés, les petits nombres retirés, l’impossibilité de "
        "les retrouver vérifiée par calcul, et deux personnes donnent leur accord avant toute publication."
    ),
}
VERDICTS: Final = {
    "passed": (_("rien d’anormal"), "good"),
    "failed": (_("des erreurs"), "bad"),
    "not_run": (_("ne s’est pas prononcé"), ""),
}
SEVERITIES: Final = {"ERROR": _("erreur"), "WARNING": _("remarque"), "INFO": _("information")}
KINDS: Final = {
    "string": _("texte"),
    "integer": _("nombre entier"),
    "number": _("nombre"),
    "date": _("jour"),
    "datetime": _("instant"),
    "time": _("heure"),
    "boolean": _("vrai ou faux"),
}
COUNTS: Final = {
    "rows": _("lignes examinées"),
    "cells": _("cellules"),
    "shown": _("montrées"),
    "hidden": _("cachées par le secret statistique"),
    "removed": _("retirées, sous le seuil"),
    "published": _("publiées"),
    "services_left_out": _("services ouverts à tous qui n’y sont pas"),
    "places_left_out": _("passages à des arrêts que trop peu d’élèves prennent, laissés de côté"),
}
REASONS: Final = {
    "new": _("un jeu de données paraît"),
    "changed": _("une version est mise en ligne ou annoncée"),
    "expiring": _("des horaires se terminent (30 jours avant, puis 7)"),
    "errors": _("une nouvelle version est retenue par un contrôle"),
    "unavailable": _("les fichiers ne sont plus lisibles, ou le sont de nouveau"),
    "licence": _("un jeu de données passe sous une autre licence, comme la Licence Ouverte"),
    "closed": _("une version est retirée, un jeu de données fermé"),
}
STEPS: Final = {
    "approved": _("a approuvé"),
    "rejected": _("a rejeté"),
    "published": _("a publié"),
    "withdrawn": _("a retiré"),
}
