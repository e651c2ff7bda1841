"""Journeys, boards and lines as pages show them: plain values, words chosen, nothing left for a template to compute."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from zoneinfo import ZoneInfo

from mobigo.infra import formats
from mobigo.infra.i18n import current_language, ngettext, sentence
from mobigo.infra.i18n import gettext as _
from mobigo.network.model.live import LiveNetwork
from mobigo.network.model.places import Mode, mode_of
from mobigo.network.model.timetable import PICKUP_SHIFT, TYPE_MASK
from mobigo.network.model.today import Notice
from mobigo.planner.export import names, today
from mobigo.planner.export.emissions import emission_fact, emission_words
from mobigo.planner.export.journeys import journey_id, spot_notes
from mobigo.planner.model import (
    Answer,
    By,
    Emission,
    Endpoint,
    Journey,
    Leg,
    Price,
    Ride,
    Spot,
    Walk,
)

WAIT_S_SHOWN = 180  # a shorter wait is part of the change
METRES_SHOWN = 5  # of an instruction: fewer would read "0 m"
PHONE, DRIVER = 2, 3  # GTFS pickup_type


@dataclass(frozen=True)
class Segment:
    """A piece of the bar: its kind (`ride`, `walk`, `wait`), its share of the whole (1–100), what is written on it."""

    kind: str
    share: int
    text: str
    line: names.Line | None = None


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
class ShownNotice:
    """What is said to travellers: a title, and more."""

    title: str
    text: str
    url: str = ""


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


@dataclass(frozen=True)
class ShownPrice:
    """A price in words: what it is (or that it is unknown), its lines (amount, sentence), what is said beside."""

    text: str
    is_known: bool
    lines: tuple[tuple[str, str], ...]
    said: tuple[str, ...]
    offers: tuple[str, ...]
    buy: str
    compare: str
    own: tuple[str, ...] = ()  # what one's own passes cover, which caps are reached


def shown_price(price: Price | None) -> ShownPrice | None:
    """A price in words; None where there is nothing to pay."""
    if price is None:
        return None
    language = current_language()
    return ShownPrice(
        _headline(price, language),
        price.total is not None,
        tuple((formats.amount(line.amount, language), sentence(line.reason)) for line in price.lines),
        tuple(sentence(each) for each in (*price.why_unknown, *price.notes)),
        tuple(sentence(each) for each in price.offers),
        price.buy,
        price.compare,
        tuple(sentence(each) for each in price.own),
    )


def _headline(price: Price, language: str) -> str:
    if price.total is not None:
        amount = formats.amount(price.total, language)
        return _("%(amount)s de plus", amount=amount) if price.own else amount
    if price.between is None:
        return _("prix inconnu")
    least, most = (formats.amount(each, language) for each in price.between)
    return _("entre %(least)s et %(most)s", least=least, most=most)


@dataclass(frozen=True)
class ShownJourney:
    """One option."""

    id: str
    depart_at: datetime
    arrive_at: datetime
    duration_s: int
    why: tuple[str, ...]
    segments: tuple[Segment, ...]
    facts: tuple[str, ...]
    legs: tuple[ShownLeg, ...]
    days_later: int
    spoken: str
    calls: tuple[str, ...] = field(default=())
    changes: tuple[str, ...] = ()  # what becomes of who misses one
    price: ShownPrice | None = None
    emissions: tuple[str, ...] = ()
    notices: tuple[ShownNotice, ...] = ()


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


def shown_journey(
    live: LiveNetwork,
    journey: Journey,
    origin: Endpoint,
    destination: Endpoint,
    zone: ZoneInfo,
    price: Price | None = None,
    emission: Emission | None = None,
) -> ShownJourney:
    """A journey as an option of the list."""
    legs = _legs(live, journey, origin, destination, zone)
    depart_at, arrive_at = journey.depart_at.astimezone(zone), journey.arrive_at.astimezone(zone)
    duration_s = int((journey.arrive_at - journey.depart_at).total_seconds())
    return ShownJourney(
        id=journey_id(live.timetable, journey),
        depart_at=depart_at,
        arrive_at=arrive_at,
        duration_s=duration_s,
        why=tuple(sentence(reason) for reason in journey.why),
        segments=_segments(legs, duration_s),
        facts=(*_facts(live, journey), *(() if emission is None else (emission_fact(emission),))),
        legs=legs,
        days_later=(arrive_at.date() - depart_at.date()).days,
        spoken=_spoken(legs),
        calls=_numbers_to_call(live, journey),
        price=shown_price(price),
        emissions=() if emission is None else tuple(emission_words(emission)),
        notices=shown_notices(today.journey_notices(live, journey)),
    )


def shown_notices(found: Sequence[Notice]) -> tuple[ShownNotice, ...]:
    """Alerts in words, each text once."""
    language = current_language()
    out = {}
    for each in found:
        alert = each.alert
        title = today.text_of(alert.header, language)
        out[title] = ShownNotice(title, today.text_of(alert.description, language), today.text_of(alert.url, language))
    return tuple(out.values())


def age_words(live: LiveNetwork) -> str:
    """How old realtime is, in words; empty where there is none."""
    age = today.age_of(live)
    return "" if age is None else sentence(age)


def cancelled_words(live: LiveNetwork, answer: Answer, zone: ZoneInfo) -> list[str]:
    """What does not run of what the timetable promises, and what comes next."""
    language = current_language()
    out = []
    for journey in answer.cancelled:
        missed = next(ride for ride in journey.rides if today.is_missed(live, ride))
        line = names.lines_of(live)[int(live.timetable.trip_route[names.first_trip(missed)])]
        at, stop = missed.depart_at.astimezone(zone), live.timetable.stop_name[missed.visits[0].stop]
        words = {"hour": formats.hour(at, language), "line": line.label, "stop": stop}
        later = [each for each in answer.journeys if each.rides and each.depart_at >= journey.depart_at]
        if later:
            words["next"] = formats.hour(min(each.depart_at for each in later).astimezone(zone), language)
            out.append(
                _("Le départ de %(hour)s de la ligne %(line)s à %(stop)s est supprimé. Le suivant : %(next)s.") % words
            )
        else:
            out.append(_("Le départ de %(hour)s de la ligne %(line)s à %(stop)s est supprimé.") % words)
    return list(dict.fromkeys(out))


def _legs(
    live: LiveNetwork, journey: Journey, origin: Endpoint, destination: Endpoint, zone: ZoneInfo
) -> tuple[ShownLeg, ...]:
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
        way=_way(walk.by, lasts_s, walk.distance_m),
        stays=names.stop_id(live.timetable, walk.to_stop) if left and walk.to_stop is not None else "",
        park=walk.to_spot.id if walk.by is By.CAR and walk.to_spot is not None else "",
        directions=tuple(
            (sentence(each.what), each.length_m if each.length_m >= METRES_SHOWN else 0) for each in walk.directions
        ),
        along_streets=any(each.what.code.startswith("streets.") for each in walk.directions),
        notes=tuple(map(sentence, spot_notes(walk))) if walk.by in (By.SHARED, By.CAR) else (),
    )


def _way(by: By, lasts_s: int, distance_m: int) -> str:
    language = current_language()
    return f"{formats.duration(lasts_s, language)} {names.street_word(by)}, {formats.distance(distance_m, language)}"


def _segments(legs: Sequence[ShownLeg], duration_s: int) -> tuple[Segment, ...]:
    """The bar, in proportion. What is under a hundredth of the whole is a hundredth, or nothing when it is waiting."""
    whole = max(duration_s, 1)
    out = []
    for leg in legs:
        share = max(1, min(100, round(100 * leg.duration_s / whole)))
        wait = round(100 * leg.wait_s / whole)
        if leg.wait_s >= WAIT_S_SHOWN and wait >= 2:
            out.append(Segment("wait", wait, ""))
        if leg.line is not None:
            out.append(Segment("ride", share, leg.line.label, leg.line))
        elif leg.duration_s >= 60:
            out.append(Segment("walk", share, f"{round(leg.duration_s / 60)}′"))
    return tuple(out)


def _facts(live: LiveNetwork, journey: Journey) -> tuple[str, ...]:
    language = current_language()
    facts = []
    if journey.rides:
        facts.append(changes_word(journey.change_count))
    walks = [leg for leg in journey.legs if isinstance(leg, Walk) and leg.by is By.WALK]
    owned = [leg for leg in journey.legs if isinstance(leg, Walk) and leg.by is not By.WALK]
    facts += [_way(leg.by, int((leg.arrive_at - leg.depart_at).total_seconds()), leg.distance_m) for leg in owned]
    walk_s = sum(int((walk.arrive_at - walk.depart_at).total_seconds()) for walk in walks)
    if walk_s >= 60:
        shown = formats.duration(walk_s, language)
        facts.append(
            _("%(time)s à pied (%(distance)s)")
            % {"time": shown, "distance": formats.distance(journey.walk_m, language)}
        )
    else:
        facts.append(_("sans marche"))
    trips = [names.first_trip(ride) for ride in journey.rides]
    if trips and all(int(live.timetable.trip_wheelchair[trip]) == 1 for trip in trips):
        facts.append(_("accessible en fauteuil roulant"))
    return tuple(facts)


def changes_word(count: int) -> str:
    """ "sans changement", "1 changement", "2 changements"."""
    if count == 0:
        return _("sans changement")
    return ngettext("%(num)s changement", "%(num)s changements", count)


def _spoken(legs: Sequence[ShownLeg]) -> str:
    """The legs in one sentence, for who does not see the bar."""
    parts = []
    for leg in legs:
        if leg.line is not None:
            parts.append(
                _("%(mode)s %(line)s de %(start)s à %(end)s")
                % {"mode": leg.mode, "line": leg.line.label, "start": leg.start.name, "end": leg.end.name}
            )
        elif leg.duration_s >= 60:
            parts.append(
                _("%(way)s, jusqu’à %(end)s") % {"way": leg.way, "end": leg.end.name}
                if leg.is_own
                else _("%(time)s à pied jusqu’à %(end)s")
                % {"time": formats.duration(leg.duration_s, current_language()), "end": leg.end.name}
            )
    return _(", puis ").join(parts)


def _numbers_to_call(live: LiveNetwork, journey: Journey) -> tuple[str, ...]:
    """The operators of a journey with their telephone, for who prefers to ask."""
    found = {}
    for ride in journey.rides:
        line = names.lines_of(live)[int(live.timetable.trip_route[names.first_trip(ride)])]
        if line.phone:
            found[line.agency] = line.phone
    return tuple(agency + _(" : ") + phone for agency, phone in found.items())


def line_styles(lines: Sequence[names.Line]) -> str:
    """The style sheet of the colours on a page: one class a colour pair (`lc-rrggbb-rrggbb`)."""
    pairs = sorted({(line.colour, line.text_colour) for line in lines})
    return "".join(f".lc-{a}-{b}{{background:#{a};color:#{b}}}.lb-{a}-{b}{{background:#{a}}}" for a, b in pairs)
