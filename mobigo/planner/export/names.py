"""The ids and names of stops and lines as they leave: stable, and the same on pages, in the API and in calendars."""

from dataclasses import dataclass

from mobigo.infra.i18n import gettext as _
from mobigo.network.engine.placenames import fold
from mobigo.network.model.live import LiveNetwork
from mobigo.network.model.timetable import Timetable
from mobigo.planner.model import By, Ride
from mobigo.planner.rules.colours import readable


@dataclass(frozen=True, slots=True)
class Line:
    """A route as people know it. `label` is what a badge shows; `colour` and `text_colour` are readable together."""

    row: int
    id: str
    label: str
    long_name: str
    agency: str
    agency_id: str  # `feed:agency_id`; empty where the feed names none
    phone: str
    route_type: int
    colour: str
    text_colour: str


def stop_id(timetable: Timetable, stop: int) -> str:
    """The stable place id of a stop, or `feed:stop_id` where it has none."""
    return timetable.stop_place[stop] or feed_stop_id(timetable, stop)


def feed_stop_id(timetable: Timetable, stop: int) -> str:
    """`feed:stop_id`."""
    return f"{timetable.feed_name[int(timetable.stop_feed[stop])]}:{timetable.stop_id[stop]}"


def agency_id(timetable: Timetable, agency: int) -> str:
    """`feed:agency_id`."""
    return f"{timetable.feed_name[int(timetable.agency_feed[agency])]}:{timetable.agency_id[agency]}"


def lines_of(live: LiveNetwork) -> list[Line]:
    """Every route of the network; made once. What is derived from it is given it: `derived` is not entered twice."""
    return live.derived("planner.lines", _lines, lasting=True)


def line_rows(live: LiveNetwork) -> dict[str, int]:
    """The row of each line by its id; made once."""
    lines = lines_of(live)
    return live.derived("planner.line_rows", lambda _: {line.id: line.row for line in lines}, lasting=True)


def _lines(timetable: Timetable) -> list[Line]:
    out = []
    for row in range(len(timetable.route_id)):
        agency = int(timetable.route_agency[row])
        short, long = timetable.route_short_name[row], timetable.route_long_name[row]
        colour, text_colour = readable(timetable.route_color[row], timetable.route_text_color[row])
        out.append(
            Line(
                row=row,
                id=f"{timetable.feed_name[int(timetable.route_feed[row])]}:{timetable.route_id[row]}",
                label=short or long or timetable.route_id[row],
                long_name=long if short else "",
                agency=timetable.agency_name[agency] if agency >= 0 else "",
                agency_id=agency_id(timetable, agency) if agency >= 0 else "",
                phone=timetable.agency_phone[agency] if agency >= 0 else "",
                route_type=int(timetable.route_type[row]),
                colour=colour,
                text_colour=text_colour,
            )
        )
    return out


def headsign(timetable: Timetable, trip: int, position: int = 0) -> str:
    """Where a trip says it goes from its visit `position` on; its last stop when it says nothing but a number."""
    visit = int(timetable.trip_visit_start[trip]) + position
    own = int(timetable.visit_headsign[visit])
    said = str(timetable.headsign[own]) if own >= 0 else str(timetable.trip_headsign[trip])
    if said and not said.isdigit():
        return said
    return str(timetable.stop_name[int(timetable.visit_stop[int(timetable.trip_visit_start[trip + 1]) - 1])])


def train_number(timetable: Timetable, trip: int) -> str:
    """The number people read on the board, when the trip has one."""
    short = str(timetable.trip_short_name[trip])
    if short:
        return short
    said = str(timetable.trip_headsign[trip])
    return said if said.isdigit() else ""


def trip_id(timetable: Timetable, trip: int) -> str:
    """`feed:trip_id`."""
    return f"{timetable.feed_name[int(timetable.trip_feed[trip])]}:{timetable.trip_id[trip]}"


def first_trip(ride: Ride) -> int:
    """The trip a ride begins on."""
    return ride.trips[0][0]


def boarding_position(timetable: Timetable, trip: int, stop: int, last_stop: int | None = None) -> int:
    """The position at which a trip calls at `stop`; the last one before `last_stop` when it comes there twice."""
    first, last = int(timetable.trip_visit_start[trip]), int(timetable.trip_visit_start[trip + 1])
    calls = timetable.visit_stop[first:last].tolist()
    end = len(calls)
    if last_stop is not None and last_stop in calls:
        end = len(calls) - 1 - calls[::-1].index(last_stop)
    for position in range(end - 1, -1, -1):
        if calls[position] == stop:
            return position
    return calls.index(stop) if stop in calls else 0


def bare(agency: str) -> str:
    """The name of an operator as files of terms and factors are compared with it: folded, without what stands in
    brackets."""
    return fold(agency.partition("(")[0])


def street_word(by: By) -> str:
    """How one goes along the streets."""
    return {
        By.WALK: _("à pied"),
        By.BIKE: _("à vélo"),
        By.EBIKE: _("à vélo électrique"),
        By.ABOARD: _("à vélo, emporté à bord"),
        By.CAR: _("en voiture"),
        By.DROPPED: _("en voiture, on vous dépose"),
        By.FETCHED: _("en voiture, on vient vous chercher"),
        By.SHARED: _("en vélo en libre-service"),
    }[by]
