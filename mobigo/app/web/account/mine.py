"""What goes on for the person of an account, over all packages: the tickets that are good, the children's files, the
next carpool rides, the next on-demand rides, what was asked of us. Each line leads to the page where one acts."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from flask import url_for
from sqlalchemy.orm import Session

from billettique.service import baskets
from billettique.store import orders, tickets
from covoit.model.bookings import BookingState
from covoit.service import fares
from covoit.store.bookings import bookings_of
from covoit.store.people import find_person
from covoit.web.driver import words as rides
from mobigo.base.instants import PARIS, paris_day
from mobigo.base.money import ZERO
from mobigo.base.servicetime import instant_of
from mobigo.infra import formats
from mobigo.infra.db import reading
from mobigo.infra.i18n import current_language
from mobigo.infra.i18n import gettext as _
from mobigo.infra.web import Services
from mobigo.requests.rules import numbers
from mobigo.requests.service.asking import secret_of as request_secret
from mobigo.requests.store import requests
from mobigo.requests.web import words as request_words
from mobigo.tad.model.bookings import LIVE
from mobigo.tad.service.booking import secret_of
from mobigo.tad.store import bookings as on_demand
from scolaire.service import family
from scolaire.web import words

COMING = (BookingState.WAITING, BookingState.CONFIRMED)
MOST = 6  # lines of a card; the page it leads to has them all


@dataclass(frozen=True, slots=True)
class Line:
    """One thing, in words: `badge` (words, tone) where it has a state, `href` where it has a page of its own."""

    words: str
    href: str = ""
    badge: tuple[str, str] | None = None


@dataclass(frozen=True, slots=True)
class Card:
    """What goes on in one service: its lines, what is said without any, where one goes on."""

    title: str
    lines: tuple[Line, ...]
    nothing: str
    href: str
    action: str


def cards(services: Services, subject: str, now: datetime) -> list[Card]:
    """The cards of an account, always the same ones in the same order."""
    with reading(services.engine) as session:
        return [
            Card(
                _("Mes titres"), tuple(_tickets(services, session, subject, now)), _("Aucun titre en cours."),
                url_for("billettique.buy"), _("Acheter un titre"),
            ),
            Card(
                _("Mes enfants au transport scolaire"), tuple(_children(services, session, subject, now)),
                _("Aucun enfant inscrit."), url_for("scolaire.family_home"), _("Inscrire, renouveler, suivre"),
            ),
            Card(
                _("Mes trajets en covoiturage"), tuple(_carpool(session, subject, now)), _("Aucun trajet à venir."),
                url_for("covoit.rides"), _("Mes trajets et mes aides"),
            ),
            Card(
                _("Mon transport à la demande"), tuple(_on_demand(services, session, subject, now)),
                _("Aucune réservation à venir."), url_for("tad.home"), _("Réserver"),
            ),
            Card(
                _("Mes demandes"), tuple(_requests(services, session, subject, now)), _("Aucune demande."),
                url_for("requests.ask"), _("Faire une demande"),
            ),
        ]  # fmt: skip


def _tickets(services: Services, session: Session, subject: str, now: datetime) -> Iterator[Line]:
    good = [each for each in tickets.of_subject(session, subject) if each.last_at >= now and each.state in tickets.LIVE]
    for each in sorted(good, key=lambda row: (row.last_at, row.id))[:MOST]:
        until = formats.day(formats.local(each.last_at).date(), current_language(), year=True, weekday=False)
        secret = baskets.secret_of(services.config, each.order_id, orders.link_of(session, each.order_id))
        page = url_for("billettique.order", order_id=each.order_id, secret=secret)
        yield Line(_("%(name)s, jusqu’au %(day)s", name=each.name, day=until), page)


def _children(services: Services, session: Session, subject: str, now: datetime) -> Iterator[Line]:
    for child in family.children(session, subject, services.config, now)[:MOST]:
        stands = words.state(child.files[0].row.state, child.files[0].row.outcome) if child.files else None
        yield Line(child.identity.first_name, url_for("scolaire.family_home"), stands)


def _carpool(session: Session, subject: str, now: datetime) -> Iterator[Line]:
    person = find_person(session, subject=subject)
    if person is None:
        return
    coming = [each for each in bookings_of(session, person.id, now - timedelta(hours=1)) if each.state in COMING]
    for each in coming[:MOST]:
        at = formats.instant(each.pickup_at, current_language())
        yield Line(f"{at}\u202f: {rides.way(each.leg, each.pickup_at)}", url_for("covoit.rides"))
    owed = fares.owed(session, person.id)
    if owed > ZERO:
        said = _("%(amount)s à payer pour vos trajets", amount=formats.amount(owed, current_language()))
        yield Line(said, url_for("covoit.rides"), (_("à payer"), "warn"))


def _on_demand(services: Services, session: Session, subject: str, now: datetime) -> Iterator[Line]:
    today = paris_day(now)
    coming = [each for each in on_demand.of_subject(session, subject) if each.day >= today and each.state in LIVE]
    for each in coming[::-1][:MOST]:
        at = formats.instant(instant_of(each.day, each.earliest_s, PARIS), current_language())
        page = url_for("tad.booking", booking_id=each.id, secret=secret_of(services.config, each.id))
        yield Line(
            _("%(at)s, de %(origin)s à %(destination)s", at=at, origin=each.from_name, destination=each.to_name), page
        )


def _requests(services: Services, session: Session, subject: str, now: datetime) -> Iterator[Line]:
    """Requests, then the complaints that other packages keep."""
    for row in requests.of_subject(session, subject)[:MOST]:
        page = url_for("requests.follow", number=row.number, secret=request_secret(services.config, row.id))
        said = _("%(about)s, n° %(number)s", about=request_words.short_kind(row.kind), number=numbers.said(row.number))
        yield Line(said, page, request_words.state(row.state))
    for keeper in services.claims_elsewhere:
        for each in keeper.of_person(session, subject, now)[:MOST]:
            said = _("%(about)s, n° %(number)s", about=each.about, number=each.number)
            yield Line(said, each.href, (each.state, each.tone))
