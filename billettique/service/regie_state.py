"""The month of a régie: what it sold by accounting code and took by means of payment, from its own rows, and compared
with the ledger before it is shown."""

import tomllib
from collections import defaultdict
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from billettique.export.regie import StateLine
from billettique.model.orders import ItemState
from billettique.model.regie import CashKind
from billettique.service.cash import MEANS, held_account
from billettique.store import cash as store
from billettique.store.cash import CashMoveRow
from billettique.store.orders import ItemRow
from mobigo.base.errors import Conflict, NotFound
from mobigo.base.instants import paris_day
from mobigo.base.money import ZERO, Money
from mobigo.ledger import service as ledger

DATA: Final = Path(__file__).parents[1] / "data" / "accounts"
FOLDER_AT_HOME: Final = "accounts"
_TAKEN: Final = (CashKind.SALE, CashKind.PENALTY)
_SOLD: Final = (ItemState.FULFILLED, ItemState.REFUNDED, ItemState.EXCHANGED)


@dataclass(frozen=True, slots=True)
class State:
    """Lines by accounting code, takings by means."""

    lines: tuple[StateLine, ...]
    by_means: dict[str, Money]


def codes_on(day: date, home: Path | None) -> dict[str, tuple[str, str]]:
    """Code and words of each kind of item, and of penalties, on a day. Raises
    NotFound("billettique.no_accounting_codes")."""
    found: list[tuple[date, dict[str, tuple[str, str]]]] = []
    for folder in (DATA, None if home is None else home / FOLDER_AT_HOME):
        for path in sorted(folder.glob("*.toml")) if folder is not None else ():
            document = tomllib.loads(path.read_text(encoding="utf-8"))
            codes = {kind: (code, words) for kind, (code, words) in document["codes"].items()}
            found.append((document["first_day"], codes))
    dated = [each for each in found if each[0] <= day]
    if not dated:
        raise NotFound("billettique.no_accounting_codes", day=day)
    return max(dated, key=lambda each: each[0])[1]


def state(session: Session, regie: str, since: datetime, until: datetime, home: Path | None) -> State:
    """What a régie sold and took from `since` to before `until`.

    Raises Conflict("billettique.state_differs") when what it holds by its rows is not what the ledger says: the paper
    is not made before somebody has looked.
    """
    codes = codes_on(paris_day(since), home)
    lines = store.lines_between(session, regie, since, until)
    paid = [each.ref for each in lines if each.kind is CashKind.SALE]
    items = session.scalars(
        select(ItemRow).where(ItemRow.payment.in_(paid), ItemRow.state.in_([str(each) for each in _SOLD]))
    ).all()
    sold: dict[tuple[str, str], list[ItemRow]] = defaultdict(list)
    for item in items:
        sold[codes[item.kind]].append(item)
    by_means = {
        means: sum((each.amount for each in lines if each.kind in _TAKEN and each.means == means), ZERO)
        for means in MEANS
    }
    check(session, regie)
    made = [
        StateLine(code, words, len(some), sum((each.net for each in some), ZERO),
                  sum((each.tax for each in some), ZERO))
        for (code, words), some in sorted(sold.items())
    ]  # fmt: skip
    penalties = [each.amount for each in lines if each.kind is CashKind.PENALTY]
    if penalties:  # a penalty bears no tax: nothing is sold
        made.append(StateLine(*codes["penalty"], len(penalties), sum(penalties, ZERO), ZERO))
    return State(tuple(made), by_means)


def check(session: Session, regie: str) -> None:
    """Raises Conflict("billettique.state_differs") unless the rows of a régie and the ledger hold the same, to the
    cent."""
    row = store.find_regie(session, regie)
    if row is None:
        return
    held = {
        "cash": Money(row.cash_cents), "cheque": Money(row.cheque_cents), "terminal": Money(row.terminal_cents),
        "advance": Money(-row.advance_used_cents),
    }  # fmt: skip
    for means, amount in held.items():
        booked = -_balance(session, held_account(regie, means))
        if booked != amount:
            raise Conflict("billettique.state_differs", means=means, rows=amount, ledger=booked)


def _balance(session: Session, account: str) -> Money:
    """Credits less debits; ZERO for an account that nothing has touched."""
    try:
        return ledger.balance(session, account).net
    except NotFound:
        return ZERO


def moves_of(session: Session, regie: str) -> list[CashMoveRow]:
    """Every move of a régie, in order: what an auditor reads."""
    return list(session.scalars(select(CashMoveRow).where(CashMoveRow.regie == regie).order_by(CashMoveRow.id)))
