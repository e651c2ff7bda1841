"""The legs of a journey as pages show them, stop by stop: plain values, words chosen."""

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from mobigo.infra import formats
from mobigo.infra.i18n import current_language, sentence
from mobigo.infra.i18n import gettext as _
from mobigo.network.model.live import LiveNetwork
from mobigo.network.model.places import Mode, mode_of
from mobigo.network.model.timetable import PICKUP_SHIFT, TYPE_MASK
from mobigo.planner.export import names, today
from mobigo.planner.export.journeys import spot_notes
from mobigo.planner.model import By, Endpoint, Journey, Leg, Ride, Spot, Walk

METRES_SHOWN = 5  # of an instruction: fewer would read "0 m"
PHONE, DRIVER = 2, 3  # GTFS pickup_type


@dataclass(frozen=True)
class Stopping:
    """A stop on the way, with its local time."""

    name: str
    at: datetime
    place: str
    platform: str = ""
    planned_at: datetime | None = None  # when that is another minute
    planned_platform: str = ""  # when it is another platform
    is_on_time: bool = False  # realtime says so
    is_cancelled: bool = False


@dataclass(frozen=True)
class ShownLeg:
    """A leg, on board (`line` is set) or on foot."""

    start: Stopping
    end: Stopping
    duration_s: int
    line: names.Line | None = None
    mode: str = ""
    headsign: str = ""
    number: str = ""
    between: tuple[Stopping, ...] = ()
    distance_m: int = 0
    notes: tuple[str, ...] = ()
    wait_s: int = 0  # before this leg
    directions: tuple[tuple[str, int], ...] = ()  # on foot: an instruction, the metres it holds
    along_streets: bool = False  # some instruction is of a street
    way: str = ""  # along streets: how long, how, how far
    is_own: bool = False  # by a vehicle of one's own
    stays: str = ""  # the id of the stop where a vehicle of one's own is left
    park: str = ""  # the car park where a car is left


def legs_of(
    live: LiveNetwork, journey: Journey, origin: Endpoint, destination: Endpoint, zone: ZoneInfo
) -> tuple[ShownLeg, ...]:
    """The legs, each with the wait before it."""
    out = []
    before: Leg | None = None
    for leg in journey.legs:
        wait_s = int((leg.depart_at - before.arrive_at).total_seconds()) if before is not None else 0
        if isinstance(leg, Ride):
            out.append(_ride(live, leg, zone, wait_s))
        else:
            out.append(_walk(live, leg, origin, destination, zone, wait_s))
        before = leg
    return tuple(out)


def _ride(live: LiveNetwork, ride: Ride, zone: ZoneInfo, wait_s: int) -> ShownLeg:
    timetable = live.timetable
    trip = names.first_trip(ride)
    line = names.lines_of(live)[int(timetable.trip_route[trip])]
    first, last = ride.visits[0], ride.visits[-1]
    position = names.boarding_position(timetable, trip, first.stop, last.stop)
    calls, left_out = today.ride_calls(live, ride), today.skipped(live, ride)
    starts = today.status_of(live, *calls[0], first.stop, first.depart_at)
    ends = today.status_of(live, *calls[-1], last.stop, last.arrive_at, arriving=True)
    notes = _notes(live, ride, line, trip, position, zone)
    if starts.is_added:
        notes = (_("Course ajoutée aujourd’hui."), *notes)
    if left_out:
        where = ", ".join(timetable.stop_name[ride.visits[n].stop] for n in sorted(left_out))
        notes = (_("Ne s’arrête pas aujourd’hui à : %(stops)s.") % {"stops": where}, *notes)
    return ShownLeg(
        start=stopping(live, first.stop, first.depart_at, zone, starts),
        end=stopping(live, last.stop, last.arrive_at, zone, ends),
        duration_s=int((ride.arrive_at - ride.depart_at).total_seconds()),
        line=line,
        mode=mode_word(line.route_type),
        headsign=names.headsign(timetable, trip, position),
        number=names.train_number(timetable, trip),
        between=tuple(
            stopping(live, visit.stop, visit.arrive_at, zone)
            for n, visit in enumerate(ride.visits[1:-1], 1)
            if n not in left_out
        ),
        notes=notes,
        wait_s=wait_s,
    )


def _notes(
    live: LiveNetwork, ride: Ride, line: names.Line, trip: int, position: int, zone: ZoneInfo
) -> tuple[str, ...]:
    timetable = live.timetable
    notes = []
    language = current_language()
    if ride.depart_at.astimezone(zone).date() != ride.service_day:
        notes.append(_("Horaire du service du %(day)s.") % {"day": formats.day(ride.service_day, language)})
    if ride.by_frequency:
        notes.append(_("Passe à intervalles réguliers : l’heure est indicative."))
    pickup = int(timetable.visit_flags[int(timetable.trip_visit_start[trip]) + position]) >> PICKUP_SHIFT & TYPE_MASK
    if pickup == PHONE:
        notes.append(
            _("Sur réservation : appelez le %(phone)s.") % {"phone": line.phone}
            if line.phone
            else _("Sur réservation auprès du transporteur.")
        )
    elif pickup == DRIVER:
        notes.append(_("Faites signe au conducteur."))
    if len(ride.trips) > 1:
        notes.append(_("Restez à bord : le véhicule change de numéro, pas vous."))
    wheelchair = int(timetable.trip_wheelchair[trip])
    if wheelchair == 1:
        notes.append(_("Véhicule accessible en fauteuil roulant."))
    elif wheelchair == 2:
        notes.append(_("Véhicule non accessible en fauteuil roulant."))
    return tuple(notes)


def _walk(
    live: LiveNetwork, walk: Walk, origin: Endpoint, destination: Endpoint, zone: ZoneInfo, wait_s: int
) -> ShownLeg:
    def end(spot: Spot | None, stop: int | None, door: Endpoint, at: datetime) -> Stopping:
        if spot is not None:
            return Stopping(spot.name, at.astimezone(zone), "")
        return Stopping(door.name, at.astimezone(zone), "") if stop is None else stopping(live, stop, at, zone)

    lasts_s = int((walk.arrive_at - walk.depart_at).total_seconds())
    left = walk.by in (By.BIKE, By.EBIKE, By.CAR) and walk.from_stop is None and walk.to_stop is not None
    return ShownLeg(
        start=end(walk.from_spot, walk.from_stop, origin, walk.depart_at),
        end=end(walk.to_spot, walk.to_stop, destination, walk.arrive_at),
        duration_s=lasts_s,
        distance_m=walk.distance_m,
        wait_s=wait_s,
        is_own=walk.by is not By.WALK,
        way=street_way(walk.by, lasts_s, walk.distance_m),
        stays=names.stop_id(live.timetable, walk.to_stop) if left and walk.to_stop is not None else "",
        park=walk.to_spot.id if walk.by is By.CAR and walk.to_spot is not None else "",
        directions=tuple(
            (sentence(each.what), each.length_m if each.length_m >= METRES_SHOWN else 0) for each in walk.directions
        ),
        along_streets=any(each.what.code.startswith("streets.") for each in walk.directions),
        notes=tuple(map(sentence, spot_notes(walk))) if walk.by in (By.SHARED, By.CAR) else (),
    )


def stopping(
    live: LiveNetwork, stop: int, at: datetime, zone: ZoneInfo, status: today.Status = today.NOTHING
) -> Stopping:
    """A stop with its local time and the id of its page; and what realtime changes of it."""
    timetable = live.timetable
    return Stopping(
        timetable.stop_name[stop],
        at.astimezone(zone),
        names.stop_id(timetable, stop),
        timetable.stop_platform[stop],
        status.planned_at.astimezone(zone) if status.is_moved and status.planned_at is not None else None,
        timetable.stop_platform[status.planned_stop] if status.planned_stop is not None else "",
        status.is_expected and status.planned_at is not None and not status.is_moved,
    )


def street_way(by: By, lasts_s: int, distance_m: int) -> str:
    """Along streets: how long, how, how far."""
    language = current_language()
    return f"{formats.duration(lasts_s, language)} {names.street_word(by)}, {formats.distance(distance_m, language)}"


def mode_word(route_type: int) -> str:
    """The vehicle in one word."""
    if route_type == 1:
        return _("Métro")
    words = {
        Mode.RAIL: _("Train"),
        Mode.URBAN_RAIL: _("Tram"),
        Mode.COACH: _("Car"),
        Mode.BUS: _("Car ou bus"),
        Mode.ON_DEMAND: _("À la demande"),
    }
    return words.get(mode_of(route_type), _("Ligne"))
