"""What an offer takes off, on both sides of every limit."""

from dataclasses import replace
from datetime import date

import pytest

from billettique.model.promotions import Line, OfferKind, Promotion, Reduced
from billettique.rules.promotions import best, reduced, reduction, refusal
from mobigo.base.money import ZERO, Money
from mobigo.base.periods import Period

FREE_DAY = Promotion(
    "p", "Journée du car", OfferKind.FREE_DAY, Period(date(2026, 9, 19), date(2026, 9, 20)), Money(10_000), pct=100,
    networks=frozenset({"car"}),
)  # fmt: skip
COACH = Line("car-unite", frozenset({"car"}), ("adulte",), Money(150))
TRAIN = Line("ter-1", frozenset({"ter"}), ("jeune",), Money(505))


def other(**changes: object) -> Promotion:
    return replace(FREE_DAY, **changes)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("promotion", "line", "cents"),
    [
        (FREE_DAY, COACH, 150),
        (FREE_DAY, TRAIN, 0),
        (FREE_DAY, replace(COACH, networks=frozenset({"car", "ter"})), 0),  # both networks must be in the offer
        (FREE_DAY, replace(COACH, networks=frozenset()), 0),
        (other(networks=None), TRAIN, 505),
        (other(networks=None, pct=50), TRAIN, 252),  # 252.5 remains, half up: 253 is paid
        (other(networks=None, pct=1), replace(TRAIN, price=Money(1)), 0),
        (other(pct=None, off_cents=100), COACH, 100),
        (other(pct=None, off_cents=151), COACH, 150),  # never more than the price
        (other(pct=None, flat_cents=100), COACH, 50),
        (other(pct=None, flat_cents=150), COACH, 0),
        (other(pct=None, flat_cents=200), COACH, 0),  # an offer never makes dearer
        (other(pct=None, flat_cents=0), COACH, 150),
        (other(products=frozenset({"car-unite"})), COACH, 150),
        (other(products=frozenset({"autre"})), COACH, 0),
        (other(riders=frozenset({"jeune"})), COACH, 0),
        (other(riders=frozenset({"adulte", "jeune"})), COACH, 150),
    ],
)
def test_what_an_offer_takes_off(promotion: Promotion, line: Line, cents: int) -> None:
    assert reduction(promotion, line) == Money(cents)


@pytest.mark.parametrize(
    ("day", "spent", "used", "by_person", "code"),
    [
        (date(2026, 9, 18), 0, 0, 0, "billettique.promotion_not_that_day"),
        (date(2026, 9, 19), 0, 0, 0, None),
        (date(2026, 9, 20), 0, 0, 0, None),
        (date(2026, 9, 21), 0, 0, 0, "billettique.promotion_not_that_day"),
        (date(2026, 9, 19), 9_850, 0, 0, None),
        (date(2026, 9, 19), 9_851, 0, 0, "billettique.promotion_over"),
        (date(2026, 9, 19), 0, 9, 0, None),
        (date(2026, 9, 19), 0, 10, 0, "billettique.promotion_over"),
        (date(2026, 9, 19), 0, 0, 1, None),
        (date(2026, 9, 19), 0, 0, 2, "billettique.promotion_used"),
    ],
)
def test_when_an_offer_is_refused(day: date, spent: int, used: int, by_person: int, code: str | None) -> None:
    limited = other(uses_max=10, per_person=2)
    found = refusal(limited, day, Money(spent), used, Money(150), by_person)
    assert (None if found is None else found.code) == code


def test_an_offer_that_takes_nothing_off_does_not_apply() -> None:
    found = refusal(FREE_DAY, date(2026, 9, 19), ZERO, 0, reduced(FREE_DAY, [TRAIN]).total, 0)
    assert found is not None
    assert found.code == "billettique.promotion_elsewhere"


def test_offers_never_add_up_and_the_best_one_wins() -> None:
    lines = [COACH, TRAIN]
    half = other(id="h", name="Moitié", networks=None, pct=50)
    assert best([reduced(FREE_DAY, lines), reduced(half, lines)]) == reduced(half, lines)  # 75 + 252 against 150
    assert best([]) is None
    assert best([Reduced(FREE_DAY, (ZERO,))]) is None


@pytest.mark.parametrize(
    "wrong", [{"off_cents": 5}, {"pct": None}, {"pct": 0}, {"pct": 101}, {"budget": ZERO}, {"uses_max": 0},
              {"per_person": 0}],
)  # fmt: skip
def test_an_offer_without_sense_cannot_be(wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="p:"):
        other(**wrong)
