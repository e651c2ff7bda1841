"""Sellers' keys: made at the first sale, renewed with overlap, revoked; and the two signed lists that devices read.

A private key stays on the hosts that share this home (`gateway.keyfiles`). When its file is not here (a restored
backup), a new key is made and signs from then on; what was signed before is still good, by the public key.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from sqlalchemy.orm import Session

from billettique.gateway.keyfiles import Signers, signers_of
from billettique.model.entitlements import KeyPurpose
from billettique.model.ticket import KeyList, RevocationList, SellerKey
from billettique.rules import keys as rules
from billettique.rules.entitlements import LONGEST
from billettique.rules.keys import Signer
from billettique.rules.verify import Keyring
from billettique.store import keys as store
from billettique.store.keys import KeyRow
from mobigo.base.errors import InvalidInput, NotFound, Refused
from mobigo.infra import audit
from mobigo.infra.db import reading, transaction

if TYPE_CHECKING:
    from mobigo.infra.web import Services

OVERLAP: Final = timedelta(days=14)  # how long before its first use a new key is in the lists
KEYS_LAST: Final = timedelta(days=30)  # a device that hears nothing for so long refuses everything
REVOCATIONS_LAST: Final = timedelta(days=7)  # after which a device says that its list is old
SLOT: Final = timedelta(minutes=10)  # a list is dated to this, so that it is the same for all who ask
# How many keys that may sign each seller has: with tickets one more than signs, so that devices already know the one
# that signs after another is revoked.
AT_HAND: Final = {KeyPurpose.TICKETS: 2, KeyPurpose.LISTS: 1}
LISTS: Final = "listes"  # the "seller" of the keys that sign the lists
REASON_MAX: Final = 200


@dataclass(frozen=True, slots=True)
class Published:
    """A signed list as it is sent; `tag` changes when, and only when, the octets do."""

    octets: bytes
    tag: str


# ---------------------------------------------------------------- keys to sign with


def for_signing(session: Session, services: "Services", seller: str, now: datetime) -> tuple[SellerKey, Signer]:
    """The seller's key to sign tickets with now, and who holds it; made when there is none."""
    return _able(session, signers_of(services), KeyPurpose.TICKETS, seller, now)


def _able(
    session: Session, signers: Signers, purpose: KeyPurpose, seller: str, now: datetime
) -> tuple[SellerKey, Signer]:
    listed = [row.value() for row in store.keys_of(session, purpose, seller)]
    while (key := rules.signing_key(listed, seller, now)) is not None:
        signer = signers.find(key.public_key)
        if signer is not None:
            return key, signer
        listed.remove(key)
    return _made(session, signers, purpose, seller, now)


def _made(
    session: Session, signers: Signers, purpose: KeyPurpose, seller: str, now: datetime
) -> tuple[SellerKey, Signer]:
    """A new key, in the database and in a file. Another process that makes one at the same instant makes another
    number: both are good."""
    if not (seller.isascii() and seller.isprintable() and 1 <= len(seller) <= 60):
        raise InvalidInput("billettique.bad_seller", seller=seller)
    signer = signers.make()
    while True:
        known = [row.value() for row in store.keys_of(session, purpose, seller)]
        longest = LONGEST if purpose is KeyPurpose.TICKETS else KEYS_LAST
        key = rules.next_key(known, seller, signer.public_key, first_at=now, longest_ticket=longest)
        if store.add_key(session, purpose, key, now):
            break
    if purpose is KeyPurpose.TICKETS:
        store.next_sequence(session, store.KEYS, now)
    audit.record(
        session, "billettique.key_made", actor=audit.SYSTEM, object_kind="seller_key",
        object_id=f"{purpose}:{seller}:{key.key_id}", now=now,
    )  # fmt: skip
    return key, signer


def rotate(session: Session, services: "Services", now: datetime) -> list[SellerKey]:
    """New keys for those sellers that have too few beyond the overlap; private keys that sign no more are destroyed.

    The keys made, in order. Running it again makes none."""
    signers, made = signers_of(services), []
    _able(session, signers, KeyPurpose.LISTS, LISTS, now)
    for purpose in KeyPurpose:
        rows = store.keys_of(session, purpose)
        for seller in dict.fromkeys(row.provider for row in rows):
            values = [row.value() for row in rows if row.provider == seller]
            made += _at_hand(session, signers, purpose, seller, values, now)
            for key in values:
                if now > key.last_at:
                    signers.forget(key.public_key)
    return made


def _at_hand(
    session: Session, signers: Signers, purpose: KeyPurpose, seller: str, values: list[SellerKey], now: datetime
) -> list[SellerKey]:
    """The keys made so that the seller has as many as it should, beyond the overlap."""
    lasting = [
        key
        for key in values
        if key.revoked_at is None and key.last_at > now + OVERLAP and signers.find(key.public_key) is not None
    ]
    return [_made(session, signers, purpose, seller, now)[0] for _ in range(AT_HAND[purpose] - len(lasting))]


def gaps(session: Session, services: "Services", now: datetime) -> dict[str, datetime]:
    """The sellers that will have no key to sign with within the overlap, and since when: the rotation does not run."""
    rows = store.keys_of(session, KeyPurpose.TICKETS)
    here = [row.value() for row in rows if signers_of(services).find(row.public_key) is not None]
    sellers = dict.fromkeys(row.provider for row in rows)
    found = {seller: rules.gap_before(here, seller, now + OVERLAP, now) for seller in sellers}
    return {seller: at for seller, at in found.items() if at is not None}


def renew(session: Session, services: "Services", seller: str, *, by: str, now: datetime) -> SellerKey:
    """A new key for a seller at an agent's wish; it signs once the one before it ends."""
    if not store.keys_of(session, KeyPurpose.TICKETS, seller):
        raise NotFound("billettique.no_seller", seller=seller)
    key, _signer = _made(session, signers_of(services), KeyPurpose.TICKETS, seller, now)
    audit.record(
        session, "billettique.key_renewed", actor=by, object_kind="seller_key",
        object_id=f"{KeyPurpose.TICKETS}:{seller}:{key.key_id}", now=now,
    )  # fmt: skip
    return key


def revoke(
    session: Session, services: "Services", seller: str, key_id: int, *, reason: str, by: str, now: datetime
) -> SellerKey:
    """A key that somebody else may hold signs nothing any more, and nothing signed with it is accepted: whoever bought
    has to be given new codes (`service.reissuing`). The key that signs instead, made when there is none.

    Raises NotFound("billettique.key_unknown"), InvalidInput("billettique.reason_needed"),
    Refused("billettique.key_revoked_already").
    """
    why = " ".join(reason.split())
    if not 3 <= len(why) <= REASON_MAX:
        raise InvalidInput("billettique.reason_needed", most=REASON_MAX)
    row = store.find_key(session, KeyPurpose.TICKETS, seller, key_id)
    if row is None:
        raise NotFound("billettique.key_unknown", provider=seller, key_id=key_id)
    if row.revoked_at is not None:
        raise Refused("billettique.key_revoked_already", provider=seller, key_id=key_id, at=row.revoked_at)
    row.revoked_at, row.why = now, why
    session.flush()
    store.next_sequence(session, store.KEYS, now)
    audit.record(
        session, "billettique.key_revoked", actor=by, object_kind="seller_key",
        object_id=f"{KeyPurpose.TICKETS}:{seller}:{key_id}", now=now,
    )  # fmt: skip
    signers = signers_of(services)
    signers.forget(row.public_key)
    key = for_signing(session, services, seller, now)[0]
    values = [each.value() for each in store.keys_of(session, KeyPurpose.TICKETS, seller)]
    _at_hand(session, signers, KeyPurpose.TICKETS, seller, values, now)
    return key


def all_keys(session: Session) -> list[KeyRow]:
    """Every key of every seller, those that sign lists too: for the agents' page."""
    return [*store.keys_of(session, KeyPurpose.TICKETS), *store.keys_of(session, KeyPurpose.LISTS)]


def signing(rows: list[KeyRow], services: "Services", now: datetime) -> set[str]:
    """The ids of those keys that sign at this instant on this host: one a seller and purpose."""
    here = [row for row in rows if signers_of(services).find(row.public_key) is not None]
    found = set()
    for purpose, seller in {(row.purpose, row.provider) for row in here}:
        mine = {row.key_id: row for row in here if (row.purpose, row.provider) == (purpose, seller)}
        key = rules.signing_key([row.value() for row in mine.values()], seller, now)
        if key is not None:
            found.add(mine[key.key_id].id)
    return found


# ---------------------------------------------------------------- lists


def key_list(session: Session, now: datetime) -> KeyList:
    """The sellers' keys as they are published at this instant."""
    sequence, changed_at = store.sequence_of(session, store.KEYS)
    issued = _slot(now, changed_at)
    values = [row.value() for row in store.keys_of(session, KeyPurpose.TICKETS)]
    return KeyList(sequence, issued, issued + KEYS_LAST, rules.without_past_keys(values, now))


def revocation_list(session: Session, now: datetime, since: int = 0) -> RevocationList:
    """What is revoked, as it is published at this instant: the whole, or what was added after list `since`; the whole
    again when a mark came off meanwhile, or when no such list was published."""
    sequence, changed_at = store.sequence_of(session, store.REVOCATIONS)
    issued = _slot(now, changed_at)
    if not 0 < since <= sequence or store.lifted_since(session, since):
        since = 0
    marks = store.marks(session, now, since)
    return RevocationList(sequence, since, issued, issued + REVOCATIONS_LAST, marks)


def _slot(now: datetime, changed_at: datetime | None) -> datetime:
    """The instant a list is dated: the last change, or the last round ten minutes."""
    floor = datetime.fromtimestamp(now.timestamp() // SLOT.total_seconds() * SLOT.total_seconds(), now.tzinfo)
    return floor if changed_at is None else max(floor, changed_at)


def keyring(session: Session, now: datetime) -> Keyring:
    """The keys, ready to verify with: what the server's own checks use."""
    return Keyring(key_list(session, now))


def roots(session: Session, now: datetime) -> frozenset[bytes]:
    """The public keys that may sign lists: what a device is given when it is enrolled, over a channel it trusts."""
    rows = store.keys_of(session, KeyPurpose.LISTS)
    return frozenset(
        row.public_key for row in rows if row.revoked_at is None and row.first_at <= now <= row.accepted_until
    )


class _Kept:
    """The last list of each kind that this process signed: asked for by every device, signed once."""

    def __init__(self) -> None:
        self.by_tag: dict[str, bytes] = {}


def published_keys(services: "Services", now: datetime) -> Published:
    """The signed key list."""
    with reading(services.engine) as session:
        listed = key_list(session, now)
    return _published(services, f"k{listed.sequence}", listed, now)


def published_revocations(services: "Services", now: datetime, since: int = 0) -> Published:
    """The signed revocation list: the whole, or what was added after list `since`."""
    with reading(services.engine) as session:
        listed = revocation_list(session, now, since)
    return _published(services, f"r{listed.since}-{listed.sequence}", listed, now)


def _published(services: "Services", name: str, listed: KeyList | RevocationList, now: datetime) -> Published:
    signer = _list_signer(services, now)
    # The keys that are over, and tickets that are, leave a list without a number of their own: their count is in it.
    size = len(listed.keys if isinstance(listed, KeyList) else listed.marks)
    tag = f"{name}-{size}-{int(listed.issued_at.timestamp())}-{signer.public_key.hex()[2:10]}"
    kept = services.part(_Kept, lambda _: _Kept()).by_tag
    if tag not in kept:
        if len(kept) >= 16:
            kept.clear()
        kept[tag] = (
            rules.write_key_list(listed, signer)
            if isinstance(listed, KeyList)
            else rules.write_revocations(listed, signer)
        )
    return Published(kept[tag], tag)


def _list_signer(services: "Services", now: datetime) -> Signer:
    signers = signers_of(services)
    with reading(services.engine) as session:
        values = [row.value() for row in store.keys_of(session, KeyPurpose.LISTS, LISTS)]
    here = [key for key in values if signers.find(key.public_key) is not None]
    key = rules.signing_key(here, LISTS, now)
    found = None if key is None else signers.find(key.public_key)
    if found is not None:
        return found
    with transaction(services.engine) as session:
        return _able(session, signers, KeyPurpose.LISTS, LISTS, now)[1]
