"""The rule of clearing: each item is shared by its key, to the cent, by the largest remainder.

The parts of an item add up to it, whatever its sign, so a refund takes back from each what the sale gave when it is
shared by the same weights. What no key can share is nobody's, and is named.
"""

from collections.abc import Iterable, Mapping

from billettique.model.clearing import By, Conventions, Key, Share, Sold
from billettique.rules.usage import spread
from mobigo.base.decisions import Decision
from mobigo.base.money import ZERO, Money


def shares(sold: Iterable[Sold], conventions: Conventions, used: Mapping[tuple[str, str], int]) -> list[Share]:
    """The parts of every item, in their order. `used`: validations of the month by (product, network)."""
    return [share for each in sold if each.net != ZERO for share in _of(each, conventions, used)]


def _of(sold: Sold, conventions: Conventions, used: Mapping[tuple[str, str], int]) -> list[Share]:
    key = next((each for each in conventions.keys if each.fits(sold.product)), None)
    weights, why = ({}, By.FIXED) if key is None else _weights(sold, key, used)
    if not weights and len(sold.networks) == 1:  # one network carries it: there is nothing to share
        weights, why = {sold.networks[0]: 1}, By.FIXED
    by_party: dict[str, int] = {}
    for network, weight in weights.items():
        party = conventions.party_of.get(network)
        if party is None:
            return [_nobody(sold, network)]
        by_party[party] = by_party.get(party, 0) + weight
    if sum(by_party.values()) <= 0:
        return [_nobody(sold, "")]
    said = Decision("billettique.shared_by", key=str(why))
    return [Share(sold.item, party, part, said) for party, part in sorted(spread(sold.net, by_party).items())]


def _weights(sold: Sold, key: Key, used: Mapping[tuple[str, str], int]) -> tuple[dict[str, int], By]:
    """Weights by network, and what was counted in the end."""
    if key.by is By.KM and sum(sold.metres.values()) > 0:
        return dict(sold.metres), By.KM
    if key.by is By.VALIDATIONS:
        counted = {network: used.get((sold.product, network), 0) for network in sold.networks}
        if sum(counted.values()) > 0:
            return counted, By.VALIDATIONS
    return {network: weight for network, weight in key.shares.items() if network in sold.networks}, By.FIXED


def _nobody(sold: Sold, network: str) -> Share:
    return Share(sold.item, None, sold.net, Decision("billettique.shared_by_nobody", network=network))


def by_party(found: Iterable[Share]) -> dict[str | None, Money]:
    """What each party earns; under None what nobody could be named for."""
    earned: dict[str | None, Money] = {}
    for each in found:
        earned[each.party] = earned.get(each.party, ZERO) + each.net
    return earned
