"""Kinds, services, states and reasons in words, and the sentences that agents begin an answer with."""

from mobigo.infra.i18n import gettext as _
from mobigo.requests.model import Act, Channel, Ending, Kind, Service, Side, State


def kind(value: str) -> str:
    """What a request is about."""
    return {
        Kind.DELAY: _("Un retard, un départ supprimé, une correspondance manquée"),
        Kind.OVERCHARGE: _("J’ai payé trop cher, ou je n’ai pas été remboursé"),
        Kind.TICKETING: _("Un titre, une carte, un abonnement"),
        Kind.LOST: _("Un objet perdu"),
        Kind.ACCESSIBILITY: _("L’accessibilité"),
        Kind.CARPOOL: _("Le covoiturage"),
        Kind.SCHOOL: _("Le transport scolaire"),
        Kind.ON_DEMAND: _("Le transport à la demande"),
        Kind.SUGGESTION: _("Une suggestion"),
        Kind.DATA: _("Mes données personnelles"),
        Kind.OTHER: _("Autre chose"),
    }[Kind(value)]


def short_kind(value: str) -> str:
    """The same, for a table or a figure."""
    return {
        Kind.DELAY: _("Retard"), Kind.OVERCHARGE: _("Prix, remboursement"), Kind.TICKETING: _("Titre"),
        Kind.LOST: _("Objet perdu"), Kind.ACCESSIBILITY: _("Accessibilité"), Kind.CARPOOL: _("Covoiturage"),
        Kind.SCHOOL: _("Scolaire"), Kind.ON_DEMAND: _("À la demande"), Kind.SUGGESTION: _("Suggestion"),
        Kind.DATA: _("Données personnelles"), Kind.OTHER: _("Autre"),
    }[Kind(value)]  # fmt: skip


def service(value: str) -> str:
    """Who answers."""
    return {
        Service.TRAVEL: _("Lignes et voyages"), Service.TICKETS: _("Billettique"), Service.CARPOOL: _("Covoiturage"),
        Service.SCHOOL: _("Transport scolaire"), Service.ON_DEMAND: _("Transport à la demande"),
        Service.DATA: _("Protection des données"),
    }[Service(value)]  # fmt: skip


def state(value: str) -> tuple[str, str]:
    """Where a request stands: words, and the tone of their badge."""
    return {
        State.RECEIVED: (_("reçue"), ""), State.TAKEN: (_("en cours"), "accent"),
        State.ASKED: (_("une question vous attend"), "warn"), State.ANSWERED: (_("répondue"), "good"),
        State.CLOSED: (_("close"), ""),
    }[State(value)]  # fmt: skip


def state_for_agents(value: str) -> tuple[str, str]:
    """The same, as agents read it."""
    return (_("attend la personne"), "warn") if value == State.ASKED else state(value)


def channel(value: str) -> str:
    """How a request came."""
    return {
        Channel.WEB: _("par le site"), Channel.PHONE: _("par téléphone"), Channel.LETTER: _("par courrier"),
        Channel.COUNTER: _("au guichet"),
    }[Channel(value)]  # fmt: skip


def ending(value: str) -> str:
    """Why a request was closed."""
    return {
        Ending.DONE: _("réglée, avez-vous dit"), Ending.SILENT: _("répondue, sans suite de votre part"),
        Ending.NO_REPLY: _("notre question est restée sans réponse"),
        Ending.DUPLICATE: _("déjà traitée sous un autre numéro"), Ending.NOT_OURS: _("une autre autorité y répond"),
        Ending.WITHDRAWN: _("retirée"),
    }[Ending(value)]  # fmt: skip


def entry(act: str, side: str, detail: str, *, mine: bool = False) -> str:
    """What happened, above its words; `mine`: read by the person."""
    if mine and act == Act.SAY and side == Side.PERSON:
        return _("Vous avez écrit")
    if act == Act.HAND:
        return _("Confiée au service : %(service)s", service=service(detail))
    if act == Act.CLOSE:
        return _("Close : %(why)s", why=ending(detail))
    return {
        Act.SAY: _("Message de la personne") if side == Side.PERSON else _("Demande saisie par un agent"),
        Act.TAKE: _("Prise en charge"), Act.ASK: _("Question du service"), Act.ANSWER: _("Réponse du service"),
        Act.REOPEN: _("Rouverte"),
    }[Act(act)]  # fmt: skip


def trail(action: str) -> str:
    """One line of who read and who acted."""
    return {
        "requests.asked": _("a fait la demande"), "requests.read": _("a lu"), "requests.take": _("a pris la demande"),
        "requests.ask": _("a posé une question"), "requests.answer": _("a répondu"),
        "requests.hand": _("a confié à un autre service"), "requests.close": _("a clos"),
        "requests.reopen": _("a rouvert"), "requests.forgotten": _("a fait tout oublier"),
    }.get(action, action)  # fmt: skip


def models() -> dict[str, tuple[str, str]]:
    """The sentences an answer begins with: a name, and the text to finish."""
    return {
        "excuses": (_("Excuses pour un retard"), _(
            "Bonjour,\n\nVotre trajet ne s’est pas passé comme prévu et nous vous en présentons nos excuses. Voici ce "
            "qui s’est produit : …"
        )),
        "remboursement": (_("Remboursement accordé"), _(
            "Bonjour,\n\nVotre demande est acceptée. La somme vous est rendue sur le moyen de paiement utilisé, dans "
            "les jours qui viennent. …"
        )),
        "refus": (_("Refus motivé"), _(
            "Bonjour,\n\nNous ne pouvons pas donner une suite favorable à votre demande, pour la raison suivante : …\n"
            "\nVous pouvez contester cette réponse devant le tribunal administratif dans les deux mois."
        )),
        "objet": (_("Objet retrouvé"), _(
            "Bonjour,\n\nVotre objet est retrouvé. Il vous attend au guichet de … ; venez avec une pièce d’identité."
        )),
        "merci": (_("Merci de la suggestion"), _(
            "Bonjour,\n\nMerci de votre suggestion : elle est transmise à ceux qui préparent les services. …"
        )),
    }  # fmt: skip
