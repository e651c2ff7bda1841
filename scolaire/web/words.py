"""Words of school transport as people read them: classes, regimes, outcomes, states, documents."""

from datetime import time

from mobigo.infra.formats import hour
from mobigo.infra.i18n import current_language
from mobigo.infra.i18n import gettext as _
from scolaire.model.rights import Proof
from scolaire.model.schools import Level, Stage
from scolaire.service.documents import called


def levels(stages: frozenset[Stage] | None = None) -> list[tuple[str, str]]:
    """Classes, those of these stages."""
    told = {
        "ps": _("Petite section"), "ms": _("Moyenne section"), "gs": _("Grande section"), "cp": _("CP"),
        "ce1": _("CE1"), "ce2": _("CE2"), "cm1": _("CM1"), "cm2": _("CM2"), "6e": _("6e"), "5e": _("5e"),
        "4e": _("4e"), "3e": _("3e"), "2de": _("Seconde"), "1re": _("Première"), "term": _("Terminale"),
        "cap1": _("CAP, première année"), "cap2": _("CAP, deuxième année"), "post_bac": _("Après le baccalauréat"),
    }  # fmt: skip
    stage_of = {str(level): level.stage for level in Level}
    return [
        (key, words) for key, words in told.items()
        if stages is None or stage_of[key] in stages or (key == "post_bac" and Stage.LYCEE in stages)
    ]  # fmt: skip


def stages(told: frozenset[Stage]) -> str:
    """Stages in a sentence, in the order of schooling."""
    names = {
        Stage.MATERNELLE: _("maternelle"), Stage.ELEMENTAIRE: _("élémentaire"), Stage.COLLEGE: _("collège"),
        Stage.LYCEE: _("lycée"),
    }  # fmt: skip
    return ", ".join(name for stage, name in names.items() if stage in told)


def regimes() -> list[tuple[str, str]]:
    """How a pupil attends."""
    return [
        ("half_board", _("Demi-pensionnaire")),
        ("day", _("Externe")),
        ("boarder", _("Interne")),
        ("apprentice", _("Apprenti ou en alternance")),
    ]


def waivers() -> list[tuple[str, str]]:
    """Why another school than the sector's."""
    return [
        ("", _("C’est l’établissement de notre secteur, ou je ne sais pas")),
        ("option", _("Une option ou une formation que le secteur n’a pas")),
        ("ulis", _("Une classe ULIS ou SEGPA")),
        ("assigned", _("Affecté là par l’académie")),
        ("moved", _("Déménagement en cours de cycle")),
        ("choice", _("Choix de la famille")),
    ]


def needs() -> list[tuple[str, str]]:
    """What a seat has to allow."""
    return [
        ("none", _("Aucun besoin particulier")),
        ("wheelchair", _("Voyage en fauteuil roulant")),
        ("adapted", _("Handicap : ne peut pas prendre le car")),
    ]


def outcome(code: str | None) -> tuple[str, str]:
    """An answer: words and badge."""
    return {
        "entitled": (_("ayant droit"), "good"),
        "paying": (_("place payante"), "accent"),
        "refused": (_("refusé"), "bad"),
        "elsewhere": (_("autre autorité"), "warn"),
        "pending": (_("à compléter"), "warn"),
    }.get(code or "", (_("pas encore décidé"), ""))


def state(row_state: str, row_outcome: str | None) -> tuple[str, str]:
    """Where a registration stands: words and badge."""
    if row_state == "decided":
        return outcome(row_outcome)
    return {
        "received": (_("reçu, à décider"), ""),
        "incomplete": (_("il manque quelque chose"), "warn"),
        "cancelled": (_("annulé"), ""),
    }[row_state]


def documents() -> list[tuple[str, str]]:
    """What a document proves."""
    return [(str(kind), called(kind)) for kind in Proof]


def document_state(code: str) -> tuple[str, str]:
    """What became of a document: words and badge."""
    return {
        "received": (_("reçu"), ""),
        "accepted": (_("accepté"), "good"),
        "refused": (_("refusé"), "bad"),
        "joined": (_("joint à une demande"), ""),
        "expired": (_("n’est plus conservé"), "warn"),
        "erased": (_("effacé depuis"), "warn"),
    }[code]


def ways_to_write() -> list[tuple[str, str]]:
    """How somebody wants to be written to."""
    return [("email", _("Par e-mail")), ("sms", _("Par SMS")), ("letter", _("Par courrier"))]


def weeks() -> list[tuple[str, str]]:
    """In which weeks a pupil lives in a home."""
    return [("even", _("Les semaines paires")), ("odd", _("Les semaines impaires"))]


def weeks_word(code: str) -> str:
    """The weeks of a home, in a sentence."""
    return {"all": _("toute l’année"), "even": _("les semaines paires"), "odd": _("les semaines impaires")}[code]


def home_word(kind: str) -> str:
    """What a home is."""
    return {"main": _("Domicile"), "second": _("Second domicile"), "placement": _("Lieu d’accueil")}[kind]


def standing(code: str) -> str:
    """What a school is for the State."""
    return {
        "public": _("public"), "private_contract": _("privé sous contrat"), "private": _("privé hors contrat"),
    }[code]  # fmt: skip


def method(code: str) -> str:
    """How a length was found."""
    return {
        "estimate": _("estimation : ligne droite × 1,3"),
        "road": _("mesurée par la route"),
        "agent": _("mesurée par un agent"),
    }[code]


def walk_method(code: str) -> str:
    """How the way on foot to a stop was found."""
    return {"estimate": _("estimation : ligne droite × 1,3"), "road": _("le long des rues et des chemins")}[code]


def pass_reasons() -> list[tuple[str, str]]:
    """Why another pass."""
    return [
        ("lost", _("Perdue")), ("stolen", _("Volée")), ("damaged", _("Abîmée")), ("faulty", _("Ne fonctionne pas")),
    ]  # fmt: skip


def clock(seconds: int) -> str:
    """An hour of the day."""
    return hour(time(seconds // 3600 % 24, seconds // 60 % 60), current_language())


def happened(action: str) -> str:
    """What an entry of the history says; the code of an act that has no words."""
    return {
        "scolaire.registered": _("demande reçue"), "scolaire.decided": _("décision signée"),
        "scolaire.contested": _("recours de la famille"), "scolaire.cancelled": _("inscription annulée"),
        "scolaire.measured": _("distance mesurée"), "scolaire.sector_said": _("secteur vérifié"),
        "scolaire.stop_given": _("arrêt donné"), "scolaire.asked_for": _("pièce demandée à la famille"),
        "scolaire.document_again": _("document déjà donné, repris"),
        "scolaire.document_accepted": _("document accepté"), "scolaire.document_refused": _("document refusé"),
        "scolaire.school_denied": _("l’établissement ne connaît pas cet élève"),
        "scolaire.pass_issued": _("carte remise"), "scolaire.pass_ended": _("carte annulée"),
    }.get(action, action)  # fmt: skip
