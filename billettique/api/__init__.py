"""The ticketing API, under /api/v1/billettique: partners, on-board validators, payment providers' notices."""

from apiflask import APIBlueprint

bp = APIBlueprint("billettique_api", __name__, url_prefix="/api/v1/billettique", tag="Ticketing")

from billettique.api import document, lists, notices, partners, partners_document, validators  # noqa: E402,F401 - after `bp`, which they need

bp.record_once(document.register)
bp.record_once(notices.register)
bp.record_once(partners_document.register)
