"""The drill of a stolen key: whoever bought is given new codes of the same tickets, signed with another key.

Whatever else was signed with the stolen one stays refused. By batches, each a transaction; broken off anywhere, it goes
on from there.
"""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from billettique.model.ticket import SellerKey
from billettique.rules import u2
from billettique.rules.entitlements import minute_of
from billettique.rules.issuing import sign_ticket
from billettique.rules.keys import Signer
from billettique.service import keys, telling
from billettique.service.issuing import ticket_of_code
from billettique.store import tickets as store
from mobigo.base.errors import Refused
from mobigo.infra.clock import rising_ids
from mobigo.infra.db import reading, transaction

if TYPE_CHECKING:
    from mobigo.infra.web import Services

BATCH: Final = 1_000
_MINUTE: Final = timedelta(minutes=1)
Transaction = Callable[[], AbstractContextManager[Session]]


@dataclass(frozen=True, slots=True)
class Reissued:
    """What was done: codes signed anew, messages written to buyers."""

    codes: int
    messages: int


def waiting(engine: Engine, seller: str, key_id: int, now: datetime) -> int:
    """How many tickets still to be used have a code signed with this key as their last one."""
    with reading(engine) as session:
        return store.count_signed_with(session, seller, key_id, now)


def reissue(
    services: "Services",
    seller: str,
    key_id: int,
    now: datetime,
    *,
    begin: Transaction | None = None,
    progress: Callable[[int, int], object] = lambda _done, _total: None,
) -> Reissued:
    """Sign anew every ticket still to be used whose code was signed with this key; suspended ones too, which stay so.

    Buyers who left an address are written to, once an order. `begin` opens the transaction of a batch. Raises
    Refused("billettique.key_not_revoked") while the key itself is the one to sign with.
    """
    drill = _Drill(services, seller, key_id, now, begin or (lambda: transaction(services.engine)))
    total = waiting(services.engine, seller, key_id, now)
    done, messages, before = 0, 0, -1
    while done > before:  # a sale that had the key in hand when it was revoked may be written behind us: once more
        before = done
        after: str | None = ""
        while after is not None:
            codes, written, after = drill.batch(after)
            done, messages = done + codes, messages + written
            if codes:
                progress(done, max(total, done))
    return Reissued(done, messages)


@dataclass(frozen=True, slots=True)
class _Drill:
    """One key, and where what is signed anew is written."""

    services: "Services"
    seller: str
    key_id: int
    now: datetime
    begin: Transaction

    def batch(self, after: str) -> tuple[int, int, str | None]:
        """The codes from `after` on, in one transaction: (signed anew, messages, where to go on, None at the end)."""
        seller, key_id, now = self.seller, self.key_id, self.now
        with self.begin() as session:
            page = store.page_signed_with(session, seller, key_id, after=after, limit=BATCH)
            found = store.still_used(session, page, now) if page else []
            messages = 0
            if found:
                key, signer = keys.for_signing(session, self.services, seller, now)
                if key.key_id == key_id:
                    raise Refused("billettique.key_not_revoked", provider=seller, key_id=key_id)
                ids, production = rising_ids(now), self.services.config.production
                made = [{"id": next(ids), **_again(each, key, signer, production, now)} for each in found]
                store.replace_codes(session, [each.id for each in found], made, now)
                named = [each.entitlement for each in found]
                messages = telling.of_new_codes(session, self.services, named, seller, key_id, now)
        return len(found), messages, page[-1][0] if len(page) == BATCH else None


def _again(found: store.Signed, key: SellerKey, signer: Signer, production: bool, now: datetime) -> dict[str, Any]:
    """The row of a new code, without its id: the same ticket, said to be signed now, for the same telephone."""
    code = u2.read_code(found.octets)
    bound_key = code.header.bound_key
    ticket = replace(ticket_of_code(code), issued_at=max(minute_of(now), found.issued_at + _MINUTE))
    return {
        "entitlement": found.entitlement,
        "provider": key.provider,
        "key_id": key.key_id,
        "octets": sign_ticket(ticket, key, signer, production=production, bound_key=bound_key),
        "bound": bound_key is not None,
        "issued_at": ticket.issued_at,
        "replaced_at": None,
    }
