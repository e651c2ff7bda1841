"""The API of on-demand transport, under /api/v1/tad: the services and what can be had, for all; bookings, by key.

Whoever books by key (scope "tad.partner") sees and changes the bookings of that key's organisation, and no other.
"""

from apiflask import APIBlueprint

from mobigo.infra.openapi import completed_by

bp = APIBlueprint("tad_api", __name__, url_prefix="/api/v1/tad", tag="On-demand transport")

from mobigo.tad.api import bookings, offers, openapi  # noqa: E402,F401 - after `bp`, which they need

bp.record_once(completed_by(openapi.complete))
