"""Stable places: an id of ours for each stop, kept from one version of its feed to the next.

Favourites, tickets, bookings and school stops refer to a place, never to a feed's id.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, insert, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from mobigo.base.geo import Point
from mobigo.infra.clock import new_id
from mobigo.infra.db import Base, UtcDateTime, table_of
from mobigo.infra.privacy import Always, describe
from mobigo.network.rules.identity import StopSeen, Succession, succession


class PlaceStopRow(Base):
    """That a stop of a feed is a place, from one activation of the feed to another, counted from 1 (None: still)."""

    __tablename__ = "network_place_stop"
    __table_args__ = (Index(None, "feed", "last_use"), Index(None, "place"))

    feed: Mapped[str] = mapped_column(ForeignKey("network_feed.name"), primary_key=True)
    stop_id: Mapped[str] = mapped_column(String(400), primary_key=True)
    first_use: Mapped[int] = mapped_column(primary_key=True)
    last_use: Mapped[int | None]
    place: Mapped[str] = mapped_column(String(26))
    name: Mapped[str] = mapped_column(String(400))
    kind: Mapped[int]
    lat: Mapped[float | None]
    lon: Mapped[float | None]


class PlaceMergeRow(Base):
    """That a place ended because another now stands where it stood: who refers to the first is led to the second."""

    __tablename__ = "network_place_merge"

    place: Mapped[str] = mapped_column(String(26), primary_key=True)
    into: Mapped[str] = mapped_column(String(26))
    at: Mapped[datetime] = mapped_column(UtcDateTime)


_WHY = "favourites, tickets and bookings refer to places for years; stops name no person"
describe(
    PlaceStopRow,
    purpose="find a place again when a feed changes its stops' ids",
    keep=Always(_WHY),
    plain="feed stop_id first_use last_use place name kind lat lon",
)
describe(PlaceMergeRow, purpose="follow a place that was merged", keep=Always(_WHY), plain="place into at")


def follow(session: Session, feed: str, use: int, stops: Sequence[StopSeen], now: datetime) -> Succession:
    """Give each stop of the version that comes into use, the feed's `use`-th activation, its place; tell how they
    follow the stops before. In this transaction."""
    current = list(
        session.scalars(select(PlaceStopRow).where(PlaceStopRow.feed == feed, PlaceStopRow.last_use.is_(None)))
    )
    changed = succession([_seen(row) for row in current], stops)
    by_id = {row.stop_id: row for row in current}
    seen = {stop.stop_id: stop for stop in stops}
    for stop_id in changed.kept:
        _refresh(by_id[stop_id], seen[stop_id])
    places: dict[str, str] = {}
    for new_stop, old_stop in changed.renamed.items():
        places[new_stop] = by_id[old_stop].place
    if use > 1:
        places.update(_known_before(session, feed, changed.new, taken={row.place for row in current}))
    for stop_id in changed.new:
        if stop_id not in places:
            places[stop_id] = new_id(now)
    gone = sorted(by_id.keys() - set(changed.kept))
    for start in range(0, len(gone), 500):
        session.execute(
            update(PlaceStopRow)
            .where(
                PlaceStopRow.feed == feed,
                PlaceStopRow.last_use.is_(None),
                PlaceStopRow.stop_id.in_(gone[start : start + 500]),
            )
            .values(last_use=use - 1),
            execution_options={"synchronize_session": False},
        )
    session.flush()
    if places:
        rows = [_new_row(feed, seen[stop_id], use, place) for stop_id, place in places.items()]
        session.connection().execute(insert(table_of(PlaceStopRow)), rows)
    for ended, other in changed.merges:
        into = places[other] if other in places else by_id[other].place
        if by_id[ended].place != into:
            session.merge(PlaceMergeRow(place=by_id[ended].place, into=into, at=now))
    session.flush()
    return changed


def place_ids(session: Session, feed: str) -> dict[str, str]:
    """The place of each stop id of the feed's version in use."""
    found = session.execute(
        select(PlaceStopRow.stop_id, PlaceStopRow.place).where(
            PlaceStopRow.feed == feed, PlaceStopRow.last_use.is_(None)
        )
    )
    return {stop_id: place for stop_id, place in found}  # noqa: C416 - rows are not pairs to dict()


def stops_of_place(session: Session, place: str) -> list[tuple[str, str]]:
    """The stops (feed, stop id) that are this place now, following the places it was merged into."""
    for _ in range(100):
        into = session.get(PlaceMergeRow, place)
        if into is None:
            break
        place = into.into
    found = session.execute(
        select(PlaceStopRow.feed, PlaceStopRow.stop_id)
        .where(PlaceStopRow.place == place, PlaceStopRow.last_use.is_(None))
        .order_by(PlaceStopRow.feed, PlaceStopRow.stop_id)
    )
    return [(feed, stop_id) for feed, stop_id in found]


def _seen(row: PlaceStopRow) -> StopSeen:
    point = None if row.lat is None or row.lon is None else Point(row.lat, row.lon)
    return StopSeen(row.stop_id, row.name, row.kind, point)


def _refresh(row: PlaceStopRow, stop: StopSeen) -> None:
    lat, lon = (None, None) if stop.point is None else (stop.point.lat, stop.point.lon)
    name = stop.name[:400]
    if (row.name, row.kind, row.lat, row.lon) != (name, stop.kind, lat, lon):
        row.name, row.kind, row.lat, row.lon = name, stop.kind, lat, lon


def _known_before(session: Session, feed: str, stop_ids: Iterable[str], taken: set[str]) -> dict[str, str]:
    """Ids that come back after an absence have the place they had, unless another stop stands for it."""
    wanted = list(stop_ids)
    found: dict[str, str] = {}
    used = set(taken)
    for start in range(0, len(wanted), 500):
        rows = session.execute(
            select(PlaceStopRow.stop_id, PlaceStopRow.place)
            .where(PlaceStopRow.feed == feed, PlaceStopRow.stop_id.in_(wanted[start : start + 500]))
            .order_by(PlaceStopRow.first_use.desc())
        )
        for stop_id, place in rows:
            if stop_id not in found and place not in used:
                found[stop_id] = place
                used.add(place)
    return found


def _new_row(feed: str, stop: StopSeen, use: int, place: str) -> dict[str, object]:
    return {
        "feed": feed,
        "stop_id": stop.stop_id,
        "first_use": use,
        "last_use": None,
        "place": place,
        "name": stop.name[:400],
        "kind": stop.kind,
        "lat": None if stop.point is None else stop.point.lat,
        "lon": None if stop.point is None else stop.point.lon,
    }
