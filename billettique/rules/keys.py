"""Keys: who may sign tickets and until when, the signed lists that tell devices so, and the rotation of keys.

Everything is ECDSA on P-256 with SHA-256 (FIPS 186-5), which browsers and telephones have. A private key is behind
`Signer`, so that it may live in a file, in another service or in a security module. A list is a line of JSON in which
the signed text stands as a text, so that nobody has to write it again to check it; its signature is over its purpose
and that text. A device keeps the number of the newest list it saw: an older one, signed as it may be, is not taken.
"""

import json
from base64 import b64decode, b64encode
from collections.abc import Collection, Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Protocol

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from billettique.model.ticket import KeyList, RevocationList, SellerKey
from billettique.rules.tickets import MARK_OCTETS
from mobigo.base.errors import Conflict, InvalidInput, Refused

ROTATION: Final = timedelta(days=90)
CLOCK_AHEAD_MAX: Final = timedelta(minutes=10)  # of a device that reads a list made "later"
_KEYS: Final = "mobigo seller keys 1\n"
_REVOCATIONS: Final = "mobigo revoked tickets 1\n"
_CURVE: Final = ec.SECP256R1()
_ALGORITHM: Final = ec.ECDSA(SHA256())
_COMPRESSED_OCTETS: Final = 33


class Signer(Protocol):
    """Whoever holds a private key. The signature is DER, as in the codes."""

    @property
    def public_key(self) -> bytes: ...

    def sign(self, octets: bytes) -> bytes: ...


class KeptSigner:
    """A private key in this process."""

    def __init__(self, private_key: ec.EllipticCurvePrivateKey) -> None:
        if not isinstance(private_key.curve, ec.SECP256R1):
            raise InvalidInput("billettique.key_not_p256")
        self._private_key = private_key
        self.public_key = private_key.public_key().public_bytes(Encoding.X962, PublicFormat.CompressedPoint)

    def sign(self, octets: bytes) -> bytes:
        return self._private_key.sign(octets, _ALGORITHM)


def public_key_of(point: bytes) -> ec.EllipticCurvePublicKey:
    """The key of a compressed point. Raises ValueError when it is none of this curve's."""
    if len(point) != _COMPRESSED_OCTETS:
        raise ValueError("not a compressed point")
    return ec.EllipticCurvePublicKey.from_encoded_point(_CURVE, point)


def is_signed(key: ec.EllipticCurvePublicKey, octets: bytes, signature: bytes) -> bool:
    """Whether the holder of `key` signed `octets`."""
    try:
        key.verify(signature, octets, _ALGORITHM)
    except InvalidSignature:
        return False
    return True


# ---------------------------------------------------------------- the sellers' keys and their rotation


def next_key(
    keys: Iterable[SellerKey],
    provider: str,
    public_key: bytes,
    *,
    first_at: datetime,
    longest_ticket: timedelta,
    period: timedelta = ROTATION,
) -> SellerKey:
    """The seller's next key: a number not yet used, a period of signing, then time for its longest ticket to end."""
    used = [each.key_id for each in keys if each.provider == provider]
    last_at = first_at + period
    return SellerKey(provider, max(used, default=0) + 1, public_key, first_at, last_at, last_at + longest_ticket)


def signing_key(keys: Iterable[SellerKey], provider: str, now: datetime) -> SellerKey | None:
    """The key to sign with now: where two overlap, the older one, so that the newer has time to reach every device."""
    able = [
        each
        for each in keys
        if each.provider == provider and each.revoked_at is None and each.first_at <= now <= each.last_at
    ]
    return min(able, key=lambda each: (each.first_at, each.key_id), default=None)


def signs_at(key: SellerKey, minute: datetime) -> bool:
    """Whether the key may sign a ticket of that minute (tickets know no seconds)."""
    return key.first_at < minute + timedelta(minutes=1) and minute <= key.last_at


def with_key(listed: KeyList, key: SellerKey, *, now: datetime, lasts: timedelta) -> KeyList:
    """The next list, with one key more. Raises Conflict("billettique.key_number_taken")."""
    if any((each.provider, each.key_id) == (key.provider, key.key_id) for each in listed.keys):
        raise Conflict("billettique.key_number_taken", provider=key.provider, key_id=key.key_id)
    return KeyList(listed.sequence + 1, now, now + lasts, (*listed.keys, key))


def without_key(listed: KeyList, provider: str, key_id: int, *, now: datetime, lasts: timedelta) -> KeyList:
    """The next list, in which one key is revoked from now on. Raises InvalidInput("billettique.key_unknown")."""
    if all((each.provider, each.key_id) != (provider, key_id) for each in listed.keys):
        raise InvalidInput("billettique.key_unknown", provider=provider, key_id=key_id)
    keys = tuple(
        replace(each, revoked_at=each.revoked_at or now) if (each.provider, each.key_id) == (provider, key_id) else each
        for each in listed.keys
    )
    return KeyList(listed.sequence + 1, now, now + lasts, keys)


def without_past_keys(keys: Iterable[SellerKey], now: datetime) -> tuple[SellerKey, ...]:
    """The keys that may still matter: one that nothing is accepted of any more needs no place in a list."""
    return tuple(each for each in keys if each.accepted_until >= now)


def gap_before(keys: Iterable[SellerKey], provider: str, until: datetime, now: datetime) -> datetime | None:
    """The first instant, from now until then, at which the seller has no key to sign with; None when there is none."""
    at = now
    while at <= until:
        key = signing_key(keys, provider, at)
        if key is None:
            return at
        at = key.last_at + timedelta(microseconds=1)
    return None


# ---------------------------------------------------------------- signed lists


def write_key_list(listed: KeyList, signer: Signer) -> bytes:
    """The signed list, as devices fetch it."""
    keys = [
        {
            "provider": each.provider,
            "key": each.key_id,
            "point": each.public_key.hex(),
            "first": _said(each.first_at),
            "last": _said(each.last_at),
            "accepted": _said(each.accepted_until),
            "revoked": None if each.revoked_at is None else _said(each.revoked_at),
        }
        for each in listed.keys
    ]
    return _sealed(_KEYS, {**_head(listed), "keys": keys}, signer)


def read_key_list(octets: bytes, roots: Collection[bytes], *, now: datetime, newest: int = 0) -> KeyList:
    """The keys in a signed list. `roots` are the points that may sign lists, `newest` the number of the last one seen.

    Raises InvalidInput("billettique.list_malformed"); Refused: "billettique.list_not_signed",
    "billettique.list_older", "billettique.list_expired", "billettique.list_from_the_future".
    """
    said = _opened(_KEYS, octets, roots, now=now, newest=newest)
    try:
        keys = tuple(
            SellerKey(
                each["provider"],
                each["key"],
                bytes.fromhex(each["point"]),
                _instant(each["first"]),
                _instant(each["last"]),
                _instant(each["accepted"]),
                None if each["revoked"] is None else _instant(each["revoked"]),
            )
            for each in said["keys"]
        )
        return KeyList(said["sequence"], _instant(said["issued"]), _instant(said["expires"]), keys)
    except (KeyError, TypeError, ValueError) as wrong:
        raise InvalidInput("billettique.list_malformed") from wrong


def write_revocations(listed: RevocationList, signer: Signer) -> bytes:
    """The signed list, as devices fetch it: marks of eight octets, sorted, one behind the other."""
    marks = b64encode(b"".join(sorted(listed.marks))).decode()
    return _sealed(_REVOCATIONS, {**_head(listed), "since": listed.since, "marks": marks}, signer)


def read_revocations(octets: bytes, roots: Collection[bytes], *, now: datetime, newest: int = 0) -> RevocationList:
    """The marks in a signed list; raises as `read_key_list` does."""
    said = _opened(_REVOCATIONS, octets, roots, now=now, newest=newest)
    try:
        packed = b64decode(said["marks"], validate=True)
        if len(packed) % MARK_OCTETS:
            raise ValueError("a mark is cut")
        marks = frozenset(packed[at : at + MARK_OCTETS] for at in range(0, len(packed), MARK_OCTETS))
        issued, expires = _instant(said["issued"]), _instant(said["expires"])
        return RevocationList(said["sequence"], said["since"], issued, expires, marks)
    except (KeyError, TypeError, ValueError) as wrong:
        raise InvalidInput("billettique.list_malformed") from wrong


def merged(known: RevocationList, came: RevocationList) -> RevocationList:
    """What a device knows after a list came: a whole one replaces, one since the known one is added to it.

    Raises Refused("billettique.list_older"), or Conflict("billettique.list_gap") when lists between are missing: the
    device then asks for a whole one.
    """
    if came.sequence < known.sequence:
        raise Refused("billettique.list_older", sequence=came.sequence, newest=known.sequence)
    if came.since == 0:
        return came
    if came.since > known.sequence:
        raise Conflict("billettique.list_gap", since=came.since, newest=known.sequence)
    return replace(came, since=0, marks=known.marks | came.marks)


def _head(listed: KeyList | RevocationList) -> dict[str, Any]:
    expires, issued = _said(listed.expires_at), _said(listed.issued_at)
    return {"sequence": listed.sequence, "issued": issued, "expires": expires}


def _sealed(purpose: str, said: dict[str, Any], signer: Signer) -> bytes:
    text = json.dumps(said, sort_keys=True, separators=(",", ":"))
    signature = b64encode(signer.sign((purpose + text).encode())).decode()
    return json.dumps({"list": text, "signature": signature, "by": signer.public_key.hex()}).encode()


def _opened(purpose: str, octets: bytes, roots: Collection[bytes], *, now: datetime, newest: int) -> dict[str, Any]:
    try:
        sealed = json.loads(octets)
        text, signature, by = sealed["list"], b64decode(sealed["signature"], validate=True), bytes.fromhex(sealed["by"])
        signed = (purpose + text).encode()
    except (KeyError, TypeError, ValueError, RecursionError) as wrong:
        raise InvalidInput("billettique.list_malformed") from wrong
    if by not in roots or not is_signed(public_key_of(by), signed, signature):
        raise Refused("billettique.list_not_signed")
    try:
        said = json.loads(text)
        sequence, issued, expires = said["sequence"], _instant(said["issued"]), _instant(said["expires"])
    except (KeyError, TypeError, ValueError) as wrong:
        raise InvalidInput("billettique.list_malformed") from wrong
    if sequence < newest:
        raise Refused("billettique.list_older", sequence=sequence, newest=newest)
    if issued > now + CLOCK_AHEAD_MAX:
        raise Refused("billettique.list_from_the_future", at=issued)
    if now > expires:
        raise Refused("billettique.list_expired", at=expires)
    return dict(said)


def _said(instant: datetime) -> str:
    return instant.astimezone(UTC).isoformat()


def _instant(said: str) -> datetime:
    instant = datetime.fromisoformat(said)
    if instant.tzinfo is None:
        raise ValueError("an instant carries its zone")
    return instant
