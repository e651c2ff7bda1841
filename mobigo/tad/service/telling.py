"""What whoever travels is told: confirmed, cancelled, tomorrow. By e-mail where one was given, else by text message."""

from datetime import datetime, timedelta
from typing import Final

from sqlalchemy.orm import Session

from mobigo.base.instants import PARIS, paris_day
from mobigo.base.servicetime import instant_of
from mobigo.infra import outbox
from mobigo.infra.config import Config
from mobigo.infra.formats import amount
from mobigo.infra.formats import day as day_words
from mobigo.infra.formats import hour as hour_words
from mobigo.infra.i18n import gettext as _
from mobigo.infra.i18n import use_language
from mobigo.tad.model.bookings import Booking
from mobigo.tad.model.services import Service
from mobigo.tad.service import services as catalogue
from mobigo.tad.store import bookings as store

REMINDED_BEFORE: Final = timedelta(hours=20)


def facts(service: Service, booking: Booking) -> dict[str, str]:
    """What every message says, in words."""
    day, promise = booking.asked.day, booking.promise
    at, latest, arrive = (
        instant_of(day, each, PARIS) for each in (promise.earliest_s, promise.latest_s, promise.arrive_by_s)
    )
    return {
        "service": service.name, "day": day_words(at), "since": hour_words(at), "until": hour_words(latest),
        "arrive": hour_words(arrive), "origin": booking.asked.origin.name, "to": booking.asked.destination.name,
        "price": amount(booking.price), "phone": service.phone,
    }  # fmt: skip


def confirmed(session: Session, config: Config, service: Service, booking: Booking, secret: str, now: datetime) -> None:
    """The booking is sure: when, where, at what price, and the link to change it or give it up."""
    with use_language("fr"):
        link = f"{config.base_url}/tad/reservations/{booking.id}/{secret}"
        words = _(
            "Réservé : %(day)s, le véhicule de %(service)s vient entre %(since)s et %(until)s, %(origin)s. "
            "Arrivée à %(to)s au plus tard à %(arrive)s. Prix : %(price)s. Modifier ou annuler : %(link)s ou "
            "%(phone)s.",
            **facts(service, booking), link=link,
        )  # fmt: skip
        _send(session, booking, _("Votre réservation"), words, "confirmed", now)


def cancelled(session: Session, service: Service, booking: Booking, now: datetime) -> None:
    """The vehicle does not come."""
    with use_language("fr"):
        words = _(
            "Annulé : %(day)s à %(since)s, %(origin)s → %(to)s (%(service)s). Pour toute question : %(phone)s.",
            **facts(service, booking),
        )  # fmt: skip
        _send(session, booking, _("Réservation annulée"), words, "cancelled", now)


def remind(session: Session, now: datetime) -> int:
    """Remind whoever travels in the coming twenty hours, once each; how many."""
    today = paris_day(now)
    told = 0
    for row in store.live_between(session, today, today + timedelta(days=1)):
        booking = store.booking_value(row)
        at = instant_of(row.day, row.earliest_s, PARIS)
        if not now < at <= now + REMINDED_BEFORE:
            continue
        service = catalogue.get_version(session, row.version).service
        row.reminded_at = now
        with use_language("fr"):
            words = _(
                "Rappel : %(day)s, le véhicule de %(service)s vient entre %(since)s et %(until)s, %(origin)s. "
                "Un empêchement ? Appelez le %(phone)s.",
                **facts(service, booking),
            )  # fmt: skip
            told += _send(session, booking, _("Votre trajet"), words, "reminder", now)
    return told


def _send(session: Session, booking: Booking, subject: str, words: str, what: str, now: datetime) -> bool:
    contact = store.contact_of(session, booking.id)
    if contact is None:
        return False
    message = (
        outbox.Message("email", contact.email, subject, words, booking.subject)
        if contact.email
        else outbox.Message("sms", contact.phone, subject, words, booking.subject)
    )
    return outbox.send(session, message, key=f"tad:{what}:{booking.id}", now=now)
