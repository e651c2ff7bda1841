"""What one may put first, in words: the name of each preset, and what it does."""

from dataclasses import dataclass

from mobigo.infra.i18n import gettext as _
from mobigo.planner.model import Preset


@dataclass(frozen=True, slots=True)
class ShownPreset:
    """A preset: its name in addresses, its label, and what it does."""

    key: str
    label: str
    does: str


def shown_presets() -> list[ShownPreset]:
    """Every preset, the usual order first."""
    words = {
        Preset.USUAL: (_("Par heure"), _("Dans l’ordre des départs (des arrivées, pour arriver avant une heure).")),
        Preset.FASTEST: (_("Le plus rapide"), _("D’abord le trajet qui dure le moins, de porte à porte.")),
        Preset.CHEAPEST: (
            _("Le moins cher"),
            _("D’abord le prix le plus bas pour la personne choisie ; un trajet au prix inconnu vient en dernier."),
        ),
        Preset.FEWEST_CHANGES: (
            _("Le moins de changements"),
            _("D’abord le trajet où l’on change le moins de véhicule."),
        ),
        Preset.LEAST_WALKING: (
            _("Le moins de marche"),
            _("D’abord le trajet où l’on marche le moins, chemins vers les arrêts compris."),
        ),
        Preset.STEP_FREE: (
            _("En fauteuil roulant"),
            _(
                "Seulement les arrêts et les véhicules connus comme accessibles ; ce qui n’est pas connu est écarté, "
                "et l’assistance est dite quand il ne reste rien."
            ),
        ),
        Preset.LOWEST_CO2: (
            _("Le moins de CO₂"),
            _(
                "D’abord le trajet qui émet le moins de gaz à effet de serre par personne, selon les facteurs de "
                "l’ADEME ; un trajet sans facteur vient en dernier."
            ),
        ),
    }
    return [ShownPreset(preset.value, *words[preset]) for preset in Preset]
