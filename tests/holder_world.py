"""A small world of tickets sold: one seller, a few offers, the checks of a device that has just read the lists."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, Final

from billettique.model.entitlements import Bare
from billettique.model.orders import ItemKind, Offer
from billettique.model.ticket import Verdict
from billettique.rules.keys import merged, read_key_list, read_revocations
from billettique.rules.verify import Keyring, Policy, verify
from billettique.service import issuing, keys, tickets
from billettique.store import tickets as store
from mobigo.base.money import Money
from mobigo.infra.db import reading, transaction
from mobigo.infra.web import Services

SELLER: Final = "mobigo"
NOW: Final = datetime(2026, 11, 26, 8, 30, 20, tzinfo=UTC)
DAY: Final = timedelta(days=1)
LEGS: Final = {"legs": [{"from_name": "Dijon", "to_name": "Beaune"}], "networks": ["car"]}
SINGLE: Final = Offer(
    ItemKind.TICKET, "car-unite", "Billet de car à l’unité", Money(150), Decimal(10), "regie", SELLER, "0" * 64,
    ("adulte",), None, None, LEGS,
)  # fmt: skip
PASS: Final = replace(
    SINGLE, kind=ItemKind.PASS, product="car-mois", name="Pass mensuel", gross=Money(4800), first_at=NOW,
    last_at=NOW + 30 * DAY,
)  # fmt: skip
CARNET: Final = replace(
    SINGLE, kind=ItemKind.CARNET, product="car-carnet", name="Carnet de dix", gross=Money(1200),
    last_at=NOW + 300 * DAY, promised={**LEGS, "units": 3},
)  # fmt: skip
TO_ACTIVATE: Final = replace(
    SINGLE, last_at=NOW + 30 * DAY, promised={**LEGS, "activation": True, "valid_min": 120}
)  # fmt: skip
CARD: Final = replace(SINGLE, kind=ItemKind.CARD, product="carte", name="Carte de réduction", last_at=NOW + 300 * DAY)


def sold(services: Services, offer: Offer = SINGLE, *, item: str = "item", now: datetime = NOW, **more: Any) -> str:
    """An item of this offer, its ticket issued; the entitlement's id."""
    with transaction(services.engine) as session:
        return issuing.issue(
            session, services, Bare(item, "order-" + item, offer, more.pop("holder", None)), now, **more
        )


def shown(services: Services, entitlement: str) -> Any:
    with reading(services.engine) as session:
        return tickets.shown(session, store.get(session, entitlement))


def bound(services: Services, entitlement: str, point: bytes, now: datetime = NOW, **more: Any) -> Any:
    """The ticket put on the telephone of this key."""
    with transaction(services.engine) as session:
        token = tickets.token_of(services.config, entitlement, 0)
        row = tickets.opened(session, services.config, entitlement, token, change_at=now)
        return tickets.bind(session, services, row, point, now, **more)


class Device:
    """An inspector's device: it knows the lists as they were at its last contact, and what it was shown itself."""

    def __init__(self, services: Services, now: datetime = NOW) -> None:
        self.services = services
        keys.published_keys(services, now)  # the first key of the lists
        with reading(services.engine) as session:
            self.roots = keys.roots(session, now)
        self.used: Mapping[bytes, datetime] = {}
        self.sync(now)

    def sync(self, now: datetime) -> None:
        """Read both lists as they are published: the keys whole, the revocations since the last ones."""
        known = getattr(self, "revocations", None)
        self.keys = read_key_list(
            keys.published_keys(self.services, now).octets, self.roots, now=now,
            newest=0 if known is None else self.keys.sequence,
        )  # fmt: skip
        since = 0 if known is None else known.sequence
        came = read_revocations(
            keys.published_revocations(self.services, now, since).octets, self.roots, now=now, newest=since
        )
        self.revocations = came if known is None else merged(known, came)

    def check(self, octets: bytes | None, now: datetime = NOW) -> Verdict:
        assert octets is not None
        return verify(
            octets, keys=Keyring(self.keys), revocations=self.revocations, used=self.used, now=now,
            policy=Policy(specimens_good=not self.services.config.production),
        )  # fmt: skip

    def answer(self, octets: bytes | None, now: datetime = NOW) -> tuple[str, str]:
        verdict = self.check(octets, now)
        return str(verdict.answer), verdict.reason.code.removeprefix("billettique.")
