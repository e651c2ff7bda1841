"""Demands and plans read back from their JSON text. What is not one is refused with the place of the fault."""

import json
from typing import Any

import numpy as np

from mobigo.base.decisions import Decision
from mobigo.base.errors import InvalidInput
from scolaire.model.day import DayPlan, Left, Seat
from scolaire.model.demand import (
    Demand,
    DepotSite,
    Direction,
    DriverDay,
    Half,
    Place,
    Pupil,
    Roads,
    SchoolSite,
    StopRules,
    StopSite,
)
from scolaire.model.lines import LineRide, Rider
from scolaire.model.plan import Block, Board, Circuit, Leave, Plan, Unserved
from scolaire.model.problem import Handling, Travel, VehicleType

DEMAND = "mobigo-school-demand-1"
PLAN = "mobigo-school-plan-1"
LARGEST_MS = 2**31 - 1


def read_demand(text: bytes) -> Demand:
    """The demand of a text. Raises InvalidInput("scolaire.not_a_demand", reason)."""
    document = _document(text, DEMAND, "scolaire.not_a_demand")
    try:
        return Demand(
            id=_text(document["id"]),
            halves=tuple(Half(_text(i), Direction(d), tuple(map(_whole, w))) for i, d, w in document["halves"]),
            schools=tuple(
                SchoolSite(_text(i), _text(n), Place(float(a), float(o)),
                           {_text(h): (_whole(w[0]), _whole(w[1])) for h, w in ws.items()})
                for i, n, a, o, ws in document["schools"]
            ),
            stops=tuple(StopSite(_text(i), _text(n), Place(float(a), float(o))) for i, n, a, o in document["stops"]),
            pupils=tuple(
                Pupil(_text(i), _text(s), tuple((_text(p), _whole(m)) for p, m in reach), tuple(map(_text, hs)),
                      _whole(cap), bool(wheel))
                for i, s, reach, hs, cap, wheel in document["pupils"]
            ),
            vehicle_types=tuple(VehicleType(_text(r[0]), *map(_whole, r[1:7])) for r in document["vehicle_types"]),
            depots=tuple(
                DepotSite(_text(i), _text(n), Place(float(a), float(o)),
                          None if v is None else {_text(k): _whole(c) for k, c in v.items()})
                for i, n, a, o, v in document["depots"]
            ),
            handling=_handling(document["handling"]),
            roads=Roads(*map(float, document["roads"])),
            travel=_travel(document["travel"]),
            amplitude_max_ms=None if document["amplitude_max_ms"] is None else _whole(document["amplitude_max_ms"]),
            weeks=_whole(document["weeks"]),
            mixed=document.get("mixed") is True,
            stop_rules=_stop_rules(document["stop_rules"]) if "stop_rules" in document else StopRules(),
            driver_day=DriverDay(*map(_whole, document["driver_day"])) if "driver_day" in document else None,
            streets=_text(document.get("streets", ["", 0])[0]), off_streets=_whole(document.get("streets", ["", 0])[1]),
            off_walks=_whole(document["off_walks"]) if "off_walks" in document else None,
            riders=tuple(_rider(row) for row in document.get("riders", [])),
            moved={_text(s): int(m) for s, m in document.get("moved", {}).items()},
        )  # fmt: skip
    except (KeyError, ValueError, TypeError, IndexError, AttributeError) as wrong:
        raise InvalidInput("scolaire.not_a_demand", reason=f"{type(wrong).__name__} {wrong}"[:200]) from None


def _rider(row: list[Any]) -> Rider:
    pupil, school, stop, rides = row
    kinds = (_text, _text, _text, _text, _whole, _whole, _text, _whole)  # of the fields of a ride, in order
    read = (LineRide(*(kind(each) for kind, each in zip(kinds, ride, strict=True))) for ride in rides)  # type: ignore[arg-type]  # one kind a field
    return Rider(_text(pupil), _text(school), _text(stop), tuple(read))


def _stop_rules(row: list[Any]) -> StopRules:
    least, apart_m, forbidden, obligatory = row
    return StopRules(_whole(least), _whole(apart_m), tuple(map(_text, forbidden)), tuple(map(_text, obligatory)))


def _handling(row: list[Any]) -> Handling:
    board, board_pupil, leave, leave_pupil = (_whole(each) for each in row[:4])
    return Handling(board, board_pupil, leave, leave_pupil, None if row[4] is None else _whole(row[4]))


def _travel(given: list[Any] | None) -> Travel | None:
    """Two square matrices of whole numbers; NaN, negative and larger values are no times."""
    if given is None:
        return None
    both = []
    for rows in given:
        numbers = np.array(rows, dtype=np.float64)
        if not np.isfinite(numbers).all() or (numbers < 0).any() or (numbers > LARGEST_MS).any():
            raise ValueError("travel: whole numbers from 0 on")
        both.append(numbers.astype(np.int32))
    return Travel(both[0], both[1])


def read_plan(text: bytes) -> DayPlan:
    """The plan of a text. Raises InvalidInput("scolaire.not_a_plan", reason)."""
    document = _document(text, PLAN, "scolaire.not_a_plan")
    try:
        return DayPlan(
            {_text(pupil): Seat(_text(stop), _whole(part)) for pupil, (stop, part) in document["seats"].items()},
            {_text(half): _half(each) for half, each in document["halves"].items()},
            tuple(Left(_text(pupil), Decision(code, **params)) for pupil, code, params in document["left"]),
        )
    except (KeyError, ValueError, TypeError, IndexError, AttributeError) as wrong:
        raise InvalidInput("scolaire.not_a_plan", reason=f"{type(wrong).__name__} {wrong}"[:200]) from None


def _half(document: dict[str, Any]) -> Plan:
    return Plan(
        tuple(Circuit(_text(name), tuple(map(_visit, visits))) for name, visits in document["circuits"]),
        tuple(
            Block(_text(i), _text(v), _text(d), tuple(map(_text, c)), *map(_text, driver))
            for i, v, d, c, *driver in document["blocks"]
        ),
        tuple(Unserved(_text(n), _whole(p), Decision(c, **k)) for n, p, c, k in document["unserved"]),
    )


def _visit(row: list[Any]) -> Board | Leave:
    if len(row) == 2:
        return Leave(_text(row[0]), _whole(row[1]))
    need, pupils, at_ms, wheelchairs = row
    return Board(_text(need), _whole(pupils), _whole(at_ms), _whole(wheelchairs))


def _document(text: bytes, form: str, code: str) -> dict[str, Any]:
    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as wrong:
        raise InvalidInput(code, reason=str(wrong)[:200]) from None
    if not isinstance(document, dict) or document.get("format") != form:
        raise InvalidInput(code, reason=form)
    return document


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{value!r}: a text")
    return value


def _whole(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError(f"{value!r}: a whole number")
    return value
