"""Places of an on-demand service, as a basket keeps them: held longer, paid, given back in time or not at all."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine

from mobigo.app.on_demand_seats import OnDemandSeats
from mobigo.base.errors import Conflict, NotFound, Refused
from mobigo.base.money import Money
from mobigo.infra.config import Config
from mobigo.infra.db import transaction
from mobigo.infra.web import Services
from mobigo.tad.model.bookings import Channel
from mobigo.tad.service import booking
from mobigo.tad.service import services as catalogue
from mobigo.tad.store import bookings as store
from tests.tad_world import CALLER, NOW, asked, document

LATER = NOW + timedelta(minutes=30)
PAST_CUTOFF = datetime(2026, 11, 24, 16, 0, tzinfo=UTC)


World = tuple[Services, OnDemandSeats, dict[str, str]]


@pytest.fixture
def world(engine: Engine, database_config: Config) -> World:
    services = Services(database_config)
    with transaction(engine) as session:
        version = catalogue.publish(session, document(), organisation=None, by=None, now=NOW)
        made = booking.hold(session, None, version, asked(), CALLER, channel=Channel.WEB, now=NOW)
    return services, OnDemandSeats(services), {
        "booking": made.id, "secret": booking.secret_of(services.config, made.id)
    }  # fmt: skip


def state(session: Any, given: dict[str, str]) -> str:
    return store.get_booking(session, given["booking"]).state


def test_places_held_are_sold_at_the_price_of_the_service_and_no_name_enters_the_order(
    engine: Engine, world: World
) -> None:
    _services, seats, given = world
    with transaction(engine) as session:
        offer = seats.offer(session, given, NOW)
        assert (offer.gross, offer.riders) == (Money(200), ("adulte",))
        assert "Camille" not in str(offer) + str(offer.promised)
        with pytest.raises(NotFound):
            seats.offer(session, {**given, "secret": "x"}, NOW)
        held = seats.hold(session, offer.promised, "key", LATER, NOW)
        assert seats.hold(session, offer.promised, "key", LATER, NOW) == held
        assert booking.release_holds(session, None, NOW + timedelta(minutes=11)) == 0  # kept as long as the basket
        seats.confirm(session, held.ref, LATER)
        seats.confirm(session, held.ref, LATER)
        assert state(session, given) == "confirmed"
        with pytest.raises(Conflict):  # it is confirmed: nobody pays it twice
            seats.offer(session, given, LATER)
        with pytest.raises(Refused):
            seats.release(session, held.ref, PAST_CUTOFF)
        seats.release(session, held.ref, PAST_CUTOFF - timedelta(seconds=1))
        seats.release(session, held.ref, PAST_CUTOFF)
        assert state(session, given) == "cancelled"


def test_places_that_went_are_not_sold(engine: Engine, world: World) -> None:
    _services, seats, given = world
    with transaction(engine) as session:
        offer = seats.offer(session, given, NOW)
        booking.release_holds(session, None, NOW + timedelta(minutes=10))
        with pytest.raises(Conflict):
            seats.hold(session, offer.promised, "key", LATER, NOW + timedelta(minutes=10))
        with pytest.raises(Conflict):
            seats.confirm(session, given["booking"], LATER)
