"""The rounds of today as they run, for the realtime feed: calls at stops of the services, and nothing else."""

from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy.orm import Session

from mobigo.base.instants import PARIS, paris_day
from mobigo.base.servicetime import service_day_start
from mobigo.tad.model.bookings import State
from mobigo.tad.rules.running import RunningRound, calls_of, expected
from mobigo.tad.service import days
from mobigo.tad.service import services as catalogue
from mobigo.tad.store import bookings as store

if TYPE_CHECKING:
    from mobigo.infra.web import Services

_MEANS = {State.ABOARD: True, State.DONE: False}  # a pick-up; a set-down


def running_rounds(session: Session, services: "Services | None", now: datetime) -> list[RunningRound]:
    """The rounds of today that call at a stop, by service and vehicle. Holds that nobody confirmed are left out."""
    today = paris_day(now)
    start = service_day_start(today, PARIS)
    made = []
    for row in store.days_between(session, today, today):
        version = catalogue.get_version(session, row.version)
        world = days.look(session, services, version.service, today, now, row=row)
        sure = {name for name, each in world.bookings.items() if each.state is not State.HELD}
        happened = {
            (change.booking, _MEANS[State(change.after)]): int((change.at - start).total_seconds())
            for change in store.changes_of(session, sure)
            if State(change.after) in _MEANS and world.bookings[change.booking].state in _MEANS
        }
        for key in [key for key in happened if not key[1] and world.bookings[key[0]].state is not State.DONE]:
            del happened[key]  # a driver who touched the wrong line took it back
        stops = {
            (name, pickup): place
            for name in sure
            for pickup, place in (
                (True, world.bookings[name].asked.origin),
                (False, world.bookings[name].asked.destination),
            )
            if place.id
        }
        for number, vehicle in enumerate(version.service.vehicles, 1):
            visits = tuple(each for each in world.rounds.get(vehicle.id, ()) if each.request in sure)
            calls = calls_of(expected(visits, world.problem, happened), stops)
            if calls:
                made.append(RunningRound(version.service.code, today, number, calls))
    return made
