"""The carpool API, under /api/v1/covoit: the registry for operators, the standard interface for other platforms."""

from apiflask import APIBlueprint

from mobigo.infra.openapi import completed_by

bp = APIBlueprint("covoit_api", __name__, url_prefix="/api/v1/covoit", tag="Carpool")

from covoit.api.registry import document, views  # noqa: E402,F401 - puts its views on `bp`

bp.record_once(completed_by(document.complete))
