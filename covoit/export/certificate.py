"""The certificate for an employer (forfait mobilités durables): days, trips and kilometres. Never an amount."""

from covoit.model.claims import Certificate
from mobigo.infra.formats import day, month, number
from mobigo.infra.i18n import current_language
from mobigo.infra.i18n import gettext as _
from mobigo.infra.pdf import compiled, escaped, table


def certificate_pdf(certificate: Certificate) -> bytes:
    """The certificate, in the language spoken."""
    language = current_language()
    title = _("Attestation de covoiturage %(year)s", year=certificate.year)
    roles = {"driver": _("conducteur"), "passenger": _("passager")}

    def kilometres(metres: int) -> str:
        return number(metres / 1000, language, 1)

    rows = [
        [month(which, language), str(days), str(trips), kilometres(metres)]
        for which, days, trips, metres in certificate.by_month
    ]
    total = [_("Total"), str(certificate.days), str(certificate.trips), kilometres(certificate.distance_m)]
    source = "\n\n".join(
        [
            f"= {escaped(title)}",
            escaped(
                _(
                    "%(name)s a fait en covoiturage, comme %(role)s, les trajets prouvés ci-dessous.",
                    name=certificate.name,
                    role=roles[certificate.role],
                )
            ),
            table([_("Mois"), _("Jours"), _("Trajets"), _("Kilomètres")], rows, right=(1, 2, 3), wide=0, foot=total),
            escaped(
                _(
                    "Pour le forfait mobilités durables : code du travail, article L3261-3-1 ; dans la fonction"
                    " publique, décret n° 2020-543 du 9 mai 2020."
                )
            ),
            escaped(_("Établie le %(day)s.", day=day(certificate.made_at, language, year=True))),
            escaped(_("Cette attestation ne dit rien des sommes versées.")),
        ]
    )
    return compiled(title, source, certificate.made_at, language=language)
