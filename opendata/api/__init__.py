"""The API of open data, under /api/v1/opendata: datasets, and every version each has had. Files have addresses of their
own (`opendata.web.files`), and the whole catalogue is DCAT (`opendata.web.catalogues`)."""

from apiflask import APIBlueprint

from mobigo.infra.openapi import completed_by

bp = APIBlueprint("opendata_api", __name__, url_prefix="/api/v1/opendata", tag="Open data")

from opendata.api import datasets, document  # noqa: E402,F401 - after `bp`, which they need

bp.record_once(completed_by(document.complete))
