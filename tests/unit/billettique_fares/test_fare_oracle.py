"""The engine against the brute force: random tariffs, journeys and parties, the same total or the same "unknown"."""

import random
from dataclasses import replace

import pytest

from billettique.engine.cheapest import Compiled, cheapest, cheapest_price, compile_tariff
from billettique.model.tariffs import Ask, CoverKind, Paid, Tariff
from billettique.rules.fares import operating_day, span_from
from billettique.rules.places import placed
from tests.counts import count
from tests.fares_world import a_tariff, an_ask
from tests.oracles.brute_fares import cheapest_cents

CASES = count(100_000, 8_000)
SLOW_CASES = 1_000_000
ASKS = 10  # of each tariff: what is remembered of it must not leak from one question into the next
BLOCKS = 4


def check(tariff: Tariff, compiled: Compiled, ask: Ask, seed: str) -> bool:
    """One case; whether it had a price."""
    found, expected = cheapest(compiled, ask), cheapest_cents(tariff, ask)
    said = None if found.total is None else found.total.cents
    assert said == expected, f"{seed}: {said} against {expected}"
    if found.total is None:
        assert not found.items, seed
        assert found.unknown, f"{seed}: unknown, and nobody says why"
        return False
    assert sum(step.amount.cents for step in found.steps) == expected, f"{seed}: lines that do not add up"
    assert found.steps[-1].after == found.total
    if not any(step.kind == "cap" for step in found.steps):
        assert sum(item.cents for item in found.items) == expected, f"{seed}: items that do not add up"
    return True


def check_tariff(seed: int, legs_max: tuple[int, ...]) -> int:
    """Some cases of one tariff; how many had a price."""
    rng = random.Random(seed)
    tariff = a_tariff(rng)
    compiled = compile_tariff(placed(tariff))
    priced = 0
    for n in range(ASKS):
        ask = an_ask(rng, tariff, rng.choice(legs_max))
        priced += check(tariff, compiled, ask, f"seed {seed}, question {n}")
    assert cheapest_price(compiled, ask) == cheapest(compiled, ask).total
    return priced


@pytest.mark.parametrize("block", range(BLOCKS))
def test_the_cheapest_way_is_the_one_that_trying_everything_finds(block: int) -> None:
    tariffs = CASES // ASKS // BLOCKS
    seeds = range(block * tariffs, (block + 1) * tariffs)
    priced = sum(check_tariff(seed, (2, 2, 3, 3, 3, 4)) for seed in seeds)
    assert priced > CASES // BLOCKS // 2, "most cases have a price, or this shows nothing"


@pytest.mark.slow
def test_the_cheapest_way_on_a_million_cases_of_up_to_six_legs() -> None:
    priced = sum(check_tariff(10**7 + n, (3, 4, 4, 5, 6)) for n in range(SLOW_CASES // ASKS))
    assert priced > SLOW_CASES // 2


@pytest.mark.parametrize("seed", range(100))
def test_the_order_in_which_journeys_and_riders_are_given_does_not_matter(seed: int) -> None:
    rng = random.Random(seed)
    tariff = a_tariff(rng)
    ask = an_ask(rng, tariff, 4)
    compiled = compile_tariff(placed(tariff))
    other = replace(ask, journeys=ask.journeys[::-1], riders=ask.riders[::-1])
    assert cheapest(compiled, ask).total == cheapest(compile_tariff(placed(tariff)), other).total


@pytest.mark.parametrize("seed", range(100))
def test_a_further_journey_never_lowers_the_price(seed: int) -> None:
    rng = random.Random(seed)
    tariff = a_tariff(rng)
    ask = an_ask(rng, tariff, 4)
    compiled = compile_tariff(placed(tariff))
    all_of_them = cheapest_price(compiled, ask)
    one_less = cheapest_price(compiled, replace(ask, journeys=ask.journeys[1:]))
    if all_of_them is not None:
        assert one_less is not None
        assert one_less <= all_of_them


def begun(rng: random.Random, tariff: Tariff, ask: Ask) -> Ask:
    """The same question by riders who have paid before, towards every cap of the tariff."""
    days = sorted({operating_day(leg.departs_at) for journey in ask.journeys for leg in journey})
    caps = [cover for cover in tariff.covers if cover.kind is CoverKind.CAP]

    def paid() -> tuple[Paid, ...]:
        spans = {(cap.id, span_from(cap, rng.choice(days))): cap.cents for cap in caps}
        return tuple(Paid(cap, span, rng.randint(0, cents + 50)) for (cap, span), cents in spans.items())

    return replace(ask, riders=tuple(replace(each, paid=paid()) for each in ask.riders))


def test_with_passes_in_hand_and_caps_begun_it_is_still_what_trying_everything_finds() -> None:
    priced = different = 0
    for seed in range(20_000, 23_000):
        rng = random.Random(seed)
        tariff = a_tariff(rng)
        if not any(cover.kind is CoverKind.CAP for cover in tariff.covers):
            continue
        compiled = compile_tariff(placed(tariff))
        plain = an_ask(rng, tariff, 3)
        ask = begun(rng, tariff, plain)
        priced += check(tariff, compiled, ask, f"seed {seed}")
        different += cheapest_price(compiled, ask) != cheapest_price(compiled, plain)
    assert priced > 300
    assert different > 30, "what was paid before changes some prices, or this shows nothing"
