"""Refunds by the dated rules, on both sides of every edge."""

from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest

from billettique.gateway import sales
from billettique.model.orders import ItemKind
from billettique.model.sales import GivenBack, Sold
from billettique.rules.refunds import given_back
from mobigo.base.instants import PARIS
from mobigo.base.money import Money

TERMS = sales.terms_on(date(2026, 11, 26))
FIRST = datetime(2026, 12, 1, 4, 0, tzinfo=PARIS)
LAST = datetime(2027, 1, 1, 3, 59, 59, tzinfo=PARIS)  # 31 operating days
SECOND = timedelta(seconds=1)
TICKET = Sold(ItemKind.TICKET, Money(150), FIRST, LAST)
PASS = Sold(ItemKind.PASS, Money(4800), FIRST, LAST)
CARNET = Sold(ItemKind.CARNET, Money(1200), FIRST, LAST, units=10, units_left=3)
SEAT = Sold(ItemKind.CARPOOL_SEAT, Money(150), datetime(2026, 12, 1, 8, 0, tzinfo=PARIS), None)


def cents(sold: Sold, now: datetime) -> int | str:
    answer = given_back(sold, TERMS, now)
    return answer.amount.cents if isinstance(answer, GivenBack) else answer.code.removeprefix("billettique.refund_")


@pytest.mark.parametrize(
    ("sold", "now", "expected"),
    [
        (TICKET, FIRST, 150),
        (TICKET, LAST, 150),
        (TICKET, LAST + SECOND, "over"),
        (replace(TICKET, used_at=FIRST), FIRST + SECOND, "used"),
        (PASS, FIRST, 4800),
        (PASS, FIRST + SECOND, 4645),  # the first day is begun: 30/31 of 48 €
        (PASS, datetime(2026, 12, 11, 12, 0, tzinfo=PARIS), 3097),  # 20 days left: 4800 × 20/31 = 3096.77
        (PASS, datetime(2026, 12, 31, 3, 59, tzinfo=PARIS), 155),  # the 30th operating day: one left
        (PASS, datetime(2026, 12, 31, 4, 0, tzinfo=PARIS), "nothing_left"),
        (CARNET, FIRST, 360),  # 3/10 of 12 €
        (replace(CARNET, units_left=0), FIRST, "nothing_left"),
        (CARNET, LAST + SECOND, "over"),
        (SEAT, datetime(2026, 12, 1, 7, 0, tzinfo=PARIS), 150),
        (SEAT, datetime(2026, 12, 1, 7, 0, 1, tzinfo=PARIS), "too_late"),
        (replace(PASS, kind=ItemKind.CARD), FIRST, 4800),
        (replace(PASS, kind=ItemKind.CARD), FIRST + SECOND, "too_late"),
    ],
)
def test_each_rule_gives_back_what_it_says(sold: Sold, now: datetime, expected: int | str) -> None:
    assert cents(sold, now) == expected


def test_what_is_given_back_and_what_is_kept_make_the_price() -> None:
    for day in range(31):
        answer = given_back(PASS, TERMS, FIRST + timedelta(days=day, seconds=1))
        if isinstance(answer, GivenBack):
            assert answer.amount + answer.kept == PASS.price


def test_the_terms_say_that_no_act_confirms_them_yet() -> None:
    assert TERMS.to_confirm
    assert TERMS.source
