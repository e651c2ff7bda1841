"""Files of schools, bells, sectors, stops, days and pupils: looked at first, then brought in, whole or its good part.

    look(session, kind, sheets)            what would happen, changing nothing
    bring(session, kind, sheets, …)        the same, done; all or nothing unless `good_part`

Brought twice, a file changes nothing the second time.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from mobigo.base.decisions import Decision
from mobigo.base.errors import InvalidInput, MobigoError, NotFound, Refused
from mobigo.infra import audit
from mobigo.infra.clock import new_id
from mobigo.infra.config import Config
from mobigo.infra.i18n import gettext as _
from mobigo.infra.i18n import sentence
from scolaire.gateway import sheets
from scolaire.model.asked import Asked, AskedHome, Channel, Contact
from scolaire.model.people import HomeKind, Regime
from scolaire.model.sheets import Line, SheetKind, Sheets, Wrong
from scolaire.rules.asking import folded
from scolaire.rules.importing import Read, understand
from scolaire.service import counting, indexing
from scolaire.service.homes import walks_to
from scolaire.service.registering import Entered, register
from scolaire.store.registrations import RegistrationRow
from scolaire.store.running import last_count
from scolaire.store.schools import BellRow, DaysRow, SchoolRow, SectorRow, get_school
from scolaire.store.stops import StopRow

SAME, NEW, CHANGED = "same", "new", "changed"


@dataclass(frozen=True, slots=True)
class Looked:
    """What a file would do: rows new, changed and the same, and what is wrong in the others."""

    counts: Mapping[str, int]
    wrong: tuple[Wrong, ...]
    matched: Mapping[str, str]
    columns: tuple[str, ...]

    @property
    def wrong_lines(self) -> int:
        return len({(each.line.sheet, each.line.number) for each in self.wrong})


@dataclass(frozen=True, slots=True)
class Bringing:
    """Who brings a file in, for which school year, and when."""

    by: str
    now: datetime
    config: Config
    first_day: date
    year: int
    source: str
    organisations: frozenset[str] | None = None  # whose services may be counted; None: every one


def look(session: Session, kind: SheetKind, rows: Sheets, bringing: Bringing) -> Looked:
    """What would happen, row by row; nothing is kept. Raises what `understand` raises."""
    with session.begin_nested() as nested:
        found = _each(session, kind, rows, bringing)
        nested.rollback()
    return found


def bring(session: Session, kind: SheetKind, rows: Sheets, bringing: Bringing, *, good_part: bool) -> Looked:
    """Bring the rows in. Raises Refused("scolaire.sheet_faults") when some are wrong and not just the good part is
    wanted: nothing is kept then."""
    found = _each(session, kind, rows, bringing)
    if found.wrong and not good_part:
        raise Refused("scolaire.sheet_faults", lines=found.wrong_lines)
    audit.record(
        session, "scolaire.file_brought", actor=bringing.by, object_kind="scolaire_import", object_id=str(kind),
        now=bringing.now, detail={**found.counts, "wrong": found.wrong_lines, "year": bringing.year},
    )  # fmt: skip
    return found


def told(looked: Looked, most: int) -> list[str]:
    """The first faults in sentences: sheet, line, column, what was written, what it has to be."""
    return [
        _("%(sheet)s ligne %(line)s, « %(column)s » : « %(value)s ». %(why)s", sheet=each.line.sheet,
          line=each.line.number, column=each.column, value=each.value, why=sentence(each.why)).strip()
        for each in looked.wrong[:most]
    ]  # fmt: skip


def wrong_file(looked: Looked) -> bytes:
    """The wrong rows, each once as it was, with all its reasons in a last column: to be put right and sent again."""
    wrong: dict[tuple[str, int], tuple[Line, list[str]]] = {}
    for each in looked.wrong:
        _line, reasons = wrong.setdefault((each.line.sheet, each.line.number), (each.line, []))
        reasons.append(each.column + _(" : ") + sentence(each.why))
    return sheets.written(
        looked.columns, [(line, " ".join(reasons)) for line, reasons in wrong.values()], _("À corriger")
    )


# Which of our columns a refusal of a row is about.
_ABOUT: Final = {
    "scolaire.bad_birth": "born_on", "scolaire.level_not_of_school": "level", "scolaire.bad_address": "line",
    "scolaire.bad_commune": "commune", "scolaire.bad_phone": "phone", "scolaire.bad_paper": "paper",
    "scolaire.paper_known": "paper",
}  # fmt: skip


def _each(session: Session, kind: SheetKind, rows: Sheets, bringing: Bringing) -> Looked:
    read: Read = understand(kind, rows)
    wrong = list(read.wrong)
    counts = {NEW: 0, CHANGED: 0, SAME: 0}
    seen: dict[object, Line] = {}
    for line, values in read.good:
        key = _KEYS[kind](values)
        if key is not None and key in seen:
            why = Decision("scolaire.row_twice", line=seen[key].number)
            wrong.append(Wrong(line, next(iter(read.matched.values())), "", why))
            continue
        seen[key] = line
        try:
            with session.begin_nested():
                counts[_WRITERS[kind](session, values, bringing)] += 1
        except MobigoError as refused:
            wrong.append(_refused(line, read.matched, refused.decision))
    session.flush()
    return Looked(counts, tuple(wrong), read.matched, rows.columns)


def _refused(line: Line, matched: Mapping[str, str], why: Decision) -> Wrong:
    """A row that was refused, told at the column it is about; at the first one when it is about the whole row."""
    column = matched.get(_ABOUT.get(why.code, ""))
    if column is None:
        return Wrong(line, next(iter(matched.values())), "", why)
    return Wrong(line, column, line.cells.get(column, ""), why)


def _put(row: Any, values: Mapping[str, Any]) -> bool:
    """Write what differs; whether anything did."""
    different = {name: value for name, value in values.items() if getattr(row, name) != value}
    for name, value in different.items():
        setattr(row, name, value)
    return bool(different)


def _school(session: Session, values: Mapping[str, Any], bringing: Bringing) -> str:
    at = values["at"]
    told = {
        "name": values["name"], "stages": " ".join(sorted(values["stages"])), "standing": str(values["standing"]),
        "commune": values["commune"], "address": values["address"], "email": values["email"],
        "phone": values["phone"], "closed_on": None,
    }  # fmt: skip
    if at is not None:
        told |= {"lat": at.lat, "lon": at.lon}
    row = session.get(SchoolRow, values["uai"])
    if row is None:
        session.add(SchoolRow(uai=values["uai"], **told, source=bringing.source, updated_at=bringing.now))
        session.flush()
        return NEW
    if not _put(row, told):
        return SAME
    row.source, row.updated_at = bringing.source, bringing.now
    return CHANGED


def _bell(session: Session, values: Mapping[str, Any], bringing: Bringing) -> str:
    get_school(session, values["uai"])
    same = select(BellRow.id).where(
        BellRow.uai == values["uai"], BellRow.weekday == values["weekday"], BellRow.way == values["way"],
        BellRow.at_s == values["at_s"], BellRow.last_day.is_(None),
    )  # fmt: skip
    if session.scalar(same) is not None:
        return SAME
    session.add(BellRow(id=new_id(bringing.now), **values, first_day=bringing.first_day))
    session.flush()
    return NEW


def _sector(session: Session, values: Mapping[str, Any], bringing: Bringing) -> str:
    get_school(session, values["uai"])
    stage = str(values["stage"])
    same = select(SectorRow.id).where(
        SectorRow.uai == values["uai"], SectorRow.commune == values["commune"], SectorRow.stage == stage,
        SectorRow.last_day.is_(None),
    )  # fmt: skip
    if session.scalar(same) is not None:
        return SAME
    session.add(
        SectorRow(
            id=new_id(bringing.now), uai=values["uai"], commune=values["commune"], stage=stage,
            first_day=bringing.first_day, source=bringing.source,
        )
    )  # fmt: skip
    session.flush()
    return NEW


def _stop(session: Session, values: Mapping[str, Any], bringing: Bringing) -> str:
    """A stop by its code, else by its name and commune. What an agent saw of its safety is never overwritten."""
    at = values["at"]
    told = {"name": values["name"], "commune": values["commune"], "lat": at.lat, "lon": at.lon}
    if values["code"] is not None:
        same = select(StopRow).where(StopRow.code == values["code"])
    else:
        same = select(StopRow).where(StopRow.name == values["name"], StopRow.commune == values["commune"])
    row = session.scalar(same.limit(1))
    if row is None:
        row = StopRow(
            id=new_id(bringing.now), code=values["code"], **told, side=values["side"], crossing=values["crossing"],
            state="proposed", source=bringing.source, created_at=bringing.now, updated_at=bringing.now,
        )  # fmt: skip
        session.add(row)
        session.flush()
        walks_to(session, row)
        return NEW
    if not _put(row, told):
        return SAME
    row.updated_at = bringing.now
    walks_to(session, row)
    return CHANGED


def _days(session: Session, values: Mapping[str, Any], bringing: Bringing) -> str:
    same = select(DaysRow.id).where(
        DaysRow.zone == values["zone"], DaysRow.first_day == values["first_day"],
        DaysRow.last_day == values["last_day"], DaysRow.open == values["open"], DaysRow.uai.is_(None),
        DaysRow.ended_at.is_(None),
    )  # fmt: skip
    if session.scalar(same) is not None:
        return SAME
    session.add(
        DaysRow(
            id=new_id(bringing.now), **values, source=bringing.source, entered_by=bringing.by, entered_at=bringing.now
        )
    )
    session.flush()
    return NEW


def _pupil(session: Session, values: Mapping[str, Any], bringing: Bringing) -> str:
    """A registration as if its form had been entered; one that has its reference already is the same."""
    paper = values["paper"]
    if paper and session.scalar(select(RegistrationRow.id).where(RegistrationRow.paper == paper)) is not None:
        return SAME
    home = AskedHome(HomeKind.MAIN, values["line"], values["postcode"], values["commune"], at=values["at"])
    asked = Asked(
        bringing.year, values["first_name"], values["last_name"], values["born_on"], values["uai"], values["level"],
        Regime(values["regime"]), (home,),
    )  # fmt: skip
    prefers = "email" if values["email"] else "sms" if values["phone"] else "letter"
    contact = Contact(
        values["contact_first_name"], values["contact_last_name"], values["email"], values["phone"], values["postal"],
        prefers,
    )  # fmt: skip
    entered = Entered(bringing.by, Channel.PAPER if paper else Channel.COUNTER, paper)
    register(session, asked, contact, config=bringing.config, entered=entered, now=bringing.now)
    return NEW


def _count(session: Session, values: Mapping[str, Any], bringing: Bringing) -> str:
    """A count, as if entered on the page; another figure than the one that holds corrects it."""
    day, aboard, plan = values["day"], values["aboard"], folded(values["plan"])
    named = counting.runs_named(session, values["service"], day, bringing.organisations)
    runs = [run for run in named if not plan or folded(run.plan_name) == plan]
    if len(runs) > 1:
        raise InvalidInput("scolaire.count_several", service=values["service"], plans=[run.plan_name for run in runs])
    if not runs:
        raise NotFound("scolaire.count_unknown_service", service=values["service"])
    last = last_count(session, runs[0].plan, runs[0].service, day)
    if last is not None and last.aboard == aboard:
        return SAME
    counting.enter(
        session, runs[0].plan, runs[0].service, day, aboard, seen=0 if last is None else last.number, by=bringing.by,
        organisations=bringing.organisations, now=bringing.now,
    )  # fmt: skip
    return NEW if last is None else CHANGED


def _index(session: Session, values: Mapping[str, Any], bringing: Bringing) -> str:
    """A value of an index; another one for the same day of publication corrects it."""
    return indexing.enter_value(
        session, values["code"], values["published_on"], values["value"], values["source"], by=bringing.by,
        now=bringing.now,
    )  # fmt: skip


Writer = Callable[[Session, Mapping[str, Any], Bringing], str]
_WRITERS: Final[Mapping[SheetKind, Writer]] = {
    SheetKind.SCHOOLS: _school, SheetKind.BELLS: _bell, SheetKind.SECTORS: _sector, SheetKind.STOPS: _stop,
    SheetKind.DAYS: _days, SheetKind.PUPILS: _pupil, SheetKind.COUNTS: _count, SheetKind.INDICES: _index,
}  # fmt: skip
# What makes two rows of one file the same thing.
_KEYS: Final[Mapping[SheetKind, Callable[[Mapping[str, Any]], object]]] = {
    SheetKind.SCHOOLS: lambda values: values["uai"],
    SheetKind.BELLS: lambda values: (values["uai"], values["weekday"], values["way"], values["at_s"]),
    SheetKind.SECTORS: lambda values: (values["uai"], values["commune"], values["stage"]),
    SheetKind.STOPS: lambda values: values["code"] or (values["name"], values["commune"]),
    SheetKind.DAYS: lambda values: (values["zone"], values["first_day"], values["last_day"]),
    SheetKind.PUPILS: lambda values: (values["last_name"], values["first_name"], values["born_on"]),
    SheetKind.COUNTS: lambda values: (values["service"], folded(values["plan"]), values["day"]),
    SheetKind.INDICES: lambda values: (values["code"], values["published_on"]),
}
