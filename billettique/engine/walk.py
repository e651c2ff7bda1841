"""The search for one rider: journeys walked leg by leg, in the order of time, keeping the cheapest way to each state.

A state is all that changes what comes next: the transfer in progress (its chain), and the hand: covers held or bought,
carnet tickets left. Two ways of equal price are not equal when one has a transfer left: that is why both are keys.

A cap is taken as something one could pay for: min(sum, cap) is the cheaper of paying the sum, and paying the cap with
every fare in its scope at zero.
"""

from collections.abc import Iterable, Sequence

from billettique.engine.compiled import Span
from billettique.engine.offers import Offer, Profile
from billettique.engine.ways import NO_LIMIT, START, Instance, Ticket, Transfer, Way, best_of, is_better, keep
from billettique.engine.weighing import NOTHING, Legs, weighed
from billettique.model.fares import Leg, TransferKind
from billettique.model.tariffs import Cover, CoverKind
from billettique.rules import fares as rules

# (group, transfers in this run, first leg of the run: departs, arrives; previous leg: departs, arrives; what the
# previous leg cost alone and counted as items, where no transfer came before it)
Chain = tuple[str, int, float, float, float, float, tuple[int, int] | None]
Hand = tuple[tuple[Instance, ...], tuple[int, ...]]  # covers held or bought; tickets left of each carnet
Ways = dict[Chain | None, Way]
# A cover usable on a leg, the cover bought for it (None: in hand), the covers in hand after.
Usable = tuple[Instance, Cover | None, tuple[Instance, ...]]


class Walk:
    """The cheapest way for one rider through every leg of every journey."""

    def __init__(
        self,
        profile: Profile,
        journeys: Sequence[Sequence[Leg]],
        spans: Sequence[list[list[Span]]],
        held: Sequence[Instance],
        units: tuple[int, ...],
    ) -> None:
        self.profile = profile
        self.held = tuple(sorted(held))
        self.units = units
        self.covers = profile.compiled.tariff.covers
        self.carnets = profile.compiled.tariff.carnets
        self.legs: Legs = [
            [[(span, profile.offer(span, journey)) for span in starting] for starting in starts]
            for journey, starts in zip(journeys, spans, strict=True)
        ]
        self.choice = NOTHING
        self.stuck: Span | None = None
        # Ways dearer than this after the leg being walked are not followed; than that, where nothing is bought yet.
        self._limit = self._limit_still = NO_LIMIT

    def best(self) -> Way | None:
        """The cheapest way, or None when the fare of `stuck` is unknown.

        First without buying any cover or carnet; then weighing those that could cost less than what they spare.
        """
        first = self._walk()
        self.choice = weighed(self.profile, self.legs, self.held, self.units, None if first is None else first[0])
        if not self.choice.shop and not self.choice.carnets:
            return first
        second = self._walk()
        return second if first is None or (second is not None and is_better(second, first)) else first

    def _walk(self) -> Way | None:
        hands: dict[Hand, Ways] = {(self.held, self.units): {None: START}}
        begins = 0
        for starts in self.legs:
            at: list[dict[Hand, Ways]] = [{} for _ in range(len(starts) + 1)]
            # Between two journeys no transfer is in progress.
            at[0] = {hand: {None: best_of(ways.values())} for hand, ways in hands.items()}
            for here, starting in zip(at, starts, strict=False):
                if here:
                    for span, offer in starting:
                        self._follow(here, span, offer, begins, at[span.last + 1])
            begins += len(starts)
            hands = at[-1]
            if not hands:
                return None
        return best_of(best_of(ways.values()) for ways in hands.values())

    def _follow(self, here: dict[Hand, Ways], span: Span, offer: Offer, begins: int, after: dict[Hand, Ways]) -> None:
        """A leg, from every hand there is before it."""
        choice = self.choice
        is_bound = choice.budget < NO_LIMIT
        for hand, ways in here.items():
            if is_bound:
                # Where nothing is bought yet, something will be: the way without is known.
                still = choice.least if hand[0] is self.held and not choice.carnets else 0
                self._limit = choice.budget - choice.rest[begins + span.last + 1]
                self._limit_still = self._limit - still
            else:
                self._limit = self._limit_still = NO_LIMIT
            self._advance(hand, ways, span, offer, after)
        if not after:
            self.stuck = span

    def _advance(self, hand: Hand, ways: Ways, span: Span, offer: Offer, after: dict[Hand, Ways]) -> None:
        """A leg paid in every way that may be the cheapest, from the ways to one hand."""
        active, units = hand
        best = best_of(ways.values()) if len(ways) > 1 else next(iter(ways.values()))
        if offer.reached and (active or self.choice.shop):
            is_free = False
            for usable in self._usable(active, span, offer.reached):
                is_free |= self._with_cover(usable, units, ways, best, span, offer, after)
            if is_free:
                return
        if any(units) or self.choice.carnets:
            self._from_carnets(hand, ways, best, span, offer, after)
        self._limit = self._limit_still
        self._pay(offer.tickets, ways, best, span, after, hand)

    def _usable(self, active: tuple[Instance, ...], span: Span, reached: frozenset[int]) -> list[Usable]:
        """The covers that help on a leg: in hand, then those that could be bought; each with what is in hand after."""
        day = span.day
        active = tuple(each for each in active if each[2] >= day)
        usable = [each for each in active if each[0] in reached and each[1] <= day]
        found: list[Usable] = [(each, None, active) for each in usable]
        have = {each[0] for each in usable}
        for at in self.choice.shop:
            if at in reached and at not in have:
                instance = self.profile.compiled.instance(at, day)
                then = tuple(sorted((*active, instance))) if active else (instance,)
                found.append((instance, self.covers[at], then))
        return found

    def _with_cover(
        self, usable: Usable, units: tuple[int, ...], ways: Ways, best: Way, span: Span, offer: Offer,
        after: dict[Hand, Ways],
    ) -> bool:  # fmt: skip
        """A leg under a pass: whatever came before, no transfer is left. Under a cap: for nothing more once the cap
        is paid, transfers as they are. With a card: at its price. Whether a cap leaves nothing to weigh."""
        instance, bought, then = usable
        cover = self.covers[instance[0]]
        fee, things = (0, 0) if bought is None else (bought.cents, 1)
        mine = None if bought is None else instance
        hand: Hand = (then, units)
        if cover.kind is CoverKind.PASS:
            if best[0] + fee <= self._limit:
                ticket = self.profile.compiled.covered[instance[0]]
                keep(
                    after.setdefault(hand, {}), None, (best[0] + fee, best[1] + things, best, span, ticket, None, mine)
                )
            return False
        if cover.kind is CoverKind.CAP:
            self._pay(self.profile.capped(offer, instance[0]), ways, best, span, after, hand, fee, 0, mine)
            return bought is None
        tickets = [
            Ticket("ticket", each.option, lower, 1, discount, cover)
            for each in offer.tickets
            if each.option is not None
            for card, lower, discount in each.option.with_cards
            if card == instance[0]
        ]
        self._pay(tickets, ways, best, span, after, hand, fee, things, mine)
        return False

    def _from_carnets(
        self, hand: Hand, ways: Ways, best: Way, span: Span, offer: Offer, after: dict[Hand, Ways]
    ) -> None:
        """A leg with a ticket of a carnet, in hand or opened for it."""
        active, units = hand
        for each in offer.tickets:
            for at in each.option.carnets if each.option is not None else ():
                carnet, left = self.carnets[at], units[at]
                if left > 0 or at in self.choice.carnets:
                    opened = left == 0
                    then = (carnet.units if opened else left) - 1
                    ticket = Ticket("unit", each.option, 0, 0, None, None, carnet, opened)
                    fee, things = (carnet.cents, 1) if opened else (0, 0)
                    here = (active, (*units[:at], then, *units[at + 1 :]))
                    self._pay((ticket,), ways, best, span, after, here, fee, things)

    def _pay(
        self, tickets: Iterable[Ticket], ways: Ways, best: Way, span: Span, after: dict[Hand, Ways], hand: Hand,
        fee: int = 0, things: int = 0, bought: Instance | None = None,
    ) -> None:  # fmt: skip
        """A leg with one of the tickets, alone or by a transfer, `fee` being paid beside."""
        mine = after.get(hand)
        is_new = mine is None
        if mine is None:
            mine = {}
        departs, arrives = span.departs_s, span.arrives_s
        cost, items = best[0] + fee, best[1] + things
        limit = self._limit
        for ticket in tickets:
            option = ticket.option
            cents = ticket.cents
            total = cost + cents
            if option is None or total > limit:
                continue
            key: Chain | None = None
            if option.leads and option.group is not None:
                key = (option.group, 0, departs, arrives, departs, arrives, (cents, ticket.counted))
            known = mine.get(key)
            if known is None or (total, items + ticket.counted) <= known[:2]:
                keep(mine, key, (total, items + ticket.counted, best, span, ticket, None, bought))
        for chain, way in ways.items():
            if chain is not None:
                self._transfer(chain, way, tickets, span, mine, fee, things, bought)
        if is_new and mine:
            after[hand] = mine

    def _transfer(
        self, chain: Chain, way: Way, tickets: Iterable[Ticket], span: Span, mine: Ways,
        fee: int, things: int, bought: Instance | None,
    ) -> None:  # fmt: skip
        """A leg by a transfer from the leg before."""
        profile, group, alone = self.profile, chain[0], chain[6]
        departs, arrives = span.departs_s, span.arrives_s
        for ticket in tickets:
            option, is_capped = ticket.option, ticket.kind == "capped"
            if option is None:
                continue
            known = profile.known_transfers.get((group, option.group))
            if known is None:
                known = profile.transfers(group, option.group)
            if not known:
                continue
            good, run = _good(known, chain, option.group, span)
            for each in good:
                if each.cents >= NO_LIMIT:
                    continue  # its product is not sold to this rider
                cost, items = way[0] + fee, way[1] + things + each.items
                if not is_capped:
                    cost += each.cents
                if each.pays:
                    cost, items = cost + ticket.cents, items + ticket.counted
                elif ticket.kind == "unit" or (ticket.cover is not None and not is_capped):
                    continue  # a carnet or a card pays a ticket, and here there is none
                elif alone is not None and each.rule.kind is TransferKind.TRANSFER_ALONE:
                    cost, items = cost - alone[0], items - alone[1]
                key: Chain | None = None
                if option.leads and option.group is not None:
                    key = (option.group, *(run or (0, departs, arrives)), departs, arrives, None)
                if cost <= self._limit:
                    keep(mine, key, (cost, items, way, span, ticket, each, bought))


def _good(
    known: Iterable[Transfer], chain: Chain, group: str | None, span: Span
) -> tuple[list[Transfer], tuple[int, float, float] | None]:
    """Of the transfers from the leg before to a leg of this group, those within their limits, with the smallest count;
    and the run they leave behind (None: a new one)."""
    before, transfers, run_departs, run_arrives, departs, arrives, _ = chain
    same = before == group
    first = (run_departs, run_arrives) if same else (departs, arrives)
    count = transfers + 1 if same else 1
    good: list[Transfer] = []
    least = NO_LIMIT + 1
    for each in known:
        limit = each.limit
        if count <= limit <= least and (
            each.rule.duration_s is None or rules.is_in_time(each.rule, first, (span.departs_s, span.arrives_s))
        ):
            if limit < least:
                good, least = [], limit
            good.append(each)
    return good, (count, run_departs, run_arrives) if same else None
