"""An answer as a person reads it on a terminal."""

from collections.abc import Sequence
from datetime import timedelta
from itertools import zip_longest
from zoneinfo import ZoneInfo

from mobigo.infra.formats import amount, day, duration, hour
from mobigo.infra.i18n import gettext as _
from mobigo.infra.i18n import sentence
from mobigo.network.model.live import LiveNetwork
from mobigo.planner.export.emissions import emission_words
from mobigo.planner.export.names import street_word
from mobigo.planner.export.on_demand import book_by_words
from mobigo.planner.export.today import ride_calls, status_of
from mobigo.planner.model import Answer, CarpoolWay, Journey, OnDemandWay, Price, Ride
from mobigo.planner.rules.ways import services_of
from mobigo.planner.web.shown import age_words, cancelled_words


def told(live: LiveNetwork, answer: Answer) -> str:
    """The answer as a person reads it."""
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


def _price(price: Price) -> Sequence[str]:
    if price.total is None:
        return [f"  {_('prix inconnu')}", *(f"    {sentence(each)}" for each in price.why_unknown)]
    total = _("%(amount)s, une personne adulte sans carte") % {"amount": amount(price.total)}
    said = [*(each.reason for each in price.lines), *price.notes, *price.offers]
    return [f"  {total}", *(f"    {sentence(each)}" for each in said)]


def _carpool(live: LiveNetwork, way: CarpoolWay, zone: ZoneInfo) -> Sequence[str]:
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


def _wins(way: CarpoolWay | OnDemandWay) -> Sequence[str]:
    """What it wins over the journeys of the timetable."""
    return [f"  {' · '.join(sentence(each) for each in way.why)}"] if way.why else []


def _on_demand(live: LiveNetwork, way: OnDemandWay, answer: Answer, zone: ZoneInfo) -> Sequence[str]:
    leaves, arrives = way.leave_at.astimezone(zone), way.arrive_at.astimezone(zone)
    price = _("prix inconnu") if way.total is None else amount(way.total)
    out = [f"{day(leaves)} {hour(leaves)} → {hour(arrives)}  {_('transport à la demande')}, {price}", *_wins(way)]
    for each in services_of(way):
        out += [] if each.before is None else _journey(live, each.before, zone)
        out += _service(each, answer, zone)
        out += [] if each.after is None else _journey(live, each.after, zone)
    return out


def _service(way: OnDemandWay, answer: Answer, zone: ZoneInfo) -> Sequence[str]:
    """One service: from where to where, when, and until when it is booked."""
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


def _journey(live: LiveNetwork, journey: Journey, zone: ZoneInfo) -> Sequence[str]:
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


def _otherwise(live: LiveNetwork, ride: Ride, zone: ZoneInfo) -> str:
    """The planned hour, where realtime says another."""
    first = ride.visits[0]
    status = status_of(live, *ride_calls(live, ride)[0], first.stop, first.depart_at)
    if status.planned_at is None or not status.is_moved:
        return ""
    return "  " + _("(prévu à %(hour)s)") % {"hour": hour(status.planned_at.astimezone(zone))}


def _ride(live: LiveNetwork, ride: Ride) -> str:
    timetable = live.timetable
    names = [timetable.stop_name[visit.stop] for visit in (ride.visits[0], ride.visits[-1])]
    trip = ride.trips[0][0]
    route = int(timetable.trip_route[trip])
    line = timetable.route_short_name[route] or timetable.route_long_name[route]
    return f"{line} : {names[0]} → {names[1]}"
