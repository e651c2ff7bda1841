"""What the map shows of shared bicycles and of car parks, in words: those nearest to a place, with what is free now."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import render_template, request
from flask.typing import ResponseReturnValue

from mobigo.base.decisions import Decision
from mobigo.base.geo import Point, distance_m
from mobigo.base.instants import PARIS
from mobigo.infra.auth import public
from mobigo.infra.clock import now
from mobigo.infra.forms import one_line
from mobigo.infra.i18n import gettext as _
from mobigo.infra.i18n import ngettext, sentence
from mobigo.network.model.parks import CarPark, ToldParks
from mobigo.network.model.shared import Station
from mobigo.planner.rules.parks import facts, open_words, room
from mobigo.planner.web import bp
from mobigo.planner.web.asked import label, position
from mobigo.planner.web.here import known_parks, pinned, shared_systems

SHOWN_MAX = 40
FAR_M = 20_000  # around a place
STOP_M = 800  # around a stop
STOP_MAX = 5


@dataclass(frozen=True)
class Shown:
    """A station, or a car park. `metres`: from the place asked, None where none was."""

    name: str
    whose: str
    said: tuple[str, ...]
    metres: int | None = None


@bp.get("/velos-et-parkings")
@public
def around() -> ResponseReturnValue:
    """The stations of shared bicycles and the car parks: those around a place, or the first by name."""
    text = one_line(request.args.get("near", ""), 200)
    point, name, error = None, "", ""
    if text:
        point = position(text)
        if point is None:
            with pinned() as here:
                place, _others = here.places.resolve(text)
            if place is None:
                error = _("Aucun lieu ne ressemble à « %(text)s ».") % {"text": text[:60]}
            else:
                point, name = place.point, label(place)
    moment = now()
    told, systems = known_parks(), shared_systems(moment)
    fresh = [each.system for each in systems if each.system is not None and not each.is_stale]
    bikes = _nearest([(each, system.name) for system in fresh for each in system.stations], point)
    parks = _nearest([(park, source) for source in told for park in source.parks if park.is_public], point)
    loose = [bike for system in fresh for bike in system.loose]
    page = render_template(
        "planner/around.html",
        text=text,
        place=name,
        error=error,
        bikes=[Shown(each.name, whose, (station_words(each),), metres) for each, whose, metres in bikes],
        loose=sum(1 for bike in loose if point is None or distance_m(point, bike.point) <= FAR_M),
        stale=[each.system.name if each.system else each.code for each in systems if each.is_stale],
        parks=[Shown(each.name, "", park_words(each, source, moment), metres) for each, source, metres in parks],
        credits=list(dict.fromkeys(each.credit for each in told if each.credit)),
        licences=[each.name + _(" : ") + each.licence for each in fresh if each.licence],
        at=moment,
        known=bool(systems or told),
    )
    return page, 404 if error else 200


def parks_near(point: Point, at: datetime) -> list[Shown]:
    """The car parks open to everybody around a stop, nearest first."""
    found = [(park, source) for source in known_parks() for park in source.parks if park.is_public]
    return [
        Shown(park.name, source.credit, park_words(park, source, at), metres)
        for park, source, metres in _nearest(found, point)
        if metres is not None and metres <= STOP_M
    ][:STOP_MAX]


def bikes_near(point: Point, at: datetime) -> list[Shown]:
    """The stations of shared bicycles around a stop, nearest first."""
    found = [
        (each, told.system.name)
        for told in shared_systems(at)
        if told.system is not None and not told.is_stale
        for each in told.system.stations
    ]
    return [
        Shown(each.name, whose, (station_words(each),), metres)
        for each, whose, metres in _nearest(found, point)
        if metres is not None and metres <= STOP_M
    ][:STOP_MAX]


def station_words(station: Station) -> str:
    """The bicycles and the free docks of a station; what is not known is said so."""
    bikes, docks = station.bikes if station.rents else 0, station.docks if station.takes_back else 0
    said_bikes = (
        _("vélos : nombre inconnu") if bikes is None else ngettext("%(num)s vélo", "%(num)s vélos", bikes)
    )  # fmt: skip
    said_docks = (
        _("places : nombre inconnu")
        if docks is None
        else ngettext("%(num)s place libre", "%(num)s places libres", docks)
    )
    return f"{said_bikes}, {said_docks}"


def park_words(park: CarPark, source: ToldParks, at: datetime) -> tuple[str, ...]:
    """What is said of a car park: the room there is, the price, the places for disabled people, its
    hours."""
    said = [room(park, source.known(park.id, at)), *facts(park), *open_words(park, at.astimezone(PARIS))]
    if park.capacity is not None:
        said.insert(1, Decision("planner.park_capacity", count=park.capacity))
    return tuple(map(sentence, said))


def _nearest(found: Sequence[tuple[Any, Any]], point: Point | None) -> list[tuple[Any, Any, int | None]]:
    if point is None:
        return [(each, whose, None) for each, whose in sorted(found, key=lambda it: it[0].name)[:SHOWN_MAX]]
    close = sorted((int(distance_m(point, each.point)), i) for i, (each, _whose) in enumerate(found))
    return [(*found[i], metres) for metres, i in close[:SHOWN_MAX] if metres <= FAR_M]
