"""What was paid already towards caps: completing a cap costs what is left of it.

Of a cap of which a part is paid, one either pays the tickets, or what is left of the cap, after which its tickets are
free: both are tried, for every set of such caps. So min(paid + new, cap) - paid, whatever else the tariff says.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from itertools import chain, combinations
from typing import NamedTuple

from billettique.engine.compiled import Compiled
from billettique.model.tariffs import Ask, Cover, CoverKind, FareStep, Held, Paid, Quote
from billettique.rules import fares as rules
from mobigo.base.decisions import Decision
from mobigo.base.money import Money


class Credit(NamedTuple):
    """A cap begun: by whom (position in the party), what is left to pay of it."""

    rider: int
    cap: Cover
    paid: Paid
    left_cents: int


def credits_of(compiled: Compiled, ask: Ask) -> list[Credit]:
    """The caps that somebody of the party has begun to pay, and may reach. What counts towards no cap of the tariff is
    nothing."""
    found = []
    for at, rider in enumerate(ask.riders):
        for paid in rider.paid:
            index = compiled.cover_index.get(paid.cap)
            cap = None if index is None else compiled.tariff.covers[index]
            if cap is None or cap.kind is not CoverKind.CAP or paid.cents <= 0:
                continue
            if rules.may_hold(cap, rider.category, rider.proofs, ask.channel):
                found.append(Credit(at, cap, paid, max(0, cap.cents - paid.cents)))
    return found


def completed(ask: Ask, credited: Sequence[Credit]) -> Iterator[tuple[tuple[Credit, ...], Ask]]:
    """Every set of those caps, none first, and the question with them completed."""
    bare = replace(ask, riders=tuple(replace(each, paid=()) for each in ask.riders))
    for chosen in chain.from_iterable(combinations(credited, size) for size in range(len(credited) + 1)):
        riders = list(bare.riders)
        for each in chosen:
            held = (*riders[each.rider].held, Held(each.cap.id, each.paid.period))
            riders[each.rider] = replace(riders[each.rider], held=held)
        yield chosen, replace(bare, riders=tuple(riders))


def cheapest_completed(ask: Ask, credited: Sequence[Credit], quote: Callable[[Ask], Quote]) -> Quote:
    """The cheapest of them, the fewest caps first, `quote` being the price of a question without credits."""
    best: tuple[int, int, tuple[Credit, ...], Quote] | None = None
    for chosen, asked in completed(ask, credited):
        found = quote(asked)
        if found.total is None:
            return found
        cents = found.total.cents + sum(each.left_cents for each in chosen)
        if best is None or cents < best[0]:
            best = cents, len(chosen), chosen, found
    if best is None:
        raise AssertionError("no set of caps, not even the empty one")
    return _with_caps(best[2], best[3], Money(best[0]))


def _with_caps(chosen: Sequence[Credit], found: Quote, total: Money) -> Quote:
    """The lines of a quote after those of the caps completed."""
    steps, after = [], 0
    for each in chosen:
        after += each.left_cents
        reason = Decision(
            "billettique.step_cap_left" if each.left_cents else "billettique.step_cap_reached",
            cover=each.cap.name, paid=Money(each.paid.cents), cap=Money(each.cap.cents), amount=Money(each.left_cents),
            first_day=each.paid.period.first_day, last_day=each.paid.period.last_day or each.paid.period.first_day,
        )  # fmt: skip
        steps.append(FareStep("cap", (each.rider,), Money(each.left_cents), Money(after), reason))
    steps += [each._replace(after=Money(each.after.cents + after)) for each in found.steps]
    return replace(found, total=total, steps=tuple(steps))
