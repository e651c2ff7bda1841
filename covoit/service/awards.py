"""Pricing what is ready, and moving the money: `award_ready`.

One run is one transaction under one lock: it takes every vehicle trip that is final and on no statement, prices them
in the order of the rule with what the closed months used, compares with what stands and writes the differences. So the
result depends on what is known, not on when it became known, and running it again changes nothing.
"""

from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path
from typing import TypeVar

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from covoit.service.budgets import (
    FARE_INCOME,
    accrued,
    appropriation,
    budget,
    fare_receivable,
    fund,
    funded,
    open_accounts,
    overpaid,
    payable,
)
from covoit.service.campaign_run import BATCH
from covoit.service.pricing_run import Awarded, Run
from covoit.store import awards as store
from mobigo.base.errors import Refused
from mobigo.infra.collector import seldom_collected
from mobigo.infra.db import roomy, transaction

__all__ = [
    "BATCH", "FARE_INCOME", "Awarded", "Run", "accrued", "again_if_short", "appropriation", "award_in", "award_ready",
    "budget", "fare_receivable", "fund", "funded", "open_accounts", "overpaid", "payable", "run_in",
]  # fmt: skip
Answer = TypeVar("Answer")


def award_ready(engine: Engine, now: datetime, *, home: Path | None = None, last_day: date | None = None) -> Awarded:
    """Price what is ready (up to `last_day`) and post it. Any number may run at once: they wait for one another."""

    def once(careful: bool) -> Awarded:
        with transaction(engine) as session, roomy(session):
            store.lock(session)
            return award_in(session, now, home=home, last_day=last_day, careful=careful)

    return again_if_short(once)


def again_if_short(act: Callable[[bool], Answer]) -> Answer:
    """Do it; when a budget was short at the wrong moment, because journeys became known between two looks, do it again
    from the start, giving back first. Each try is a transaction of its own."""
    with seldom_collected():
        for careful in (False, True, True, True):
            try:
                return act(careful)
            except Refused as refused:
                if refused.decision.code != "ledger.insufficient":
                    raise
        return act(True)


def award_in(
    session: Session, now: datetime, *, home: Path | None = None, last_day: date | None = None, careful: bool = False
) -> Awarded:
    """The same inside the caller's transaction, which holds `store.lock`. `careful`: as if every budget were short."""
    return run_in(session, now, home=home, last_day=last_day, careful=careful).done()


def run_in(
    session: Session,
    now: datetime,
    *,
    home: Path | None = None,
    last_day: date | None = None,
    careful: bool = False,
    closing: bool = False,
) -> Run:
    """The same, for who puts what was priced on statements (`closing`), and then calls `Run.mark_closed`."""
    days, past_midnight = store.days_to_price(session)
    days |= store.open_days(session)
    chosen = sorted(day for day in days if last_day is None or day <= last_day)
    return Run(session, now, home, chosen, past_midnight, closing).whole(careful=careful)
