"""What a request may be about: a followed journey with the delay that was noted, an order, an on-demand booking. Each
is opened by what opens its own page, so that nobody learns of another's by asking."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from billettique.model.orders import ItemState
from billettique.service import baskets, mails
from billettique.store import orders
from mobigo.base.decisions import Decision
from mobigo.base.errors import MobigoError, NotFound
from mobigo.base.instants import PARIS
from mobigo.base.money import ZERO
from mobigo.base.servicetime import instant_of
from mobigo.infra.db import reading
from mobigo.infra.web import Services
from mobigo.planner.export.delay import CertifiedRide
from mobigo.planner.rules.followed import FollowedTrip, decoded
from mobigo.tad.service.booking import check_secret
from mobigo.tad.store import bookings

RIDES_MOST = 6
ITEMS_MOST = 6


class RequestOrigins:
    """As `mobigo.requests.service.elsewhere.Origins` asks."""

    def __init__(self, services: Services) -> None:
        self.services = services

    def facts(self, origin: str, ref: str, now: datetime) -> tuple[Decision, ...]:
        """What is known of it. Raises NotFound for what opens no page."""
        match origin:
            case "trajet":
                return tuple(self._journey(ref, now))
            case "commande":
                return tuple(self._order(*self._halves(ref)))
            case "tad":
                return tuple(self._booking(*self._halves(ref)))
        raise NotFound("requests.unknown_origin")

    def _halves(self, ref: str) -> tuple[str, str]:
        name, _slash, secret = ref.partition("/")
        if not (name.isascii() and secret.isascii()):
            raise NotFound("requests.unknown_origin")
        return name, secret

    def _journey(self, ref: str, now: datetime) -> Iterator[Decision]:
        asked = decoded(ref)
        if asked is None:
            raise NotFound("requests.unknown_origin")
        at = datetime.fromtimestamp(asked.depart_s, UTC)
        yield Decision("requests.fact_journey", origin=asked.origin.name[:80], end=asked.destination.name[:80], at=at)
        for ride in self._observed(asked, now)[:RIDES_MOST]:
            arrival = ride.arrival
            yield Decision("requests.fact_ride", line=ride.line, start=ride.board, end=ride.alight,
                           at=arrival.planned_at)  # fmt: skip
            if arrival.cancelled_at is not None:
                yield Decision("requests.fact_cancelled", line=ride.line, at=arrival.cancelled_at)
            elif arrival.is_observed and arrival.late_s is not None:
                yield Decision("requests.fact_late", line=ride.line, minutes=max(0, arrival.late_s // 60))

    def _observed(self, asked: FollowedTrip, now: datetime) -> list[CertifiedRide]:
        """The vehicles as the timetable still holds them, with what was noted of them; none without a network."""
        from mobigo.planner.web.delays import certified
        from mobigo.planner.web.here import Here

        if now < datetime.fromtimestamp(asked.depart_s, UTC) - timedelta(days=1):
            return []
        try:
            with self.services.networks.today() as live:
                return certified(Here(live, now), asked)
        except MobigoError:
            return []

    def _order(self, order_id: str, secret: str) -> Iterator[Decision]:
        with reading(self.services.engine) as session:
            baskets.check_secret(self.services.config, order_id, secret, orders.link_of(session, order_id))
            row = orders.get_order(session, order_id)
            items = [each for each in orders.items_of(session, order_id) if each.now is not ItemState.DRAFT]
        total = sum((each.price for each in items), ZERO)
        yield Decision(
            "requests.fact_order", reference=mails.spaced(row.reference), at=row.placed_at or row.created_at,
            total=total,
        )  # fmt: skip
        for each in items[:ITEMS_MOST]:
            yield Decision("requests.fact_item", name=each.name)

    def _booking(self, booking_id: str, secret: str) -> Iterator[Decision]:
        check_secret(self.services.config, booking_id, secret)
        with reading(self.services.engine) as session:
            row = bookings.get_booking(session, booking_id)
        yield Decision(
            "requests.fact_booking", at=instant_of(row.day, row.earliest_s, PARIS), origin=row.from_name,
            end=row.to_name, number=row.id[-6:],
        )  # fmt: skip
