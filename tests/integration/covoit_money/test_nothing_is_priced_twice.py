"""What stands as it was priced is not priced again, and what comes out is what pricing all of it again would give."""

import ast
import random
import shutil
import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from sqlalchemy import Engine, select

from covoit.model.journeys import VehicleTrip
from covoit.model.pricing import PricedTrip
from covoit.service import awards, closing, pricing_run, verification
from covoit.store import awards as store
from mobigo.infra.db import open_engine, reading
from tests.covoit_money_world import CLOSING, NOW, TRIPS_CAP, cancel, fund, home_with, record, ride

AT = datetime(2026, 11, 23, 6, 30, tzinfo=UTC)
ANOTHER = "karim"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return home_with(tmp_path / "scales-home")


@pytest.fixture
def other_engine(sqlite_template: Path, tmp_path: Path) -> Iterator[Engine]:
    shutil.copyfile(sqlite_template, tmp_path / "other.sqlite")
    opened = open_engine(f"sqlite:///{tmp_path / 'other.sqlite'}")
    yield opened
    opened.dispose()


@pytest.fixture
def priced(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The trips that pricing looks at, as they come."""
    seen: list[str] = []
    really = pricing_run.subsidy.price_all

    def noted(trips: Sequence[VehicleTrip], *rest: Any, **named: Any) -> list[PricedTrip]:
        seen.extend(trip.operator_trip_id for trip in trips)
        return really(trips, *rest, **named)

    monkeypatch.setattr(pricing_run.subsidy, "price_all", noted)
    return seen


def three(engine: Engine, home: Path, cents: int = 1_000_000) -> tuple[VehicleTrip, ...]:
    """Two trips of a driver that day and one of another's, priced a first time."""
    trips = (
        ride(at=AT, trip_id="a", passengers=3, metres=3_000),
        ride(at=AT + timedelta(hours=2), trip_id="b", passengers=3, metres=3_000),
        ride(ANOTHER, at=AT, trip_id="c"),
    )
    fund(engine, cents, home)
    record(engine, trips)
    assert awards.award_ready(engine, NOW, home=home).written == 3
    return trips


def test_closing_prices_nothing_that_stands(engine: Engine, home: Path, priced: list[str]) -> None:
    three(engine, home)
    priced.clear()
    assert awards.award_ready(engine, NOW, home=home).trips == 3
    closed = closing.close_month(engine, "2026-11", CLOSING, home=home)
    assert (priced, closed.lines) == ([], 3)
    assert awards.award_ready(engine, CLOSING, home=home).trips == 0  # all of them are on statements
    assert verification.verify(engine, home=home).ok


def test_a_trip_that_appears_has_the_others_of_its_driver_s_day_priced_again(
    engine: Engine, home: Path, priced: list[str]
) -> None:
    """Their rank of the day follows from it; another driver's does not."""
    three(engine, home)
    priced.clear()
    record(engine, [ride(at=AT - timedelta(hours=1), trip_id="early", passengers=3, metres=3_000)])
    done = awards.award_ready(engine, NOW, home=home)
    assert sorted(priced) == ["a", "b", "early"]
    # "b" is the third short trip of the day now: the legal ceiling, 158 cents, takes the place of 330.
    assert (done.trips, done.written, done.cents) == (4, 3, 330 + 158 - 330)


def test_a_trip_withdrawn_has_the_others_of_its_driver_s_day_priced_again(
    engine: Engine, home: Path, priced: list[str]
) -> None:
    first, _second, _other = three(engine, home)
    priced.clear()
    for journey in first.journeys:
        cancel(engine, journey)
    awards.award_ready(engine, NOW, home=home)
    assert sorted(priced) == ["a", "b"]
    priced.clear()
    assert awards.award_ready(engine, NOW, home=home).written == 0
    assert priced == []


@pytest.mark.parametrize("change", ["another code", "a cap", "a budget that may bite"])
def test_all_is_priced_again_when_what_prices_it_changed_or_depends_on_everybody(
    engine: Engine, home: Path, priced: list[str], monkeypatch: pytest.MonkeyPatch, change: str
) -> None:
    if change == "a cap":
        home = home_with(home, TRIPS_CAP)
    three(engine, home, 1_000 if change == "a budget that may bite" else 1_000_000)
    priced.clear()
    if change == "another code":
        monkeypatch.setattr(pricing_run, "_code", lambda: b"after an upgrade")
    assert awards.award_ready(engine, NOW, home=home).written == 0
    assert set(priced) == {"a", "b", "c"}


def test_what_a_budget_cut_is_priced_again_once_there_is_money(engine: Engine, home: Path) -> None:
    fund(engine, 500, home)
    record(engine, [ride(at=AT, trip_id="a"), ride(ANOTHER, at=AT + timedelta(hours=1), trip_id="b")])
    assert awards.award_ready(engine, NOW, home=home).cents == 500  # 430, and what is left of it
    fund(engine, 1_000_000, home, key="vote-2")
    assert awards.award_ready(engine, NOW, home=home).cents == 360


def _told(engine: Engine) -> list[tuple[Any, ...]]:
    """All that was written, but for random ids."""
    row = store.AwardRow
    columns = (row.operator_trip_id, row.revision, row.cause, row.document, row.digest, row.line_cents, row.reasons)
    with reading(engine) as session:
        lines = select(*columns, store.StatementLineRow.month).join(
            store.StatementLineRow, store.StatementLineRow.award == row.id, isouter=True
        )
        statements = select(store.StatementRow.person, store.StatementRow.cents, store.StatementRow.digest)
        return [
            tuple(each) for asked in (lines, statements) for each in sorted(map(tuple, session.execute(asked)), key=str)
        ]


@pytest.mark.parametrize("seed", range(6))
def test_it_comes_to_what_pricing_everything_again_gives(
    engine: Engine, other_engine: Engine, home: Path, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same month, lived twice: once as it is, once with nothing left standing."""
    lived = []
    for each, standing in ((engine, True), (other_engine, False)):
        with monkeypatch.context() as patched:
            if not standing:
                patched.setattr(pricing_run, "undisturbed", lambda _read, _heads: set())
            _live(each, home, random.Random(seed))
        lived.append(_told(each))
    assert lived[0] == lived[1]
    assert any(row[1] for row in lived[0])


def _live(engine: Engine, home: Path, rng: random.Random) -> None:
    """A month of three drivers: trips that arrive late, are withdrawn, end after midnight; runs in between."""
    fund(engine, 1_000_000, home)
    waiting = [
        ride(
            f"driver{rng.randrange(3)}", at=AT - timedelta(days=rng.randrange(3), minutes=rng.randrange(600)),
            trip_id=f"t{number}", passengers=rng.randint(1, 3), metres=rng.choice([1_000, 3_000, 33_000]),
        )
        for number in range(24)
    ]  # fmt: skip
    night = datetime(2026, 11, 22, 22, 50, tzinfo=UTC)  # ten minutes before midnight in France
    waiting += [ride("driver1", at=night, trip_id=f"night{each}", passengers=2) for each in range(2)]
    rng.shuffle(waiting)
    waiting = [_named(each) for each in waiting]
    known: list[VehicleTrip] = []
    while waiting:
        some, waiting = waiting[:6], waiting[6:]
        record(engine, some)
        known += some
        awards.award_ready(engine, NOW, home=home)
        cancel(engine, rng.choice(rng.choice(known).journeys))
    closing.close_month(engine, "2026-11", CLOSING, home=home)
    cancel(engine, rng.choice(known).journeys[0], CLOSING)
    awards.award_ready(engine, CLOSING, home=home)


def _named(trip: VehicleTrip) -> VehicleTrip:
    """Ids that are the same in both lives; the next passenger gets in a quarter of an hour later."""
    names = [f"{trip.operator_trip_id}-{at}" for at in range(len(trip.journeys))]
    return replace(
        trip,
        journeys=tuple(
            replace(each, id=name, operator_journey_id=name, started_at=each.started_at + timedelta(minutes=15 * at))
            for at, (name, each) in enumerate(zip(names, trip.journeys, strict=True))
        ),
    )


def test_all_the_code_that_prices_is_known_by_its_hash() -> None:
    """A module that the rule reads and the hash forgets would leave an award standing after an upgrade."""
    hashed = {module.__name__ for module in pricing_run._CODE}
    read = {name for module in pricing_run._CODE if ".rules" in module.__name__ for name in imported(module)}
    assert read <= hashed


def imported(module: ModuleType) -> set[str]:
    """The modules of ours that a module imports."""
    found = set()
    for node in ast.walk(ast.parse(Path(str(module.__file__)).read_text("utf-8"))):
        if isinstance(node, ast.ImportFrom) and str(node.module).startswith(("covoit.", "mobigo.")):
            for alias in node.names:
                inside = f"{node.module}.{alias.name}"
                found.add(inside if inside in sys.modules else str(node.module))
    return found
