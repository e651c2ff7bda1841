"""How far one gets: the areas within reach of a place, drawn without any script, with the communes in a table."""

from dataclasses import replace
from typing import Final

from flask import render_template, request
from flask.typing import ResponseReturnValue

from mobigo.base.errors import NotFound
from mobigo.infra.auth import public
from mobigo.infra.web import services
from mobigo.planner.gateway.territory import load_territory
from mobigo.planner.web import bp
from mobigo.planner.web.asked import full_label, read
from mobigo.planner.web.here import pinned_today

LONGEST_MIN: Final = (30, 60, 90, 120)
LONGEST_DEFAULT: Final = 60
STEPS: Final = 4
COMMUNES_SHOWN: Final = 300


@bp.get("/jusqu-ou")
@public
def areas() -> ResponseReturnValue:
    """The form, and with a place the areas: each quarter of the time asked."""
    try:
        with pinned_today() as here:
            asked = read(request.args, here.places, here.now, here.zone, here.live)
            is_asked = bool(asked.origin_text or asked.origin_id)
            errors = {name: words for name, words in asked.errors.items() if name in ("from", "when", "date", "time")}
            asked = replace(asked, errors=errors if is_asked else {})
            given = request.args.get("most", "")
            most = int(given) if given in {str(each) for each in LONGEST_MIN} else LONGEST_DEFAULT
            found = None
            territory = load_territory(services().config.home)
            if is_asked and asked.origin is not None and asked.at is not None:
                from mobigo.planner.export.areas import drawing

                minutes = tuple(most * step // STEPS for step in range(1, STEPS + 1))
                reached, communes = here.areas(asked.origin, asked.at, minutes, asked.walk_m)
                found = {
                    "drawing": drawing(reached, minutes, territory.outlines, communes),
                    "communes": communes[:COMMUNES_SHOWN],
                    "count": len(communes),
                    "population": sum(each.commune.population for each in communes),
                    "along_streets": reached.along_streets,
                    "at": asked.at.astimezone(here.zone),
                }
            example = max(territory.communes, key=lambda commune: commune.population, default=None)
    except NotFound:
        return render_template("planner/no_network.html"), 200
    page = render_template(
        "planner/areas.html",
        asked=asked,
        most=most,
        longest=LONGEST_MIN,
        found=found,
        example=example.name if example is not None else "",
        full_label=full_label,
    )
    return page, 422 if asked.errors else 200
