"""Joins between siblings that more than the web process needs: who keeps the seats that ticketing sells, what there is
to publish."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from mobigo.infra.web import Services

if TYPE_CHECKING:
    from datetime import datetime

    from billettique.model.orders import ItemKind
    from billettique.service.seats import Seats
    from mobigo.infra.config import Config
    from opendata.model.checks import Judge
    from opendata.model.offers import Offer


def make_seats(services: Services) -> "Mapping[ItemKind, Seats]":
    """Who keeps seats, by kind of item."""
    from mobigo.app.carpool_seats import CarpoolSeats
    from mobigo.app.on_demand_seats import OnDemandSeats

    carpool, on_demand = CarpoolSeats(services), OnDemandSeats(services)
    return {carpool.kind: carpool, on_demand.kind: on_demand}


def make_offers(services: Services, now: "datetime") -> "list[Offer]":
    """What the packages have to publish."""
    from mobigo.app.open_data import offers

    return offers(services, now)


def make_judges(services: Services) -> "list[Judge]":
    """Who judges files before they are published."""
    from mobigo.app.open_data import judges

    return judges(services)


def services_for(config: "Config") -> Services:
    """What jobs and commands share, where no page is served."""
    return Services(config, make_seats=make_seats, make_offers=make_offers, make_judges=make_judges)
