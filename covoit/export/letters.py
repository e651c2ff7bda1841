"""The letter of an individual decision, as plain text: facts, rule, reason, who signs, what one can do about it."""

from covoit.model.claims import Individual
from mobigo.infra.formats import day
from mobigo.infra.i18n import current_language, sentence
from mobigo.infra.i18n import gettext as _


def subject_of(decision: Individual) -> str:
    """The letter's subject."""
    titles = {
        "payment_request": _("Votre demande de versement"),
        "complaint": _("Votre réclamation"),
        "paper_claim": _("Votre demande sur papier"),
        "ban": _("Votre accès au covoiturage"),
        "recovery": _("Une somme versée en trop"),
        "identity": _("Vos trajets et votre compte"),
        "ban_lift": _("La fin de votre exclusion"),
    }
    return titles[str(decision.kind)]


def body_of(decision: Individual) -> str:
    """The letter, in the language being spoken."""
    outcomes = {
        "granted": _("Décision : accordé."),
        "refused": _("Décision : refusé."),
        "partly": _("Décision : accordé en partie."),
    }
    if str(decision.kind) in ("ban", "recovery"):
        outcomes = {
            "granted": _("Décision : la mesure est prise."),
            "refused": _("Décision : la mesure n’est pas prise."),
            "partly": _("Décision : la mesure est prise en partie."),
        }
    if str(decision.kind) == "ban_lift":
        outcomes["granted"] = _("Décision : l’exclusion prend fin aujourd’hui.")
    lines = [subject_of(decision), "", outcomes[str(decision.outcome)], ""]
    lines += [_("Les faits : %(facts)s", facts=sentence(decision.facts))]
    lines += [_("La règle appliquée : %(rule)s", rule=sentence(decision.rule))]
    if decision.reason:
        lines += [_("Les motifs : %(reason)s", reason=decision.reason)]
    lines.append("")
    if decision.algorithmic:
        lines += [
            _(
                "Cette décision a été préparée par un traitement algorithmique, dont vous pouvez demander les règles et"
                " les principales caractéristiques (code des relations entre le public et l’administration, articles"
                " L311-3-1 et R311-3-1-2)."
            )
        ]
    if decision.overrides and decision.algorithmic:
        lines += [_("Une personne a décidé autrement que ce que le traitement proposait.")]
    lines += ["", _("Ce que vous pouvez faire :")]
    lines += [f"- {sentence(remedy)}" for remedy in decision.remedies]
    lines += [
        "",
        _("Le %(day)s", day=day(decision.decided_at, current_language(), year=True)),
        f"{decision.signatory.name}, {decision.signatory.capacity}",
    ]
    return "\n".join(lines) + "\n"
