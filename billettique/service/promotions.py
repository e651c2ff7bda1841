"""Offers that promote transport: which one applies to an order, its use within the order's transaction, its return when
the order fails; for the fare manager, a draft, an approval by a second person, a stop.

    found = promotions.applicable(session, config, lines, day=…, code=…, person=…)      # to show, and to choose
    promotions.consume(session, config, found, order_id, person=…, now=…)               # when the order is placed
    promotions.release(session, order_id, now)                                          # when it fails or is refunded
"""

import hmac
from collections.abc import Sequence
from datetime import date, datetime
from hashlib import sha256
from typing import Final

from sqlalchemy.orm import Session

from billettique.model.promotions import Line, Promotion, Reduced
from billettique.rules import promotions as rules
from billettique.store import promotions as store
from billettique.store.promotions import PromotionRow, PromotionUseRow
from mobigo.base.errors import Conflict, InvalidInput, NotFound, Refused
from mobigo.base.money import Money
from mobigo.infra import audit, keys
from mobigo.infra.clock import new_id
from mobigo.infra.config import Config

CODE_MAX: Final = 40


def applicable(
    session: Session, config: Config, lines: Sequence[Line], *, day: date, code: str | None = None,
    person: str | None = None,
) -> Reduced | None:  # fmt: skip
    """The offer that takes most off an order of a day: the one of a code typed, else one that applies by itself. None
    where none does. `person`: an account's subject or an address, where it is known.

    Raises Refused with its reason for a code whose offer does not apply, NotFound("billettique.no_such_promotion") for
    a code that opens nothing.
    """
    typed = plain_code(code)
    rows = store.in_force(session, day, typed) if typed else store.in_force(session, day)
    if typed and not rows:
        raise NotFound("billettique.no_such_promotion")
    found = []
    for row in rows:
        promotion = row.value()
        reduced = rules.reduced(promotion, lines)
        by_person = 0 if person is None else store.uses_by(session, row.id, mark_of(config, person))
        why = rules.refusal(promotion, day, Money(row.spent_cents), row.used, reduced.total, by_person)
        if why is None:
            found.append(reduced)
        elif typed:
            raise Refused(why.code, **why.params)
    return rules.best(found)


def plain_code(code: str | None) -> str:
    """A code as it is compared: without spaces or hyphens, in capitals."""
    return "".join(each for each in (code or "") if each.isalnum()).upper()[:CODE_MAX]


def mark_of(config: Config, person: str) -> str:
    """A keyed mark of a person, to count uses without writing who it is."""
    key = keys.derived(config, "billettique.promotion")
    return hmac.new(key, person.strip().casefold().encode(), sha256).hexdigest()


def consume(
    session: Session, config: Config, reduced: Reduced, order_id: str, *, person: str | None, now: datetime
) -> None:
    """Use an offer for an order, within the order's own transaction: its budget falls with the order, or not at all.

    The same order asks again: nothing more is used. Raises Refused("billettique.promotion_over") when somebody used the
    rest meanwhile, Refused("billettique.promotion_used") beyond the limit by person,
    Refused("billettique.promotion_needs_person") where that limit cannot be counted,
    Conflict("billettique.promotion_twice") for an order that used another one.
    """
    promotion = reduced.promotion
    known = store.use_of(session, order_id)
    if known is not None and known.released_at is not None:
        session.delete(known)  # an order that failed, and is tried again
        session.flush()
    elif known is not None:
        if (known.promotion_id, known.cents) == (promotion.id, reduced.total.cents):
            return
        raise Conflict("billettique.promotion_twice")
    if promotion.per_person is not None and person is None:
        raise Refused("billettique.promotion_needs_person", name=promotion.name)
    if not store.spend(session, promotion.id, reduced.total.cents):
        raise Refused("billettique.promotion_over", name=promotion.name)
    mark = None if promotion.per_person is None or person is None else mark_of(config, person)
    if mark is not None and store.uses_by(session, promotion.id, mark) >= (promotion.per_person or 0):
        store.give_back(session, promotion.id, reduced.total.cents)
        raise Refused("billettique.promotion_used", name=promotion.name, most=promotion.per_person)
    session.add(
        PromotionUseRow(
            order_id=order_id, promotion_id=promotion.id, person=mark, cents=reduced.total.cents, used_at=now
        )
    )
    session.flush()


def release(session: Session, order_id: str, now: datetime) -> Money:
    """Give back what an order used, because it failed or was refunded; what was given back. Twice is once."""
    use = store.use_of(session, order_id)
    if use is None or use.released_at is not None:
        return Money(0)
    use.released_at = now
    store.give_back(session, use.promotion_id, use.cents)
    return Money(use.cents)


# ---------------------------------------------------------------- for the fare manager


def draft(session: Session, promotion: Promotion, by: str, now: datetime) -> str:
    """Write an offer, which applies once somebody else approved it; its id.

    Raises InvalidInput("billettique.promotion_dates"), Conflict("billettique.promotion_code_taken").
    """
    period, code = promotion.period, plain_code(promotion.code) or None
    if period.last_day is None or period.last_day < period.first_day:
        raise InvalidInput("billettique.promotion_dates")
    if code is not None and any(each.code == code for each in store.every(session)):
        raise Conflict("billettique.promotion_code_taken")

    def some(names: frozenset[str] | None) -> list[str] | None:
        return None if names is None else sorted(names)

    row = PromotionRow(
        id=new_id(now), name=promotion.name, kind=str(promotion.kind), code=code, first_day=period.first_day,
        last_day=period.last_day, pct=promotion.pct, off_cents=promotion.off_cents, flat_cents=promotion.flat_cents,
        networks=some(promotion.networks), products=some(promotion.products), riders=some(promotion.riders),
        budget_cents=promotion.budget.cents, uses_max=promotion.uses_max, per_person=promotion.per_person,
        partner=promotion.partner, source=promotion.source, drafted_by=by, created_at=now, spent_cents=0, used=0,
    )  # fmt: skip
    session.add(row)
    session.flush()
    _log(session, "billettique.promotion_drafted", row.id, by, now)
    return row.id


def approve(session: Session, promotion_id: str, act_number: str, by: str, now: datetime) -> None:
    """Put an offer in force, by an act.

    Raises NotFound("billettique.no_such_promotion"), Conflict("billettique.promotion_decided"),
    Refused("billettique.fare_own_draft"), InvalidInput("billettique.act_needed").
    """
    row = _locked(session, promotion_id)
    if row.approved_at is not None or row.stopped_at is not None:
        raise Conflict("billettique.promotion_decided")
    if by == row.drafted_by:
        raise Refused("billettique.fare_own_draft")
    if not act_number.strip():
        raise InvalidInput("billettique.act_needed")
    row.approved_by, row.approved_at, row.act_number = by, now, act_number.strip()[:80]
    _log(session, "billettique.promotion_approved", row.id, by, now, act=row.act_number)


def stop(session: Session, promotion_id: str, by: str, now: datetime) -> None:
    """End an offer now; what was sold with it stays sold."""
    row = _locked(session, promotion_id)
    if row.stopped_at is None:
        row.stopped_at = now
        _log(session, "billettique.promotion_stopped", row.id, by, now)


def _locked(session: Session, promotion_id: str) -> PromotionRow:
    row = store.find(session, promotion_id, locked=True)
    if row is None:
        raise NotFound("billettique.no_such_promotion")
    return row


def _log(session: Session, action: str, of: str, by: str, now: datetime, **detail: object) -> None:
    audit.record(session, action, actor=by, object_kind="promotion", object_id=of, now=now, detail=detail)
