"""`mobigo covoit settle OPERATOR MONTH`: record that an operator's call for funds was paid to its company."""

from datetime import datetime
from typing import TYPE_CHECKING

import click

from mobigo.infra import console
from mobigo.infra.i18n import gettext as _

if TYPE_CHECKING:
    from mobigo.infra.web import Services


@click.command()
@click.argument("operator")
@click.argument("month", metavar="MONTH")
@click.option("--campaign", default="", help="Code de la campagne ; sans lui, l'appel du barème.")
@click.option("--reference", required=True, help="Numéro du mandat.")
@click.option("--on", "paid_on", required=True, type=click.DateTime(["%Y-%m-%d"]), help="Jour du paiement.")
@console.json_option
def settle(operator: str, month: str, campaign: str, reference: str, paid_on: datetime, as_json: bool) -> int:
    """Noter qu'un appel de fonds (AAAA-MM) a été payé à la société de l'opérateur."""
    from covoit.service import calls
    from mobigo.base.money import Money
    from mobigo.infra import audit, clock
    from mobigo.infra.db import transaction
    from mobigo.infra.formats import amount

    services: Services = click.get_current_context().find_root().obj()
    try:
        with transaction(services.engine) as session:
            row = calls.settle(
                session, operator, month, campaign=campaign, reference=reference, paid_on=paid_on.date(),
                by=audit.SYSTEM, home=services.config.home, now=clock.now(),
            )  # fmt: skip
            document = {
                "operator": row.operator, "month": row.month, "campaign": row.supplement, "paid_cents": row.cents,
                "drivers": row.drivers, "left_out": row.left_out, "left_out_cents": row.left_out_cents,
                "beneficiary": row.beneficiary, "siret": row.siret,
            }  # fmt: skip
        text = _(
            "%(total)s payés à %(name)s pour %(drivers)s conducteurs ; %(left)s conducteurs laissés de côté, payés "
            "directement (%(left_total)s).",
            total=amount(Money(row.cents)), name=row.beneficiary, drivers=row.drivers, left=row.left_out,
            left_total=amount(Money(row.left_out_cents)),
        )  # fmt: skip
        console.emit(document, as_json, text)
        return console.DONE
    finally:
        services.engine.dispose()
