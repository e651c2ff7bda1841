"""`mobigo covoit simulate`: what other figures would have cost on past trips."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from covoit.cli.price import day_option
from mobigo.base.errors import InvalidInput
from mobigo.infra import console
from mobigo.infra.i18n import gettext as _
from mobigo.infra.i18n import sentence

if TYPE_CHECKING:
    from covoit.engine.recompute import Trips
    from covoit.engine.simulate import WhatIf
    from mobigo.base.money import Money

_FIGURES = (
    ("--rate-cents", "Centimes par kilomètre."),
    ("--bonus-cents", "Centimes par passager."),
    ("--first-counted-passenger", "Premier passager qui donne droit au bonus (1 ou 2)."),
    ("--passengers-max", "Nombre de passagers comptés, au plus."),
    ("--leg-m-min", "Longueur minimale, en mètres."),
    ("--trips-per-day", "Plafond de trajets payés par conducteur et par jour."),
    ("--driver-day-cents", "Plafond par conducteur et par jour, en centimes."),
    ("--driver-month-cents", "Plafond par conducteur et par mois, en centimes."),
    ("--driver-year-cents", "Plafond par conducteur et par an, en centimes."),
    ("--budget-cents", "Budget total, en centimes."),
)


def _figures(command: Any) -> Any:
    for name, help_ in reversed(_FIGURES):
        command = click.option(name, type=int, help=help_)(command)
    return command


@click.command()
@click.option("--from", "first", help="Premier jour, par exemple 2026-11-01 ; tous par défaut.")
@click.option("--until", "last", help="Dernier jour, compris.")
@click.option("--journeys", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="Trajets en NDJSON.")
@click.option(
    "--open-data",
    multiple=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Fichiers mensuels du registre national (CSV), au lieu de nos trajets.",
)
@click.option("--scale", "code", help="Barème de départ, par son code ; par défaut celui en vigueur.")
@click.option("--against", help="Barème auquel comparer, par son code, au lieu de chiffres changés.")
@_figures
@console.json_option
def simulate(
    first: str | None,
    last: str | None,
    journeys: Path | None,
    open_data: tuple[Path, ...],
    code: str | None,
    against: str | None,
    as_json: bool,
    **figures: int | None,
) -> int:
    """Chiffrer un autre barème sur des trajets passés : coût, passagers, gagnants et perdants par ligne et par mois."""
    from covoit.gateway.scales import load_scale
    from covoit.service import simulation
    from mobigo.infra import clock
    from mobigo.infra.config import load_config

    home = load_config().home
    days = day_option(first, "--from"), day_option(last, "--until")
    if (journeys is not None) + bool(open_data) > 1:
        raise InvalidInput("covoit.one_source_of_trips")
    if open_data:
        trips = simulation.read_open_data(open_data)
    elif journeys is not None:
        trips = _from_file(journeys)
    else:
        trips = _own_history(*days)
    if days != (None, None):
        trips = simulation.within(trips, *days)
    from mobigo.base.instants import paris_day

    before = simulation.base_scale(days[0] or paris_day(clock.now()), code, home)
    after = load_scale(against, home) if against is not None else simulation.Change(**figures)  # type: ignore[arg-type]  # whole numbers all
    answer = simulation.simulate(trips, before, after)
    console.emit(simulation.what_if_json(answer) if as_json else None, as_json, lambda: _text(answer))
    return console.DONE


def _from_file(path: Path) -> "Trips":
    from covoit.gateway.journey_lines import read_trips
    from covoit.service.simulation import columns_of

    with path.open(encoding="utf-8") as stream:
        trips, bad = read_trips(stream)
    if bad:
        raise InvalidInput(bad[0].reason.code, **bad[0].reason.params)
    return columns_of(trips)


def _own_history(first: Any, last: Any) -> "Trips":
    from covoit.service.simulation import own_history

    services = click.get_current_context().find_root().obj()
    try:
        return own_history(services.engine, first, last)
    finally:
        services.engine.dispose()


def _text(answer: "WhatIf") -> str:
    from mobigo.infra import formats
    from mobigo.infra.i18n import current_language

    language = current_language()

    def money(value: "Money") -> str:
        return formats.amount(value, language)

    def count(value: int) -> str:
        return formats.number(value, language)

    lines = []
    for code, totals in ((answer.before_code, answer.before), (answer.after_code, answer.after)):
        lines.append(
            _(
                "%(scale)s : %(cost)s pour %(paid)s trajets aidés sur %(trips)s, %(passengers)s passagers ; "
                "recettes %(fares)s, coût net %(net)s",
                scale=code,
                cost=money(totals.cost),
                paid=count(totals.paid_trips),
                trips=count(totals.trips),
                passengers=count(totals.passengers),
                fares=money(totals.fares),
                net=money(totals.net_cost),
            )
        )
    named = [(_("Trajets"), answer.trips)]
    named += [(_("Conducteurs"), answer.drivers)] if answer.drivers is not None else []
    for name, moves in named:
        lines.append(
            _(
                "%(what)s : %(winners)s gagnent %(gained)s, %(losers)s perdent %(lost)s, %(same)s inchangés",
                what=name,
                winners=count(moves.winners),
                gained=money(moves.gained),
                losers=count(moves.losers),
                lost=money(moves.lost),
                same=count(moves.unchanged),
            )
        )
    for row in answer.rows:
        lines.append(
            f"  {row.line or _('hors ligne')} {row.month:%Y-%m} : {money(row.before.cost)} → {money(row.after.cost)} "
            f"(+{count(row.moves.winners)} −{count(row.moves.losers)})"
        )
    lines += [sentence(each) for each in answer.assumptions]
    return "\n".join(lines)
