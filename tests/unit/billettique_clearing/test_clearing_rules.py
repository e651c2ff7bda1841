"""Sharing among those who carry: every key, both signs, to the cent, and never silently."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billettique.gateway.clearing import conventions_on
from billettique.model.clearing import By, Conventions, Key, Sold
from billettique.rules.clearing import by_party, shares
from mobigo.base.errors import NotFound
from mobigo.base.money import ZERO, Money

PARTIES = {"ter": "sncf", "car": "region", "a": "one", "b": "two", "c": "three"}


def under(*keys: Key) -> Conventions:
    return Conventions(date(2021, 1, 1), "écrit pour ce test", to_confirm=False, party_of=PARTIES, keys=keys)


BY_KM = Key(frozenset({"*"}), By.KM, {})
BY_USE = Key(frozenset({"day"}), By.VALIDATIONS, {"a": 1, "b": 1, "c": 1})
FIXED = Key(frozenset({"day"}), By.FIXED, {"a": 2, "b": 1})


def sold(net: int, product: str = "day", *, networks: tuple[str, ...] = (), **metres: int) -> Sold:
    return Sold("item", product, Money(net), metres, networks or tuple(metres))


@pytest.mark.parametrize(
    ("item", "key", "used", "earned"),
    [
        (sold(100, ter=60_000, car=40_000), BY_KM, {}, {"sncf": 60, "region": 40}),
        (sold(136, ter=1, car=2), BY_KM, {}, {"sncf": 45, "region": 91}),  # 45 1/3 and 90 2/3
        (sold(-136, ter=1, car=2), BY_KM, {}, {"sncf": -45, "region": -91}),
        (sold(100, networks=("car",)), BY_KM, {}, {"region": 100}),  # nothing to share
        (sold(100, networks=("a", "b", "c")), BY_USE, {("day", "a"): 3, ("day", "b"): 1}, {"one": 75, "two": 25}),
        (sold(100, networks=("a", "b", "c")), BY_USE, {}, {"one": 34, "three": 33, "two": 33}),
        (sold(100, networks=("a", "b", "c")), BY_USE, {("month", "a"): 3}, {"one": 34, "three": 33, "two": 33}),
        (sold(100, networks=("a", "b")), FIXED, {}, {"one": 67, "two": 33}),
        (sold(100, networks=("ter", "car")), BY_KM, {}, {None: 100}),  # two networks, no kilometres
        (sold(100, moon=5, car=5), BY_KM, {}, {None: 100}),  # nobody is known to carry there
        (sold(0, car=5), BY_KM, {}, {}),
    ],
)
def test_each_key_shares_as_it_says(
    item: Sold, key: Key, used: dict[tuple[str, str], int], earned: dict[str | None, int]
) -> None:
    found = by_party(shares([item], under(key), used))
    assert {party: amount.cents for party, amount in found.items() if amount != ZERO} == earned


def test_the_first_key_that_fits_a_product_is_taken() -> None:
    item = sold(100, networks=("a", "b", "c"), ter=1)
    assert set(by_party(shares([item], under(BY_USE, BY_KM), {}))) == {"one", "two", "three"}
    assert set(by_party(shares([item], under(BY_KM, BY_USE), {}))) == {"sncf"}


@given(st.integers(-100_000, 100_000), st.dictionaries(st.sampled_from(sorted(PARTIES)), st.integers(0, 10**6)))
def test_the_parts_add_up_and_a_refund_is_the_opposite_of_its_sale(net: int, metres: dict[str, int]) -> None:
    conventions = under(BY_KM)
    there, back = (
        by_party(shares([Sold("item", "x", Money(sign * net), metres, tuple(metres))], conventions, {}))
        for sign in (1, -1)
    )
    assert sum(there.values(), ZERO) == Money(net)
    assert back == {party: -amount for party, amount in there.items()}


def test_conventions_are_in_force_from_their_first_day() -> None:
    assert conventions_on(date(2021, 2, 1)).party_of["ter"] == "sncf"
    with pytest.raises(NotFound):
        conventions_on(date(2021, 1, 31))
