"""The release policies of the region's tables of people: what is shown, from how many people on, and why.

A policy is at least as strict as the one its module declares beside the exact rows (`faults`). Changing one is an act:
the dataset page shows `because`, and two persons approve what it makes.
"""

from collections.abc import Mapping
from typing import Final

from mobigo.base.datasets import Dataset
from opendata.model.secrecy import Policy, View

MONTH_K: Final = 100  # acts in a month: three people at least, since one makes some forty

LINES: Final = Policy(
    dataset="covoit-lignes-mois",
    subject="covoit.lignes",
    views=(View("covoit-lignes-mois", ("month", "line", "direction"), "Par mois, ligne et sens"),),
    count="journeys",
    time=("month",),
    margins=(("month", "line"), ("month",)),
    least=(("passengers", 11), ("drivers", 3)),
    blank_under_k=("drivers",),
    measures=(("vehicle_trips", 5), ("passengers", 5), ("drivers", 5), ("passenger_km", 10), ("subsidy_eur", 10),
              ("fares_eur", 10)),
    because="Une ligne rurale peut n’être que les trajets d’une personne : une ligne est montrée à partir de onze "
    "passagers et de trois conducteurs différents dans le mois ; le nombre de conducteurs, à partir de onze.",
)  # fmt: skip
AIDS: Final = Policy(
    dataset="covoit-aides",
    subject="covoit.aides",
    views=(View("covoit-aides", ("month", "campaign"), "Par mois et barème"),),
    count="trips",
    time=("month",),
    k=50,
    margins=(("month",),),
    measures=(("passengers", 5), ("km", 10), ("amount_eur", 10)),
    because="Un seul conducteur peut faire une quarantaine de voyages dans le mois : un total de moins de cinquante "
    "voyages pourrait être son revenu.",
)
USES: Final = Policy(
    dataset="billettique-validations",
    subject="billettique.validations",
    views=(
        View("validations-jour-ligne", ("mois", "jour", "ligne"), "Par jour et ligne"),
        View("validations-mois-arret", ("mois", "ligne", "arret"), "Par mois, ligne et arrêt", MONTH_K),
        View(
            "validations-mois-periode", ("mois", "ligne", "periode"), "Par mois, ligne et partie de la journée", MONTH_K
        ),
        View("validations-mois-famille", ("mois", "ligne", "famille"), "Par mois, ligne et famille de titres", MONTH_K),
    ),
    count="validations",
    time=("jour", "mois"),
    derive=(("mois", "jour", "month"), ("periode", "heure", "day_part"), ("famille", "produit", "family")),
    margins=(("mois", "ligne"), ("mois", "jour"), ("mois", "periode"), ("mois", "famille"), ("mois",)),
    sensitive="famille",
    because="Une validation à un arrêt de village est un voisin qui va au travail : jamais l’arrêt avec le jour ni "
    "l’heure. Une personne seule en fait une quarantaine par mois : au mois, cent au moins ; au jour, onze. "
    "Une famille de titres n’est montrée que là où il y en a deux : sinon, on "
    "saurait celle de chacun.",
)
FLOWS: Final = Policy(
    dataset="billettique-trajets",
    subject="billettique.trajets",
    views=(
        View("trajets-mois-origine-destination", ("mois", "de", "vers"), "Par mois, origine et destination", MONTH_K),
        View("trajets-mois-periode", ("mois", "periode"), "Par mois et partie de la journée"),
    ),
    count="trajets",
    time=("mois",),
    margins=(("mois", "de"), ("mois", "vers"), ("mois",)),
    because="Deux villages peuvent désigner une personne, qui fait seule une quarantaine de trajets par mois : cent "
    "trajets au moins entre deux lieux.",
)
SALES: Final = Policy(
    dataset="billettique-ventes",
    subject="billettique.ventes",
    views=(View("billettique-ventes", ("mois", "produit", "canal"), "Par mois, produit et canal"),),
    count="titres",
    time=("mois",),
    margins=(("mois", "produit"), ("mois", "canal"), ("mois",)),
    measures=(("montant_eur", 10),),
    because="Un titre rare vendu dans un canal peut être celui d’un seul acheteur.",
)

CIRCUITS: Final = Policy(
    dataset="scolaire-circuits",
    subject="scolaire.circuits",
    views=(
        View(
            "frequentation",
            ("annee_scolaire", "circuit", "numero", "demi_journee", "jours", "etablissements", "exploitant", "ouvert",
             "places", "inscrits", "tranche"),
            "Un circuit par ligne : ce qu’il dessert, ses places, sa fréquentation par tranches",
        ),
    ),
    count="inscrits",
    time=(),
    because="Un circuit d’un seul élève, c’est cet élève ; deux circuits qui ne diffèrent que d’un élève le désignent. "
    "Un circuit n’est nommé qu’à partir de onze élèves, et si aucune différence avec un autre ne désigne un plus petit "
    "groupe ; il n’est tracé qu’entre ses établissements et les arrêts que onze élèves au moins y prennent.",
)  # fmt: skip

TRIPS_BECAUSE: Final = (
    "Un trajet rural est souvent celui d’une seule personne : la règle du registre national (six trajets dans le mois "
    "au départ et à l’arrivée), répétée jusqu’à ce que plus rien ne change, et appliquée aussi à la paire des deux ; "
    "derrière chacune, trois passagers et trois conducteurs différents au moins."
)
POLICIES: Final[Mapping[str, Policy]] = {each.dataset: each for each in (LINES, AIDS, USES, FLOWS, SALES)}


def faults(policy: Policy, dataset: Dataset) -> list[str]:
    """Where the policy is weaker than what the module asks for, or names a column that is not there; empty: it
    holds."""
    known = set(dataset.names) | {new for new, _source, _recoding in policy.derive}
    named = [
        *policy.dimensions,
        policy.count,
        *(name for name, _ in policy.least),
        *(name for name, _ in policy.measures),
    ]
    found = [f"{policy.dataset}: no column {name}" for name in named if name not in known]
    if dataset.privacy is not None and policy.k < dataset.privacy.k:
        found.append(f"{policy.dataset}: k is {policy.k}, the module asks for {dataset.privacy.k}")
    return found
