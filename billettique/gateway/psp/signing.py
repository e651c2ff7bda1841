"""The signature of a provider's event (Stripe's scheme): HMAC-SHA256 over "timestamp.body", several secrets at once
while one is being replaced.

The library's own check refuses old timestamps and accepts any future one; here both sides are bounded.
"""

import hashlib
import hmac
from collections.abc import Sequence
from datetime import datetime
from typing import Final

from mobigo.base.errors import Refused

HEADER: Final = "Stripe-Signature"
TOLERANCE_S: Final = 300
_HEADER_MAX: Final = 4_000


def verify(body: bytes, header: str | None, secrets: Sequence[str], now: datetime) -> None:
    """Raises Refused("payments.forged_notice", why) unless one signature of the header is ours, of this very body, and
    made at most 300 s before or after `now`."""
    stamp, signatures = _parts(header or "")
    if stamp is None or not signatures:
        raise Refused("payments.forged_notice", why="header")
    if abs(int(now.timestamp()) - stamp) > TOLERANCE_S:
        raise Refused("payments.forged_notice", why="time")
    signed = b"%d." % stamp + body
    for secret in secrets:
        good = hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()
        if any(hmac.compare_digest(good, each) for each in signatures):
            return
    raise Refused("payments.forged_notice", why="signature")


def sign(body: bytes, secret: str, now: datetime) -> str:
    """The header that signs `body` now."""
    stamp = int(now.timestamp())
    made = hmac.new(secret.encode(), b"%d." % stamp + body, hashlib.sha256).hexdigest()
    return f"t={stamp},v1={made}"


def _parts(header: str) -> tuple[int | None, list[str]]:
    stamp, signatures = None, []
    if len(header) > _HEADER_MAX or not header.isascii():
        return None, []
    for part in header.split(","):
        name, _, value = part.strip().partition("=")
        if name == "t":
            # A second timestamp, or one that is not a plain number as it was signed, is nobody's.
            if stamp is not None or not value.isdigit() or len(value) > 12 or str(int(value)) != value:
                return None, []
            stamp = int(value)
        elif name == "v1":
            signatures.append(value)
    return stamp, signatures
