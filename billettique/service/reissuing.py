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
    begin = begin or (lambda: transaction(services.engine))
    total = waiting(services.engine, seller, key_id, now)
    done, messages, after = 0, 0, ""
    while True:
        with begin() as session:
            found = store.signed_with(session, seller, key_id, now, after=after, limit=BATCH)
            if not found:
                return Reissued(done, messages)
            key, signer = keys.for_signing(session, services, seller, now)
            if key.key_id == key_id:
                raise Refused("billettique.key_not_revoked", provider=seller, key_id=key_id)
            ids = rising_ids(now)
            made = [{"id": next(ids), **_again(each, key, signer, services.config.production, now)} for each in found]
            store.replace_codes(session, [each[0] for each in found], made, now)
            messages += telling.of_new_codes(session, services, [each[1] for each in found], seller, key_id, now)
        after = found[-1][0]
        done += len(found)
        progress(done, max(total, done))


def _again(
    found: tuple[str, str, bytes, datetime, datetime], key: SellerKey, signer: Signer, production: bool, now: datetime
) -> dict[str, Any]:
    """The row of a new code, without its id: the same ticket, said to be signed now, for the same telephone."""
    _code, entitlement, octets, issued_at, _last = found
    code = u2.read_code(octets)
    bound_key = code.header.bound_key
    ticket = replace(ticket_of_code(code), issued_at=max(minute_of(now), issued_at + _MINUTE))
    return {
        "entitlement": entitlement,
        "provider": key.provider,
        "key_id": key.key_id,
        "octets": sign_ticket(ticket, key, signer, production=production, bound_key=bound_key),
        "bound": bound_key is not None,
        "issued_at": ticket.issued_at,
        "replaced_at": None,
    }
