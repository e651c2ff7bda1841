"""A journey as an iCalendar file (RFC 5545): one event for the whole journey, its legs in the description."""

from datetime import datetime

from mobigo.infra import formats
from mobigo.infra.i18n import current_language
from mobigo.infra.i18n import gettext as _
from mobigo.network.model.live import LiveNetwork
from mobigo.planner.export import names
from mobigo.planner.export.journeys import endpoint_position, journey_id
from mobigo.planner.model import Endpoint, Journey, Ride


def journey_calendar(
    live: LiveNetwork, journey: Journey, origin: Endpoint, destination: Endpoint, now: datetime, address: str
) -> bytes:
    """The file. `now` (aware) stamps it; `address` is the page of the journey. Times are in UTC: right in any zone."""
    from icalendar import Calendar, Event  # a tenth of a second, for one page

    calendar = Calendar()
    calendar.add("prodid", "-//Mobigo//Bourgogne-Franche-Comte//FR")
    calendar.add("version", "2.0")
    calendar.add("calscale", "GREGORIAN")
    event = Event()
    event.add("uid", f"{journey_id(live.timetable, journey)}@mobigo")
    event.add("dtstamp", now)
    event.add("dtstart", journey.depart_at)
    event.add("dtend", journey.arrive_at)
    event.add("summary", f"{origin.name} → {destination.name}")
    event.add("location", origin.name)
    event.add("description", "\n".join([*journey_lines(live, journey, destination), "", address]))
    event.add("url", address)
    event.add("transp", "OPAQUE")
    position = endpoint_position(live, origin)
    if position is not None:
        event.add("geo", (position[1], position[0]))
    calendar.add_component(event)
    return bytes(calendar.to_ical())


def journey_lines(live: LiveNetwork, journey: Journey, destination: Endpoint) -> list[str]:
    """A journey in words, one line a leg, in the language being read."""
    timetable = live.timetable
    language = current_language()
    out = []
    for leg in journey.legs:
        leaves, arrives = formats.hour(leg.depart_at, language), formats.hour(leg.arrive_at, language)
        if isinstance(leg, Ride):
            trip = names.first_trip(leg)
            line = names.lines_of(live)[int(timetable.trip_route[trip])]
            out.append(
                _("%(leaves)s %(start)s, ligne %(line)s vers %(headsign)s, arrivée %(arrives)s %(end)s")
                % {
                    "leaves": leaves,
                    "start": timetable.stop_name[leg.visits[0].stop],
                    "line": line.label,
                    "headsign": names.headsign(timetable, trip),
                    "arrives": arrives,
                    "end": timetable.stop_name[leg.visits[-1].stop],
                }
            )
        else:
            door = leg.to_spot.name if leg.to_spot else destination.name
            end = door if leg.to_stop is None else timetable.stop_name[leg.to_stop]
            out.append(
                _("%(leaves)s %(how)s jusqu’à %(end)s, %(distance)s")
                % {
                    "leaves": leaves,
                    "how": names.street_word(leg.by),
                    "end": end,
                    "distance": formats.distance(leg.distance_m, language),
                }
            )
    return out
