"""The engine against the brute force: random tariffs, journeys and parties, the same total or the same "unknown"."""

import random
from dataclasses import replace

import pytest

from billettique.engine.cheapest import cheapest, cheapest_price, compile_tariff
from tests.fares_world import a_tariff, an_ask
from tests.oracles.brute_fares import cheapest_cents

CASES = 16_000  # in the normal run
SLOW_CASES = 1_000_000


def check(seed: int, legs_max: int) -> bool:
    """One case; whether it had a price."""
    rng = random.Random(seed)
    tariff = a_tariff(rng)
    ask = an_ask(rng, tariff, legs_max)
    compiled = compile_tariff(tariff)
    found, expected = cheapest(compiled, ask), cheapest_cents(tariff, ask)
    said = None if found.total is None else found.total.cents
    assert said == expected, f"seed {seed}: {said} against {expected}"
    assert cheapest_price(compiled, ask) == found.total
    if found.total is None:
        assert not found.items, f"seed {seed}"
        assert found.unknown, f"seed {seed}: unknown, and nobody says why"
        return False
    assert sum(step.amount.cents for step in found.steps) == expected, f"seed {seed}: lines that do not add up"
    assert found.steps[-1].after == found.total
    if not any(step.kind == "cap" for step in found.steps):
        assert sum(item.cents for item in found.items) == expected, f"seed {seed}: items that do not add up"
    return True


@pytest.mark.parametrize("block", range(4))
def test_the_cheapest_way_is_the_one_that_trying_everything_finds(block: int) -> None:
    priced = sum(check(seed, 4) for seed in range(block * CASES // 4, (block + 1) * CASES // 4))
    assert priced > CASES // 8, "most cases have a price, or this shows nothing"


@pytest.mark.slow
def test_the_cheapest_way_on_a_million_cases_of_up_to_six_legs() -> None:
    assert sum(check(10**7 + n, 6 if n % 4 == 0 else 4) for n in range(SLOW_CASES)) > SLOW_CASES // 2


@pytest.mark.parametrize("seed", range(300))
def test_the_order_in_which_journeys_and_riders_are_given_does_not_matter(seed: int) -> None:
    rng = random.Random(seed)
    tariff = a_tariff(rng)
    ask = an_ask(rng, tariff, 4)
    compiled = compile_tariff(tariff)
    other = replace(ask, journeys=ask.journeys[::-1], riders=ask.riders[::-1])
    assert cheapest(compiled, ask).total == cheapest(compile_tariff(tariff), other).total


@pytest.mark.parametrize("seed", range(300))
def test_a_further_journey_never_lowers_the_price(seed: int) -> None:
    rng = random.Random(seed)
    tariff = a_tariff(rng)
    ask = an_ask(rng, tariff, 4)
    compiled = compile_tariff(tariff)
    all_of_them = cheapest_price(compiled, ask)
    one_less = cheapest_price(compiled, replace(ask, journeys=ask.journeys[1:]))
    if all_of_them is not None:
        assert one_less is not None
        assert one_less <= all_of_them
