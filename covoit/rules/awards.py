"""From priced trips to what is written and moved: budget, differences with what stands, decisions as text. Pure.

Until its month is closed an award is provisional: it is what the rule gives for all the trips known, taken in order,
whatever the order in which they became known. Once on a statement it never changes: what is learnt later makes a line
of its own, with what is left.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from hashlib import sha256
from typing import Any, Final

import orjson

from covoit.model.pricing import PricedTrip, Step
from covoit.rules import subsidy
from mobigo.base.canonical import plain
from mobigo.base.decisions import Decision
from mobigo.base.money import ZERO, Money

# ---------------------------------------------------------------- the budget


def within_budget(priced: PricedTrip, limit: Money, used: Money) -> PricedTrip:
    """The trip under the budget of its campaign: what remains is paid, then nothing (rule §6.2.5). The step and the
    figures are kept only where they change the amount."""
    left = max(ZERO, limit - used)
    if priced.amount <= left:
        return priced
    said = Decision("covoit.cap_budget", limit=limit, used=used, after=left)
    return replace(
        priced,
        amount=left,
        steps=(*priced.steps, Step("budget", left - priced.amount, left, said)),
        shares=subsidy.reshared(priced, left),
        inputs={**priced.inputs, "budget": {"limit_cents": limit.cents, "used_cents": used.cents}},
    )


def recomputed(inputs: Mapping[str, Any], scale: Any) -> PricedTrip:
    """A priced trip again from its own inputs: both passes and the budget."""
    from covoit.rules import caps

    priced = caps.recompute({name: value for name, value in inputs.items() if name != "budget"}, scale)
    budget = inputs.get("budget")
    if budget is None:
        return priced
    return within_budget(priced, Money(budget["limit_cents"]), Money(budget["used_cents"]))


# ---------------------------------------------------------------- what stands, what should


@dataclass(frozen=True, slots=True)
class Standing:
    """What is written of a trip: its award, what of it is closed, the open line."""

    award: str
    revision: int
    driver: str
    digest: str
    settled: Money
    line: Money
    open: bool


@dataclass(frozen=True, slots=True)
class Change:
    """What to write for a trip: the priced trip (None: it is being checked again, and only what is closed stands), and
    the award it takes the place of. `whole`: what the trip is due in all; `line`: what this adds to what is closed,
    negative for a withdrawal; `rise`: what it takes from the budget beyond what already stands."""

    priced: PricedTrip | None
    digest: str
    standing: Standing | None
    whole: Money
    settled: Money
    line: Money
    rise: Money


def change_to(priced: PricedTrip | None, digest: str, standing: Standing | None) -> Change:
    """The change that makes this stand."""
    settled, stood = (ZERO, ZERO) if standing is None else (standing.settled, standing.line)
    whole = settled if priced is None else priced.amount
    if standing is None:
        return Change(priced, digest, None, whole, settled, whole, whole)
    line = whole - settled
    return Change(priced, digest, standing, whole, settled, line, line - stood)


def document_of(priced: PricedTrip) -> bytes:
    """`subsidy.canonical_bytes`, to the byte, several times faster: a test compares them."""
    document = subsidy.priced_json(priced)
    for name in _AMOUNTS:
        document[name] = document[name].cents
    document["started_at"], document["day"] = document["started_at"].isoformat(), priced.day.isoformat()
    document["shares_cents"] = {journey: share.cents for journey, share in priced.shares.items()}
    for step in document["steps"]:
        step["change_cents"], step["after_cents"] = step["change_cents"].cents, step["after_cents"].cents
    return orjson.dumps(
        document,
        default=plain,
        option=orjson.OPT_SORT_KEYS | orjson.OPT_PASSTHROUGH_DATACLASS | orjson.OPT_PASSTHROUGH_DATETIME,
    )


_AMOUNTS: Final = ("before_caps_cents", "amount_cents", "fare_cents", "net_cost_cents")


def change_of(priced: PricedTrip, document: bytes, standing: Standing | None) -> Change | None:
    """What to write for a priced trip, None when it stands so already."""
    digest = sha256(document).hexdigest()
    if standing is not None and standing.digest == digest:
        return None
    return change_to(priced, digest, standing)


# ---------------------------------------------------------------- fares


def fares_of(document: Mapping[str, Any]) -> dict[str, tuple[str, int]]:
    """What each passenger owes for a trip, from its canonical document: journey → (passenger, cents)."""
    counted = set(document.get("counted", ()))
    journeys = [each for each in document["inputs"]["trip"]["journeys"] if each["id"] in counted] if counted else []
    seats = sum(each["seats"] for each in journeys)
    if not seats or not document["fare_cents"]:
        return {}
    single = document["fare_cents"] // seats
    return {each["id"]: (each["passenger"], single * each["seats"]) for each in journeys}


def fares_of_priced(priced: PricedTrip) -> dict[str, tuple[str, int]]:
    """The same, from the priced trip."""
    if not priced.counted or priced.fare == ZERO:
        return {}
    counted = set(priced.counted)
    journeys = [each for each in priced.inputs["trip"]["journeys"] if each["id"] in counted]
    single = priced.fare.cents // sum(each["seats"] for each in journeys)
    return {each["id"]: (each["passenger"], single * each["seats"]) for each in journeys}


# ---------------------------------------------------------------- decisions as text, with the types of their parameters

_MONEY: Final = "cents"
_DATE: Final = "date"
_INSTANT: Final = "instant"
_SAID: Final = "said"


_AS_IS: Final = frozenset((str, int, bool, type(None)))


def reasons_of(priced: PricedTrip) -> list[Decision]:
    """What there is to tell the driver of a trip: each step, then each journey that does not count."""
    return [step.reason for step in priced.steps] + [priced.refused[journey] for journey in sorted(priced.refused)]


def reasons_text(reasons: Iterable[Decision]) -> str:
    """Decisions as JSON, to be kept; `reasons_from` gives them back."""
    return orjson.dumps([_encoded(reason) for reason in reasons], option=orjson.OPT_SORT_KEYS).decode()


def reasons_from(text: str) -> tuple[Decision, ...]:
    """The decisions of `reasons_text`."""
    return tuple(_decoded(each) for each in orjson.loads(text))


def _encoded(reason: Decision) -> list[Any]:
    return [reason.code, {name: _param(value) for name, value in reason.params.items()}]


def _param(value: object) -> Any:
    if type(value) in _AS_IS:
        return value
    if isinstance(value, Money):
        return {_MONEY: value.cents}
    if isinstance(value, Decision):
        return {_SAID: _encoded(value)}
    if isinstance(value, datetime):
        return {_INSTANT: value.isoformat()}
    if isinstance(value, date):
        return {_DATE: value.isoformat()}
    return value if isinstance(value, (str, int, bool)) or value is None else str(value)


def _decoded(pair: Sequence[Any]) -> Decision:
    return Decision(pair[0], **{name: _value(value) for name, value in pair[1].items()})


def _value(value: Any) -> object:
    if not isinstance(value, dict):
        return value
    if _MONEY in value:
        return Money(value[_MONEY])
    if _SAID in value:
        return _decoded(value[_SAID])
    if _INSTANT in value:
        return datetime.fromisoformat(value[_INSTANT])
    return date.fromisoformat(value[_DATE])
