"""The operators' terms of assistance, told when no journey is step-free: those that agents entered, and the files of
`MOBIGO_HOME/assistance/*.toml`."""

import logging
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from sqlalchemy.exc import SQLAlchemyError

from mobigo.base.decisions import Decision
from mobigo.base.errors import InvalidInput
from mobigo.infra.db import reading
from mobigo.network.model.live import LiveNetwork
from mobigo.planner.export.names import bare
from mobigo.planner.model import Answer, Journey
from mobigo.planner.rules.assistance import Days, Kind, Operator, Terms, assistance
from mobigo.planner.store import assistance as store

if TYPE_CHECKING:
    from sqlalchemy import Engine

_log = logging.getLogger(__name__)
FOLDER = "assistance"


def needs_assistance(answer: Answer) -> bool:
    """Whether a step-free journey was asked for and none has a vehicle."""
    return answer.query.limits.wheelchair and not any(journey.rides for journey in answer.journeys)


def with_assistance(
    live: LiveNetwork, terms: Sequence[Terms], answer: Answer, otherwise: Answer, now: datetime
) -> Answer:
    """The answer with what can be done for the first journey there is when step-free is not asked (`otherwise`);
    unchanged where there is none."""
    journey = next((each for each in otherwise.journeys if each.rides), None)
    if journey is None:
        return answer
    departs_at, zone = journey.rides[0].depart_at, ZoneInfo(live.timetable.zone)
    said = assistance(terms, _operators(live, journey), departs_at, now, zone)
    told = Decision("planner.assistance_for", at=departs_at.astimezone(zone))
    return replace(answer, remarks=(*answer.remarks, told, *dict.fromkeys(said)))


def _operators(live: LiveNetwork, journey: Journey) -> list[Operator]:
    """Who runs the vehicles of a journey, in order, each once."""
    timetable, found = live.timetable, {}
    for ride in journey.rides:
        for trip, _ in ride.trips:
            agency = int(timetable.route_agency[int(timetable.trip_route[trip])])
            if agency >= 0:
                name, link = timetable.agency_name[agency], timetable.agency_url[agency]
                safe = link if link.startswith("https://") else ""
                found[name] = Operator(name, bare(name), timetable.agency_phone[agency], safe)
    return list(found.values())


def terms_known(engine: "Engine", home: Path) -> tuple[Terms, ...]:
    """Every term known: of files, then those approved here. Where the database does not answer, files alone. Raises
    InvalidInput("planner.bad_assistance_file")."""
    of_files = load_terms(home)
    try:
        with reading(engine) as session:
            return (*of_files, *store.list_approved(session))
    except SQLAlchemyError:
        _log.exception("terms of assistance could not be read")
        return of_files


def load_terms(home: Path) -> tuple[Terms, ...]:
    """Every term entered. Raises InvalidInput("planner.bad_assistance_file")."""
    return tuple(terms for path in sorted((home / FOLDER).glob("*.toml")) for terms in _terms(path))


def _terms(path: Path) -> Iterator[Terms]:
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
        for row in document["terms"]:
            yield _read(row, document)
    except KeyError as missing:
        raise InvalidInput("planner.bad_assistance_file", file=path.name, reason=f"{missing.args[0]} ?") from missing
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, TypeError, ValueError) as wrong:
        raise InvalidInput("planner.bad_assistance_file", file=path.name, reason=str(wrong)) from wrong


def _read(row: dict[str, Any], document: dict[str, Any]) -> Terms:
    """A row. Raises ValueError for a notice that is no number of hours, hours that do not follow, or an address that is
    not https."""
    notice_h, link = row["notice_h"], row.get("link", "")
    if not isinstance(notice_h, int) or isinstance(notice_h, bool) or not 0 <= notice_h <= 24 * 14:
        raise ValueError(f"notice_h {notice_h!r}")
    if not row["opens"] < row["closes"]:
        raise ValueError(f"opens {row['opens']}, closes {row['closes']}")
    if link and not link.startswith("https://"):
        raise ValueError(f"link {link!r}")
    return Terms(
        Kind(row["kind"]),
        row["operator"],
        frozenset(bare(name) for name in row["agencies"]),
        row["phone"],
        link,
        notice_h,
        Days(row["days"]),
        row["opens"],
        row["closes"],
        document["first_day"],
        document.get("last_day"),
        document["source"],
    )
