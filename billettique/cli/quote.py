"""`mobigo billettique quote LEG…`: the price of a journey, or of a week of it, line by line."""

import re
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from mobigo.base.errors import InvalidInput
from mobigo.base.instants import PARIS, paris_day
from mobigo.infra import console
from mobigo.infra.i18n import gettext as _
from mobigo.infra.i18n import sentence

if TYPE_CHECKING:
    from billettique.model.fares import Leg
    from billettique.model.tariffs import Ask
    from billettique.service.quoting import Priced

LEG: Final = re.compile(
    r"(?P<network>[^:@]+):(?:(?P<origin>[^/:@]+)/(?P<destination>[^/:@]+))?"
    r":?(?:(?P<km>\d+(?:[.,]\d{1,3})?)\s*km)?(?:@(?P<departs>\d{1,2}:\d{2})(?:-(?P<arrives>\d{1,2}:\d{2}))?)?"
)
FIRST_TIME: Final = time(8)
RIDE, CHANGE, STAY = timedelta(minutes=30), timedelta(minutes=10), timedelta(hours=9)


@click.command()
@click.argument("legs", metavar="LEG…", nargs=-1, required=True)
@click.option("--date", "day", help="Jour du premier trajet, AAAA-MM-JJ ; aujourd'hui par défaut.")
@click.option("--until", help="Refaire le trajet chaque jour jusqu'à celui-ci.")
@click.option("--return", "both_ways", is_flag=True, help="Aller et retour, le retour neuf heures après l'arrivée.")
@click.option(
    "--rider", "riders", multiple=True, help="Voyageur : adulte (par défaut), jeune, enfant, bebe. Répétable."
)
@click.option("--proof", "proofs", multiple=True, help="Justificatif présenté, par exemple solidarite. Répétable.")
@click.option("--held", multiple=True, help="Carte ou abonnement que le premier voyageur a déjà. Répétable.")
@click.option("--units", multiple=True, help="Tickets de carnet qui lui restent : CARNET=N. Répétable.")
@click.option("--channel", help="Canal de vente : guichet, web…")
@click.option("--split", is_flag=True, help="Permettre de payer en plusieurs billets ce qui n'en demande qu'un.")
@click.option("--unconfirmed", is_flag=True, help="Appliquer aussi les tarifs à confirmer.")
@click.option(
    "--feed", type=click.Path(exists=True, path_type=Path), help="Tarif d'une offre GTFS-Fares v2, au lieu des nôtres."
)
@console.json_option
def quote(
    legs: tuple[str, ...],
    day: str | None,
    until: str | None,
    both_ways: bool,
    riders: tuple[str, ...],
    proofs: tuple[str, ...],
    held: tuple[str, ...],
    units: tuple[str, ...],
    channel: str | None,
    split: bool,
    unconfirmed: bool,
    feed: Path | None,
    as_json: bool,
) -> int:
    """Calculer le prix d'un trajet, ligne par ligne.

    LEG, un parcours dans un véhicule : RÉSEAU:DE/VERS, RÉSEAU:35km ou RÉSEAU:DE/VERS:35km, et ses heures si elles
    comptent : ter:dijon/beaune:37km@08:02-08:25. Les parcours donnés ensemble font un seul trajet.
    """
    from billettique.model.tariffs import Ask, Held, Rider
    from billettique.service import quoting
    from mobigo.base.periods import Period
    from mobigo.infra import clock

    first = paris_day(clock.now()) if day is None else _day(day, "--date")
    last = first if until is None else _day(until, "--until")
    if last < first:
        raise InvalidInput("billettique.bad_day", option="--until", value=until)
    journeys = [
        journey
        for n in range((last - first).days + 1)
        for journey in journeys_of(legs, first + timedelta(days=n), both_ways=both_ways)
    ]
    party = [Rider(category, frozenset(proofs)) for category in riders or ("adulte",)]
    holder = replace(
        party[0],
        held=tuple(Held(cover, Period(first, last + timedelta(days=1))) for cover in held),
        units=tuple(_units(text) for text in units),
    )
    ask = Ask(tuple(journeys), (holder, *party[1:]), channel=channel, split=split)
    if feed is not None:
        priced = quoting.quote_by_feed(ask, feed)
    else:
        services = click.get_current_context().find_root().obj()  # its database holds approved versions
        try:
            priced = quoting.quote(ask, services.config.home, unconfirmed=unconfirmed)
        finally:
            services.engine.dispose()
    console.emit(document_of(priced, ask), as_json, lambda: _text(priced, ask))
    return console.REFUSED if priced.quote.total is None else console.DONE


def journeys_of(legs: tuple[str, ...], day: date, *, both_ways: bool) -> list[tuple["Leg", ...]]:
    """The journey of a day from its legs as written, and its return. Raises InvalidInput("billettique.bad_leg")."""
    there: list[Leg] = []
    at = datetime.combine(day, FIRST_TIME, PARIS)
    for text in legs:
        leg = _leg(text, day, at)
        there.append(leg)
        at = leg.arrives_at + CHANGE
    if not both_ways:
        return [tuple(there)]
    back: list[Leg] = []
    at = there[-1].arrives_at + STAY
    for leg in reversed(there):
        arrives_at = at + (leg.arrives_at - leg.departs_at)
        back.append(replace(leg, from_stop=leg.to_stop, to_stop=leg.from_stop, departs_at=at, arrives_at=arrives_at))
        at = arrives_at + CHANGE
    return [tuple(there), tuple(back)]


def _leg(text: str, day: date, at: datetime) -> "Leg":
    from billettique.model.fares import Leg

    found = LEG.fullmatch(text.strip())
    if found is None or (found["origin"] is None and found["km"] is None):
        raise InvalidInput("billettique.bad_leg", leg=text)
    distance = None if found["km"] is None else int(Decimal(found["km"].replace(",", ".")) * 1000)
    departs_at = at if found["departs"] is None else _at(day, found["departs"], text)
    arrives_at = departs_at + RIDE if found["arrives"] is None else _at(day, found["arrives"], text)
    if arrives_at < departs_at:  # after midnight
        arrives_at += timedelta(days=1)
    origin, destination = found["origin"] or _("point de départ"), found["destination"] or _("point d’arrivée")
    return Leg(found["network"], origin, destination, departs_at, arrives_at, distance)


def _at(day: date, text: str, leg: str) -> datetime:
    try:
        return datetime.combine(day, time.fromisoformat(text.zfill(5)), PARIS)
    except ValueError as wrong:
        raise InvalidInput("billettique.bad_leg", leg=leg) from wrong


def _day(text: str, option: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as wrong:
        raise InvalidInput("billettique.bad_day", option=option, value=text) from wrong


def _units(text: str) -> tuple[str, int]:
    name, _equals, number = text.partition("=")
    if not number.isdigit():
        raise InvalidInput("billettique.bad_units", value=text)
    return name, int(number)


def document_of(priced: "Priced", ask: "Ask") -> dict[str, Any]:
    """The quote as JSON: amounts in cents, each step with its reason and its sentence."""
    found = priced.quote
    return {
        "total": found.total,
        "currency": "EUR",
        "journeys": len(ask.journeys),
        "riders": [rider.category for rider in ask.riders],
        "items": [
            {"kind": each.kind, "id": each.id, "name": each.name, "cents": each.cents, "riders": list(each.riders)}
            for each in found.items
        ],
        "steps": [
            {
                "kind": each.kind,
                "riders": list(each.riders),
                "amount": each.amount,
                "after": each.after,
                "reason": each.reason,
                "message": sentence(each.reason),
            }
            for each in found.steps
        ],
        "unknown": [{"reason": each, "message": sentence(each)} for each in found.unknown],
        "said": [{"reason": each, "message": sentence(each)} for each in priced.said],
        "versions": [
            {"code": each.code, "hash": each.hash, "source": each.source, "to_confirm": each.to_confirm}
            for each in priced.tariff.versions
        ],
    }


def _text(priced: "Priced", ask: "Ask") -> str:
    from mobigo.infra import formats
    from mobigo.infra.i18n import current_language

    language, found = current_language(), priced.quote
    if found.total is None:
        lines = [_("Prix inconnu."), *(f"  {sentence(each)}" for each in found.unknown)]
    else:
        lines = [_("Prix : %(total)s", total=formats.amount(found.total, language))]
        for step in found.steps:
            whom = ""
            if len(ask.riders) > 1:
                whom = _("voyageur %(numbers)s : ", numbers=", ".join(str(each + 1) for each in step.riders))
            lines.append(f"  {whom}{sentence(step.reason)}")
    return "\n".join([*lines, *(f"  {sentence(each)}" for each in priced.said)])
