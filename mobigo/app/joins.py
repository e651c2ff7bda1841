"""Joins between siblings that more than the web process needs: who keeps the seats that ticketing sells."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from mobigo.infra.web import Services

if TYPE_CHECKING:
    from billettique.model.orders import ItemKind
    from billettique.service.seats import Seats
    from mobigo.infra.config import Config


def make_seats(services: Services) -> "Mapping[ItemKind, Seats]":
    """Who keeps seats, by kind of item."""
    from mobigo.app.carpool_seats import CarpoolSeats

    carpool = CarpoolSeats(services)
    return {carpool.kind: carpool}


def services_for(config: "Config") -> Services:
    """What jobs and commands share, where no page is served."""
    return Services(config, make_seats=make_seats)
