"""A plan as CSV tables, one file each in a reproducible archive; read back by `gateway.plan_csv` to the same plan.

    seats.csv     pupil, stop, part
    left.csv      pupil, code, params
    services.csv  half, service, order, kind (board | leave), place (need | school), pupils, wheelchairs, time
    buses.csv     half, bus, order, vehicle_type, depot, service, driver ("": nobody said)

Times are HH:MM:SS.mmm of the day. Going home, `time` is the mirrored instant that the plan keeps (see rules.halves):
`hour` beside it is the one on the clock, and is not read back.
"""

import csv
import io
import json
from collections.abc import Iterable, Sequence

from mobigo.network.export.archive import zip_bytes
from scolaire.model.day import DayPlan
from scolaire.model.demand import DAY_MS, Demand, Direction
from scolaire.model.plan import Board

SEATS = ("pupil", "stop", "part")
LEFT = ("pupil", "code", "params")
SERVICES = ("half", "service", "order", "kind", "place", "pupils", "wheelchairs", "time", "hour")
BUSES = ("half", "bus", "order", "vehicle_type", "depot", "service", "driver")


def plan_csv(plan: DayPlan, demand: Demand) -> bytes:
    """The archive. The same plan gives the same bytes."""
    return zip_bytes(
        {
            "seats.csv": _csv(SEATS, ([pupil, seat.stop, seat.part] for pupil, seat in sorted(plan.seats.items()))),
            "left.csv": _csv(
                LEFT,
                (
                    [each.pupil, each.why.code, json.dumps(dict(each.why.params), ensure_ascii=False, sort_keys=True)]
                    for each in plan.left
                ),
            ),
            "services.csv": _csv(SERVICES, _services(plan, demand)),
            "buses.csv": _csv(BUSES, _buses(plan)),
        }
    )


def _services(plan: DayPlan, demand: Demand) -> Iterable[Sequence[object]]:
    for half, each in plan.halves.items():
        home = demand.half_of[half].direction is Direction.FROM
        for circuit in each.circuits:
            for order, visit in enumerate(circuit.visits, 1):
                hour = clock(DAY_MS - visit.at_ms if home else visit.at_ms)
                if isinstance(visit, Board):
                    told = ["board", visit.need, visit.pupils, visit.wheelchairs]
                else:
                    told = ["leave", visit.school, "", ""]
                yield [half, circuit.id, order, *told, clock(visit.at_ms), hour]


def _buses(plan: DayPlan) -> Iterable[Sequence[object]]:
    for half, each in plan.halves.items():
        for block in each.blocks:
            for order, service in enumerate(block.circuits, 1):
                yield [half, block.id, order, block.vehicle_type, block.depot, service, block.driver]


def clock(ms: int) -> str:
    """HH:MM:SS.mmm; before midnight of the day with a minus sign."""
    sign, ms = ("-", -ms) if ms < 0 else ("", ms)
    return f"{sign}{ms // 3_600_000:02}:{ms // 60_000 % 60:02}:{ms // 1000 % 60:02}.{ms % 1000:03}"


def _csv(head: Sequence[str], rows: Iterable[Sequence[object]]) -> bytes:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(head)
    writer.writerows(rows)
    return out.getvalue().encode("utf-8")
