"""What is worth weighing beside plain tickets: covers and carnets that could pay for themselves, by bounds that are
cheap to compute. What they let through is walked; what they keep out cannot be in the cheapest way."""

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from billettique.engine.compiled import Span
from billettique.engine.offers import Offer, Profile
from billettique.engine.ways import NO_LIMIT, Instance
from billettique.model.tariffs import CoverKind

# By journey, by the leg where they begin: effective legs with what is offered for them.
Legs = list[list[list[tuple[Span, Offer]]]]


class Choice(NamedTuple):
    """Covers and carnets to weigh. No way dearer than `budget` is of use; `rest`: the least that remains to be paid
    from each leg on; `least`: the cheapest of the covers, when they cannot expire before the last leg (else zero)."""

    shop: tuple[int, ...] = ()
    carnets: frozenset[int] = frozenset()
    budget: int = NO_LIMIT
    rest: tuple[int, ...] = ()
    least: int = 0


NOTHING = Choice()


def weighed(profile: Profile, legs: Legs, held: Sequence[Instance], units: Sequence[int], budget: int | None) -> Choice:
    """What may cost less than it spares. `budget`: the whole without it (None: a fare is unknown without it).

    A leg that a pass covers could be paid by itself; a ticket with a card, without it; a ticket of a carnet, alone;
    what a cap makes free, as if there were none. So none of them spares more than those prices.
    """
    most = NO_LIMIT if budget is None else budget
    shop = profile.shop[: bisect_right(profile.shop, (most, NO_LIMIT))]
    sold = [at for at in profile.carnets if profile.compiled.tariff.carnets[at].cents <= most]
    if not shop and not sold:
        return NOTHING
    offers = [offer for starts in legs for starting in starts for _, offer in starting]
    carnets = frozenset(at for at in sold if _carnet_pays(profile, at, offers))
    # Nothing spared is nothing to weigh, at any price; but an unknown fare (spares: no limit) may need a pass.
    spared: dict[int, int] = {}
    for offer in offers:
        for at, cents in offer.spares:
            spared[at] = spared.get(at, 0) + cents
    good = [(cents, at) for cents, at in shop if cents <= spared.get(at, -1)]
    if budget is None or (not good and not carnets):
        return Choice(tuple(at for _, at in good), carnets)
    if len(offers) < sum(len(starts) for starts in legs) or any(len(each) != 1 for starts in legs for each in starts):
        return _with_joins(good, carnets, offers, legs, budget)
    return _affordable(profile, offers, legs, held, units, good, carnets, budget)


def _with_joins(
    shop: Sequence[tuple[int, int]], carnets: frozenset[int], offers: Sequence[Offer], legs: Legs, budget: int
) -> Choice:
    """Where legs may be cut in several ways, the one bound that holds: a transfer takes back one ticket at most."""
    dearest = max((offer.most for offer in offers if offer.most < NO_LIMIT), default=0)
    rest = (-dearest,) * (sum(len(starts) for starts in legs) + 1)
    return Choice(tuple(at for _, at in shop), carnets, budget, rest)


def _affordable(
    profile: Profile, offers: Sequence[Offer], legs: Legs, held: Sequence[Instance], units: Sequence[int],
    shop: Sequence[tuple[int, int]], carnets: frozenset[int], budget: int,
) -> Choice:  # fmt: skip
    """Those with which the other legs still fit in the budget: the legs that nothing on sale reaches are paid at the
    least; those that only other covers reach too, unless one more of them is bought. The budget itself falls to what
    one cover, and the other legs paid alone, would cost."""
    covers = profile.compiled.tariff.covers
    mine = frozenset(instance[0] for instance in held)
    covering = mine.union(at for _, at in shop if covers[at].kind is not CoverKind.CARD)
    any_price = len(covering) < len(shop) or bool(carnets or mine or any(units))
    least: list[int] = []
    reached_least: list[int] = []
    before: Offer | None = None
    for offer in offers:
        own = _least(profile, before, offer, any_price)
        least.append(own)
        reached_least.append(min(own, _least_reached(profile, before, offer)) if offer.reached & covering else own)
        before = offer
    rest = [0]
    for each in reversed(reached_least):
        rest.append(rest[-1] + each)
    rest.reverse()
    paid = rest[0]
    shared = [
        (offer, own)
        for offer, own in zip(offers, least, strict=True)
        if offer.reached & covering and not offer.reached & mine
    ]
    one_day = len({span.day for starts in legs for ((span, _),) in starts}) == 1
    if one_day and not mine:
        for cents, at in shop:
            if at in covering:
                budget = min(budget, cents + sum(offer.least for offer in offers if at not in offer.reached))
    found = []
    for n, (cents, at) in enumerate(shop):
        others = sum(max(0, own) for offer, own in shared if at not in offer.reached)
        another = shop[1 if n == 0 else 0][0] if len(shop) > 1 else others
        if cents + paid + min(others, another) <= budget:
            found.append(at)
    cheapest = min((covers[at].cents for at in found), default=0) if one_day else 0
    return Choice(tuple(found), carnets, budget, tuple(rest), cheapest)


def _least(profile: Profile, before: Offer | None, offer: Offer, any_price: bool) -> int:
    """The least that a ticket for a leg, or a transfer to it, could add to what came before."""
    own = offer.floor if any_price else offer.least
    if before is None:
        return own
    marginal = profile.marginal(before, offer)
    return min(own, marginal.instead, marginal.beside + own, marginal.alone - before.most)


def _least_reached(profile: Profile, before: Offer | None, offer: Offer) -> int:
    """The least that a leg under a cover adds: nothing; under a cap, where a transfer costs nothing either, it may take
    back the ticket before."""
    if before is None or profile.marginal(before, offer).alone == NO_LIMIT:
        return 0
    return min(0, -before.most)


def _carnet_pays(profile: Profile, at: int, offers: Iterable[Offer]) -> bool:
    spared = sum(
        ticket.cents
        for offer in offers
        for ticket in offer.tickets
        if ticket.option is not None and at in ticket.option.carnets
    )
    return 0 < spared >= profile.compiled.tariff.carnets[at].cents
