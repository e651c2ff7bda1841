"""`mobigo billettique issue …`: a trial ticket without a sale. A specimen: in production tickets come from sales."""

from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from mobigo.base.errors import InvalidInput, Refused
from mobigo.base.instants import PARIS
from mobigo.infra import console
from mobigo.infra.i18n import gettext as _

if TYPE_CHECKING:
    from billettique.model.entitlements import Entitlement
    from mobigo.infra.web import Services

WRITERS: Final = (".bin", ".svg", ".pdf", ".txt")


@click.command()
@click.argument("name")
@click.option("--product", default="essai", show_default=True, help="Code du produit.")
@click.option("--pass", "is_pass", is_flag=True, help="Un abonnement : il ne s'use pas.")
@click.option("--from", "first", help="Premier instant, AAAA-MM-JJTHH:MM (heure de France) ; maintenant par défaut.")
@click.option("--until", "last", help="Dernier instant ; la fin de la journée d'exploitation par défaut.")
@click.option("--rider", "riders", multiple=True, help="Voyageur : adulte (par défaut), jeune, enfant… Répétable.")
@click.option("--where", default="", help="Où il vaut, en mots.")
@click.option("--price", "cents", type=click.IntRange(0, 100_000), default=0, help="Prix, en centimes.")
@click.option("--holder", help="Nom de la personne, pour un titre nominatif.")
@click.option("--seller", default="mobigo", show_default=True, help="Vendeur dont la clé signe.")
@click.option("--out", "files", multiple=True, type=click.Path(path_type=Path, dir_okay=False),
              help="Écrire le code (.bin, .svg) ou le titre (.pdf, .txt). Répétable.")  # fmt: skip
@console.json_option
def issue(
    name: str,
    product: str,
    is_pass: bool,
    first: str | None,
    last: str | None,
    riders: tuple[str, ...],
    where: str,
    cents: int,
    holder: str | None,
    seller: str,
    files: tuple[Path, ...],
    as_json: bool,
) -> int:
    """Émettre un titre d'essai (un spécimen) du nom NAME, et le signer."""
    from billettique.model.entitlements import Bare
    from billettique.model.orders import ItemKind, Offer
    from billettique.service import issuing, telling, tickets
    from billettique.store import tickets as store
    from mobigo.base.money import Money
    from mobigo.infra import clock
    from mobigo.infra.db import transaction

    unknown = [each.suffix for each in files if each.suffix not in WRITERS]
    if unknown:
        raise InvalidInput("billettique.bad_ticket_file", given=unknown[0], known=", ".join(WRITERS))
    services: Services = click.get_current_context().find_root().obj()
    try:
        if services.config.production:
            raise Refused("billettique.issue_by_sale_only")
        now = clock.now()
        offer = Offer(
            ItemKind.PASS if is_pass else ItemKind.TICKET, product, name, Money(cents), Decimal(0), "", seller, "",
            riders or ("adulte",), _instant(first), _instant(last), {"area": {"words": where}},
        )  # fmt: skip
        if is_pass and offer.last_at is None:
            offer = replace(offer, last_at=(offer.first_at or now) + timedelta(days=30))
        item = Bare(clock.new_id(now), clock.new_id(now), offer, holder)
        with transaction(services.engine) as session:
            row = store.get(session, issuing.issue(session, services, item, now))
            shown = tickets.shown(session, row)
        link = telling.url_of(services.config, shown)
        for path in files:
            path.write_bytes(_written(shown, path.suffix, now, link))
        document = {
            "id": shown.id, "reference": shown.reference, "page": link, "first_at": shown.first_at,
            "last_at": shown.last_at, "specimen": True, "code": "" if shown.code is None else shown.code.hex(),
        }  # fmt: skip
        console.emit(document, as_json, lambda: _text(shown, link))
        return console.DONE
    finally:
        services.engine.dispose()


def _written(shown: "Entitlement", suffix: str, now: datetime, link: str) -> bytes:
    from billettique.export import ticket as paper

    octets = shown.code or b""
    match suffix:
        case ".bin":
            return octets
        case ".svg":
            return paper.qr_svg(octets).encode()
        case ".pdf":
            return paper.tickets_pdf([shown], now)
        case _:
            return paper.ticket_text(shown, link, "").encode()


def _text(shown: "Entitlement", link: str) -> str:
    from billettique.rules.entitlements import spoken

    octets = shown.code or b""
    return "\n".join([_("Titre émis : %(reference)s", reference=spoken(shown.reference)), link, octets.hex()])


def _instant(text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        read = datetime.fromisoformat(text)
    except ValueError as wrong:
        raise InvalidInput("billettique.bad_instant", value=text[:40]) from wrong
    return read.replace(tzinfo=PARIS) if read.tzinfo is None else read
