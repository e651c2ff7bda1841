"""Answers to text messages: a stop, by its code or its name, gives its next departures. Nothing of what was asked is
repeated: an answer holds the timetable's own words."""

from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from mobigo.infra import formats
from mobigo.infra.i18n import current_language
from mobigo.infra.i18n import gettext as _
from mobigo.network.engine.boards import BoardIndex, next_departures
from mobigo.network.engine.placenames import fold
from mobigo.network.engine.places import PlaceIndex
from mobigo.network.model.live import LiveNetwork
from mobigo.network.model.places import Place
from mobigo.network.model.timetable import Timetable
from mobigo.planner.export import names, today
from mobigo.planner.export.sms import TWO_PARTS, cut

TEXT_MAX = 160  # what one message holds; the rest is not read
DEPARTURES = 6
CHOICES = 4


def answer(live: LiveNetwork, places: PlaceIndex, boards: BoardIndex, text: str, now: datetime) -> str:
    """What is answered to a message, two parts at most."""
    asked = " ".join(text[:TEXT_MAX].split())
    if not asked:
        return cut(_help(), TWO_PARTS)
    stops = live.derived("planner.stop_codes", _by_code, lasting=True).get(asked.casefold())
    if stops is not None:
        return cut(_board(live, boards, str(live.timetable.stop_name[stops[0]]), stops, now), TWO_PARTS)
    place, others = places.resolve(asked)
    if place is not None and place.stops:
        return cut(_board(live, boards, place.name, place.stops, now), TWO_PARTS)
    near = [each.place for each in others if each.place.stops]
    if len(near) == 1:
        return cut(_board(live, boards, near[0].name, near[0].stops, now), TWO_PARTS)
    if near:
        return cut(_choice(live, near[:CHOICES]), TWO_PARTS)
    return cut(_help(), TWO_PARTS)


def _by_code(table: Timetable) -> dict[str, tuple[int, ...]]:
    """The stops of each code that riders read at the stop."""
    out: dict[str, list[int]] = {}
    for row, code in enumerate(table.stop_code):
        if code:
            out.setdefault(code.casefold(), []).append(row)
    for rows in list(out.values()):
        rows += [row for row, parent in enumerate(table.stop_parent.tolist()) if parent in rows and row not in rows]
    return {code: tuple(rows) for code, rows in out.items()}


def _help() -> str:
    return _("Envoyez le code de l’arrêt, ou son nom et sa commune : vous recevrez ses prochains départs.")


def _choice(live: LiveNetwork, places: Sequence[Place]) -> str:
    codes = (str(live.timetable.stop_code[place.stops[0]]) for place in places)
    said = [f"{place.name} ({code})" if code else _full(place) for place, code in zip(places, codes, strict=True)]
    return _("Quel arrêt ? Renvoyez l’un de ceux-ci : %(stops)s", stops=" / ".join(said))


def _full(place: Place) -> str:
    """The name, with its surroundings where it does not say them."""
    alone = not place.context or fold(place.context) in fold(place.name)
    return place.name if alone else f"{place.name}, {place.context}"


def _board(live: LiveNetwork, boards: BoardIndex, name: str, stops: Sequence[int], now: datetime) -> str:
    zone, language = ZoneInfo(live.timetable.zone), current_language()
    found = next_departures(boards, stops, now, DEPARTURES)
    last = max((each.depart_at for each in found), default=now)
    gone = {each for each, _unserved in today.unserved_departures(live, stops, now, last)}
    rows, day = [f"{name}:"], now.astimezone(zone).date()
    for each in sorted([*found, *gone], key=lambda one: one.depart_at):
        at = each.depart_at.astimezone(zone)
        if at.date() != day:
            day = at.date()
            rows.append(f"{formats.day(day, language)}:")
        line = names.lines_of(live)[int(live.timetable.trip_route[each.trip])]
        towards = names.headsign(live.timetable, each.trip, each.position)
        said = f"{at:%H:%M} {line.label} {towards}"
        status = today.status_of(live, each.trip, each.position, each.stop, each.depart_at)
        if each in gone:
            said += " " + _("supprimé")
        elif status.is_moved and status.planned_at is not None:
            said += " " + _("(prévu %(hour)s)", hour=f"{status.planned_at.astimezone(zone):%H:%M}")
        rows.append(said)
    if len(rows) == 1:
        rows.append(_("aucun départ dans les sept jours."))
    return "\n".join(rows)
