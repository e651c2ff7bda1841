"""`mobigo covoit price F`: the subsidy of trips, step by step, without recording anything."""

import sys
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from mobigo.base.errors import InvalidInput
from mobigo.infra import console
from mobigo.infra.i18n import gettext as _
from mobigo.infra.i18n import sentence

if TYPE_CHECKING:
    from covoit.gateway.journey_lines import BadLine
    from covoit.model.pricing import PricedTrip


@click.command()
@click.argument("file", metavar="F", type=click.Path(exists=True, dir_okay=False, path_type=Path, allow_dash=True))
@click.option("--scale", "code", help="Barème, par son code ; par défaut celui en vigueur le jour de chaque trajet.")
@click.option("--campaign", help="Campagne, par son code, au lieu d'un barème.")
@click.option("--good-part", is_flag=True, help="Calculer les lignes lisibles même si d'autres ne le sont pas.")
@click.option("--ndjson", is_flag=True, help="Un document JSON par trajet, un par ligne.")
@console.json_option
def price(file: Path, code: str | None, campaign: str | None, good_part: bool, ndjson: bool, as_json: bool) -> int:
    """Calculer l'aide de trajets, étape par étape. F : un trajet par ligne (NDJSON), « - » pour l'entrée standard."""
    from covoit.gateway.journey_lines import read_trips
    from covoit.service.simulation import price_trips, price_under_campaign
    from mobigo.infra.config import load_config

    try:
        text = sys.stdin.read() if str(file) == "-" else file.read_text(encoding="utf-8")
    except UnicodeDecodeError as unreadable:
        raise InvalidInput("covoit.not_text", file=file.name) from unreadable
    trips, bad = read_trips(text.splitlines())
    if campaign is not None and code is not None:
        raise InvalidInput("covoit.scale_or_campaign")
    home = load_config().home
    if bad and not good_part:
        priced = []
    elif campaign is not None:
        priced = price_under_campaign(trips, campaign, home)
    else:
        priced = price_trips(trips, code, home)
    if ndjson:
        for each in priced:
            click.echo(_one_line(_priced(each)))
    else:
        document = {
            "trips": [_priced(each) for each in priced] if as_json else [],
            "errors": [{"line": each.line, "error": each.reason, "message": sentence(each.reason)} for each in bad],
        }
        console.emit(document, as_json, lambda: "\n\n".join(_text(each) for each in priced))
    _say_bad(bad)
    return console.BAD_INPUT if bad else console.DONE


def _priced(priced: "PricedTrip") -> dict[str, Any]:
    from covoit.rules.subsidy import line_hash, priced_json

    document = priced_json(priced)
    for step in document["steps"]:
        step["message"] = sentence(step["reason"])
    document["refused"] = {
        name: {"reason": reason, "message": sentence(reason)} for name, reason in priced.refused.items()
    }
    return document | {"hash": line_hash(priced)}


def _one_line(document: dict[str, Any]) -> str:
    from mobigo.base.canonical import canonical_json

    return canonical_json(document).decode()


def _text(priced: "PricedTrip") -> str:
    from mobigo.infra import formats
    from mobigo.infra.i18n import current_language

    language = current_language()
    head = _(
        "Trajet %(trip)s, %(day)s : %(amount)s",
        trip=priced.operator_trip_id,
        day=formats.day(priced.day, language, year=True),
        amount=formats.amount(priced.amount, language),
    )
    lines = [head]
    lines += [f"  {sentence(step.reason)}" for step in priced.steps]
    lines += [f"  {name} : {sentence(reason)}" for name, reason in priced.refused.items()]
    lines += [f"  {_flag(flag)}" for flag in priced.flags]
    paid, net = formats.amount(priced.fare, language), formats.amount(priced.net_cost, language)
    lines.append("  " + _("Versé par les passagers : %(fare)s ; coût net : %(net)s", fare=paid, net=net))
    return "\n".join(lines)


def _flag(flag: str) -> str:
    from covoit.rules.subsidy import flag_said

    return sentence(flag_said(flag))


def _say_bad(bad: "list[BadLine]") -> None:
    for each in bad:
        console.message(sentence(each.reason))


def day_option(text: str | None, name: str) -> date | None:
    """A day from the command line. Raises InvalidInput("covoit.bad_day")."""
    if text is None:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError as wrong:
        raise InvalidInput("covoit.bad_day", option=name, value=text) from wrong
