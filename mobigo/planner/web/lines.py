"""Lines: the list with its search, and the timetable of a line on a day, both ways."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from flask import render_template, request
from flask.typing import ResponseReturnValue

from mobigo.base.errors import NotFound
from mobigo.base.servicetime import DAY_S
from mobigo.infra.auth import public
from mobigo.infra.formats import NBSP
from mobigo.infra.forms import one_line
from mobigo.infra.i18n import current_language, ngettext
from mobigo.infra.i18n import gettext as _
from mobigo.network.engine.lines import Cell, Column, Direction, line_days, line_on, picks_up_only, sets_down_only
from mobigo.network.model.live import LiveNetwork
from mobigo.planner.export import names, today
from mobigo.planner.export.offered import lines_matching
from mobigo.planner.web import bp
from mobigo.planner.web.asked import read_day
from mobigo.planner.web.here import pinned, pinned_today
from mobigo.planner.web.legs import mode_word
from mobigo.planner.web.shown import line_styles, shown_notices

SHOWN_MAX = 60


@bp.get("/lignes")
@public
def lines() -> ResponseReturnValue:
    """Every line, or those a text names."""
    text = one_line(request.args.get("q", ""), 200)
    with pinned() as here:
        found = lines_matching(here.live, text)
        shown = found[:SHOWN_MAX]
        return render_template(
            "planner/lines.html",
            text=text,
            lines=shown,
            total=len(found),
            left_out=len(found) - len(shown),
            mode_word=mode_word,
            styles=line_styles(shown),
        )


@dataclass(frozen=True)
class ShownCell:
    """A time in a timetable: "8:05", and what must be said of it."""

    text: str
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class ShownColumn:
    """A trip of a timetable."""

    number: str
    headsign: str
    notes: tuple[str, ...]
    cells: tuple[ShownCell | None, ...]


@dataclass(frozen=True)
class ShownTable:
    """One direction. `notes` are the letters used, with their meaning."""

    title: str
    rows: tuple[tuple[str, str], ...]  # (name, id) of each stop
    columns: tuple[ShownColumn, ...]
    notes: tuple[tuple[str, str], ...]
    left_out: int


@bp.get("/lignes/<path:line_id>")
@public
def line(line_id: str) -> ResponseReturnValue:
    """The timetable of a line on a day, as planned, and what is said of the line now."""
    with pinned_today() as today_here:
        here = today_here.as_planned
        live = here.live
        row = names.line_rows(live).get(line_id)
        if row is None:
            raise NotFound("planner.no_such_line", line=line_id[:80])
        shown = names.lines_of(live)[row]
        text = request.args.get("date", "").strip()
        day = read_day(text) if text else here.now.astimezone(here.zone).date()
        error = "" if day is not None else _("Écrivez un jour de calendrier, par exemple 24/11/2026.")
        day = day or here.now.astimezone(here.zone).date()
        tables = [_table(live, direction) for direction in line_on(here.boards, [row], day)]
        days = line_days(live.timetable, [row])
        page = render_template(
            "planner/line.html",
            line=shown,
            mode=mode_word(shown.route_type),
            day=day,
            tables=tables,
            error=error,
            previous_day=max((each for each in days if each < day), default=None),
            next_day=min((each for each in days if each > day), default=None),
            days=days,
            notices=shown_notices(today.notices(today_here.live, here.now, routes=[row])),
            styles=line_styles([shown]),
        )
        return page, 422 if error else 200


class _Notes:
    """Letters given to sentences in the order they come."""

    def __init__(self) -> None:
        self.letters: dict[str, str] = {}

    def __call__(self, sentence: str) -> str:
        if sentence not in self.letters:
            number = len(self.letters)
            self.letters[sentence] = chr(ord("a") + number % 26) * (1 + number // 26)
        return self.letters[sentence]


def _table(live: LiveNetwork, direction: Direction) -> ShownTable:
    timetable = live.timetable
    notes = _Notes()
    columns = tuple(_column(live, column, notes) for column in direction.columns)
    rows = tuple((timetable.stop_name[stop], names.stop_id(timetable, stop)) for stop in direction.rows)
    title = _("De %(start)s à %(end)s") % {"start": rows[0][0], "end": _end(direction, rows[-1][0])} if rows else ""
    return ShownTable(
        title, rows, columns, tuple((letter, words) for words, letter in notes.letters.items()), direction.left_out
    )


def _end(direction: Direction, last: str) -> str:
    said = [name for name in direction.headsigns if not name.isdigit()]
    return said[0] if len(said) == 1 else last


def _column(live: LiveNetwork, column: Column, notes: _Notes) -> ShownColumn:
    timetable = live.timetable
    letters = []
    days = days_words(column.weekdays, column.days_known)
    if days:
        letters.append(notes(days))
    if column.by_frequency:
        letters.append(notes(_("Passe à intervalles réguliers : heure indicative.")))
    last = max((i for i, cell in enumerate(column.cells) if cell is not None), default=0)
    first = min((i for i, cell in enumerate(column.cells) if cell is not None), default=0)
    cells = tuple(
        None if cell is None else _cell(cell, notes, first=i == first, last=i == last)
        for i, cell in enumerate(column.cells)
    )
    return ShownColumn(
        names.train_number(timetable, column.trip), names.headsign(timetable, column.trip), tuple(letters), cells
    )


def _cell(cell: Cell, notes: _Notes, *, first: bool, last: bool) -> ShownCell:
    letters = []
    if sets_down_only(cell) and not last:
        letters.append(notes(_("Descente seulement.")))
    if picks_up_only(cell) and not first:
        letters.append(notes(_("Montée seulement.")))
    if cell.pickup == 2 or cell.drop_off == 2:
        letters.append(notes(_("Sur réservation.")))
    if cell.pickup == 3 or cell.drop_off == 3:
        letters.append(notes(_("Faites signe au conducteur.")))
    time_s = cell.arrive_s if last else cell.depart_s
    if time_s >= DAY_S:
        letters.append(notes(_("Le lendemain.")))
    hour, minute = time_s // 3600 % 24, time_s // 60 % 60
    text = f"{hour}:{minute:02d}" if current_language() == "en" else f"{hour}{NBSP}h{NBSP}{minute:02d}"
    return ShownCell(text, tuple(letters))


def days_words(weekdays: frozenset[int], known: int) -> str:
    """When a trip usually runs, when that is not every day: "Du lundi au vendredi.", "Le mercredi seulement."."""
    language = current_language()
    day_names = [_day_name(number, language) for number in sorted(weekdays)]
    if len(weekdays) == 7:
        return ""
    if known <= 3:
        return ngettext(
            "Circule %(num)s jour seulement en ce moment.", "Circule %(num)s jours seulement en ce moment.", known
        )
    run = sorted(weekdays)
    if len(run) >= 3 and run == list(range(run[0], run[-1] + 1)):
        return _("Du %(first)s au %(last)s.") % {"first": day_names[0], "last": day_names[-1]}
    if len(run) == 1:
        return _("Le %(day)s seulement.") % {"day": day_names[0]}
    return _("Les %(days)s.") % {"days": _joined(day_names)}


def _joined(items: Sequence[str]) -> str:
    return _("%(first)s et %(last)s") % {"first": ", ".join(items[:-1]), "last": items[-1]}


def _day_name(number: int, language: str) -> str:
    from mobigo.infra.formats import day

    return day(date(2024, 1, 1) + timedelta(days=number), language).split(" ")[0]  # 1 January 2024 was a Monday
