"""`mobigo scolaire optimise`, `check`, `compare`, `export`: plans as files, and plans of the database.

A file is a demand or a plan as `export.plan_json` writes it, or a plan as CSV tables (`.zip`); `vID` names a version.
"""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from mobigo.base.errors import InvalidInput
from mobigo.infra import console
from mobigo.infra.i18n import gettext as _
from mobigo.infra.i18n import sentence

if TYPE_CHECKING:
    from scolaire.model.day import DayPlan, Kpis
    from scolaire.model.demand import Demand

FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.command()
@click.argument("demand", type=FILE)
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), required=True, help="Plan à écrire (JSON).")
@click.option("--from", "base", type=FILE, help="Plan de départ (JSON ou tableaux CSV).")
@click.option("--from-demand", "base_demand", type=FILE, help="Demande du plan de départ, si elle est une autre.")
@click.option("--mode", type=click.Choice(["fresh", "warm", "least_change"]), default="fresh", help="Comment chercher.")
@click.option("--effort", type=click.Choice(["quick", "usual", "long"]), default="usual", help="Combien de temps.")
@click.option("--seed", type=int, default=1, help="Même graine, même plan.")
@click.option("--pupil-cents", type=int, default=2_000, help="Prix d'un élève déplacé, en centimes par semaine.")
@click.option("--reserve", type=int, default=2, help="Places gardées libres par service.")
@click.option("--bell-schools", type=click.IntRange(min=0), default=0, help="Établissements à déplacer au plus.")
@click.option("--bell-minutes", type=click.IntRange(5, 30), default=10, help="De combien de minutes au plus.")
@click.option("--stop-least", type=click.IntRange(min=0), default=0, help="Élèves au moins par arrêt desservi.")
@click.option("--stop-apart", type=click.IntRange(min=0), default=0, help="Mètres au moins entre deux arrêts.")
@click.option("--stop-forbidden", multiple=True, help="Arrêt où personne n'attend (nom ou numéro) ; à répéter.")
@click.option("--stop-obligatory", multiple=True, help="Arrêt à desservir (nom ou numéro) ; à répéter.")
@click.option(
    "--demand-out",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Demande à laquelle le plan répond, à écrire (JSON) : heures déplacées, temps des rues, règles d'arrêts.",
)
@click.option("--streets", is_flag=True, help="Temps de parcours par les rues du réseau en service.")
@console.json_option
def optimise(
    demand: Path,
    out: Path,
    base: Path | None,
    base_demand: Path | None,
    mode: str,
    effort: str,
    seed: int,
    pupil_cents: int,
    reserve: int,
    bell_schools: int,
    bell_minutes: int,
    stop_least: int,
    stop_apart: int,
    stop_forbidden: tuple[str, ...],
    stop_obligatory: tuple[str, ...],
    demand_out: Path | None,
    streets: bool,
    as_json: bool,
) -> int:
    """Chercher un plan pour la demande DEMAND : arrêts, circuits, cars, toutes les demi-journées."""
    from dataclasses import replace

    from mobigo.infra import numba_cache
    from mobigo.infra.config import load_config

    numba_cache.use(load_config().home)
    from scolaire.cli.demands import along_streets
    from scolaire.engine.bells import Moves, plan_with_bells
    from scolaire.engine.day import DayAsk, DayTold, Mode
    from scolaire.export.plan_json import demand_json, plan_json
    from scolaire.rules.kpi import kpis
    from scolaire.service.optimising import limits_of
    from scolaire.service.stop_rules import rules_written

    asked = _demand(demand)
    if streets and demand_out is None:
        raise InvalidInput("scolaire.search_streets_out")
    if mode != "fresh" and base is None:
        raise InvalidInput("scolaire.search_base")
    if bell_schools and demand_out is None:
        raise InvalidInput("scolaire.search_demand_out")
    if stop_least or stop_apart or stop_forbidden or stop_obligatory:
        if demand_out is None:
            raise InvalidInput("scolaire.search_rules_out")
        names = "\n".join(stop_forbidden), "\n".join(stop_obligatory)
        rules = rules_written(asked, least=stop_least, apart_m=stop_apart, forbidden=names[0], obligatory=names[1])
        asked = replace(asked, stop_rules=rules)
    if streets:
        asked = along_streets(asked)
    known = None if base is None else _plan(base)
    ask = DayAsk(
        Mode(mode), known, _demand(base_demand) if base_demand else asked, pupil_cents=pupil_cents, reserve=reserve
    )
    with console.progress(_("Recherche d’un plan")) as show:
        done = 0

        def told(step: DayTold) -> bool:
            nonlocal done
            done += 1
            buses = "" if step.buses is None else str(step.buses)
            show(done, None, " ".join(filter(None, (step.phase, step.half, buses))))
            return True

        def keep(found: "DayPlan", made_for: "Demand") -> None:
            _write(out, plan_json(found))
            if demand_out is not None:
                _write(demand_out, demand_json(made_for))

        moves = Moves(bell_schools, bell_minutes)
        plan, asked = plan_with_bells(asked, ask, moves, limits_of(effort), seed, told=told, keep=keep)
    keep(plan, asked)
    figures = kpis(plan, asked)
    console.emit(_figures(figures) if as_json else None, as_json, lambda: _said(figures))
    return console.DONE


@click.command()
@click.argument("plan", type=FILE)
@click.option("--demand", type=FILE, required=True, help="La demande à laquelle le plan répond.")
@console.json_option
def check(plan: Path, demand: Path, as_json: bool) -> int:
    """Contrôler un plan, reçu ou calculé : chaque règle, recalculée sans le solveur."""
    from scolaire.rules.day import day_faults
    from scolaire.rules.kpi import kpis

    asked, found = _demand(demand), _plan(plan)
    broken = day_faults(found, asked)
    figures = None if broken else kpis(found, asked)
    document = {
        "faults": [
            {"half": each.half, "rule": str(each.fault.rule), "where": each.fault.where,
             "message": sentence(each.fault.said)}
            for each in broken
        ],
        "kpis": None if figures is None else _figures(figures),
    }  # fmt: skip
    lines = [f"{each.half + ' : ' if each.half else ''}{sentence(each.fault.said)}" for each in broken]
    console.emit(document, as_json, lambda: "\n".join(lines) if figures is None else _said(figures))
    return console.REFUSED if broken else console.DONE


@click.command()
@click.argument("before", type=FILE)
@click.argument("after", type=FILE)
@click.option("--demand", type=FILE, required=True, help="La demande du premier plan.")
@click.option("--demand-after", type=FILE, help="La demande du second, si elle est une autre.")
@console.json_option
def compare(before: Path, after: Path, demand: Path, demand_after: Path | None, as_json: bool) -> int:
    """Comparer deux plans : chiffres, élèves dont l'arrêt ou l'heure change, services changés."""
    from dataclasses import asdict

    from scolaire.rules.compare import compare as difference
    from scolaire.rules.kpi import kpis

    old = _demand(demand)
    new = _demand(demand_after) if demand_after else old
    one, two = _plan(before), _plan(after)
    moved = difference(one, old, two, new)
    figures = kpis(one, old), kpis(two, new)
    document = {"before": _figures(figures[0]), "after": _figures(figures[1]), "difference": asdict(moved)}
    console.emit(
        document,
        as_json,
        lambda: "\n".join(
            [
                _said(figures[0]),
                _said(figures[1]),
                _(
                    "%(stops)s élève(s) changent d’arrêt, %(times)s d’heure ; %(services)s service(s) changés, "
                    "%(new)s nouveaux, %(gone)s supprimés",
                    stops=len(moved.pupils_stop),
                    times=len(moved.pupils_time),
                    services=len(moved.services_changed),
                    new=len(moved.services_new),
                    gone=len(moved.services_gone),
                ),
            ]
        ),
    )
    return console.DONE


@click.command()
@click.argument("plan", type=FILE)
@click.option("--demand", type=FILE, required=True, help="La demande à laquelle le plan répond.")
@click.option("--csv", "tables", type=click.Path(dir_okay=False, path_type=Path), help="Tableaux CSV (.zip) à écrire.")
@click.option("--geojson", type=click.Path(dir_okay=False, path_type=Path), help="Carte à écrire.")
@click.option("--half", default="matin", help="Demi-journée de la carte.")
def export(plan: Path, demand: Path, tables: Path | None, geojson: Path | None, half: str) -> int:
    """Écrire un plan sous d'autres formes : tableaux CSV, carte GeoJSON."""
    import json

    from scolaire.export.plan_csv import plan_csv
    from scolaire.export.plan_map import plan_map

    asked, found = _demand(demand), _plan(plan)
    if tables is not None:
        _write(tables, plan_csv(found, asked))
    if geojson is not None:
        if half not in found.halves:
            raise InvalidInput("scolaire.edit_unknown", name=half)
        _write(geojson, json.dumps(plan_map(found, asked, half), ensure_ascii=False).encode())
    return console.DONE


def _demand(path: Path) -> "Demand":
    from scolaire.gateway.plan_json import read_demand

    return read_demand(path.read_bytes())


def _plan(path: Path) -> "DayPlan":
    from scolaire.gateway.plan_csv import read_plan_csv
    from scolaire.gateway.plan_json import read_plan

    content = path.read_bytes()
    return read_plan_csv(content) if content.startswith(b"PK") else read_plan(content)


def _write(path: Path, content: bytes) -> None:
    from mobigo.infra.blobs import write_whole

    write_whole(path, lambda stream: stream.write(content))


def _figures(figures: "Kpis") -> dict[str, Any]:
    from dataclasses import asdict

    return asdict(figures)


def _said(figures: "Kpis") -> str:
    from mobigo.infra import formats
    from mobigo.infra.i18n import current_language

    language = current_language()

    def count(value: float) -> str:
        return formats.number(value, language, 0)

    return _(
        "%(pupils)s élèves transportés, %(left)s sans place ; %(buses)s cars, %(services)s services, %(km)s km et "
        "%(euros)s € par semaine",
        pupils=count(figures.pupils),
        left=count(figures.left),
        buses=count(figures.buses),
        services=count(figures.services),
        km=count(figures.km_loaded + figures.km_empty),
        euros=count(figures.week_cents / 100),
    )
