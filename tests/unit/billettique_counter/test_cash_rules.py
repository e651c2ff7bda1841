"""What a till may take, how money goes back, what a count says: both sides of every limit."""

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billettique.gateway.regies import get_regie, regies_on
from billettique.model.regie import PIECES, Holding
from billettique.rules.cash import closing, counted, refusal_of_cash_back, refusal_of_sale
from mobigo.base.errors import InvalidInput, NotFound
from mobigo.base.money import ZERO, Money

ACT = get_regie("guichets", date(2026, 11, 26))  # 1 500 € held, 300 € to give back, 100 € at a time, 1 000 € paid


def code(decision: object) -> str | None:
    return getattr(decision, "code", None)


@pytest.mark.parametrize(
    ("means", "held", "amount", "refused"),
    [
        ("cash", 149_850, 150, None),
        ("cash", 149_851, 150, "billettique.till_full"),
        ("cash", 0, 100_000, None),
        ("cash", 0, 100_001, "billettique.too_much_cash"),
        ("cheque", 150_000, 1, None),  # the ceiling is of cash
        ("terminal", 150_000, 500_000, None),
        ("card", 0, 1, "billettique.means_not_in_act"),
    ],
)
def test_a_sale_keeps_the_act_of_the_regie(means: str, held: int, amount: int, refused: str | None) -> None:
    assert code(refusal_of_sale(ACT, Holding(Money(held), ZERO), means, Money(amount))) == refused


@pytest.mark.parametrize(
    ("advance", "used", "amount", "refused"),
    [
        (30_000, 0, 10_000, None),
        (30_000, 0, 10_001, "billettique.refund_over_limit"),
        (30_000, 29_850, 150, None),
        (30_000, 29_851, 150, "billettique.advance_used_up"),
        (0, 0, 1, "billettique.no_advance"),
    ],
)
def test_cash_goes_back_only_out_of_an_advance(advance: int, used: int, amount: int, refused: str | None) -> None:
    act = replace(ACT, advance=Money(advance))
    # However full the drawer is: what was taken is never spent.
    assert code(refusal_of_cash_back(act, Holding(Money(150_000), Money(used)), Money(amount))) == refused


@given(st.dictionaries(st.sampled_from(PIECES), st.integers(0, 50)))
def test_notes_and_coins_are_worth_what_they_say(pieces: dict[int, int]) -> None:
    assert counted(pieces) == Money(sum(value * count for value, count in pieces.items()))


@pytest.mark.parametrize("pieces", [{3: 1}, {25_000: 1}, {100: -1}, {100: 100_001}])
def test_a_piece_that_does_not_exist_is_refused(pieces: dict[int, int]) -> None:
    with pytest.raises(InvalidInput):
        counted(pieces)


@pytest.mark.parametrize(
    ("expected", "found", "said"),
    [(100, 100, "billettique.till_even"), (100, 101, "billettique.till_over"), (100, 99, "billettique.till_short")],
)
def test_a_count_says_what_it_found(expected: int, found: int, said: str) -> None:
    outcome = closing(Money(expected), Money(found))
    assert (outcome.said.code, outcome.difference) == (said, Money(found - expected))


def test_an_act_is_in_force_from_its_first_day() -> None:
    assert regies_on(date(2018, 8, 31)) == ()
    assert [each.code for each in regies_on(date(2018, 9, 1))] == ["controle", "guichets"]
    with pytest.raises(NotFound):
        get_regie("guichets", date(2018, 8, 31))
