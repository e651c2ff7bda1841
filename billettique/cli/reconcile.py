"""`mobigo billettique reconcile`: payment providers' own accounts against ours, to the cent."""

from datetime import timedelta
from typing import TYPE_CHECKING

import click

from mobigo.infra import clock, console
from mobigo.infra.formats import amount
from mobigo.infra.i18n import current_language, sentence
from mobigo.infra.i18n import gettext as _

if TYPE_CHECKING:
    from mobigo.infra.web import Services


@click.command()
@click.option("--days", type=click.IntRange(1, 90), default=7, help="Relire les comptes des N derniers jours.")
@console.json_option
def reconcile(days: int, as_json: bool) -> int:
    """Rapprocher les comptes des prestataires de paiement des nôtres ; sort avec 3 si quelque chose est inexpliqué."""
    from billettique.service import reconcile as service

    services: Services = click.get_current_context().find_root().obj()
    try:
        done = service.reconcile(services, clock.now(), since=timedelta(days=days))
        document = {
            "ok": done.whole,
            "lines": done.lines,
            "payouts": [
                {
                    "provider": provider, "payout": each.ref, "gross": each.gross, "fees": each.fees,
                    "refunds": each.refunds, "disputes": each.disputes, "other": each.other, "paid": each.paid,
                    "difference": each.difference,
                }
                for provider, each in done.payouts
            ],
            "unexplained": [
                {"provider": each.provider, "ref": each.ref, "amount": each.amount, "at": each.at, "reason": each.why}
                for each in done.unexplained
            ],
            "without_account": list(done.silent),
        }  # fmt: skip

        def told() -> str:
            lines = [
                _("%(lines)s lignes lues, %(payouts)s virements.", lines=done.lines, payouts=len(done.payouts)),
                *(
                    _("%(provider)s n’a pas de compte à lire.", provider=each) for each in done.silent
                ),
                *(f"{each.provider} {each.ref} ({amount(each.amount, current_language())}) : {sentence(each.why)}"
                  for each in done.unexplained),
            ]  # fmt: skip
            if done.whole:
                lines.append(_("Tout est expliqué, au centime."))
            return "\n".join(lines)

        console.emit(document, as_json, told)
        return console.DONE if done.whole else console.REFUSED
    finally:
        services.engine.dispose()
