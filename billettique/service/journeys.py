"""A journey handed over by another part of the product, in a signed token: nobody shortens a trip to pay less.

The token holds legs (network, stops with their names, times, metres), nothing about who asks; it is as good as the
journey it describes.
"""

import hmac
import json
import zlib
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from datetime import datetime
from hashlib import sha256
from typing import Final

from billettique.model.fares import Leg
from billettique.model.sales import NamedLeg
from mobigo.base.errors import InvalidInput
from mobigo.infra import keys
from mobigo.infra.config import Config

_MAC: Final = 12  # octets
_LONGEST: Final = 4_000  # of a token: longer ones are not ours


def write_token(config: Config, legs: Sequence[NamedLeg]) -> str:
    """The token of a journey."""
    rows = [
        [each.leg.network, each.leg.from_stop, each.from_name, each.leg.to_stop, each.to_name,
         each.leg.departs_at.isoformat(), each.leg.arrives_at.isoformat(), each.leg.distance_m]
        for each in legs
    ]  # fmt: skip
    body = zlib.compress(json.dumps(rows, ensure_ascii=False, separators=(",", ":")).encode(), 9)
    return urlsafe_b64encode(_mac(config, body) + body).rstrip(b"=").decode()


def read_token(config: Config, token: str) -> tuple[NamedLeg, ...]:
    """The legs of a token. Raises InvalidInput("billettique.bad_journey") for one that is not ours."""
    try:
        if len(token) > _LONGEST:
            raise ValueError
        whole = urlsafe_b64decode(token.encode("ascii") + b"=" * (-len(token) % 4))
        mac, body = whole[:_MAC], whole[_MAC:]
        if not hmac.compare_digest(mac, _mac(config, body)):
            raise ValueError
        rows = json.loads(zlib.decompress(body))
    except (ValueError, zlib.error):
        raise InvalidInput("billettique.bad_journey") from None
    return tuple(
        NamedLeg(Leg(network, a, z, datetime.fromisoformat(departs), datetime.fromisoformat(arrives), metres), a_name,
                 z_name)
        for network, a, a_name, z, z_name, departs, arrives, metres in rows
    )  # fmt: skip


def _mac(config: Config, body: bytes) -> bytes:
    return hmac.new(keys.derived(config, "billettique.journey"), body, sha256).digest()[:_MAC]
