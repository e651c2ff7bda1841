"""What a journey emits, in words and for programs. CO₂ has the subscript's own character, said as a two."""

from typing import Any

from mobigo.infra import formats
from mobigo.infra.i18n import current_language
from mobigo.infra.i18n import gettext as _
from mobigo.planner.model import Emission


def grams_words(grams: int) -> str:
    """ "850 g", "1,9 kg"."""
    language = current_language()
    if grams < 1000:
        return f"{formats.number(grams, language)}\N{NO-BREAK SPACE}g"
    return f"{formats.number(grams / 1000, language, 1)}\N{NO-BREAK SPACE}kg"


def emission_fact(emission: Emission) -> str:
    """In three words, beside the price and the changes."""
    if emission.grams is None:
        return _("CO₂ inconnu")
    return _("%(mass)s de CO₂") % {"mass": grams_words(emission.grams)}


def emission_words(emission: Emission) -> list[str]:
    """In full, with what it rests on."""
    if emission.grams is None:
        return [
            _("Gaz à effet de serre de ce trajet : inconnus, faute de facteur officiel pour l’un de ses véhicules.")
        ]
    said = _("Gaz à effet de serre : %(mass)s de CO₂ équivalent pour une personne.") % {
        "mass": grams_words(emission.grams)
    }
    if emission.car_grams is not None and emission.car_grams != emission.grams:
        said += " " + _("Seul en voiture, sur la même distance : %(mass)s.") % {"mass": grams_words(emission.car_grams)}
    return [
        said,
        _("Au moins : la distance est comptée en ligne droite d’arrêt en arrêt. Facteurs : %(source)s.")
        % {"source": emission.source},
    ]


def emission_json(emission: Emission) -> dict[str, Any]:
    """For programs; `grams` is null where it is unknown, never zero for that."""
    return {
        "grams": emission.grams,
        "car_grams": emission.car_grams,
        "source": emission.source,
        "source_since": emission.first_day,
        "legs": [{"mode": leg.mode, "distance_m": leg.metres, "grams": leg.grams} for leg in emission.legs],
    }
