"""`mobigo plan FROM TO`: a journey on the command line."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import zip_longest
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import click

from mobigo.base.errors import InvalidInput
from mobigo.infra import console
from mobigo.infra.i18n import gettext as _
from mobigo.infra.i18n import sentence

if TYPE_CHECKING:
    from mobigo.infra.web import Services
    from mobigo.network.model.live import LiveNetwork
    from mobigo.planner.model import Answer, CarpoolWay, Journey, OnDemandWay, Price, Ride


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
                console.emit(answer_json(live, answer) if as_json else None, as_json, lambda: _told(live, answer))
                return console.DONE
            trace = traced(live, planned, shown, watch, services.fares)
            trace = with_all_emissions(live, services.config.home, answer, trace)
            document = {**answer_json(live, answer), "trace": trace_json(live, trace)} if as_json else None
            console.emit(document, as_json, lambda: "\n".join([_told(live, answer), "", *trace_lines(live, trace)]))
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


def _told(live: "LiveNetwork", answer: "Answer") -> str:
    """The answer as a person reads it."""
    from mobigo.planner.export.emissions import emission_words
    from mobigo.planner.web.shown import age_words, cancelled_words

    query, zone = answer.query, ZoneInfo(live.timetable.zone)
    lines = [f"{query.origin.name} → {query.destination.name}"]
    lines += [*cancelled_words(live, answer, zone), *([age] if (age := age_words(live)) else [])]
    lines += [sentence(remark) for remark in answer.remarks]
    journeys = list(zip_longest(answer.journeys, answer.prices, answer.emissions))
    for kind, row in answer.order:
        if kind == "carpool":
            lines += ["", *_carpool(live, answer.carpool[row], zone)]
        elif kind == "on_demand":
            lines += ["", *_on_demand(live, answer.on_demand.ways[row], answer, zone)]
        else:
            journey, price, emission = journeys[row]
            lines += ["", *_journey(live, journey, zone), *([] if price is None else _price(price))]
            lines += [] if emission is None else [f"  {words}" for words in emission_words(emission)]
    lines += [sentence(each) for each in (*answer.on_demand.missed, *answer.beaten)]
    return "\n".join(lines)


def _price(price: "Price") -> Sequence[str]:
    from mobigo.infra.formats import amount

    if price.total is None:
        return [f"  {_('prix inconnu')}", *(f"    {sentence(each)}" for each in price.why_unknown)]
    total = _("%(amount)s, une personne adulte sans carte") % {"amount": amount(price.total)}
    said = [*(each.reason for each in price.lines), *price.notes, *price.offers]
    return [f"  {total}", *(f"    {sentence(each)}" for each in said)]


def _carpool(live: "LiveNetwork", way: "CarpoolWay", zone: ZoneInfo) -> Sequence[str]:
    from mobigo.infra.formats import amount, day, duration, hour

    leaves, arrives = way.leave_at.astimezone(zone), way.arrive_at.astimezone(zone)
    lasts = duration(int((arrives - leaves) / timedelta(seconds=1)))
    about, price = _("environ"), _("prix inconnu") if way.total is None else amount(way.total)
    hours = _("conducteurs attendus de %(since)s à %(until)s") % {
        "since": hour(way.since.astimezone(zone)),
        "until": hour(way.until.astimezone(zone)),
    }
    out = [
        f"{day(leaves)} {about} {hour(leaves)} → {hour(arrives)}  ({lasts})  {_('covoiturage')}, {price}",
        *_wins(way),
        *([] if way.before is None else _journey(live, way.before, zone)),
        f"  {way.line} : {way.board} → {way.alight}, {hours}",
        f"  {sentence(way.wait)}",
        *([] if way.guarantee is None else [f"  {sentence(way.guarantee)}"]),
    ]
    return [*out, *([] if way.after is None else _journey(live, way.after, zone))]


def _wins(way: "CarpoolWay | OnDemandWay") -> Sequence[str]:
    """What it wins over the journeys of the timetable."""
    return [f"  {' · '.join(sentence(each) for each in way.why)}"] if way.why else []


def _on_demand(live: "LiveNetwork", way: "OnDemandWay", answer: "Answer", zone: ZoneInfo) -> Sequence[str]:
    from mobigo.infra.formats import amount, day, hour
    from mobigo.planner.rules.ways import services_of

    leaves, arrives = way.leave_at.astimezone(zone), way.arrive_at.astimezone(zone)
    price = _("prix inconnu") if way.total is None else amount(way.total)
    out = [f"{day(leaves)} {hour(leaves)} → {hour(arrives)}  {_('transport à la demande')}, {price}", *_wins(way)]
    for each in services_of(way):
        out += [] if each.before is None else _journey(live, each.before, zone)
        out += _service(each, answer, zone)
        out += [] if each.after is None else _journey(live, each.after, zone)
    return out


def _service(way: "OnDemandWay", answer: "Answer", zone: ZoneInfo) -> Sequence[str]:
    """One service: from where to where, when, and until when it is booked."""
    from mobigo.infra.formats import hour
    from mobigo.planner.export.on_demand import book_by_words

    said = _("Le véhicule vient entre %(since)s et %(until)s") % {
        "since": hour(way.since.astimezone(zone)),
        "until": hour(way.until.astimezone(zone)),
    }
    there = _("au plus tard à %(at)s") % {"at": hour(way.set_down_by.astimezone(zone))}
    return [
        f"  {way.service} : {way.board} → {way.alight}",
        f"  {said}, {there}",
        f"  {book_by_words(way, zone, answer.on_demand.asked_at)}",
    ]


def _journey(live: "LiveNetwork", journey: "Journey", zone: ZoneInfo) -> Sequence[str]:
    from mobigo.infra.formats import day, duration, hour
    from mobigo.planner.export.names import street_word
    from mobigo.planner.model import Ride

    leaves, arrives = journey.depart_at.astimezone(zone), journey.arrive_at.astimezone(zone)
    lasts = duration(int((arrives - leaves) / timedelta(seconds=1)))
    why = " · ".join(sentence(reason) for reason in journey.why)
    out = [f"{day(leaves)} {hour(leaves)} → {hour(arrives)}  ({lasts}){'  ' + why if why else ''}"]
    for leg in journey.legs:
        start, end = leg.depart_at.astimezone(zone), leg.arrive_at.astimezone(zone)
        if isinstance(leg, Ride):
            out.append(f"  {hour(start)}  {_ride(live, leg)}  {hour(end)}{_otherwise(live, leg, zone)}")
        else:
            out.append(f"  {hour(start)}  {street_word(leg.by)} {leg.distance_m} m  {hour(end)}")
    return out


def _otherwise(live: "LiveNetwork", ride: "Ride", zone: ZoneInfo) -> str:
    """The planned hour, where realtime says another."""
    from mobigo.infra.formats import hour
    from mobigo.planner.export.today import ride_calls, status_of

    first = ride.visits[0]
    status = status_of(live, *ride_calls(live, ride)[0], first.stop, first.depart_at)
    if status.planned_at is None or not status.is_moved:
        return ""
    return "  " + _("(prévu à %(hour)s)") % {"hour": hour(status.planned_at.astimezone(zone))}


def _ride(live: "LiveNetwork", ride: "Ride") -> str:
    timetable = live.timetable
    names = [timetable.stop_name[visit.stop] for visit in (ride.visits[0], ride.visits[-1])]
    trip = ride.trips[0][0]
    route = int(timetable.trip_route[trip])
    line = timetable.route_short_name[route] or timetable.route_long_name[route]
    return f"{line} : {names[0]} → {names[1]}"
