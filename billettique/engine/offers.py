"""What a tariff offers to one kind of rider: the tickets of legs that are alike, transfers at their price, what may be
bought for oneself."""

from collections.abc import Sequence
from typing import Final, NamedTuple

from billettique.engine.compiled import Compiled, Matching, Span
from billettique.engine.ways import NO_LIMIT, Option, Ticket, Transfer
from billettique.model.fares import UNLIMITED, FareLeg, Leg, TransferKind
from billettique.model.tariffs import Ask, Cover, CoverKind, Discount, Rider
from billettique.rules import fares as rules

MEMO_MAX: Final = 200_000


class Offer(NamedTuple):
    """All that a profile may do with legs that are alike. `least`, `most`: of the prices of a ticket, alone; `floor`:
    the least with any card or carnet."""

    tickets: tuple[Ticket, ...]
    reached: frozenset[int]  # covers
    groups: tuple[str | None, ...]
    least: int
    most: int
    floor: int
    spares: tuple[tuple[int, int], ...]  # the most that each cover one may buy could spare: never zero
    capped: dict[int, tuple[Ticket, ...]]  # by cap, as they are met


class Marginal(NamedTuple):
    """The least that a transfer adds: in the place of the ticket, beside it, in the place of the two tickets."""

    instead: int
    beside: int
    alone: int


def profile_of(compiled: Compiled, rider: Rider, ask: Ask) -> "Profile":
    """What the tariff offers to a rider, remembered by kind of rider."""
    key = (rider.category, rider.proofs, ask.media, ask.channel, len(ask.riders))
    found = compiled.profiles.get(key)
    if found is None:
        found = compiled.profiles[key] = Profile(compiled, rider, ask)
    return found


class Profile:
    """Prices, discounts and covers for one kind of rider; the tickets of legs, as they are met."""

    def __init__(self, compiled: Compiled, rider: Rider, ask: Ask) -> None:
        self.compiled = compiled
        self.rider = rider.category
        self.proofs = rider.proofs
        self.channel = ask.channel
        self.party = len(ask.riders)
        tariff = compiled.tariff
        prices = rules.prices_of(tariff.tables.products, rider.category, ask.media)
        self.prices = {product: cents for product, cents in prices.items() if self._sold(product)}
        self.free_discounts = [each for each in tariff.discounts if each.card is None]
        self.card_discounts = [
            (compiled.cover_index[each.card], each)
            for each in tariff.discounts
            if each.card is not None and each.card in compiled.cover_index
        ]
        self.may_hold = [
            at
            for at, cover in enumerate(tariff.covers)
            if rules.may_hold(cover, rider.category, rider.proofs, ask.channel)
        ]
        # What one may buy for oneself, cheapest first; without the passes that another one holds entirely for no more.
        mine = [tariff.covers[at] for at in self.may_hold]
        self.shop = sorted(
            (tariff.covers[at].cents, at)
            for at in self.may_hold
            if not any(_is_better_pass(other, tariff.covers[at]) for other in mine)
        )
        self.carnets = {
            at
            for at, carnet in enumerate(tariff.carnets)
            if (carnet.riders is None or rider.category in carnet.riders)
            and (ask.channel is None or carnet.channels is None or ask.channel in carnet.channels)
        }
        # The dearest transfers, paid beside the ticket of the leg or instead of it.
        beside, instead = [0], [0]
        for rule in tariff.tables.transfer_rules:
            paid = beside if rule.kind is TransferKind.FROM_TRANSFER_AND_TO else instead
            paid.append(self.prices.get(rule.product or "", 0))
        self.dearest_beside, self.dearest_instead = max(beside), max(instead)
        self._offers: dict[Matching, Offer] = {}
        self._marginals: dict[tuple[tuple[str | None, ...], tuple[str | None, ...]], Marginal] = {}
        self.known_transfers: dict[tuple[str | None, str | None], tuple[Transfer, ...]] = {}

    def _sold(self, product: str) -> bool:
        terms = self.compiled.terms.get(product)
        if terms is None:
            return True
        if terms.proof is not None and terms.proof not in self.proofs:
            return False
        return self.channel is None or terms.channels is None or self.channel in terms.channels

    def offer(self, span: Span, journey: Sequence[Leg]) -> Offer:
        """The tickets that a leg may be travelled with (none: its fare is unknown), the covers whose scope it is in."""
        found = self._offers.get(span.matching)
        if found is None:
            if len(self._offers) > MEMO_MAX:
                self._offers.clear()
            leg = self.compiled.joined(journey, span.first, span.last)
            options = self._match(leg, span.matching[4])
            reached = frozenset(
                at
                for at, cover in enumerate(self.compiled.tariff.covers)
                if rules.cover_reaches(cover, leg, self.compiled.tables)
            )
            spared = ((at, self._spared(at, options)) for _, at in self.shop if at in reached)
            found = Offer(
                tuple(Ticket("ticket", each, each.cents, 1, each.discount) for each in options),
                reached,
                tuple(dict.fromkeys(each.group for each in options)),
                min((each.cents for each in options), default=NO_LIMIT),
                max((each.cents for each in options), default=NO_LIMIT),
                min((_floor(each) for each in options), default=NO_LIMIT),
                tuple((at, cents) for at, cents in spared if cents),
                {},
            )
            self._offers[span.matching] = found
        return found

    def _match(self, leg: FareLeg, off: bool | None) -> tuple[Option, ...]:
        compiled = self.compiled
        tariff, tables = compiled.tariff, compiled.tables
        if tariff.borders and rules.border_of(leg, tariff.borders, tables) is not None:
            return ()
        matching = rules.leg_rules_between(
            leg, compiled.areas_of(leg.from_stop), compiled.areas_of(leg.to_stop), compiled.tables_of(leg.networks)
        )
        offered = [(rule.group, rule.product) for rule in matching]
        paired = compiled.pairs.names(leg)
        if paired is None:
            offered += [(band.group, band.product) for band in rules.matching_bands(leg, tariff.bands)]
        else:
            offered.append((None, paired))
        found = {
            option: None
            for group, product_id in offered
            if product_id in self.prices
            for option in [self._option(group, product_id, leg.networks, off)]
        }
        return _undominated(found)

    def _option(self, group: str | None, product_id: str, networks: frozenset[str], off: bool | None) -> Option:
        compiled = self.compiled
        full = self.prices[product_id]
        cents, chosen = full, None
        for discount in self.free_discounts:
            if self._holds(discount, networks, off):
                lower = rules.discounted_cents(full, discount)
                if lower < cents:
                    cents, chosen = lower, discount
        cards: dict[int, tuple[int, int, Discount]] = {}
        for card, discount in self.card_discounts:
            if self._holds(discount, networks, off):
                lower = rules.discounted_cents(full, discount)
                if lower < cents and (card not in cards or lower < cards[card][1]):
                    cards[card] = (card, lower, discount)
        carnets: tuple[int, ...] = ()
        if product_id in compiled.carnet_products:
            carnets = tuple(at for at, carnet in enumerate(compiled.tariff.carnets) if carnet.product == product_id)
        return Option(group, product_id, cents, full, chosen, tuple(cards.values()), carnets, compiled.leads(group))

    def _holds(self, discount: Discount, networks: frozenset[str], off: bool | None) -> bool:
        return rules.discount_holds(
            discount, networks=networks, rider=self.rider, proofs=self.proofs, day_off=off, party=self.party
        )

    def _spared(self, at: int, options: Sequence[Option]) -> int:
        """The most a cover could spare on a leg: its ticket, what a card takes off it, whatever a cap makes free."""
        kind = self.compiled.tariff.covers[at].kind
        if kind is CoverKind.PASS:
            return min((each.cents for each in options), default=NO_LIMIT)
        if kind is CoverKind.CAP:
            dearest = max((each.cents for each in options), default=NO_LIMIT)
            return max(dearest + self.dearest_beside, self.dearest_instead)
        lower = (each.cents - cents for each in options for card, cents, _ in each.with_cards if card == at)
        return max(lower, default=0)

    def capped(self, offer: Offer, at: int) -> tuple[Ticket, ...]:
        """The tickets of an offer under a cap: nothing more to pay."""
        found = offer.capped.get(at)
        if found is None:
            cap = self.compiled.tariff.covers[at]
            found = offer.capped[at] = tuple(
                each._replace(kind="capped", cents=0, discount=None, cover=cap) for each in offer.tickets
            )
        return found

    def transfers(self, before: str | None, after: str | None) -> tuple[Transfer, ...]:
        """The transfers from a leg group to another, counts and limits of time aside. One whose product is not sold to
        this rider stands among them, at no price: it counts when the smallest count is chosen, and cannot be taken."""
        found = self.known_transfers.get((before, after))
        if found is None:
            found = tuple(
                Transfer(
                    rule,
                    NO_LIMIT if rule.count is None or rule.count == UNLIMITED else rule.count,
                    0 if rule.product is None else self.prices.get(rule.product, NO_LIMIT),
                    0 if rule.product is None else 1,
                    rule.kind is TransferKind.FROM_TRANSFER_AND_TO,
                )
                for rule in rules.transfer_rules_between(before, after, self.compiled.tables)
            )
            self.known_transfers[before, after] = found
        return found

    def marginal(self, before: Offer, after: Offer) -> Marginal:
        """The least that a transfer from one leg to the next could add, whatever the counts and limits."""
        key = (before.groups, after.groups)
        found = self._marginals.get(key)
        if found is None:
            every = [each for a in before.groups for b in after.groups for each in self.transfers(a, b)]
            found = self._marginals[key] = Marginal(
                min((each.cents for each in every if not each.pays), default=NO_LIMIT),
                min((each.cents for each in every if each.pays), default=NO_LIMIT),
                min((each.cents for each in every if each.rule.kind is TransferKind.TRANSFER_ALONE), default=NO_LIMIT),
            )
        return found


def _floor(option: Option) -> int:
    if option.carnets:
        return 0
    return min((cents for _, cents, _ in option.with_cards), default=option.cents)


def _is_better_pass(one: Cover, other: Cover) -> bool:
    """Whether a pass does all that another one does, for one person, and costs less (or as much, and comes first)."""
    return (
        one.kind is CoverKind.PASS
        and other.kind is CoverKind.PASS
        and (one.span, one.span_days) == (other.span, other.span_days)
        and (one.cents, one.id) < (other.cents, other.id)
        and (one.networks is None or (other.networks is not None and other.networks <= one.networks))
        and (one.areas is None or (other.areas is not None and other.areas <= one.areas))
    )


def _undominated(options: dict[Option, None]) -> tuple[Option, ...]:
    """Of the tickets of one leg group, the cheapest by price then name, and those that a carnet holds."""
    best: dict[str | None, Option] = {}
    for option in options:
        known = best.get(option.group)
        if known is None or (option.full_cents, option.product) < (known.full_cents, known.product):
            best[option.group] = option
    return tuple(option for option in options if option.carnets or best[option.group] is option)
