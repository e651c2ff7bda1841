"""The join of ticketing and the carpool lines: a seat sold in the basket, at the coach single fare of its day.

A seat is held as a booking that waits for its driver; paying confirms it. What was paid settles what the passenger will
owe for that ride (`covoit` books it when the ride is proven), so that nobody pays twice.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Final
from uuid import NAMESPACE_URL, uuid4, uuid5

from billettique.gateway import sales
from billettique.model.orders import ItemKind, Offer
from billettique.service.seats import Held
from covoit.gateway import lines as files
from covoit.model.bookings import BookingState, Side
from covoit.rules import bookings as rules
from covoit.rules.lines import leg_between, passes_at, stop_of
from covoit.service import bookings, offers
from covoit.service.awards import fare_receivable
from covoit.service.lines import price_on
from covoit.store import bookings as store
from covoit.store import offers as offer_store
from mobigo.base.errors import Conflict, InvalidInput, Refused
from mobigo.base.instants import paris_day

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from mobigo.infra.web import Services

ALIVE: Final = (BookingState.WAITING, BookingState.CONFIRMED)
RIDE: Final = timedelta(hours=3)  # what the seat is good for, from its hour on
SEATS_MAX: Final = 4  # in one go


class CarpoolSeats:
    """Keeps the seats of our carpool lines."""

    kind = ItemKind.CARPOOL_SEAT

    def __init__(self, services: "Services") -> None:
        self._services = services

    def offer(self, session: "Session", asked: Mapping[str, str], now: datetime) -> Offer:
        """A seat of a run: `run`, `from`, `to`, `seats`, and the `subject` of who rides, whose telephone a driver who
        does not come has to reach. Raises Refused("billettique.seat_needs_account") without one; what booking raises.
        """
        if not asked.get("subject"):
            raise Refused("billettique.seat_needs_account")
        count = asked.get("seats") or "1"
        if not (count.isascii() and count.isdigit() and 1 <= int(count) <= SEATS_MAX):
            raise InvalidInput("billettique.bad_riders", most=SEATS_MAX)
        person = offers.person_here(session, asked["subject"], now)
        run = offer_store.offer_value(offer_store.get_offer(session, asked.get("run", "")))
        line = files.get_line(run.line, paris_day(run.leaves_at))
        leg = leg_between(line, asked.get("from", ""), asked.get("to", ""))
        bookings.refuse(
            rules.refusal_of_booking(
                run, store.bookings_on(session, [run.id]), leg, int(count), offer_store.find_member(session, person),
                strangers=person not in offer_store.blocked_with(session, run.driver), ahead=True,
            )
        )  # fmt: skip
        board, alight = stop_of(line, asked["from"]), stop_of(line, asked["to"])
        picked = passes_at(line, run.leg, run.leaves_at, board)
        set_down = passes_at(line, run.leg, run.leaves_at, alight)
        price, day, home = price_on(paris_day(run.leaves_at)), paris_day(now), self._services.config.home
        terms, rate = sales.terms_on(day, home), sales.vat_on(day, home)
        name = f"{line.name} : {board.name} → {alight.name}"
        return Offer(
            self.kind, f"covoiturage-{line.code}", name[:200], price * int(count), rate.pct, terms.collector,
            terms.seller, sha256(f"{line.code}:{price.cents}".encode()).hexdigest(), ("adulte",) * int(count),
            picked, picked + RIDE,
            {
                "run": run.id, "person": person, "from": board.id, "to": alight.id, "seats": int(count),
                "terms": terms.code, "revenue": fare_receivable(person),
                "legs": [
                    {"network": "covoiturage", "from": board.id, "to": alight.id, "from_name": board.name,
                     "to_name": alight.name, "departs_at": picked.isoformat(), "arrives_at": set_down.isoformat(),
                     "distance_m": leg.to_m - leg.from_m}
                ],
            },
        )  # fmt: skip

    def hold(self, session: "Session", promised: Mapping[str, Any], key: str, until: datetime, now: datetime) -> Held:
        """A booking that waits for its driver; the driver is told when it is paid."""
        named = str(uuid5(NAMESPACE_URL, f"mobigo:{key}"))
        known = session.get(store.BookingRow, named)
        if known is not None and BookingState(known.state) in ALIVE:
            return Held(known.id, until)
        made = bookings.book(
            session, offer_id=promised["run"], passenger=promised["person"], from_stop=promised["from"],
            to_stop=promised["to"], seats=promised["seats"], now=now,
            booking_id=named if known is None else str(uuid4()), state=BookingState.WAITING, origin="paid",
        )  # fmt: skip
        return Held(made.id, until)

    def confirm(self, session: "Session", ref: str, now: datetime) -> None:
        """It is paid: confirmed, unless the driver has given it up meanwhile."""
        row = store.get_booking(session, ref, lock=True)
        state = BookingState(row.state)
        if state is BookingState.WAITING:
            bookings.change(session, ref, BookingState.CONFIRMED, Side.SYSTEM, now)
            bookings.tell_driver(session, ref, now)
        elif state is BookingState.CANCELLED:
            raise Conflict("covoit.offer_gone")

    def release(self, session: "Session", ref: str, now: datetime) -> None:
        """Given up by the passenger; one that took place already stays."""
        row = store.get_booking(session, ref, lock=True)
        if BookingState(row.state) in ALIVE:
            bookings.change(session, ref, BookingState.CANCELLED, Side.PASSENGER, now)
        elif BookingState(row.state) is not BookingState.CANCELLED:
            raise Refused("billettique.seat_used")
