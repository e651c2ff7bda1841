"""The join of ticketing and on-demand transport: places that somebody holds, paid in the basket at the service's own
price.

The booking page holds the places, with a name and a telephone that never enter the order; the basket keeps them for as
long as its prices, and paying confirms them. Given back past the cut-off, or once aboard, they are not paid back.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from billettique.gateway import sales
from billettique.model.orders import ItemKind, Offer
from billettique.service.seats import Held
from mobigo.base.errors import Conflict, Refused
from mobigo.base.instants import PARIS, paris_day
from mobigo.base.servicetime import instant_of
from mobigo.tad.model.bookings import Side, State
from mobigo.tad.service import booking, days
from mobigo.tad.service import services as catalogue
from mobigo.tad.store import bookings as store

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from mobigo.infra.web import Services

RIDE: Final = timedelta(hours=3)  # what the places are good for, from their hour on
PAYING: Final = timedelta(minutes=30)  # a payment begun in time may end after the basket


class OnDemandSeats:
    """Keeps the places of our on-demand services."""

    kind = ItemKind.TAD_SEAT

    def __init__(self, services: "Services") -> None:
        self._services = services

    def offer(self, session: "Session", asked: Mapping[str, str], now: datetime) -> Offer:
        """Places held, by `booking` and the `secret` of its link. Raises NotFound("tad.no_such_booking") without it,
        Conflict("tad.hold_over") when they are held no more, or were confirmed already: one pays aboard then."""
        name = asked.get("booking", "")
        booking.check_secret(self._services.config, name, asked.get("secret", ""))
        made = store.booking_value(store.get_booking(session, name))
        service = catalogue.get_version(session, made.version).service
        if made.state is not State.HELD or made.held_until is None or made.held_until <= now:
            raise Conflict("tad.hold_over", phone=service.phone)
        at, by = (
            instant_of(made.asked.day, each, PARIS) for each in (made.promise.earliest_s, made.promise.arrive_by_s)
        )
        home, today = self._services.config.home, paris_day(now)
        terms, rate = sales.terms_on(today, home), sales.vat_on(today, home)
        a, z = made.asked.origin, made.asked.destination
        return Offer(
            self.kind, f"tad-{service.code}", f"{service.name} : {a.name} → {z.name}"[:200], made.price, rate.pct,
            terms.collector, terms.seller, service.digest, made.asked.riders, at, at + RIDE,
            {
                "booking": made.id, "terms": terms.code,
                "legs": [
                    {"network": "tad", "from": a.id, "to": z.id, "from_name": a.name, "to_name": z.name,
                     "departs_at": at.isoformat(), "arrives_at": by.isoformat()}
                ],
            },
        )  # fmt: skip

    def hold(self, session: "Session", promised: Mapping[str, Any], key: str, until: datetime, now: datetime) -> Held:
        """The same places, for as long as the basket's prices. Raises Conflict("tad.hold_over") when they went."""
        row = store.get_booking(session, promised["booking"])
        version = catalogue.get_version(session, row.version)
        days.hold(session, self._services, version.service, version.id, row.day, now)
        row = store.get_booking(session, row.id)
        if State(row.state) is State.CANCELLED:
            raise Conflict("tad.hold_over", phone=version.service.phone)
        if State(row.state) is State.HELD:
            row.held_until = max(until + PAYING, row.held_until or until)
            session.flush()
        return Held(row.id, until)

    def confirm(self, session: "Session", ref: str, now: datetime) -> None:
        """They are paid."""
        booking.confirm(session, self._services, ref, Side.SYSTEM, now)

    def release(self, session: "Session", ref: str, now: datetime) -> None:
        """Not wanted any more. Raises Refused("billettique.seat_used") past the cut-off, or once aboard."""
        made = store.booking_value(store.get_booking(session, ref))
        if made.state is State.CANCELLED:
            return
        service = catalogue.get_version(session, made.version).service
        gone = made.state not in (State.HELD, State.CONFIRMED)
        if gone or (made.state is State.CONFIRMED and booking.is_late(service, made.asked, now)):
            raise Refused("billettique.seat_used")
        booking.cancel(session, self._services, ref, Side.SYSTEM, now)
