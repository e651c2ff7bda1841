"""The traveller's API, under /api/v1: journeys, stops, departures, lines, what can be reached.

What comes in is checked by the models of `asked`; what goes out is built as dictionaries and written by orjson. The
models of `given` describe it in the OpenAPI document and are checked against real answers by the tests.
"""

from apiflask import APIBlueprint

from mobigo.infra.openapi import completed_by

bp = APIBlueprint("planner_api", __name__, url_prefix="/api/v1", tag="Journeys")

from mobigo.planner.api import journeys, network, openapi  # noqa: E402,F401 - each puts its views on `bp`

bp.record_once(completed_by(openapi.complete))
