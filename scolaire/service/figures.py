"""What a plan holds to on a day: rides by stage, a coach's half-day, a driver's day. Set by an agent with a first day
and a source, or still the example shipped with the product, which is said wherever it is shown."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Final

from sqlalchemy.orm import Session

from mobigo.base.errors import InvalidInput
from mobigo.infra import audit
from mobigo.infra.clock import new_id
from scolaire.gateway.planning import Planning, driver_day_on, driver_law_on, planning_on
from scolaire.model.demand import MINUTE_MS, DriverDay
from scolaire.store import figures as store

STAGES: Final = ("maternelle", "elementaire", "college", "lycee")
# From … to, in minutes: beyond, a figure is a slip of the pen.
BOUNDS: Final[Mapping[str, tuple[int, int]]] = {
    "amplitude": (60, 900), "rest": (540, 1_380), "half_day": (30, 720), "before_bell": (0, 60), "after_bell": (0, 60),
    "ride": (5, 180),
}  # fmt: skip
DAY_MIN: Final = 1_440


@dataclass(frozen=True)
class Held:
    """What holds on a day. `confirmed`: somebody entered it with a source; the example is to be confirmed. `law`: where
    the law says what a driver's day may be."""

    planning: Planning
    driver: DriverDay
    first_day: date
    source: str
    law: str
    confirmed: bool


@dataclass(frozen=True, slots=True)
class Entered:
    """Figures as a form gives them, in minutes; `ride` by stage."""

    first_day: date
    source: str
    amplitude: int
    rest: int
    half_day: int
    before_bell: int
    after_bell: int
    ride: Mapping[str, int]


def held_on(session: Session, day: date) -> Held:
    """What a plan drawn for this day holds to. Raises NotFound("scolaire.no_planning", day) before every example."""
    example = planning_on(day)
    row = store.find_on(session, day)
    if row is None:
        return Held(example, driver_day_on(day), example.first_day, example.source, driver_law_on(day), confirmed=False)
    planning = replace(
        example, code=row.id, first_day=row.first_day, source=row.source, ride_max_min=dict(row.ride_max_min),
        before_bell_min=row.before_bell_min, after_bell_min=row.after_bell_min, amplitude_min=row.half_day_min,
    )  # fmt: skip
    driver = DriverDay(row.amplitude_min * MINUTE_MS, row.rest_min * MINUTE_MS)
    return Held(planning, driver, row.first_day, row.source, driver_law_on(day), confirmed=True)


def day_confirmed(session: Session, day: DriverDay) -> bool:
    """Whether somebody set this driver's day, with a source."""
    return any(
        (row.amplitude_min * MINUTE_MS, row.rest_min * MINUTE_MS) == (day.amplitude_max_ms, day.rest_min_ms)
        for row in store.rows(session)
    )


def enter(session: Session, given: Entered, *, by: str, now: datetime) -> store.FiguresRow:
    """Set the figures from a day on; plans already drawn keep theirs. Raises InvalidInput("scolaire.figures_source" |
    "scolaire.figures_bounds" | "scolaire.figures_day")."""
    source = " ".join(given.source.split())
    if not 3 <= len(source) <= 300:
        raise InvalidInput("scolaire.figures_source")
    told = {name: getattr(given, name) for name in BOUNDS if name != "ride"}
    for name, value in [*told.items(), *(("ride", given.ride.get(stage, 0)) for stage in STAGES)]:
        least, most = BOUNDS[name]
        if not least <= value <= most:
            raise InvalidInput("scolaire.figures_bounds", least=least, most=most, given=value)
    if given.amplitude + given.rest > DAY_MIN:
        raise InvalidInput("scolaire.figures_day")
    row = store.FiguresRow(
        id=new_id(now), first_day=given.first_day, source=source, amplitude_min=given.amplitude, rest_min=given.rest,
        half_day_min=given.half_day, before_bell_min=given.before_bell, after_bell_min=given.after_bell,
        ride_max_min={stage: given.ride[stage] for stage in STAGES}, entered_by=by, entered_at=now,
    )  # fmt: skip
    session.add(row)
    session.flush()
    audit.record(
        session, "scolaire.figures_set", actor=by, object_kind="scolaire_figures", object_id=row.id, now=now,
        detail={"first_day": given.first_day.isoformat(), "source": source},
    )  # fmt: skip
    return row
