"""What agents read of values: months, steps, states, kinds, suspicions. In the language being read."""

from covoit.model.claims import Kind, Outcome
from covoit.model.fraud import Suspicion
from covoit.model.journeys import JourneyState
from covoit.model.payments import BatchState, Stage, Step
from covoit.rules.claims import about as rule_about
from covoit.rules.claims import month_of_object
from covoit.store.claims import about_alert
from covoit.store.fraud import AlertState
from mobigo.infra import formats
from mobigo.infra.i18n import current_language, sentence
from mobigo.infra.i18n import gettext as _

Badge = tuple[str, str]  # words, and the kind of badge they stand in


def month(value: str) -> str:
    """ "novembre 2026"."""
    return formats.month(value, current_language())


def stage(value: str) -> Badge:
    """Where a payment request stands."""
    return {
        Stage.CLAIMED: (_("à payer"), "accent"),
        Stage.MANDATED: (_("ordonnée"), "accent"),
        Stage.SENT: (_("envoyée"), "accent"),
        Stage.PAID: (_("payée"), "good"),
        Stage.RETURNED: (_("revenue"), "bad"),
        Stage.REISSUED: (_("demandée de nouveau"), ""),
        Stage.REVERSED: (_("refusée ou retirée"), "warn"),
    }.get(Stage(value), (value, ""))


def batch(value: str) -> Badge:
    """Where a batch stands."""
    return {
        BatchState.PREPARED: (_("à vérifier"), "accent"),
        BatchState.CHECKED: (_("à ordonner"), "accent"),
        BatchState.ORDERED: (_("à accepter"), "accent"),
        BatchState.ACCEPTED: (_("à envoyer"), "accent"),
        BatchState.SENT: (_("envoyé"), "good"),
        BatchState.SENT_BACK: (_("renvoyé"), "warn"),
        BatchState.REJECTED: (_("rejeté"), "bad"),
    }[BatchState(value)]


def step(value: str) -> str:
    """An act on a batch, as its history tells it."""
    return {
        Step.PREPARE: _("Préparé"),
        Step.CHECK: _("Vérifié"),
        Step.ORDER: _("Ordonné"),
        Step.ACCEPT: _("Accepté ou rejeté"),
    }[Step(value)]


def line_state(value: str) -> Badge:
    """Where a line of a batch stands."""
    return {
        "waiting": (_("dans le lot"), ""),
        "blocked": (_("retenue : compte changé"), "warn"),
        "sent": (_("partie"), "good"),
        "dropped": (_("rendue"), ""),
    }.get(value, (value, ""))


def kind(value: str) -> str:
    """What a case or a decision is about."""
    return {
        Kind.PAYMENT_REQUEST: _("Demande de versement"),
        Kind.COMPLAINT: _("Réclamation"),
        Kind.PAPER_CLAIM: _("Demande sur papier"),
        Kind.BAN: _("Exclusion"),
        Kind.RECOVERY: _("Reprise"),
        Kind.IDENTITY: _("Trajets ou numéro réclamés"),
        Kind.BAN_LIFT: _("Fin d’exclusion"),
    }[Kind(value)]


def about(object_id: str) -> str:
    """What a case is about: a statement by its month, a trip, a fraud alert, else as it was written."""
    if about_alert(object_id) is not None:
        return _("alerte de fraude")
    if object_id.startswith("identity:"):
        return _("trajets déclarés par un opérateur")
    if object_id.startswith("phone:"):
        return _("numéro de téléphone")
    if month_of_object(object_id) is not None:
        return month(object_id)
    said = rule_about(object_id)
    return said if isinstance(said, str) else sentence(said)


def outcome(case_kind: str, value: str) -> Badge:
    """What was decided: of a request, granted or not; of a measure, taken or not."""
    if case_kind in (Kind.BAN, Kind.RECOVERY):
        return {
            Outcome.GRANTED: (_("mesure prise"), "bad"),
            Outcome.REFUSED: (_("mesure écartée"), "good"),
            Outcome.PARTLY: (_("mesure prise en partie"), "warn"),
        }[Outcome(value)]
    return {
        Outcome.GRANTED: (_("accordé"), "good"),
        Outcome.REFUSED: (_("refusé"), "bad"),
        Outcome.PARTLY: (_("accordé en partie"), "warn"),
    }[Outcome(value)]


def suspicion(value: str) -> str:
    """What an alert suspects, in a few words."""
    return {
        Suspicion.SHUTTLE: _("Allers et retours à deux, sans arrêt"),
        Suspicion.ROLE_SWAP: _("Rôles échangés dans la journée"),
        Suspicion.RING: _("Groupe qui échange ses rôles"),
        Suspicion.SIMULTANEOUS: _("Plusieurs voitures pour un même trajet"),
        Suspicion.COACH: _("Trajets qui roulent comme le car"),
        Suspicion.CLONE: _("Même trajet chez deux opérateurs"),
        Suspicion.TELEPORT: _("Une personne à deux endroits"),
        Suspicion.NIGHT: _("Trajets presque tous de nuit"),
        Suspicion.REGULAR: _("Trajets trop réguliers"),
    }[Suspicion(value)]


def innocent(value: str) -> str:
    """What honest people do that looks like this: what to check before anything else."""
    return {
        Suspicion.SHUTTLE: _("Un parent qui accompagne, une navette vers une gare : à quoi servaient ces trajets ?"),
        Suspicion.ROLE_SWAP: _(
            "Une voiture laissée au garage, un conducteur fatigué : à qui est la voiture, et qui la ramène le soir ?"
        ),
        Suspicion.RING: _("Des collègues conduisent à tour de rôle d’un jour à l’autre, rarement le jour même."),
        Suspicion.SIMULTANEOUS: _("Un départ groupé pour un événement n’arrive qu’une fois."),
        Suspicion.COACH: _("Un arrêt près de celui du car, les mêmes horaires de travail : la voiture existe-t-elle ?"),
        Suspicion.CLONE: _("Un conducteur peut utiliser deux applications et oublier d’en fermer une."),
        Suspicion.TELEPORT: _("Un train rapide, une heure mal réglée, un téléphone prêté : regardez les deux trajets."),
        Suspicion.NIGHT: _("Un travail de nuit laisse un trajet de jour sur deux : que faisaient-ils entre les deux ?"),
        Suspicion.REGULAR: _(
            "Un horaire de travail fixe, une feuille papier ou une application qui note l’heure prévue et non celle du"
            " départ : demandez les positions."
        ),
    }[Suspicion(value)]


def alert(value: str) -> Badge:
    """What a person did about an alert."""
    return {
        AlertState.NEW: (_("à regarder"), "accent"),
        AlertState.CLEARED: (_("écartée"), "good"),
        AlertState.OPENED: (_("dossier ouvert"), "warn"),
        AlertState.WITHDRAWN: (_("trajets retirés"), "bad"),
    }[AlertState(value)]


def journey(value: JourneyState) -> Badge:
    """Where a journey stands."""
    return {
        JourneyState.OK: (_("prouvé"), "good"),
        JourneyState.PENDING: (_("en vérification"), "accent"),
        JourneyState.CANCELLED: (_("annulé"), ""),
    }.get(value, (_("ne compte pas"), "bad"))


def role(value: str) -> str:
    """Under which hat somebody acted."""
    return {
        "carpool_manager": _("gestionnaire du covoiturage"),
        "finance_agent": _("service financier"),
        "ordonnateur": _("ordonnateur"),
        "comptable_public": _("comptable public"),
    }.get(value, value)
