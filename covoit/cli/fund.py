"""`mobigo covoit fund CAMPAIGN EUROS`: grant a campaign its budget, by an act."""

from typing import TYPE_CHECKING

import click

from mobigo.infra import console
from mobigo.infra.i18n import gettext as _

if TYPE_CHECKING:
    from mobigo.infra.web import Services


@click.command()
@click.argument("campaign")
@click.argument("euros", type=click.IntRange(min=1))
@click.option("--act", required=True, help="Numéro et date de la délibération.")
@click.option("--key", required=True, help="Nom de ce versement : le répéter ne donne rien de plus.")
@console.json_option
def fund(campaign: str, euros: int, act: str, key: str, as_json: bool) -> int:
    """Ouvrir ou abonder le budget d'une campagne (le code d'un barème)."""
    from covoit.service import awards
    from mobigo.base.money import Money
    from mobigo.infra import audit, clock
    from mobigo.infra.db import transaction
    from mobigo.infra.formats import amount
    from mobigo.ledger import service as ledger

    services: Services = click.get_current_context().find_root().obj()
    try:
        with transaction(services.engine) as session:
            awards.fund(
                session, campaign, Money(euros * 100), act=act, by=audit.SYSTEM, key=f"{campaign}:{key}",
                home=services.config.home, now=clock.now(),
            )  # fmt: skip
            left = ledger.balance(session, awards.budget(campaign)).net
        text = _("Budget de %(campaign)s : il reste %(left)s.", campaign=campaign, left=amount(left))
        console.emit({"campaign": campaign, "left_cents": left}, as_json, text)
        return console.DONE
    finally:
        services.engine.dispose()
