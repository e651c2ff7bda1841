"""`mobigo plan FROM TO`: a journey on the command line."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import click

from mobigo.base.errors import InvalidInput
from mobigo.infra import console

if TYPE_CHECKING:
    from mobigo.infra.web import Services
    from mobigo.network.model.live import LiveNetwork


@click.command()
@click.argument("origin", metavar="FROM")
@click.argument("destination", metavar="TO")
@click.option("--at", help="Jour et heure, par exemple 2026-11-24T08:00 (heure du réseau) ; maintenant par défaut.")
@click.option("--arrive-by", is_flag=True, help="Arriver avant cette heure, au lieu de partir après.")
@click.option(
    "--window",
    "window_min",
    default=120,
    show_default=True,
    help="Plage de départ (d'arrivée), en minutes ; 0 : le meilleur seul.",
)
@click.option("--via", help="Passer par ce lieu, en restant à bord si le véhicule s'y arrête.")
@click.option("--stay", "stay_min", default=0, show_default=True, help="Y rester au moins ce temps, en minutes.")
@click.option("--walk", "walk_m", default=2_000, show_default=True, help="Marche acceptée vers un arrêt, en mètres.")
@click.option("--vehicles", default=8, show_default=True, help="Nombre de véhicules au plus.")
@click.option(
    "--mode",
    "modes",
    multiple=True,
    type=click.Choice(["train", "tram", "bus", "other"]),
    help="Seulement ce moyen de transport ; plusieurs fois possible.",
)
@click.option(
    "--without-line",
    "without_lines",
    multiple=True,
    metavar="LIGNE",
    help="Éviter cette ligne : « offre:route_id », ou son numéro ; plusieurs fois possible.",
)
@click.option(
    "--only-operator",
    "only_operators",
    multiple=True,
    metavar="TRANSPORTEUR",
    help="Seulement ce transporteur : « offre:agency_id », ou son nom ; plusieurs fois possible.",
)
@click.option("--wheelchair", is_flag=True, help="Seulement ce qui est connu comme accessible en fauteuil roulant.")
@click.option(
    "--pace",
    type=click.Choice(["usual", "slow", "stroller"]),
    default="usual",
    show_default=True,
    help="Comment on marche : d'un pas ordinaire, d'un pas lent, avec une poussette.",
)
@click.option(
    "--own",
    type=click.Choice(["bike", "ebike", "bike_aboard", "car", "dropped", "fetched"]),
    help="Aller au premier arrêt avec son vélo, son vélo électrique ou sa voiture, qu'on y laisse ; emporter son vélo "
    "à bord ; "
    "ou se faire déposer ; ou, au dernier, se faire chercher.",
)
@click.option(
    "--prefer",
    type=click.Choice(["usual", "fastest", "cheapest", "fewest_changes", "least_walking", "step_free", "lowest_co2"]),
    default="usual",
    show_default=True,
    help="Ce qui passe en premier : le plus rapide, le moins cher, le moins de changements, le moins de marche, "
    "sans marche à monter (en fauteuil roulant), le moins de CO2.",
)
@click.option("--explain", is_flag=True, help="Dire comment la recherche a été faite : trouvés, écartés, et pourquoi.")
@click.option("--left-at", metavar="ARRÊT", help="Au retour : l'arrêt où ce véhicule attend.")
@console.json_option
def plan(
    origin: str,
    destination: str,
    at: str | None,
    arrive_by: bool,
    window_min: int,
    via: str | None,
    stay_min: int,
    walk_m: int,
    vehicles: int,
    modes: tuple[str, ...],
    without_lines: tuple[str, ...],
    only_operators: tuple[str, ...],
    wheelchair: bool,
    pace: str,
    own: str | None,
    prefer: str,
    explain: bool,
    left_at: str | None,
    as_json: bool,
) -> int:
    """Chercher un trajet. FROM et TO : un nom de lieu, « offre:stop_id », ou « lat,lon »."""
    from mobigo.infra import clock, numba_cache

    services: Services = click.get_current_context().find_root().obj()
    try:
        numba_cache.use(services.config.home)
        from mobigo.planner.api.answers import end_of
        from mobigo.planner.cli.told import told
        from mobigo.planner.engine.watch import Watch
        from mobigo.planner.export.journeys import answer_json
        from mobigo.planner.export.traced import trace_json, trace_lines
        from mobigo.planner.gateway.emissions import with_all_emissions
        from mobigo.planner.model import By, Limits, Own, Pace, Preset, Query
        from mobigo.planner.service.traced import traced
        from mobigo.planner.web.asked import MODES
        from mobigo.planner.web.here import Here, answered

        @dataclass(frozen=True)
        class AtHome(Here):
            home: Path

            @property
            def places(self):  # type: ignore[no-untyped-def]  # the property's own type
                from mobigo.planner.gateway.territory import places_of

                return places_of(self.live, self.home)

        with services.networks.today() as live:
            now = clock.now()
            here = AtHome(live, now, services.config.home)
            ends = [end_of(here, text)[0] for text in (origin, destination)]
            stands = () if left_at is None else end_of(here, left_at)[0].stops
            if left_at is not None and (own is None or not stands):
                raise InvalidInput("planner.own_left_nowhere", place=left_at[:80])
            query = Query(
                ends[0],
                ends[1],
                _instant(at, here.zone) if at is not None else now,
                arrive_by,
                window_min * 60,
                via=None if via is None else end_of(here, via)[0],
                via_stay_s=stay_min * 60,
                limits=Limits(
                    vehicles_max=vehicles,
                    walk_m_max=walk_m,
                    wheelchair=wheelchair or prefer == Preset.STEP_FREE,
                    pace=Pace(pace),
                    route_types=frozenset().union(*(MODES[mode] for mode in modes)) if modes else None,
                    without_routes=frozenset(line_named(live, text) for text in without_lines),
                    only_agencies=frozenset().union(*(_operator(live, text) for text in only_operators)) or None,
                ),
                own=None if own is None else Own(By(own), stands),
                preset=Preset(prefer),
            )
            watch = Watch(clock.monotonic_s) if explain else None
            planned, shown = answered(services, live, query, now, watch=watch)
            answer = shown.answer
            if watch is None:
                console.emit(answer_json(live, answer) if as_json else None, as_json, lambda: told(live, answer))
                return console.DONE
            trace = traced(live, planned, shown, watch, services.fares)
            trace = with_all_emissions(live, services.config.home, answer, trace)
            document = {**answer_json(live, answer), "trace": trace_json(live, trace)} if as_json else None
            console.emit(document, as_json, lambda: "\n".join([told(live, answer), "", *trace_lines(live, trace)]))
            return console.DONE
    finally:
        services.engine.dispose()


def line_named(live: "LiveNetwork", text: str) -> str:
    """The id of the one line a text names. Raises InvalidInput when it names none, or several."""
    from mobigo.planner.export.offered import lines_named

    found = lines_named(live, text)
    if not found:
        raise InvalidInput("planner.unknown_line", line=text[:80])
    if len(found) > 1:
        ids = ", ".join(f"{line.id} ({line.long_name or line.label})" for line in found[:8])
        raise InvalidInput("planner.several_lines", line=text[:80], count=len(found), ids=ids)
    return found[0].id


def _operator(live: "LiveNetwork", text: str) -> frozenset[str]:
    """The ids of the operator a text names, in every feed. Raises InvalidInput when it names none."""
    from mobigo.planner.export.offered import operators_named, operators_of

    found = operators_named(live, text)
    if not found:
        known = ", ".join(operator.name for operator in operators_of(live)[:20])
        raise InvalidInput("planner.unknown_operator", operator=text[:80], known=known)
    return frozenset(id_ for operator in found for id_ in operator.ids)


def _instant(text: str, zone: ZoneInfo) -> datetime:
    """An ISO 8601 instant; without a zone, in the network's."""
    try:
        given = datetime.fromisoformat(text)
    except ValueError:
        raise InvalidInput("planner.time_unreadable", at=text[:80]) from None
    return given if given.tzinfo is not None else given.replace(tzinfo=zone)
