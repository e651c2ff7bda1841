"""The ticketing API, under /api/v1/billettique: partners, on-board validators, payment providers' notices."""

from apiflask import APIBlueprint

from mobigo.infra.openapi import completed_by

bp = APIBlueprint("billettique_api", __name__, url_prefix="/api/v1/billettique", tag="Ticketing")

from billettique.api import document, lists, notices, partners, partners_document, validators  # noqa: E402,F401 - after `bp`, which they need

bp.record_once(completed_by(document.complete))
bp.record_once(completed_by(notices.complete))
bp.record_once(completed_by(partners_document.complete))
