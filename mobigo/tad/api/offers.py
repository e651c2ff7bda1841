"""The services in force, and what can be had of one: for all, as on its page."""

from typing import Final

import orjson
from flask import Response
from flask.typing import ResponseReturnValue

from mobigo.base.instants import paris_day
from mobigo.infra.auth import public
from mobigo.infra.clock import now
from mobigo.infra.db import reading
from mobigo.infra.ratelimit import address, attempts
from mobigo.infra.web import services
from mobigo.tad.api import bp, given
from mobigo.tad.api.asked import OffersAsked, query_of
from mobigo.tad.service import booking
from mobigo.tad.service import services as catalogue

OFFERS: Final = "120 per minute"  # of one address: each is a look at the rounds of a day


@bp.get("/services")
@public
def tad_services() -> ResponseReturnValue:
    """The on-demand services in force today."""
    with reading(services().engine) as session:
        found = [each.service for each in catalogue.services_on(session, paris_day(now()))]
    return json_of({"services": [given.service_json(each) for each in found]})


@bp.get("/services/<code>/offers")
@public
def tad_offers(code: str) -> ResponseReturnValue:
    """Departures that can be had now between two stops, three at most, about the hour asked; each with what is
    promised. The cut-off is applied at this instant."""
    attempts().count("tad-offers", OFFERS, address())
    wanted, instant = query_of(OffersAsked), now()
    with reading(services().engine) as session:
        version = catalogue.get_service(session, code, paris_day(instant))
        asked = wanted.asked(version.service)
        version = catalogue.get_service(session, code, asked.day)
        answer = booking.quote(session, services(), version.service, wanted.asked(version.service), instant)
    return json_of(
        {
            "offers": [given.offer_json(asked.day, each) for each in answer.offers],
            "refused": None if answer.offers else given.reason_json(answer.refused),
        }
    )


def json_of(document: object, status: int = 200) -> Response:
    """The document as JSON, for whoever asked alone."""
    response = Response(orjson.dumps(document), status, content_type="application/json")
    response.headers["Cache-Control"] = "private, no-store"
    return response
