"""Timetables on paper: the poster of a stop (hours down, days across), the pocket sheet of a line (stops down, trips
across). What does not run all the days of a column bears a letter, and the letter is said below."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Final

from mobigo.base.decisions import Decision
from mobigo.base.servicetime import DAY_S
from mobigo.infra.formats import NBSP, day
from mobigo.infra.i18n import current_language, sentence
from mobigo.infra.i18n import gettext as _
from mobigo.infra.pdf import compiled, escaped, table
from mobigo.network.engine.boards import BoardIndex, days_of, routes_at
from mobigo.network.engine.lines import Direction, directions_of, trips_of_line
from mobigo.network.model.live import LiveNetwork
from mobigo.network.model.timetable import PICKUP_SHIFT, TYPE_MASK, Timetable
from mobigo.planner.export import names
from mobigo.planner.rules.periods import Calendar, Column, Runs, runs_of

DAYS_MAX: Final = 120  # a poster is good for so long at most
COLUMNS_A4: Final = 11  # trips beside one another on a pocket sheet
SIZES_PT: Final = {"a4": 10.0, "a3": 14.0}
PHONE, DRIVER = 2, 3  # GTFS pickup_type


@dataclass
class Letters:
    """Letters given to sentences in the order they come."""

    of: dict[str, str] = field(default_factory=dict)

    def __call__(self, words: str) -> str:
        if words not in self.of:
            number = len(self.of)
            self.of[words] = chr(ord("a") + number % 26) * (1 + number // 26)
        return self.of[words]

    def said(self) -> list[str]:
        """What each letter means."""
        return [f"{letter}{NBSP}: {words}" for words, letter in self.of.items()]


def window(timetable: Timetable, today: date) -> tuple[date, ...]:
    """The days a poster made today is good for: as far as the timetable goes, some months at most; none when it is
    over."""
    first = max(today, timetable.first_day)
    last = min(timetable.last_day, first + timedelta(days=DAYS_MAX - 1))
    return tuple(first + timedelta(days=n) for n in range((last - first).days + 1))


class _Days:
    """The days of each set of days of the timetable, within those of the poster; found once."""

    def __init__(self, timetable: Timetable, calendar: Calendar) -> None:
        self.timetable, self.calendar = timetable, calendar
        self._found: dict[tuple[tuple[int, ...], int], list[Runs]] = {}

    def __call__(self, days_rows: Sequence[int], later: int) -> list[Runs]:
        """The columns of sets of service days taken together; `later`: how many midnights after the service day it
        leaves."""
        key = (tuple(days_rows), later)
        if key not in self._found:
            first, flags = self.timetable.first_day, days_of(self.timetable, days_rows)
            on = [first + timedelta(days=int(bit) + later) for bit in flags.nonzero()[0]]
            wanted = set(self.calendar.days)
            self._found[key] = runs_of([each for each in on if each in wanted], self.calendar)
        return self._found[key]


# ---------------------------------------------------------------- the poster of a stop


@dataclass(frozen=True, slots=True)
class _Leaving:
    """A departure of a poster: minutes after midnight, and the letters beside it."""

    at_min: int
    letters: str


def stop_poster(
    live: LiveNetwork, index: BoardIndex, stops: Sequence[int], name: str, calendar: Calendar, made_at: datetime, *,
    paper: str = "a4", more: str = "",
) -> bytes:  # fmt: skip
    """The poster of a stop, a section a line and direction. `more`: where to ask, in a sentence."""
    title = _("Horaires à %(stop)s", stop=name)
    parts = [f"= {escaped(name)}", escaped(_validity(calendar.days))]
    language = current_language()
    sections = _sections(live, index, stops, calendar)
    for (line, towards), (columns, letters) in sections.items():
        words = _("Ligne %(line)s vers %(place)s", line=line.label, place=towards)
        parts.append(f"== {escaped(words)}")
        if line.long_name or line.agency:
            parts.append(escaped(" · ".join(part for part in (line.long_name, line.agency) if part)))
        parts.append(_hours(columns))
        parts += [escaped(each) for each in letters.said()]
    if not sections:
        parts.append(escaped(_("Aucun départ n’est connu pour ces jours.")))
    parts.append(escaped(_("Les jours fériés, lisez la colonne du dimanche.")))
    parts += [escaped(each) for each in (more, _("Établi le %(day)s.", day=day(made_at, language, year=True))) if each]
    return compiled(
        title, "\n\n".join(parts), made_at, language=language, paper=paper, size_pt=SIZES_PT[paper]
    )  # fmt: skip


def _validity(days: Sequence[date]) -> str:
    language = current_language()
    first, last = day(days[0], language, year=True), day(days[-1], language, year=True)
    return _("Valable du %(first)s au %(last)s.", first=first, last=last)


_Sections = dict[tuple[names.Line, str], tuple[dict[Column, list[_Leaving]], Letters]]


def _sections(live: LiveNetwork, index: BoardIndex, stops: Sequence[int], calendar: Calendar) -> _Sections:
    """The departures by line and direction, lines in the order of the timetable, directions by name."""
    timetable, lines, days = live.timetable, names.lines_of(live), _Days(live.timetable, calendar)
    # by line and direction: the sets of days of what leaves alike, so that two trips that share the week are one hour
    found: dict[tuple[int, str], dict[tuple[int, int, bool], set[int]]] = defaultdict(lambda: defaultdict(set))
    visits = index.visits_at(stops)
    for visit, trip in zip(visits.tolist(), index.trips_of(visits).tolist(), strict=True):
        towards = names.headsign(timetable, trip, visit - int(timetable.trip_visit_start[trip]))
        pickup = int(timetable.visit_flags[visit]) >> PICKUP_SHIFT & TYPE_MASK
        for shift_s, by_frequency in index.shifts(trip):
            leaves_s = int(timetable.visit_depart_s[visit]) + shift_s
            alike = found[int(timetable.trip_route[trip]), towards][leaves_s, pickup, by_frequency]
            alike.add(int(timetable.trip_days[trip]))
    out: _Sections = {}
    for route, towards in sorted(found, key=lambda key: (routes_at(index, stops).index(key[0]), key[1])):
        letters = Letters()
        columns: dict[Column, list[_Leaving]] = {column: [] for column in Column}
        for (leaves_s, pickup, by_frequency), days_rows in sorted(found[route, towards].items()):
            for runs in days(sorted(days_rows), leaves_s // DAY_S):
                said = _letters(letters, runs.note, pickup, by_frequency=by_frequency)
                columns[runs.column].append(_Leaving(leaves_s % DAY_S // 60, said))
        if any(columns.values()):
            out[lines[route], towards] = (columns, letters)
    return out


def _letters(letters: Letters, note: Decision | None, pickup: int, *, by_frequency: bool) -> str:
    out = [letters(note_words(note))] if note is not None else []
    if pickup == PHONE:
        out.append(letters(_("Sur réservation.")))
    elif pickup == DRIVER:
        out.append(letters(_("Faites signe au conducteur.")))
    if by_frequency:
        out.append(letters(_("Passe à intervalles réguliers : heure indicative.")))
    return " ".join(out)


def _hours(columns: dict[Column, list[_Leaving]]) -> str:
    """One row an hour; in each column its minutes, in order. Columns without any departure are left out."""
    kept = [column for column in Column if columns[column]]
    titles = {
        Column.WEEK: _("Lundi à vendredi"),
        Column.SATURDAY: _("Samedi"),
        Column.SUNDAY: _("Dimanche et jours fériés"),
    }
    hours = sorted({each.at_min // 60 for column in kept for each in columns[column]})
    rows = []
    for hour in hours:
        cells = []
        for column in kept:
            here = sorted(
                (each for each in columns[column] if each.at_min // 60 == hour), key=lambda e: (e.at_min, e.letters)
            )
            cells.append(
                "   ".join(f"{each.at_min % 60:02d}{NBSP + each.letters if each.letters else ''}" for each in here)
            )
        rows.append([f"{hour}{NBSP}h", *(cell or "–" for cell in cells)])
    return table([_("Heure"), *(titles[column] for column in kept)], rows, wide=1)


def note_words(note: Decision) -> str:
    """A note in words, days by name."""
    language = current_language()
    params = dict(note.params)
    if "days" in params:
        params["days"] = _weekdays(params["days"], language)  # type: ignore[arg-type]  # weekdays, as `periods` gives them
    if "dates" in params:
        dates: tuple[date, ...] = params["dates"]  # type: ignore[assignment]  # days, as `periods` gives them
        params["dates"] = ", ".join(day(each, language) for each in dates)
    return sentence(Decision(note.code, **params))


def _weekdays(numbers: Sequence[int], language: str) -> str:
    """ "mercredi", "lundi, mardi et jeudi": a day of 2024 that began on a Monday names each."""
    said = [day(date(2024, 1, 1) + timedelta(days=number), language).split(" ")[0] for number in numbers]
    return said[0] if len(said) == 1 else _("%(first)s et %(last)s") % {"first": ", ".join(said[:-1]), "last": said[-1]}


# ---------------------------------------------------------------- the pocket sheet of a line


def line_sheet(
    live: LiveNetwork, index: BoardIndex, line: names.Line, calendar: Calendar, made_at: datetime, *, more: str = ""
) -> bytes:
    """The pocket sheet of a line: both directions, every trip of the period once, with the days it runs."""
    timetable, days = live.timetable, _Days(live.timetable, calendar)
    trips = [trip for trip in trips_of_line(timetable, [line.row]) if days([int(timetable.trip_days[trip])], 0)]
    language = current_language()
    title = _("Ligne %(line)s", line=line.label)
    parts = [
        f"= {escaped(' '.join(part for part in (title, line.long_name) if part))}",
        escaped(_validity(calendar.days)),
    ]
    if line.agency:
        parts.append(escaped(" · ".join(part for part in (line.agency, line.phone) if part)))
    for direction in directions_of(index, trips, calendar.days[0]):
        parts += _direction(timetable, direction, days)
    if not trips:
        parts.append(escaped(_("Cette ligne ne circule pas ces jours-là.")))
    parts += [escaped(each) for each in (more, _("Établi le %(day)s.", day=day(made_at, language, year=True))) if each]
    return compiled(title, "\n\n".join(parts), made_at, language=language, landscape=True, size_pt=9)


def _direction(timetable: Timetable, direction: Direction, days: _Days) -> list[str]:
    letters = Letters()
    rows = [str(timetable.stop_name[stop]) for stop in direction.rows]
    parts = [f"== {escaped(_('De %(start)s à %(end)s') % {'start': rows[0], 'end': rows[-1]})}"] if rows else []
    for first in range(0, len(direction.columns), COLUMNS_A4):
        columns = direction.columns[first : first + COLUMNS_A4]
        heads = [letters(_days_words(days([int(timetable.trip_days[each.trip])], 0))) for each in columns]
        body = []
        for number, name in enumerate(rows):
            cells = [column.cells[number] for column in columns]
            if any(cell is not None for cell in cells):
                body.append([name, *("–" if cell is None else _clock(cell.depart_s) for cell in cells)])
        parts.append(table([_("Arrêt"), *heads], body, right=range(1, len(columns) + 1), wide=0))
    return [*parts, *(escaped(each) for each in letters.said())]


def _clock(time_s: int) -> str:
    hour, minute = time_s // 3600 % 24, time_s // 60 % 60
    return f"{hour}:{minute:02d}" if current_language() == "en" else f"{hour}{NBSP}h{NBSP}{minute:02d}"


def _days_words(runs: Sequence[Runs]) -> str:
    """The days of a trip in one sentence: its columns, each with its note."""
    titles = {
        Column.WEEK: _("Du lundi au vendredi"),
        Column.SATURDAY: _("Le samedi"),
        Column.SUNDAY: _("Les dimanches et jours fériés"),
    }
    if len(runs) == len(Column) and all(each.note is None for each in runs):
        return _("Tous les jours.")
    return " ".join(
        f"{titles[each.column]}." if each.note is None else f"{titles[each.column]}{NBSP}: {note_words(each.note)}"
        for each in runs
    )
