"""What the installation holds of each part of a region: how much, since when, until when, and whether it is old."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import func, null, select
from sqlalchemy.orm import Session

from mobigo.app.region_desk import PARTS
from mobigo.base.instants import paris_day

if TYPE_CHECKING:
    from mobigo.infra.web import Services


@dataclass(frozen=True, slots=True)
class Held:
    """One thing that is in use. `rows` is None where counting would mean reading it all; `name` is "" where there is
    one alone; `until` is the last day that it tells of."""

    name: str
    rows: int | None
    at: datetime | None
    until: date | None = None
    old: bool = False


def held(session: Session, services: "Services", now: datetime) -> dict[str, list[Held]]:
    """What is in use, by the slug of its part; an empty list where there is nothing."""
    today, found = paris_day(now), {}
    for slug, part in PARTS.items():
        oldest = now - timedelta(days=part.days_max)
        found[slug] = [
            replace(each, old=bool((each.until and each.until < today) or (each.at and each.at < oldest)))
            for each in _READ[slug](session, services)
        ]
    return found


def _communes(session: Session, services: "Services") -> list[Held]:
    from covoit.service.communes import imported_at

    at = imported_at(session)
    return [] if at is None else [Held("", None, at)]


def _gtfs(session: Session, services: "Services") -> list[Held]:
    from mobigo.network.store.feeds import list_feeds

    return [
        Held(each.name, each.version.rows.get("trips"), each.version.imported_at, each.version.last_day)
        for each in list_feeds(session)
        if each.version is not None and each.active
    ]


def _streets(session: Session, services: "Services") -> list[Held]:
    from mobigo.network.store.streets import list_extracts

    return [Held(each.name, each.way_count, each.imported_at) for each in list_extracts(session)]


def _addresses(session: Session, services: "Services") -> list[Held]:
    from mobigo.network.store.addresses import find_in_use

    found = find_in_use(services.config.home)
    return [] if found is None else [Held("", found.addresses, found.imported_at)]


def _tariffs(session: Session, services: "Services") -> list[Held]:
    from billettique.gateway.fares import FOLDER_AT_HOME

    folder = services.config.home / FOLDER_AT_HOME
    return [Held(each.name, None, None) for each in sorted(folder.glob("*.toml"))]


def _rows(table: Callable[[], tuple[Any, Any, Any]]) -> Callable[[Session, "Services"], list[Held]]:
    """How many rows a table has, when the last was written, the last day it tells of."""

    def read(session: Session, services: "Services") -> list[Held]:
        row, at, until = table()
        asked = select(func.count(), at, until).select_from(row)
        count, written, last = session.execute(asked).one()
        return [Held("", count, written, last)] if count else []

    return read


def _schools() -> tuple[Any, Any, Any]:
    from scolaire.store.schools import SchoolRow as Row

    return Row, func.max(Row.updated_at), null()


def _bells() -> tuple[Any, Any, Any]:
    from scolaire.store.schools import BellRow as Row

    return Row, null(), null()


def _sectors() -> tuple[Any, Any, Any]:
    from scolaire.store.schools import SectorRow as Row

    return Row, null(), null()


def _stops() -> tuple[Any, Any, Any]:
    from scolaire.store.stops import StopRow as Row

    return Row, func.max(Row.updated_at), null()


def _days() -> tuple[Any, Any, Any]:
    from scolaire.store.schools import DaysRow as Row

    return Row, func.max(Row.entered_at), func.max(Row.last_day)


_READ: Final[Mapping[str, Callable[[Session, "Services"], list[Held]]]] = {
    "communes": _communes, "gtfs": _gtfs, "streets": _streets, "addresses": _addresses, "tariffs": _tariffs,
    "school-schools": _rows(_schools), "school-bells": _rows(_bells), "school-sectors": _rows(_sectors),
    "school-stops": _rows(_stops), "school-days": _rows(_days),
}  # fmt: skip
