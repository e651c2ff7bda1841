"""The departures of a stop for a screen on a wall: large, alone on the page, renewed by itself, and honest about its
age."""

from datetime import timedelta
from typing import Final

from flask import render_template, request
from flask.typing import ResponseReturnValue

from mobigo.infra.auth import public
from mobigo.network.engine.boards import next_departures, routes_at
from mobigo.planner.export import today
from mobigo.planner.web import bp
from mobigo.planner.web.asked import label
from mobigo.planner.web.boards import board_rows, stop_place, with_unserved
from mobigo.planner.web.here import pinned_today
from mobigo.planner.web.shown import age_words, line_styles, shown_notices

ROWS: Final = range(4, 21)  # how many a screen may show
ROWS_USUAL: Final = 9
NOTICES_SHOWN: Final = 2
AHEAD: Final = timedelta(hours=1)  # cancelled departures are looked for as far as this at least
MINUTES_SHOWN: Final = 60


@bp.get("/ecran/<path:place_id>")
@public
def screen(place_id: str) -> ResponseReturnValue:
    """The next departures, as many as fit (`?lignes=`). Raises NotFound for a stop that is none."""
    asked = request.args.get("lignes", "")
    count = int(asked) if asked.isascii() and asked.isdecimal() and int(asked[:3]) in ROWS else ROWS_USUAL
    with pinned_today() as here:
        place = stop_place(here, place_id)
        found = next_departures(here.boards, place.stops, here.now, count)
        last = max((each.depart_at for each in found), default=here.now)
        found, unserved = with_unserved(here.live, found, place.stops, here.now, max(last, here.now + AHEAD))
        rows = board_rows(here.live, found[:count], here.zone, unserved)
        notices = shown_notices(
            today.notices(
                here.live, here.now, routes=routes_at(here.boards, place.stops), stops=place.stops, every_line=True
            )
        )
        now = here.now.astimezone(here.zone)
        return render_template(
            "planner/screen.html",
            place=place,
            name=label(place),
            count=count,
            rows=[(row, _minutes(int((row.at - now).total_seconds()))) for row in rows],
            platforms=any(row.platform for row in rows),
            notices=notices[:NOTICES_SHOWN],
            more_notices=len(notices[NOTICES_SHOWN:]),
            age=age_words(here.live),
            now=now,
            made_ms=int(here.now.timestamp() * 1000),
            offset_s=int((now.utcoffset() or timedelta()).total_seconds()),
            styles=line_styles([row.line for row in rows]),
        )


def _minutes(left_s: int) -> int | None:
    """The whole minutes left, when that is how people wait; None for later ones."""
    minutes = max(0, left_s // 60)
    return minutes if minutes < MINUTES_SHOWN else None
