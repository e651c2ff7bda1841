"""The certificate for an employer: who holds which pass, over which period, for how much, and what is paid back."""

from datetime import date, datetime

from billettique.model.sales import EmployerShare
from mobigo.base.money import Money
from mobigo.infra.formats import amount, day, number
from mobigo.infra.i18n import current_language
from mobigo.infra.i18n import gettext as _
from mobigo.infra.pdf import compiled, escaped, table


def certificate_pdf(
    *, holder: str, product: str, first_day: date, last_day: date, paid: Money, seller: str, reference: str,
    share: EmployerShare, made_at: datetime, specimen: bool,
) -> bytes:  # fmt: skip
    """The certificate of one period, in the language spoken."""
    language = current_language()
    title = _("Attestation d’abonnement de transport")
    period = _(
        "Du %(first)s au %(last)s", first=day(first_day, language, weekday=False, year=True),
        last=day(last_day, language, weekday=False, year=True),
    )  # fmt: skip
    rows = [
        [_("Titulaire"), holder],
        [_("Titre"), product],
        [_("Nombre de trajets"), _("illimité, 2e classe")],
        [_("Période"), period],
        [_("Payé, taxe comprise"), amount(paid, language)],
        [_("Vendeur"), seller],
        [_("Commande"), reference],
    ]
    parts = [f"= {escaped(title)}"]
    if specimen:
        parts.append(escaped(_("Simulation : ce document est un spécimen, rien n’a été payé.")))
    parts.append(table(["", ""], rows))
    parts.append(
        escaped(
            _(
                "L’employeur rembourse au moins %(private)s du prix, %(public)s pour un agent public, au plus tard à "
                "la fin du mois qui suit.",
                private=_percent(share.private_pct, language), public=_percent(share.public_pct, language),
            )
        )
    )  # fmt: skip
    parts.append(escaped(_("Source : %(source)s", source=share.source)))
    parts.append(escaped(_("Établie le %(day)s.", day=day(made_at, language, year=True))))
    return compiled(title, "\n\n".join(parts), made_at, language=language)


def _percent(share: int, language: str) -> str:
    return f"{number(share, language)}\N{NO-BREAK SPACE}%"
