"""A journey handed over by another part of the product, in a signed token: nobody shortens a trip to pay less.

The token holds legs (network, stops with their names, times, metres), nothing about who asks; it is as good as the
journey it describes. Its metres are the straight lines from stop to stop: what they do not settle is not sold.
"""

import hmac
import json
import zlib
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import sha256
from typing import TYPE_CHECKING, Final, Protocol

from billettique.model.fares import Leg
from billettique.model.orders import Offer
from billettique.model.sales import NamedLeg
from billettique.model.tariffs import Rider
from billettique.rules.networks import WINDING
from billettique.service import shelf
from mobigo.base.decisions import Decision
from mobigo.base.errors import InvalidInput, Refused
from mobigo.infra import keys
from mobigo.infra.config import Config

if TYPE_CHECKING:
    from mobigo.infra.web import Services

_MAC: Final = 12  # octets
_LONGEST: Final = 4_000  # of a token: longer ones are not ours


@dataclass(frozen=True, slots=True)
class Ridden:
    """One ride of a journey, as people call its stops."""

    from_name: str
    to_name: str
    departs_at: datetime
    arrives_at: datetime


@dataclass(frozen=True, slots=True)
class Found:
    """A journey. `token` names it when it may be sold; None: `why` says why its price is not known."""

    rides: tuple[Ridden, ...]
    token: str | None
    why: tuple[Decision, ...] = ()


class Finder(Protocol):
    """Who finds journeys; `mobigo.app` joins."""

    def find(
        self, origin: str, destination: str, at: datetime | None, *, arrive_by: bool
    ) -> tuple[Sequence[Found], Sequence[Decision]]:
        """Journeys between two places named in words, by `feed:stop_id` or by position, leaving at an instant (default:
        now) or arriving by it; and what is to be said of them as a whole. Raises NotFound for a place nobody knows, or
        where no network is served."""


def finder_of(services: "Services") -> Finder | None:
    """Who finds journeys, as the application joined them."""
    found: Finder | None = services.journeys
    return found


def offers_of(
    config: Config, token: str, riders: Sequence[str], channel: str, now: datetime, mine: Rider | None = None
) -> tuple[Offer, ...]:
    """What is to be bought for the journey of a token by a party. `mine`: see `shelf.journey`.

    Raises what `read_token` and `shelf.journey` raise, and Refused("billettique.price_by_unknown_km") where the price
    of this party depends on kilometres that are not known.
    """
    legs = read_token(config, token)
    offers = shelf.journey(legs, riders, config.home, channel, now, mine)
    if any(each.leg.distance_m is not None for each in legs):
        longer = shelf.journey([_longer(each) for each in legs], riders, config.home, channel, now, mine)
        least, most = shelf.total(offers), shelf.total(longer)
        if least != most:
            raise Refused("billettique.price_by_unknown_km", least=least, most=most)
    return offers


def _longer(named: NamedLeg) -> NamedLeg:
    metres = named.leg.distance_m
    return named if metres is None else replace(named, leg=replace(named.leg, distance_m=int(metres * WINDING)))


def write_token(config: Config, legs: Sequence[NamedLeg]) -> str:
    """The token of a journey."""
    rows = [
        [each.leg.network, each.leg.from_stop, each.from_name, each.leg.to_stop, each.to_name,
         each.leg.departs_at.isoformat(), each.leg.arrives_at.isoformat(), each.leg.distance_m, *(each.uic or ())]
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
                 z_name, (uic[0], uic[1]) if uic else None)
        for network, a, a_name, z, z_name, departs, arrives, metres, *uic in rows
    )  # fmt: skip


def _mac(config: Config, body: bytes) -> bytes:
    return hmac.new(keys.derived(config, "billettique.journey"), body, sha256).digest()[:_MAC]
