"""Offers in the database: who may put one in force, what an order uses, and a crowd that cannot pass its budget."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from sqlalchemy import Engine

from billettique.model.promotions import Line, OfferKind, Promotion
from billettique.service import promotions
from billettique.store import promotions as store
from mobigo.base.errors import Conflict, InvalidInput, MobigoError, NotFound, Refused
from mobigo.base.money import Money
from mobigo.base.periods import Period
from mobigo.infra.config import Config
from mobigo.infra.db import reading, transaction

NOW = datetime(2026, 9, 1, 9, tzinfo=UTC)
DAY = date(2026, 9, 19)
COACH = Line("car-unite", frozenset({"car"}), ("adulte",), Money(150))
VOUCHER = Promotion(
    "", "Bienvenue", OfferKind.VOUCHER, Period(DAY, date(2026, 9, 30)), Money(1_000), off_cents=100, code="bien-venue",
    per_person=1,
)  # fmt: skip
FREE_DAY = replace(VOUCHER, name="Journée du car", kind=OfferKind.FREE_DAY, pct=100, off_cents=None, code=None,
                   per_person=None)  # fmt: skip


def put(engine: Engine, promotion: Promotion) -> str:
    with transaction(engine) as session:
        made = promotions.draft(session, promotion, "editor", NOW)
    with transaction(engine) as session:
        promotions.approve(session, made, "26CP.12", "approver", NOW)
    return made


def use(engine: Engine, config: Config, order: str, *, code: str | None = None, person: str | None = "a@b.c") -> Money:
    with transaction(engine) as session:
        found = promotions.applicable(session, config, [COACH], day=DAY, code=code, person=person)
        if found is None:
            return Money(0)
        promotions.consume(session, config, found, order, person=person, now=NOW)
        return found.total


def state(engine: Engine, promotion: str) -> tuple[int, int]:
    with reading(engine) as session:
        row = store.find(session, promotion)
        assert row is not None
        return row.spent_cents, row.used


def test_an_offer_applies_only_once_a_second_person_approved_it(engine: Engine, config: Config) -> None:
    with transaction(engine) as session:
        made = promotions.draft(session, FREE_DAY, "editor", NOW)
    assert use(engine, config, "o1") == Money(0)
    with pytest.raises(Refused), transaction(engine) as session:
        promotions.approve(session, made, "26CP.12", "editor", NOW)
    with pytest.raises(InvalidInput), transaction(engine) as session:
        promotions.approve(session, made, " ", "approver", NOW)
    with transaction(engine) as session:
        promotions.approve(session, made, "26CP.12", "approver", NOW)
    assert use(engine, config, "o1") == Money(150)
    with transaction(engine) as session:
        promotions.stop(session, made, "editor", NOW)
    assert use(engine, config, "o2") == Money(0)


def test_a_code_opens_its_offer_however_it_is_typed_once_a_person(engine: Engine, config: Config) -> None:
    made = put(engine, VOUCHER)
    assert use(engine, config, "o0") == Money(0), "nobody typed the code"
    assert use(engine, config, "o1", code="Bien Venue") == Money(100)
    with pytest.raises(Refused) as refused:
        use(engine, config, "o2", code="BIENVENUE", person="A@B.C ")
    assert refused.value.decision.code == "billettique.promotion_used"
    assert use(engine, config, "o3", code="BIENVENUE", person="other@b.c") == Money(100)
    with pytest.raises(Refused):
        use(engine, config, "o4", code="BIENVENUE", person=None)
    with pytest.raises(NotFound):
        use(engine, config, "o5", code="autre")
    assert state(engine, made) == (200, 2)


def test_an_order_uses_an_offer_once_and_gives_it_back_once(engine: Engine, config: Config) -> None:
    made = put(engine, VOUCHER)
    with transaction(engine) as session:
        found = promotions.applicable(session, config, [COACH], day=DAY, code="bienvenue", person="a")
        assert found is not None
        promotions.consume(session, config, found, "o1", person="a", now=NOW)
        promotions.consume(session, config, found, "o1", person="a", now=NOW)
        with pytest.raises(Conflict):
            promotions.consume(session, config, replace(found, reductions=(Money(1),)), "o1", person="a", now=NOW)
    assert state(engine, made) == (100, 1)
    for expected in (Money(100), Money(0)):
        with transaction(engine) as session:
            assert promotions.release(session, "o1", NOW) == expected
    assert state(engine, made) == (0, 0)
    assert use(engine, config, "o2", code="bienvenue", person="a") == Money(100)  # given back, used again
    with transaction(engine) as session:
        assert promotions.release(session, "o2", NOW) == Money(100)
    assert use(engine, config, "o2", code="bienvenue", person="a") == Money(100)  # an order that failed, tried again


def test_a_crowd_never_passes_a_budget_nor_a_limit_by_person(engine: Engine, config: Config) -> None:
    made = put(engine, VOUCHER)  # 10.00 €: ten uses of 1.00 €

    def attempt(n: int) -> int:
        try:
            return use(engine, config, f"o{n}", code="bienvenue", person=f"p{n // 2}").cents  # each person twice
        except MobigoError as refused:
            return 0 if refused.decision.code in ("billettique.promotion_over", "billettique.promotion_used") else -1

    with ThreadPoolExecutor(8) as pool:
        given = list(pool.map(attempt, range(32)))
    assert min(given) >= 0, "refused for another reason"
    assert sum(given) == 1_000
    assert all(given[2 * n] + given[2 * n + 1] <= 100 for n in range(16)), "somebody had it twice"
    assert state(engine, made) == (1_000, 10)


def test_two_offers_never_share_a_code(engine: Engine) -> None:
    put(engine, VOUCHER)
    with pytest.raises(Conflict), transaction(engine) as session:
        promotions.draft(session, replace(VOUCHER, code="BIENVENUE"), "editor", NOW)
    with pytest.raises(InvalidInput), transaction(engine) as session:
        promotions.draft(session, replace(FREE_DAY, period=Period(DAY, None)), "editor", NOW)
