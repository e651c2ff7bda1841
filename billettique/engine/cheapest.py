"""The cheapest way to pay for journeys: tickets, transfers, carnets, passes, cards, caps, shared by a party or not.

A tariff is compiled once; then journeys are walked leg by leg, in the order of time, keeping the cheapest way to reach
each state. A state is all that changes what comes next: the transfer in progress (group, how many, since when, what its
first leg cost alone), the covers in hand, the carnet tickets left. Two ways of equal price are not equal when one has a
transfer left: that is why the state is in the key.

A cap is taken as something one could pay for: min(sum, cap) is the cheaper of paying the sum, and paying the cap with
every fare in its scope at zero; `credited` knows what was paid towards it before. What this finds is compared with an
enumeration that knows none of it (`tests/oracles/brute_fares.py`).
"""

from collections.abc import Sequence
from typing import Any

from billettique.engine import explain
from billettique.engine.compiled import Compiled, Span
from billettique.engine.credited import cheapest_completed, credits_of
from billettique.engine.explain import RiderWay, Shared
from billettique.engine.offers import profile_of
from billettique.engine.party import Party, held_by, units_of
from billettique.engine.walk import Walk
from billettique.model.fares import Leg
from billettique.model.tariffs import Ask, Quote, Tariff
from mobigo.base.money import Money

__all__ = ["Compiled", "cheapest", "cheapest_price", "compile_tariff"]


def compile_tariff(tariff: Tariff) -> Compiled:
    """A tariff made ready for many questions."""
    return Compiled(tariff)


def cheapest(compiled: Compiled, ask: Ask) -> Quote:
    """The cheapest way for a party to pay for its journeys, explained. `total` is None when a fare is unknown.

    Ties are settled by fewer items, then by their names. The order in which journeys are given does not matter. Raises
    InvalidInput for a cover or carnet that the tariff does not have; Refused("billettique.too_many_shared") when more
    shared covers could help than can be weighed together.
    """
    credited = credits_of(compiled, ask)
    return (
        cheapest_completed(ask, credited, lambda asked: _quote(compiled, asked)) if credited else _quote(compiled, ask)
    )


def _quote(compiled: Compiled, ask: Ask) -> Quote:
    journeys, spans = _in_order(compiled, ask)
    if len(ask.riders) == 1:
        walk = _walk_of(compiled, ask, journeys, spans)
        way = walk.best()
        groups = None if way is None else [Shared((), [RiderWay(0, way)])]
        return explain.quote(compiled, journeys, groups, walk.stuck)
    party = Party(compiled, ask, journeys, spans)
    return explain.quote(compiled, journeys, party.best(), party.stuck)


def cheapest_price(compiled: Compiled, ask: Ask) -> Money | None:
    """The price alone, for those who compare many journeys: the total of `cheapest`, without its lines."""
    credited = credits_of(compiled, ask)
    if credited:
        return cheapest(compiled, ask).total
    journeys, spans = _in_order(compiled, ask)
    if len(ask.riders) > 1:
        groups = Party(compiled, ask, journeys, spans).best()
        return None if groups is None else Money(explain.total_cents(compiled, groups))
    best = _walk_of(compiled, ask, journeys, spans).best()
    return None if best is None else Money(best[0])


def _walk_of(
    compiled: Compiled, ask: Ask, journeys: Sequence[Sequence[Leg]], spans: Sequence[list[list[Span]]]
) -> Walk:
    """The search for somebody who travels alone."""
    rider = ask.riders[0]
    profile = profile_of(compiled, rider, ask)
    return Walk(profile, journeys, spans, held_by(compiled, rider), units_of(compiled, rider))


def _in_order(compiled: Compiled, ask: Ask) -> tuple[list[tuple[Leg, ...]], list[list[list[Span]]]]:
    """The journeys in the order of time, and their effective legs."""
    journeys = [tuple(journey) for journey in ask.journeys if journey]
    if len(journeys) > 1:
        journeys.sort(key=_start)
    return journeys, [compiled.spans(journey, at, split=ask.split) for at, journey in enumerate(journeys)]


def _start(journey: Sequence[Leg]) -> tuple[Any, ...]:
    first = journey[0]
    return (first.departs_at, first.arrives_at, first.from_stop, first.to_stop, first.network or "", len(journey))
