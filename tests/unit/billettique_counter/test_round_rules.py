"""Receipts without a gap, and what is said of money taken on a round: both sides of every limit."""

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billettique.gateway.regies import get_regie
from billettique.model.regie import CashKind, Holding
from billettique.rules.cash import refusal_of_sale
from billettique.rules.rounds import RECEIPTS_MAX, flags, left_to_carry, missing
from mobigo.base.errors import InvalidInput
from mobigo.base.money import ZERO, Money

ACT = get_regie("controle", date(2026, 11, 26))  # 3 000 € held, 500 € a mandataire, 300 € a person, penalties only


@pytest.mark.parametrize(
    ("came", "last", "gone"),
    [([], 0, ()), ([1], 1, ()), ([], 2, (1, 2)), ([2, 4], 4, (1, 3)), ([3, 1, 2], 3, ()), ([1], 3, (2, 3))],
)
def test_what_is_missing_up_to_the_last_receipt(came: list[int], last: int, gone: tuple[int, ...]) -> None:
    assert missing(came, last) == gone


@pytest.mark.parametrize(("came", "last"), [([2], 1), ([], -1), ([], RECEIPTS_MAX + 1)])
def test_a_last_receipt_that_cannot_be_is_refused(came: list[int], last: int) -> None:
    with pytest.raises(InvalidInput):
        missing(came, last)


@given(st.sets(st.integers(1, 60)), st.integers(0, 60))
def test_what_came_and_what_is_missing_are_every_number_once(came: set[int], more: int) -> None:
    last = max(came, default=0) + more
    gone = missing(came, last)
    assert sorted([*came, *gone]) == list(range(1, last + 1))


@pytest.mark.parametrize(
    ("held", "carried", "means", "amount", "said"),
    [
        (0, 20_000, "cash", 30_000, []),
        (0, 20_001, "cash", 30_000, ["billettique.round_too_heavy"]),
        (0, 0, "cash", 30_001, ["billettique.too_much_cash"]),
        (290_000, 0, "cash", 10_000, []),
        (290_001, 0, "cash", 10_000, ["billettique.till_full"]),
        (300_000, 50_000, "cash", 1, ["billettique.till_full", "billettique.round_too_heavy"]),
        (300_000, 50_000, "cheque", 99_999, []),  # limits are of cash
        (0, 0, "card", 1, ["billettique.means_not_in_act"]),
    ],
)
def test_what_is_wrong_with_money_that_was_taken_is_said(
    held: int, carried: int, means: str, amount: int, said: list[str]
) -> None:
    found = flags(ACT, Holding(Money(held), ZERO), Money(carried), means, Money(amount))
    assert [each.code for each in found] == said


@pytest.mark.parametrize(("carried", "left"), [(0, 50_000), (49_999, 1), (50_000, 0), (60_000, 0)])
def test_a_mandataire_carries_no_more_than_the_act_says(carried: int, left: int) -> None:
    assert left_to_carry(ACT, Money(carried)) == Money(left)


def test_a_regie_is_paid_only_for_what_its_act_names() -> None:
    nothing = Holding(ZERO, ZERO)
    sale = refusal_of_sale(ACT, nothing, "cash", Money(150))
    assert sale is not None
    assert sale.code == "billettique.receipt_not_in_act"
    assert refusal_of_sale(ACT, nothing, "cash", Money(150), CashKind.PENALTY) is None
    assert refusal_of_sale(replace(ACT, receipts=frozenset({"sale"})), nothing, "cash", Money(150)) is None
