"""The stops of the carpool lines for programs: GBFS 3.0."""

from flask import Response, abort, jsonify
from flask.typing import ResponseReturnValue

from covoit.export.gbfs import TTL_S, System, documents
from covoit.gateway.lines import lines_on
from covoit.web import bp
from mobigo.base.instants import paris_day
from mobigo.infra import competence
from mobigo.infra.auth import public
from mobigo.infra.clock import now
from mobigo.infra.web import services

PATH = "/covoiturage/gbfs/3.0"


@bp.get(f"{PATH}/<name>.json")
@public
def gbfs(name: str) -> ResponseReturnValue:
    """One of the documents; `gbfs.json` leads to the others."""
    config, instant = services().config, now()
    region = competence.table().authorities["region"].shown(production=config.production)
    system = System(region.name, config.base_url, config.opendata_contact, f"{config.base_url}{PATH}")
    found = documents(lines_on(paris_day(instant)), system, instant).get(name)
    if found is None:
        abort(404)
    answer: Response = jsonify(found)
    answer.headers["Cache-Control"] = f"public, max-age={TTL_S}"
    return answer
