"""`mobigo scolaire demand`, `walks`: what a plan of the database has to answer, as a file; walks along the streets.

A demand holds no name and no address: random ids, stops within reach and metres.
"""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from mobigo.base.errors import InvalidInput, Refused
from mobigo.infra import console
from mobigo.infra.i18n import gettext as _

if TYPE_CHECKING:
    from mobigo.infra.web import Services
    from scolaire.model.demand import Demand


@click.command()
@click.argument("plan")
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), required=True, help="Demande à écrire (JSON).")
@console.json_option
def demand(plan: str, out: Path, as_json: bool) -> int:
    """Écrire la demande du plan PLAN (son numéro) : inscriptions, heures, arrêts, véhicules d'aujourd'hui ; temps de
    parcours par les rues quand le réseau en service en a."""
    from mobigo.base.instants import paris_day
    from mobigo.infra import clock
    from mobigo.infra.blobs import write_whole
    from mobigo.infra.db import reading
    from scolaire.export.plan_json import demand_json
    from scolaire.rules.driving import by_streets
    from scolaire.service.demands import demand_of
    from scolaire.store.plans import get_plan

    services = _services()
    try:
        with reading(services.engine) as session:
            made = demand_of(session, get_plan(session, plan), paris_day(clock.now()))
        if services.school_roads is not None:
            made = by_streets(made, services.school_roads)
    finally:
        services.engine.dispose()
    write_whole(out, lambda stream: stream.write(demand_json(made)))
    document = {
        "pupils": len(made.pupils), "stops": len(made.stops), "schools": len(made.schools), "streets": made.streets,
        "off_streets": made.off_streets, "off_walks": made.off_walks,
    }  # fmt: skip
    console.emit(document, as_json, lambda: _told(made))
    return console.DONE


def _told(made: "Demand") -> str:
    by_roads = (
        _("Temps de parcours par les rues ; lieux sans rue, aux temps estimés : %(places)s.", places=made.off_streets)
        if made.streets
        else _("Temps de parcours estimés : à vol d’oiseau, majorés. Ils sont à vérifier sur la route.")
    )
    return "\n".join([
        _("%(pupils)s élèves, %(stops)s arrêts, %(schools)s établissements.", pupils=len(made.pupils),
          stops=len(made.stops), schools=len(made.schools)),
        by_roads,
        _("Élèves dont un chemin vers un arrêt est estimé à vol d’oiseau : %(pupils)s.", pupils=made.off_walks or 0),
    ])  # fmt: skip


@click.command()
@console.json_option
def walks(as_json: bool) -> int:
    """Mesurer par les rues les chemins des domiciles aux arrêts, là où ce n'est pas fait."""
    from mobigo.infra.db import transaction
    from scolaire.service import homes

    services, done, last = _services(), 0, homes.HOMES_AT_ONCE
    try:
        if services.school_roads is None or services.school_roads.streets() is None:
            raise Refused("scolaire.no_streets")
        with console.progress(_("Chemins vers les arrêts")) as show:
            while last == homes.HOMES_AT_ONCE:
                with transaction(services.engine) as session:
                    last = homes.measure_walks(session, services.school_roads)
                done += last
                show(done, None, "")
    finally:
        services.engine.dispose()
    console.emit({"homes": done}, as_json, _("Domiciles dont les chemins sont mesurés : %(count)s.", count=done))
    return console.DONE


def along_streets(asked: "Demand") -> "Demand":
    """A demand read from a file, with the times of the streets in use. Raises InvalidInput("scolaire.search_own_times")
    when it brings its own times, and Refused("scolaire.no_streets")."""
    from scolaire.rules.driving import by_streets

    if asked.travel is not None:
        raise InvalidInput("scolaire.search_own_times")
    services = _services()
    try:
        made = asked if services.school_roads is None else by_streets(asked, services.school_roads)
    finally:
        services.engine.dispose()
    if not made.streets:
        raise Refused("scolaire.no_streets")
    return made


def _services() -> "Services":
    from mobigo.infra import numba_cache

    opened: Services = click.get_current_context().find_root().obj()
    numba_cache.use(opened.config.home)
    return opened
