"""The join of school transport and ticketing: a school pass becomes a title that an inspector reads, and ends with it.

School transport says so by effects (`scolaire.pass_issued`, `scolaire.pass_ended`); neither knows the other.
"""

from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING, Final

from mobigo.base.decisions import Decision
from mobigo.base.errors import NotFound
from mobigo.base.instants import PARIS
from mobigo.base.money import ZERO, Money
from mobigo.infra.outbox import Effect
from mobigo.infra.web import Services

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from billettique.model.orders import Offer
    from scolaire.store.registrations import PassRow

PRODUCT: Final = "abonnement-scolaire"
RIDER: Final = "jeune"
DAY_BEGINS: Final = time(4)  # of an operating day


class SchoolTitles:
    """Leads from a title to the page that shows it (`scolaire.service.passes.TitlePages`)."""

    def __init__(self, services: Services) -> None:
        self._config = services.config

    def path(self, session: "Session", title: str) -> str:
        """The page of a title: its secret link."""
        from billettique.service.titles import page_of

        return page_of(session, self._config, title)


def issued(session: "Session", services: Services, effect: Effect, now: datetime) -> None:
    """Make the title of a pass, once; nothing when the pass ended meanwhile. Raises what issuing raises: the effect is
    tried again, then set aside for a person to see."""
    from billettique.model.entitlements import Bare
    from billettique.service import issuing
    from scolaire.service import passes
    from scolaire.store.pupils import GuardianRow, IdentityRow
    from scolaire.store.registrations import PassRow, RegistrationRow

    row = session.get(PassRow, effect.payload["pass"])
    if row is None or row.ended_at is not None or row.title is not None:
        return
    registration = session.get_one(RegistrationRow, row.registration)
    identity = session.get(IdentityRow, registration.pupil)
    if identity is None:
        return  # forgotten meanwhile
    guardian = None if registration.asked_by is None else session.get(GuardianRow, registration.asked_by)
    holder = f"{identity.first_name} {identity.last_name.upper()}"[:120]
    item = Bare(row.id, registration.id, offer_of(row, services), holder)
    subject = None if guardian is None else guardian.subject
    passes.titled(session, row.id, issuing.issue(session, services, item, now, subject=subject))


def ended(session: "Session", services: Services, effect: Effect, now: datetime) -> None:
    """The title of a pass that ended is good for nothing more."""
    from billettique.service import tickets
    from scolaire.store.registrations import PassRow

    row = session.get(PassRow, effect.payload["pass"])
    title = effect.payload.get("title") if row is None else row.title  # a pupil who was forgotten has no row any more
    if title is not None:
        tickets.revoke(session, title, Decision("scolaire.pass_over"), now)


def offer_of(row: "PassRow", services: Services) -> "Offer":
    """What the title says: the school season ticket of the tariff of its first day, for the days of the pass.

    Raises NotFound("scolaire.no_school_product") where no tariff in force has one.
    """
    from billettique.gateway import sales
    from billettique.gateway.fares import tariff_on
    from billettique.model.orders import ItemKind, Offer
    from mobigo.base.canonical import content_hash

    home = services.config.home
    tariff = tariff_on(row.first_day, home)
    found = next((each for each in tariff.covers if each.id == PRODUCT), None)
    if found is None:
        raise NotFound("scolaire.no_school_product", product=PRODUCT, day=row.first_day)
    terms, rate = sales.terms_on(row.first_day, home), sales.vat_on(row.first_day, home)
    first_at = datetime.combine(row.first_day, DAY_BEGINS, PARIS).astimezone(UTC)
    last_at = datetime.combine(row.last_day + timedelta(days=1), DAY_BEGINS, PARIS) - timedelta(minutes=1)
    codes = [each.code for each in tariff.versions]
    return Offer(
        ItemKind.PASS, found.id, found.name, Money(row.price_cents) if row.why == "first" else ZERO, rate.pct,
        terms.collector, terms.seller, content_hash({"versions": codes, "cover": found.id}), (RIDER,), first_at,
        last_at.astimezone(UTC),
        {
            "networks": sorted(found.networks or ()), "proof": found.proof, "span": str(found.span), "versions": codes,
            "terms": terms.code, "checks": {"identity": True},
        },
    )  # fmt: skip
