"""Vehicle trips as they are read from their journeys: whole, those that are ready to be priced, those of a driver."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from hashlib import sha256
from operator import itemgetter
from typing import Any, Final, cast

import orjson
from sqlalchemy import and_, bindparam, case, func, or_, select, text, tuple_, type_coerce
from sqlalchemy.orm import Session
from sqlalchemy.types import NullType

from covoit.model.journeys import Journey, JourneyState, LineLeg, VehicleTrip
from covoit.store.journey_rows import VALUE_COLUMNS, DrivenRow, JourneyRow, journey_from
from mobigo.infra.db import UtcDateTime, changed, table_of

Key = tuple[str, str]  # (operator, trip id)
Mark = tuple[str, int, str]  # (status, revision, id) of a journey as it was read


def trips_ready(
    session: Session, *, first_day: date | None = None, last_day: date | None = None, only_unpriced: bool = True
) -> Iterator[VehicleTrip]:
    """The vehicle trips whose every journey is final and of which one counts or was priced before, by start.

    Each trip comes whole, journeys that do not count included (their state says why). `only_unpriced`: those never
    priced, or of which a journey changed, was withdrawn or arrived since (see `mark_priced`).
    """
    wanted: Any = and_(final(), within(first_day, last_day))
    if only_unpriced:
        wanted = and_(wanted, JourneyRow.priced_at.is_(None))
    keys = (
        select(JourneyRow.operator, JourneyRow.operator_trip_id)
        .where(wanted, matters())
        .group_by(JourneyRow.operator, JourneyRow.operator_trip_id)
    )
    for trip, every_final in _trips(session, keys):
        first = (first_day is None or trip.day >= first_day) and (last_day is None or trip.day <= last_day)
        if every_final and first:
            yield trip


def days_to_price(session: Session) -> tuple[set[date], dict[date, list[Key]]]:
    """The days on which trips may begin that are final and on no statement, or that changed since; and, by day of their
    first journey, those of these trips that have a journey of another day."""
    keys = (
        select(JourneyRow.operator, JourneyRow.operator_trip_id)
        .where(JourneyRow.priced_at.is_(None), final(), matters())
        .group_by(JourneyRow.operator, JourneyRow.operator_trip_id)
        .subquery()
    )
    spans = (
        select(
            JourneyRow.operator, JourneyRow.operator_trip_id, func.min(JourneyRow.day).label("first"),
            func.max(JourneyRow.day).label("last"),
        )
        .join(keys, and_(
            keys.c.operator == JourneyRow.operator, keys.c.operator_trip_id == JourneyRow.operator_trip_id,
        ))
        .group_by(JourneyRow.operator, JourneyRow.operator_trip_id)
        .subquery()
    )  # fmt: skip
    crossing = spans.c.first != spans.c.last
    asked = select(
        spans.c.first, spans.c.last, case((crossing, spans.c.operator)), case((crossing, spans.c.operator_trip_id))
    ).distinct()  # a row a day, and one for each trip that crosses midnight
    days: set[date] = set()
    past_midnight: dict[date, list[Key]] = {}
    for first, last, operator, trip in session.execute(asked):
        days |= {first, last}  # the last too: what came first may be a journey that is no part of the trip
        if operator is not None:
            past_midnight.setdefault(first, []).append((operator, trip))
    return days, past_midnight


def first_unpriced_day(session: Session) -> date | None:
    """The day of the first journey that is final, was never priced as it is, and is on no statement; None: none is."""
    return session.scalar(select(func.min(JourneyRow.day)).where(JourneyRow.priced_at.is_(None), final(), matters()))


# ---------------------------------------------------------------- a whole day, as cheaply as can be

_SLICE: Final = 5_000
_DRIVEN: Final = ("line", "direction", "from_m", "to_m")
_COLUMNS: Final = (*VALUE_COLUMNS, *_DRIVEN, "revision", "day", "frozen_at", "priced_at")
_AT: Final = {name: at for at, name in enumerate(VALUE_COLUMNS)}
_DRIVEN_AT: Final = len(VALUE_COLUMNS)
_REVISION: Final = _DRIVEN_AT + len(_DRIVEN)
_DAY, _FROZEN, _PRICED = _REVISION + 1, _REVISION + 2, _REVISION + 3
_RECEIVED: Final = itemgetter(_AT["received_at"], _AT["id"])
_KEY: Final = itemgetter(_AT["operator"], _AT["operator_trip_id"])
_STATUS, _DRIVER, _ID = _AT["status"], _AT["driver"], _AT["id"]
_MARK: Final = itemgetter(_STATUS, _REVISION, _ID)


@dataclass(frozen=True, slots=True)
class Read:
    """A vehicle trip as its rows say it. `content`: a hash of all that they hold; equal contents are equal trips."""

    key: Key
    driver: str
    content: str
    rows: Sequence[Sequence[Any]]  # those of the driver, as the database gave them

    def trip(self) -> VehicleTrip:
        """The value; made only for who needs it."""
        journeys = sorted(map(_journey_of, self.rows), key=lambda each: (each.started_at, each.id))
        line, direction, from_m, to_m = self.rows[0][_DRIVEN_AT:_REVISION]
        driven = None if line is None else LineLeg(line, direction, from_m, to_m)
        return VehicleTrip(*self.key, self.driver, tuple(journeys), driven)

    def marks(self) -> Iterator[Mark]:
        """Its journeys as they were read, for `mark_priced`."""
        return map(_MARK, self.rows)


def ready_on(session: Session, day: date, *, also: Collection[Key] = (), seed: bytes = b"") -> list[Read]:
    """What `trips_ready` says of the unpriced trips of one day of start, in no order.

    `also`: trips that began that day and have a journey of the next one (`days_to_price`). `seed` enters the contents.
    """
    table = table_of(JourneyRow)
    keys = select(JourneyRow.operator, JourneyRow.operator_trip_id).where(
        JourneyRow.day == day, JourneyRow.priced_at.is_(None), final(), matters()
    )
    of_trip = tuple_(table.c.operator, table.c.operator_trip_id)
    by_key: dict[Key, list[Sequence[Any]]] = {}
    for row in _fetched(session, of_trip.in_(keys)):
        by_key.setdefault(_KEY(row), []).append(row)
    missing = sorted(set(also) - by_key.keys())
    for start in range(0, len(missing), _SLICE):
        for row in _fetched(session, of_trip.in_(missing[start : start + _SLICE])):
            by_key.setdefault(_KEY(row), []).append(row)
    found = []
    for key, rows in by_key.items():
        if len(rows) > 1:
            rows.sort(key=_RECEIVED)
        driver = rows[0][_DRIVER]
        own = rows if len(rows) == 1 else [row for row in rows if row[_DRIVER] == driver]
        if all(map(_is_final, own)) and min(str(row[_DAY]) for row in own) == str(day) and any(map(_is_wanted, rows)):
            content = sha256(seed + orjson.dumps([row[:_FROZEN] for row in rows])).hexdigest()
            found.append(Read(key, driver, content, own))
    return found


def _fetched(session: Session, where: Any) -> list[Sequence[Any]]:
    """The rows of journeys, as the driver of the database gives them: no column is converted."""
    table, driven = table_of(JourneyRow), table_of(DrivenRow)
    of_journey = [table.c[name] for name in VALUE_COLUMNS], [table.c[name] for name in _COLUMNS[_REVISION:]]
    columns = [*of_journey[0], *(driven.c[name] for name in _DRIVEN), *of_journey[1]]
    query = (
        select(*(type_coerce(column, NullType()).label(f"c{at}") for at, column in enumerate(columns)))
        .select_from(table)
        .outerjoin(driven, and_(
            driven.c.operator == table.c.operator, driven.c.operator_trip_id == table.c.operator_trip_id,
        ))
        .where(where)
    )  # fmt: skip
    result = session.connection().execute(query)
    found = cast("list[Sequence[Any]]", result.cursor.fetchall() if result.cursor is not None else [])
    result.close()
    return found


def _is_final(row: Sequence[Any]) -> bool:
    return row[_FROZEN] is not None or row[_STATUS] == JourneyState.TERMS_VIOLATION.value


def _is_wanted(row: Sequence[Any]) -> bool:
    """`trips_ready`'s conditions of a journey for which its trip is looked at."""
    matters = row[_STATUS] == JourneyState.OK.value or row[_REVISION] > 0
    return row[_PRICED] is None and matters and _is_final(row)


_OVER_18: Final = _AT["passenger_over_18"]
_INSTANTS: Final = tuple(_AT[name] for name in ("started_at", "ended_at", "received_at"))


def _journey_of(row: Sequence[Any]) -> Journey:
    values = list(row[:_DRIVEN_AT])
    for at in _INSTANTS:
        values[at] = _instant(values[at])
    if values[_OVER_18] is not None:
        values[_OVER_18] = bool(values[_OVER_18])
    return journey_from(*values)


def _instant(value: Any) -> datetime:
    """What `UtcDateTime` makes of a column: text without a zone on SQLite."""
    if isinstance(value, str):
        return datetime.fromisoformat(value).replace(tzinfo=UTC)
    return cast("datetime", value).astimezone(UTC)


# ---------------------------------------------------------------- a driver, a trip


def trips_of_driver(
    session: Session, person: str, *, first_day: date | None = None, last_day: date | None = None
) -> Iterator[VehicleTrip]:
    """Every vehicle trip of a driver, whatever its state, by start."""
    keys = (
        select(JourneyRow.operator, JourneyRow.operator_trip_id)
        .where(JourneyRow.driver == person, within(first_day, last_day))
        .group_by(JourneyRow.operator, JourneyRow.operator_trip_id)
    )
    return (trip for trip, _ in _trips(session, keys) if trip.driver == person)


def _trips(session: Session, keys: Any) -> Iterator[tuple[VehicleTrip, bool]]:
    """The whole trips behind (operator, trip id) keys, by start, each with whether all its journeys are final.

    A trip belongs to the driver of the journey received first; one that names another driver under the same trip id is
    an anomaly, and no part of it.
    """
    chosen = keys.subquery()
    first = (
        select(
            JourneyRow.operator, JourneyRow.operator_trip_id, func.min(JourneyRow.started_at).label("first"),
        )
        .join(chosen, and_(
            chosen.c.operator == JourneyRow.operator, chosen.c.operator_trip_id == JourneyRow.operator_trip_id,
        ))
        .group_by(JourneyRow.operator, JourneyRow.operator_trip_id)
        .subquery()
    )  # fmt: skip
    table = table_of(JourneyRow)
    query = (
        select(*(table.c[name] for name in VALUE_COLUMNS), table.c.frozen_at, DrivenRow.__table__)
        .join(first, and_(
            first.c.operator == table.c.operator, first.c.operator_trip_id == table.c.operator_trip_id,
        ))
        .outerjoin(DrivenRow.__table__, and_(
            DrivenRow.operator == table.c.operator, DrivenRow.operator_trip_id == table.c.operator_trip_id,
        ))
        .order_by(first.c.first, table.c.operator, table.c.operator_trip_id, table.c.received_at, table.c.id)
    )  # fmt: skip
    width = len(VALUE_COLUMNS)
    group: list[tuple[Journey, bool]] = []
    driven: LineLeg | None = None
    for row in session.connection().execute(query):
        journey = journey_from(*row[:width])
        final = row[width] is not None or journey.state is JourneyState.TERMS_VIOLATION
        if group and (group[0][0].operator, group[0][0].operator_trip_id) != (
            journey.operator,
            journey.operator_trip_id,
        ):
            yield _trip(group, driven)
            group = []
        leg = row[width + 1 :]
        driven = None if leg[0] is None else LineLeg(leg[2], leg[3], leg[4], leg[5])
        group.append((journey, final))
    if group:
        yield _trip(group, driven)


def _trip(group: Sequence[tuple[Journey, bool]], driven: LineLeg | None) -> tuple[VehicleTrip, bool]:
    head = group[0][0]
    own = sorted(
        ((journey, final) for journey, final in group if journey.driver == head.driver),
        key=lambda each: (each[0].started_at, each[0].id),
    )
    trip = VehicleTrip(head.operator, head.operator_trip_id, head.driver, tuple(journey for journey, _ in own), driven)
    return trip, all(final for _, final in own)


def final() -> Any:
    """The condition that nothing of a journey changes any more by itself."""
    return or_(JourneyRow.frozen_at.is_not(None), JourneyRow.status == JourneyState.TERMS_VIOLATION.value)


def matters() -> Any:
    """The condition that a journey counts or was changed: one that was never priced and does not count leads to no
    amount, and to no correction of one."""
    return or_(JourneyRow.status == JourneyState.OK.value, JourneyRow.revision > 0)


def within(first_day: date | None, last_day: date | None) -> Any:
    """The condition that a journey began within these days, both included; None for no limit."""
    # A trip that starts the day before a journey of it does: its first journey decides, looked at by the caller.
    conditions = []
    if first_day is not None:
        conditions.append(JourneyRow.day >= first_day)
    if last_day is not None:
        conditions.append(JourneyRow.day <= last_day)
    return and_(True, *conditions)


_MARKED: Final = (
    "UPDATE covoit_journey SET priced_at = :now WHERE id {among} AND status = :status AND revision = :revision "
    "AND priced_at IS NULL AND (frozen_at IS NOT NULL OR status = :terms)"
)
_MARKS: Final = {
    "sqlite": _MARKED.format(among="IN (SELECT value FROM json_each(:ids))"),
    "postgresql": _MARKED.format(among="= ANY(:ids)"),
}


def mark_priced(session: Session, marks: Iterable[Mark], now: datetime) -> int:
    """Say that these journeys (`Read.marks`) stand on a statement as they are; how many. One that changed since it was
    read is not marked, nor one that arrived: their trips will be priced."""
    by_state: dict[tuple[str, int], list[str]] = {}
    for status, revision, journey in marks:
        by_state.setdefault((status, revision), []).append(journey)
    done = 0
    dialect = session.get_bind().dialect.name
    statement = text(_MARKS[dialect]).bindparams(
        bindparam("now", now, type_=UtcDateTime), terms=JourneyState.TERMS_VIOLATION.value
    )
    for (status, revision), ids in sorted(by_state.items()):
        for start in range(0, len(ids), _SLICE):
            some: Any = sorted(ids[start : start + _SLICE])
            listed = some if dialect == "postgresql" else orjson.dumps(some).decode()
            done += changed(session, statement.bindparams(ids=listed, status=status, revision=revision))
    return done
