"""What a request is about, read from the product: a journey without a network, an order, an on-demand booking."""

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from sqlalchemy import Engine

from billettique.service import baskets
from billettique.store.orders import OrderRow
from mobigo.app.request_origins import RequestOrigins
from mobigo.base.errors import NotFound
from mobigo.base.geo import Point
from mobigo.infra.config import Config
from mobigo.infra.db import transaction
from mobigo.infra.i18n import sentence
from mobigo.infra.web import Services
from mobigo.planner.rules.followed import End, FollowedRide, FollowedTrip, encoded
from mobigo.requests.rules import facts
from mobigo.tad.model.bookings import Channel
from mobigo.tad.service import booking
from mobigo.tad.service import services as catalogue
from tests.requests_world import plain
from tests.tad_world import CALLER, NOW, asked, document

AT = datetime(2026, 11, 26, 6, 32, tzinfo=UTC)
TRIP = FollowedTrip(
    End("Saulieu", Point(47.28, 4.23)), End("<b>Dijon</b>" + "x" * 180, Point(47.32, 5.04)),
    (FollowedRide("cars:t1", "cars:t1", date(2026, 11, 26), "cars:a", "cars:b", int(AT.timestamp()),
                  int(AT.timestamp()) + 3_600),),
)  # fmt: skip


class NoNetwork:
    """Nothing is served."""

    def today(self) -> object:
        raise NotFound("network.none")


@pytest.fixture
def origins(database_config: Config, engine: Engine) -> RequestOrigins:
    return RequestOrigins(Services(database_config, make_networks=lambda _services: NoNetwork()))  # type: ignore[arg-type,return-value]


def test_a_journey_says_its_ends_and_its_hour_even_without_a_network(origins: RequestOrigins) -> None:
    found = origins.facts("trajet", encoded(TRIP), AT)
    [journey] = found
    assert plain(sentence(journey, "fr")).startswith("Trajet de Saulieu à <b>Dijon")
    assert "7 h 32" in plain(sentence(journey, "fr"))
    assert len(str(journey.params["end"])) == 80  # a name comes from an address: it is cut
    assert facts.read(facts.document(found)) == found


def test_a_booking_is_told_to_who_holds_its_secret_only(origins: RequestOrigins, engine: Engine) -> None:
    with transaction(engine) as session:
        version = catalogue.publish(session, document(), organisation=None, by=None, now=NOW)
        made = booking.hold(session, None, version, asked(), CALLER, channel=Channel.WEB, now=NOW)
    secret = booking.secret_of(origins.services.config, made.id)
    [fact] = origins.facts("tad", f"{made.id}/{secret}", NOW)
    assert fact.params["origin"] == asked().origin.name
    assert CALLER.name not in sentence(fact, "fr")
    for wrong in (f"{made.id}/{secret[:-1]}", f"{made.id}/", made.id, f"{secret}/{made.id}"):
        with pytest.raises(NotFound):
            origins.facts("tad", wrong, NOW)


def test_an_order_is_told_to_who_holds_its_last_link_only(origins: RequestOrigins, engine: Engine) -> None:
    row = OrderRow(
        id="0" * 26, reference="ABC234", channel="web", language="fr", created_at=NOW, expires_at=NOW,
        changed_at=NOW, placed_at=NOW, link=1,
    )  # fmt: skip
    with transaction(engine) as session:
        session.add(row)
    config = origins.services.config
    [fact] = origins.facts("commande", f"{row.id}/{baskets.secret_of(config, row.id, 1)}", NOW)
    assert fact.params["reference"] == "ABC 234"
    for secret in (baskets.secret_of(config, row.id), "x" * 26, ""):
        with pytest.raises(NotFound):
            origins.facts("commande", f"{row.id}/{secret}", NOW)


def test_other_secrets_come_with_other_keys(origins: RequestOrigins, engine: Engine, config: Config) -> None:
    other = RequestOrigins(Services(replace(config, home=config.home / "other")))
    ref = f"{'0' * 26}/{baskets.secret_of(other.services.config, '0' * 26)}"
    with pytest.raises(NotFound):
        origins.facts("commande", ref, NOW)
