"""The words of answers, grounds and states, in the language being read."""

from typing import Final

from billettique.model.cases import CaseState, GiveBackState
from billettique.model.ticket import Answer
from billettique.rules.disputes import Step
from mobigo.infra.i18n import gettext as _

# How an answer shows besides its words: a colour, a symbol, a sound.
TONES: Final = {
    Answer.OK: "good",
    Answer.USED: "look",
    Answer.WRONG_AREA: "look",
    Answer.NOT_YET: "look",
    Answer.STALE_DYNAMIC: "look",
    Answer.UNREADABLE: "look",
    Answer.UNKNOWN_KEY: "look",
    Answer.EXPIRED: "bad",
    Answer.REVOKED: "bad",
    Answer.BAD_SIGNATURE: "bad",
}
SYMBOLS: Final = {"good": "✓", "look": "!", "bad": "✕"}


def answers() -> dict[Answer, str]:
    """What each answer is called."""
    return {
        Answer.OK: _("Valable"),
        Answer.EXPIRED: _("Périmé"),
        Answer.NOT_YET: _("Pas encore valable"),
        Answer.REVOKED: _("Annulé"),
        Answer.USED: _("Déjà utilisé"),
        Answer.WRONG_AREA: _("Pas valable ici"),
        Answer.BAD_SIGNATURE: _("Faux"),
        Answer.UNKNOWN_KEY: _("Vendeur non reconnu"),
        Answer.STALE_DYNAMIC: _("Code trop ancien : copie possible"),
        Answer.UNREADABLE: _("Illisible"),
    }


def grounds() -> dict[str, str]:
    """What each ground of a constat is called."""
    return {
        "no_ticket": _("Sans titre de transport"),
        "not_validated": _("Titre non validé"),
        "not_good": _("Titre non valable : jour, trajet ou classe"),
        "reduction_not_shown": _("Réduction sans justificatif"),
        "of_another": _("Titre nominatif d’une autre personne"),
    }


def states() -> dict[CaseState, str]:
    """Where a case stands, in words."""
    return {
        CaseState.OPEN: _("À payer"),
        CaseState.CONTESTED: _("Contesté, en attente de réponse"),
        CaseState.PAID: _("Payé"),
        CaseState.REGULARISED: _("Régularisé"),
        CaseState.WITHDRAWN: _("Classé sans suite"),
        CaseState.TRANSMITTED: _("Transmis au ministère public"),
    }


def moves() -> dict[str, str]:
    """What happened to a case, in words."""
    return {
        "drawn_up": _("Constat dressé"),
        "paid": _("Paiement reçu"),
        "regularised": _("Régularisé : abonnement présenté"),
        "contested": _("Contestation reçue"),
        "upheld": _("Contestation rejetée : le paiement reste acquis"),
        "withdrawn": _("Classé sans suite"),
        "transmitted": _("Transmis au ministère public"),
        "written_in": _("Quittance sur papier, téléphone perdu : notée par la régie"),
        "disputed": _("Paiement contesté auprès de la banque"),
        "dispute_won": _("Contestation bancaire rejetée : le paiement reste acquis"),
        "dispute_lost": _("La banque a repris le paiement"),
    }


def steps() -> dict[Step, str]:
    """Where we stand with a payment contested at a bank, in words."""
    return {
        Step.TO_DECIDE: _("à décider : rien ne montre un usage"),
        Step.LEAVING: _("notre réponse part d’elle-même"),
        Step.ANSWERED: _("répondu, la banque décide"),
        Step.CONCEDED: _("laissé sans réponse, la banque décide"),
        Step.TOO_LATE: _("délai passé, la banque décide sans nous"),
    }


def dispute_reasons() -> dict[str, str]:
    """What a payer told the bank, by the provider's word."""
    return {
        "fraudulent": _("n’a pas fait ce paiement"),
        "duplicate": _("dit avoir payé deux fois"),
        "product_not_received": _("dit n’avoir rien reçu"),
        "product_unacceptable": _("dit que ce n’était pas ce qui était promis"),
        "unrecognized": _("ne reconnaît pas ce paiement"),
        "credit_not_processed": _("dit qu’un remboursement n’est pas arrivé"),
        "subscription_canceled": _("dit avoir arrêté l’abonnement"),
        "general": _("sans raison donnée"),
    }


def give_backs() -> dict[GiveBackState, str]:
    """Where a sum to be given back stands, in words."""
    return {
        GiveBackState.OWED: _("à rendre, un agent s’en occupe"),
        GiveBackState.PREPARED: _("préparé, en attente d’une seconde validation"),
        GiveBackState.AGREED: _("en route"),
        GiveBackState.PAID: _("rendu"),
    }


def ways(way: str | None) -> str:
    """How a sum goes back, in words; "" while nobody has said."""
    return {
        "refund": _("sur la carte utilisée"),
        "mandate": _("par virement du comptable public"),
    }.get(way or "", "")


def means() -> dict[str, str]:
    """Ways of paying an agent."""
    return {"cash": _("Espèces"), "terminal": _("Carte, sur le terminal"), "cheque": _("Chèque")}
