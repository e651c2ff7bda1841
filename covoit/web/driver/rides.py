"""A passenger's own journeys, and what they owe the Region: the price of a coach each, never anything to the driver."""

from datetime import timedelta
from typing import Any, Final

from flask import render_template
from flask.typing import ResponseReturnValue

from covoit.service import fares
from covoit.service.fares import Ridden
from covoit.web import bp
from covoit.web.driver import words
from covoit.web.driver.looking import looking
from mobigo.base.instants import paris_day
from mobigo.infra.auth import Permission, requires
from mobigo.infra.clock import now

DAYS_SHOWN: Final = 366


@bp.get("/covoiturage/mes-trajets")
@requires(Permission.ACCOUNT_OWN)
def rides() -> ResponseReturnValue:
    """What I owe, and my journeys of the last year."""
    today = paris_day(now())
    with looking() as (session, person):
        owed = fares.owed(session, person)
        found = fares.ridden(session, person, today - timedelta(days=DAYS_SHOWN), today)
    return render_template("covoit/driver_rides.html", owed=owed, rides=[_shown(each) for each in found], today=today)


def _shown(ridden: Ridden) -> dict[str, Any]:
    journey = ridden.journey
    line = None if journey.leg is None else journey.leg.line
    return {
        "at": journey.started_at,
        "way": words.way(journey.leg, journey.started_at) or words.line_name(line, journey.day),
        "seats": journey.seats,
        "fare": ridden.fare,
        "state": words.journey_state(journey.state),
    }
