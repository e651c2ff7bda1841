"""The panel of a stop, on a screen or a telephone held up: somebody is waiting, where to. Nobody is named."""

from flask import render_template, request
from flask.typing import ResponseReturnValue

from covoit.rules import lines as rules
from covoit.service import lines as service
from covoit.web import bp
from mobigo.base.instants import paris_day
from mobigo.infra.auth import public
from mobigo.infra.clock import now
from mobigo.infra.db import reading
from mobigo.infra.web import services

REFRESH_S = 15


@bp.get("/covoiturage/panneau/<stop_id>")
@public
def panel(stop_id: str) -> ResponseReturnValue:
    """Full screen; asks for itself again every fifteen seconds, by the head of the page alone."""
    instant = now()
    line, stop = service.stop_and_line(stop_id, paris_day(instant))
    with reading(services().engine) as session:
        waiting = service.waiters(session, [stop_id], instant)[stop_id]
        coming = [
            (direction, service.next_drivers(session, line, direction, stop, instant)[:2]) for direction in (0, 1)
        ]
    ways = []
    for direction in (0, 1):
        towards = rules.stops_in(line, direction)[-1]
        if towards == stop:
            continue
        here = [each for each in waiting if each.direction == direction]
        names = {each.id: each.name for each in line.stops}
        ways.append(
            {
                "towards": towards,
                "seats": sum(each.seats for each in here),
                "to": sorted({names[each.to_stop] for each in here}),
                "since": min((each.since for each in here), default=None),
                "drivers": next(some for way, some in coming if way == direction),
            }
        )
    return render_template(
        "covoit/panel.html", line=line, stop=stop, ways=ways, now=instant, refresh_s=REFRESH_S,
        still="fixe" in request.args,
    )  # fmt: skip
