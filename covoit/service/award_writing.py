"""Writing what a pricing run decided: the award, which one counts now, and the money, in one transaction."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Protocol

import orjson
from sqlalchemy.orm import Session

from covoit.model.pricing import PricedTrip
from covoit.rules import awards as rules
from covoit.service.budgets import FARE_INCOME, accrued, budget, fare_receivable, open_accounts, overpaid
from covoit.store import awards as store
from mobigo.base.decisions import Decision
from mobigo.base.money import ZERO, Money
from mobigo.infra.clock import rising_ids
from mobigo.ledger import service as ledger
from mobigo.ledger.model import Order, Reverse, Transfer


class Rule(Protocol):
    """What prices: a scale or a campaign."""

    @property
    def code(self) -> str: ...
    @property
    def hash(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Decided:
    """One change to write: its canonical document, the content of the trip that led to it ("" when more than the
    trips of its driver's day did), the head it takes the place of."""

    change: rules.Change
    document: bytes
    content: str
    head: store.Head | None


@dataclass(slots=True)
class Writer:
    """Writes changes, and remembers which accounts of the ledger are there."""

    session: Session
    now: datetime
    _opened: set[str] = field(default_factory=set)
    _ids: Iterator[str] = field(init=False)

    def __post_init__(self) -> None:
        self._ids = rising_ids(self.now)

    def write(self, day: date, decided: Sequence[Decided], scale: Rule, supplement: str = "") -> list[str]:
        """Awards, heads and transfers of some trips of a day, under the scale or of a campaign (`supplement`: its
        code); the ids of the awards, in the same order."""
        before = store.documents(
            self.session,
            [head.award for head in (each.head for each in decided) if head is not None and head.fare != ZERO],
        )
        orders: list[Order] = []
        awards: list[dict[str, Any]] = []
        heads: list[dict[str, Any]] = []
        for each in decided:
            change, head, award = each.change, each.head, next(self._ids)
            priced = change.priced
            if head is not None and head.line != ZERO:
                orders.append(Reverse(f"unaward:{head.award}", f"award:{head.award}"))
            if head is not None and head.award in before:
                for journey in sorted(rules.fares_of(orjson.loads(before[head.award]))):
                    orders.append(Reverse(f"unfare:{head.award}:{journey}", f"fare:{head.award}:{journey}"))
            driver, key, started_at = _who(change, head)
            orders += _line_orders(award, change, driver, key, started_at, scale.code)
            if priced is not None:
                for journey, (passenger, cents) in rules.fares_of_priced(priced).items():
                    orders.append(
                        Transfer(
                            f"fare:{award}:{journey}", fare_receivable(passenger), FARE_INCOME, Money(cents),
                            started_at, "covoit.fare", award,
                        )
                    )  # fmt: skip
            revision = 1 if head is None else head.revision + 1
            row = _award_row(award, revision, change, each.document, driver, key, day, started_at, scale, self.now)
            row["supplement"] = supplement
            awards.append(row)
            heads.append(_head_row(row, each.content, scale.code, priced, head))
        self._open_accounts(orders)
        ledger.record(self.session, orders, now=self.now)
        store.write(self.session, awards, heads)
        return [row["id"] for row in awards]

    def _open_accounts(self, orders: Iterable[Order]) -> None:
        wanted: dict[str, Money | None] = {}
        for order in orders:
            if isinstance(order, Transfer):
                for code in (order.debit, order.credit):
                    if code not in self._opened:
                        wanted[code] = ZERO if code.startswith("covoit:accrued:") else None
        wanted = {code: floor for code, floor in wanted.items() if not code.startswith("covoit:budget:")}
        open_accounts(self.session, wanted, self.now)
        self._opened |= wanted.keys()


def _who(change: rules.Change, head: store.Head | None) -> tuple[str, store.Key, datetime]:
    if change.priced is not None:
        return change.priced.driver, change.priced.key, change.priced.started_at
    assert head is not None  # noqa: S101 - a withdrawal has a head
    return head.driver, head.key, head.started_at


def _line_orders(
    award: str, change: rules.Change, driver: str, key: store.Key, started_at: datetime, campaign: str
) -> list[Order]:
    memo = {"trip": key[1][:200], "operator": key[0], "digest": change.digest}
    if change.line > ZERO:
        return [
            Transfer(
                f"award:{award}",
                budget(campaign),
                accrued(driver),
                change.line,
                started_at,
                "covoit.award",
                award,
                memo,
            )
        ]
    if change.line < ZERO:
        return [
            Transfer(
                f"award:{award}", overpaid(driver), budget(campaign), -change.line, started_at, "covoit.take_back",
                award, memo,
            )
        ]  # fmt: skip
    return []


def _award_row(
    award: str, revision: int, change: rules.Change, document: bytes, driver: str, key: store.Key, day: date,
    started_at: datetime, scale: Rule, now: datetime,
) -> dict[str, Any]:  # fmt: skip
    priced = change.priced
    reasons = [Decision("covoit.award_withdrawn")] if priced is None else rules.reasons_of(priced)
    return {
        "id": award,
        "operator": key[0],
        "operator_trip_id": key[1],
        "revision": revision,
        "cause": "withdrawn" if priced is None else "priced" if revision == 1 else "priced_again",
        "driver": driver,
        "day": day,
        "started_at": started_at,
        "line": None if priced is None else priced.line,
        "scale_code": scale.code,
        "scale_hash": scale.hash,
        "distance_m": 0 if priced is None else priced.distance_m,
        "passengers": 0 if priced is None else priced.passengers,
        "before_caps_cents": 0 if priced is None else priced.before_caps.cents,
        "whole_cents": change.whole.cents,
        "settled_cents": change.settled.cents,
        "line_cents": change.line.cents,
        "fare_cents": 0 if priced is None else priced.fare.cents,
        "document": document.decode(),
        "digest": change.digest,
        "reasons": rules.reasons_text(reasons),
        "recorded_at": now,
    }


def _head_row(
    row: Mapping[str, Any], content: str, campaign: str, priced: PricedTrip | None, head: store.Head | None
) -> dict[str, Any]:
    same = (
        "operator", "operator_trip_id", "supplement", "revision", "driver", "day", "started_at", "digest", "passengers",
        "whole_cents", "settled_cents", "line_cents", "fare_cents",
    )  # fmt: skip
    stated = head is not None and head.stated
    if priced is not None:
        rank, counts = priced.inputs["rank_of_day"], bool(priced.counted)
    else:  # what is closed stands while the trip is checked again, and its rank with it
        rank, counts = (head.rank, head.counts) if head is not None and stated else (1, False)
    return {
        **{name: row[name] for name in same},
        "award": row["id"],
        "campaign": campaign,
        "content": content,
        "rank": rank,
        "counts": counts,
        "open": True,
        "stated": stated,
    }


def standing_of(head: store.Head) -> rules.Standing:
    """What a head says stands."""
    return rules.Standing(head.award, head.revision, head.driver, head.digest, head.settled, head.line, head.open)


def withdrawal_of(head: store.Head) -> bytes:
    """The canonical document of an award taken back because its trip is being checked again."""
    said = {"operator": head.key[0], "operator_trip_id": head.key[1], "withdrawn": head.award, "was": head.digest}
    return orjson.dumps(said, option=orjson.OPT_SORT_KEYS)
