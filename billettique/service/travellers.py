"""Who pays for a journey: what they say of themselves, the passes and cards of their account, and what they have paid
already towards caps. What is not known, or does not count, is said; it is never guessed.

What an account holds is read for the one journey that is priced, and kept nowhere.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any, Final

from billettique.gateway.fares import tariff_on
from billettique.model.entitlements import EntitlementState
from billettique.model.fares import FareLeg, Leg
from billettique.model.tariffs import Cover, CoverKind, Held, Paid, Rider, Span, Tariff
from billettique.rules import fares as rules
from billettique.store import tickets
from billettique.store.orders import ItemRow, bought_by
from billettique.store.tickets import EntitlementRow
from mobigo.base.decisions import Decision
from mobigo.base.errors import InvalidInput
from mobigo.base.instants import PARIS
from mobigo.base.periods import Period
from mobigo.infra.db import reading

if TYPE_CHECKING:
    from pathlib import Path

    from sqlalchemy import Engine
    from sqlalchemy.orm import Session

ADULT: Final = "adulte"
SAID_MAX: Final = 8  # covers that one may say one holds
_AROUND: Final = timedelta(days=366)  # the longest span that the calendar settles
_AGREED: Final = {Span.DAY, Span.WEEK, Span.MONTH, Span.SCHOOL_YEAR}  # spans that the calendar alone settles


@dataclass(frozen=True, slots=True)
class Traveller:
    """What somebody says of themselves, and the subject of their account when they signed in."""

    category: str = ADULT
    holds: tuple[str, ...] = ()  # covers
    proofs: tuple[str, ...] = ()
    subject: str | None = None


@dataclass(frozen=True, slots=True)
class Owned:
    """What an account holds at the instants asked: its passes and cards, and the items it paid for."""

    covers: tuple[EntitlementRow, ...] = ()
    items: tuple[ItemRow, ...] = ()
    used_at: tuple[tuple[str, datetime], ...] = ()  # (item, when its ticket was activated)


@dataclass(frozen=True, slots=True)
class Rights:
    """A traveller as the tariff of a day knows them. `mine`: the names of what they hold; `said`: what must be told."""

    rider: Rider
    mine: frozenset[str] = frozenset()
    said: tuple[Decision, ...] = ()


def owned_by(session: "Session", subject: str, first_day: date, last_day: date) -> Owned:
    """What an account holds between two operating days, and what it paid around them (a school year at most)."""
    since, until = _begins(first_day), _begins(last_day + timedelta(days=1))
    covers = tickets.covers_of(session, subject, since, until)
    items = bought_by(session, subject, since - _AROUND, until + _AROUND)
    at = {each.entitlement: each.id for each in items if each.entitlement is not None and not each.promised.get("legs")}
    used = tickets.activated(session, list(at))
    return Owned(tuple(covers), tuple(items), tuple((at[entitlement], used_at) for entitlement, used_at in used))


def rights_of(engine: "Engine", home: "Path | None", who: Traveller, legs: Sequence[Leg]) -> Rights:
    """A traveller under the tariff of a journey. Raises what `rights` raises."""
    days = days_of(legs)
    tariff = tariff_on(min(days), home)
    if who.subject is None:
        return rights(tariff, who, Owned(), days)
    with reading(engine) as session:
        return rights(tariff, who, owned_by(session, who.subject, min(days), max(days)), days)


def kinds_of(tariff: Tariff) -> tuple[tuple[tuple[str, str], ...], tuple[tuple[str, str], ...], tuple[str, ...]]:
    """What one may say of oneself: kinds of riders, what one may hold, as (id, name); proofs that lower some price."""
    mine = [each for each in tariff.covers if each.kind is not CoverKind.CAP]
    proofs = {each.proof for each in tariff.discounts} | {each.proof for each in tariff.terms}
    return (
        tuple((each.id, each.name or each.id) for each in tariff.tables.riders),
        tuple((each.id, each.name) for each in mine),
        tuple(sorted(each for each in proofs if each is not None)),
    )


def days_of(legs: Sequence[Leg]) -> tuple[date, ...]:
    """The operating days on which a journey leaves with a leg."""
    return tuple(sorted({rules.operating_day(leg.departs_at) for leg in legs}))


def rights(tariff: Tariff, who: Traveller, owned: Owned, days: Sequence[date]) -> Rights:
    """A traveller under the tariff of the operating days of one journey.

    Raises InvalidInput("billettique.bad_choice") for a kind of rider or a proof that this tariff does not know.
    """
    known = {each.id for each in tariff.tables.riders}
    if (who.category != ADULT or known) and who.category not in known:
        raise InvalidInput("billettique.bad_choice")
    covers = {each.id: each for each in tariff.covers if each.kind is not CoverKind.CAP}
    said: list[Decision] = []
    held: dict[Held, str] = {}
    whole = Period(min(days), max(days))
    for cover_id in who.holds[:SAID_MAX]:
        cover = covers.get(cover_id)
        if cover is None:
            said.append(Decision("billettique.mine_not_in_tariff", name=cover_id))
        elif cover.riders is not None and who.category not in cover.riders:
            said.append(Decision("billettique.mine_of_other_rider", name=cover.name))
        else:
            held[Held(cover.id, whole)] = cover.name
    for row in owned.covers:
        why = _not_counted(row, covers, who.category)
        if why is None:
            held[Held(row.product, period_of(row))] = covers[row.product].name
        else:
            said.append(why)
    paid, left_out = _paid(tariff, who, owned, days)
    if left_out:
        said.append(Decision("billettique.paid_not_counted", count=left_out))
    rider = Rider(who.category, frozenset(who.proofs), tuple(held), paid=paid)
    return Rights(rider, frozenset(held.values()), tuple(dict.fromkeys(said)))


def period_of(row: EntitlementRow) -> Period:
    """The operating days a pass or a card is good for."""
    return Period(rules.operating_day(row.first_at), rules.operating_day(row.last_at))


def _not_counted(row: EntitlementRow, covers: dict[str, Cover], category: str) -> Decision | None:
    """Why something of an account does not count for who travels."""
    if row.state != EntitlementState.ACTIVE:
        return Decision("billettique.mine_suspended", name=row.name)
    if row.product not in covers:
        return Decision("billettique.mine_not_in_tariff", name=row.name)
    if list(row.riders) != [category]:
        return Decision("billettique.mine_of_other_rider", name=row.name)
    return None


# ---- what was paid towards caps


def _paid(tariff: Tariff, who: Traveller, owned: Owned, days: Sequence[date]) -> tuple[tuple[Paid, ...], int]:
    """What counts towards each cap, over each of its spans that the journey is in; how many tickets are left out: those
    for several, of whom nobody knows which is the traveller's, and those of no known day."""
    caps = [each for each in tariff.covers if each.kind is CoverKind.CAP and each.span in _AGREED]
    if not caps or not owned.items:
        return (), 0
    used = dict(owned.used_at)
    alone = _alone(owned.items)
    found: list[Paid] = []
    left_out: set[str] = set()
    for cap in caps:
        for span in dict.fromkeys(rules.span_from(cap, day) for day in days):
            cents = 0
            for item in owned.items:
                counted = _counted(item, cap, span, tariff, used.get(item.id))
                if counted and (item.id not in alone or list(item.riders) != [who.category]):
                    left_out.add(item.id)
                elif counted:
                    cents += counted
            if cents:
                found.append(Paid(cap.id, span, cents))
    return tuple(found), len(left_out)


def _alone(items: Iterable[ItemRow]) -> frozenset[str]:
    """The items bought for one person by themselves."""
    bundles: dict[str, list[ItemRow]] = {}
    for item in items:
        bundles.setdefault(item.bundle, []).append(item)
    return frozenset(each[0].id for each in bundles.values() if len(each) == 1 and len(each[0].riders) == 1)


def _counted(item: ItemRow, cap: Cover, span: Period, tariff: Tariff, used_at: datetime | None) -> int:
    """What was paid with an item for what is in the scope of a cap, over a span, in cents."""
    legs = item.promised.get("legs", ())
    if not legs:  # good anywhere on its networks, on the day it was used
        networks = frozenset(item.promised.get("networks", ()))
        in_scope = cap.areas is None and networks and (cap.networks is None or networks <= cap.networks)
        on_day = used_at is not None and rules.operating_day(used_at) in span
        return item.price.cents if in_scope and on_day else 0
    return max(0, sum(_lines(item, legs, cap, span, tariff)) - item.reduction_cents)


def _lines(item: ItemRow, legs: Sequence[dict[str, Any]], cap: Cover, span: Period, tariff: Tariff) -> Iterable[int]:
    """The lines of a price that count: of the legs in scope, and what completed this very cap."""
    in_scope = False
    for step in item.promised.get("steps", ()):
        code, params = step.get("code", ""), step.get("params", {})
        if code in ("billettique.step_cap", "billettique.step_cap_left", "billettique.step_cap_reached"):
            begun = date.fromisoformat(params["first_day"]["day"])
            if params.get("cover") == cap.name and begun == span.first_day:
                yield int(step["amount"])
            continue
        if code in ("billettique.step_pass", "billettique.step_card", "billettique.step_carnet"):
            in_scope = False
            continue
        if "from_stop" in params:
            in_scope = _reaches(legs, params["from_stop"], params["to_stop"], cap, span, tariff)
        if in_scope:
            yield int(step["amount"])


def _reaches(
    legs: Sequence[dict[str, Any]], from_stop: str, to_stop: str, cap: Cover, span: Period, tariff: Tariff
) -> bool:
    first = next((at for at, leg in enumerate(legs) if leg["from"] == from_stop), None)
    last = next((at for at, leg in enumerate(legs) if leg["to"] == to_stop and first is not None and at >= first), None)
    if first is None or last is None:
        return False
    departs, arrives = map(datetime.fromisoformat, (legs[first]["departs_at"], legs[last]["arrives_at"]))
    networks = frozenset(leg["network"] for leg in legs[first : last + 1] if leg["network"])
    leg = FareLeg(networks, from_stop, to_stop, departs, arrives, None, first, last)
    return rules.operating_day(departs) in span and rules.cover_reaches(cap, leg, tariff.tables)


def _begins(day: date) -> datetime:
    return datetime.combine(day, time(4), PARIS)
