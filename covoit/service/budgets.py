"""The accounts of carpool in the ledger, and the money granted to a campaign.

covoit:budget:<campaign> → covoit:accrued:<driver>        an award; never overdrawn
covoit:overpaid:<driver> → covoit:budget:<campaign>       what a closed line gave too much (its room is back)
covoit:fare_receivable:<passenger> → covoit:fare_income   what passengers owe the Region
"""

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Final

from sqlalchemy.orm import Session

from covoit.gateway import campaigns
from mobigo.base.errors import Conflict, InvalidInput, NotFound
from mobigo.base.money import ZERO, Money
from mobigo.infra import audit
from mobigo.ledger import service as ledger
from mobigo.ledger.model import Transfer

FARE_INCOME: Final = "covoit:fare_income"


def budget(campaign: str) -> str:
    return f"covoit:budget:{campaign}"


def appropriation(campaign: str) -> str:
    """Where a budget comes from: what the assembly voted. Its debits are all that was ever granted."""
    return f"covoit:appropriation:{campaign}"


def accrued(person: str) -> str:
    return f"covoit:accrued:{person}"


def payable(person: str) -> str:
    return f"covoit:payable:{person}"


def overpaid(person: str) -> str:
    return f"covoit:overpaid:{person}"


def fare_receivable(person: str) -> str:
    return f"covoit:fare_receivable:{person}"


def open_accounts(session: Session, wanted: Mapping[str, Money | None], now: datetime) -> None:
    """Make the accounts that are not there yet."""
    if wanted:
        ledger.open_accounts(session, wanted, now=now)


# ---------------------------------------------------------------- what was granted


def fund(
    session: Session,
    campaign: str,
    amount: Money,
    *,
    act: str,
    by: str,
    key: str,
    home: Path | None = None,
    now: datetime,
) -> None:
    """Grant a campaign money, by an act. `key` names the grant for ever: repeating it grants nothing more.

    Raises NotFound for what is neither a scale nor a campaign, InvalidInput("covoit.budget_amount") unless the amount
    is positive.
    """
    campaigns.rule_of_code(campaign, home)
    if amount <= ZERO or not act.strip():
        raise InvalidInput("covoit.budget_amount", campaign=campaign)
    ledger.open_account(session, appropriation(campaign), floor=None, now=now)
    ledger.open_account(session, budget(campaign), floor=ZERO, now=now)
    granted = Transfer(
        f"fund:{key}", appropriation(campaign), budget(campaign), amount, now, "covoit.fund", campaign,
        {"act": act.strip()[:200], "by": by},
    )  # fmt: skip
    known = ledger.find(session, granted.key)
    if known is not None:
        if (known.transfer.debit, known.amount) != (granted.debit, amount):
            raise Conflict("ledger.other_content", key=granted.key)
        return
    ledger.post(session, [granted], now=now)
    audit.record(
        session, "covoit.fund", actor=by, object_kind="covoit_campaign", object_id=campaign, now=now,
        detail={"cents": amount.cents, "act": act.strip()[:200]},
    )  # fmt: skip


def funded(session: Session, campaign: str) -> Money | None:
    """All that was ever granted to a campaign; None when nothing was."""
    try:
        return ledger.balance(session, appropriation(campaign)).debits
    except NotFound:
        return None
