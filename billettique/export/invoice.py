"""An invoice or a credit note as a tagged PDF; the same row makes the same bytes."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal

from billettique.rules.invoices import Line, by_rate, totals
from mobigo.infra.formats import amount, day, number
from mobigo.infra.i18n import current_language
from mobigo.infra.i18n import gettext as _
from mobigo.infra.pdf import compiled, escaped, table


def invoice_pdf(
    *, title_number: str, lines: Sequence[Line], issued_at: datetime, reference: str, seller: str,
    of_number: str | None, buyer: str, specimen: bool,
) -> bytes:  # fmt: skip
    """The document. `of_number` is the invoice that a credit note corrects; `buyer` is printed and kept nowhere."""
    language = current_language()
    title = _("Avoir %(number)s", number=title_number) if of_number else _("Facture %(number)s", number=title_number)
    rows = [
        [each.name, amount(each.net, language), _percent(each.vat_pct, language), amount(each.tax, language),
         amount(each.gross, language)]
        for each in lines
    ]  # fmt: skip
    net, tax, gross = totals(lines)
    rows.append([_("Total"), amount(net, language), "", amount(tax, language), amount(gross, language)])
    parts = [f"= {escaped(title)}"]
    if specimen:
        parts.append(escaped(_("Simulation : ce document est un spécimen, rien n’a été payé.")))
    parts.append(escaped(_("Vendeur : %(seller)s", seller=seller)))
    if buyer:
        parts.append(escaped(_("Client : %(name)s", name=buyer)))
    parts.append(
        escaped(
            _(
                "Établi le %(day)s, pour la commande %(reference)s.", day=day(issued_at, language, year=True),
                reference=reference,
            )
        )
    )  # fmt: skip
    if of_number:
        parts.append(escaped(_("Il corrige la facture %(number)s.", number=of_number)))
    heads = [_("Titre"), _("Hors taxe"), _("Taux"), _("TVA"), _("Taxe comprise")]
    parts.append(table(heads, rows, right=(1, 2, 3, 4)))
    parts += [
        escaped(
            _(
                "TVA à %(rate)s : %(tax)s sur %(net)s hors taxe.", rate=_percent(rate, language),
                tax=amount(rate_tax, language), net=amount(rate_net, language),
            )
        )
        for rate, (rate_net, rate_tax) in by_rate(lines).items()
    ]  # fmt: skip
    return compiled(title, "\n\n".join(parts), issued_at, language=language)


def _percent(rate: Decimal, language: str) -> str:
    return f"{number(rate, language)}\N{NO-BREAK SPACE}%"
