"""Whatever is posted, cancelled, found late, closed, claimed, paid, returned: the ledger agrees with a naive model."""

import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import Engine, select

from covoit.model.journeys import VehicleTrip
from covoit.service import awards, claims, closing, payments, returns, verification
from covoit.store import awards as store
from mobigo.base.errors import Refused
from mobigo.infra.blobs import Blobs
from mobigo.infra.db import open_engine, reading, transaction
from tests.conftest import empty_postgres
from tests.covoit_money_world import (
    COMPTABLE,
    MANAGER,
    MONTH_CAP,
    accepted,
    cancel,
    driver,
    fund,
    home_with,
    net,
    pain002,
    payer,
    record,
    ride,
)

FIRST = date(2026, 3, 1)
BEGUN = datetime(2026, 3, 20, 12, tzinfo=UTC)


@dataclass(frozen=True)
class Means:
    """What there is to give: a budget, and a cap for each driver and month (None: the scale has none)."""

    budget: int
    cap: int | None


SHORT = Means(20_000, 15_000)  # both bite
PLENTY = Means(10_000_000, None)  # neither ever does: what stands is not priced again


@dataclass(frozen=True)
class World:
    """A database with two drivers and money, and the files beside it."""

    engine: Engine
    home: Path
    blobs: Blobs
    people: tuple[str, ...]


@dataclass
class Trip:
    trip: VehicleTrip
    due: int  # alone, before caps
    ok: bool = True
    closed: int | None = None  # what statements gave in all, None when on none


@dataclass
class Model:
    """The rule in a few loops over every trip ever seen."""

    means: Means
    trips: list[Trip] = field(default_factory=list)
    payable: dict[str, int] = field(default_factory=dict)
    owed: dict[str, int] = field(default_factory=dict)
    paid: int = 0

    def lines(self, last_day: date | None = None) -> dict[str, int]:
        """What each trip that is new, or that changed, adds to what is closed: in order, with what is left."""
        spent = sum(each.closed or 0 for each in self.trips)
        used: dict[tuple[str, str], int] = {}
        for each in self.trips:
            key = (each.trip.driver, f"{each.trip.day:%Y-%m}")
            used[key] = used.get(key, 0) + (each.closed or 0)
        out = {}
        moving = [each for each in self.trips if each.closed is None or (each.closed and not each.ok)]
        moving = [each for each in moving if last_day is None or each.trip.day <= last_day]
        days = sorted({each.trip.day for each in moving})
        for day in days:
            of_day = [each for each in moving if each.trip.day == day]
            for each in of_day:
                key = (each.trip.driver, f"{day:%Y-%m}")
                spent, used[key] = spent - (each.closed or 0), used[key] - (each.closed or 0)
            for each in sorted(of_day, key=lambda one: (one.trip.started_at, one.trip.operator_trip_id)):
                key = (each.trip.driver, f"{day:%Y-%m}")
                amount = each.due if each.ok else 0
                left = self.means.budget if self.means.cap is None else self.means.cap - used[key]
                amount = max(0, min(amount, left, self.means.budget - spent))
                spent, used[key] = spent + amount, used[key] + amount
                out[each.trip.operator_trip_id] = amount - (each.closed or 0)
        return out


class Money(RuleBasedStateMachine):
    """One world, one model; `make` and `means` are set by the test."""

    make: Callable[[], World]
    means: Means

    @initialize()
    def begin(self) -> None:
        world = type(self).make()
        self.engine, self.home, self.blobs, self.people = world.engine, world.home, world.blobs, world.people
        self.model = Model(self.means)
        self.month, self.now = FIRST, BEGUN
        self.closed: str | None = None
        self.claimed: dict[str, tuple[str, int]] = {}
        self.sent: list[tuple[str, str, int]] = []

    @rule(
        who=st.integers(0, 1),
        days=st.integers(0, 45),
        hour=st.integers(5, 20),
        far=st.booleans(),
        seats=st.integers(1, 3),
    )
    def post(self, who: int, days: int, hour: int, far: bool, seats: int) -> None:
        day = self.month + timedelta(days=27) - timedelta(days=days)  # of this month, or late
        if day < FIRST:
            return
        at = datetime(day.year, day.month, day.day, hour, len(self.model.trips) % 60, tzinfo=UTC)
        metres = 110_000 if far else 33_000
        trip = ride(self.people[who], at=at, metres=metres, passengers=seats)
        record(self.engine, [trip])
        self.model.trips.append(Trip(trip, metres // 100 + 100 * seats))

    @precondition(lambda self: any(each.ok for each in self.model.trips))
    @rule(pick=st.integers(0, 1_000))
    def withdraw(self, pick: int) -> None:
        able = [each for each in self.model.trips if each.ok]
        chosen = able[pick % len(able)]
        for journey in chosen.trip.journeys:
            cancel(self.engine, journey, self.now)
        chosen.ok = False

    @rule()
    def award(self) -> None:
        awards.award_ready(self.engine, self.now, home=self.home)
        lines = self.model.lines()
        assert net(self.engine, "covoit:budget:essai") == self.means.budget - sum(lines.values()) - sum(
            each.closed or 0 for each in self.model.trips
        )
        for person in self.people:
            theirs = [each.trip.operator_trip_id for each in self.model.trips if each.trip.driver == person]
            open_lines = [lines.get(name, 0) for name in theirs]
            assert net(self.engine, f"covoit:accrued:{person}") == sum(max(0, cents) for cents in open_lines)
        again = awards.award_ready(self.engine, self.now, home=self.home)
        assert again.written == 0

    @rule(asking=st.booleans())
    def close(self, asking: bool) -> None:
        month, last_day = f"{self.month:%Y-%m}", closing.last_day_of(f"{self.month:%Y-%m}")
        lines = self.model.lines(last_day)
        self.month = last_day + timedelta(days=1)
        self.now = datetime(self.month.year, self.month.month, 20, 12, tzinfo=UTC)
        closing.close_month(self.engine, month, self.now, home=self.home)
        self.closed = month
        with reading(self.engine) as session:
            asked = (
                select(store.AwardRow.operator_trip_id, store.StatementLineRow.line_cents)
                .join(store.AwardRow, store.AwardRow.id == store.StatementLineRow.award)
                .where(store.StatementLineRow.month == month)
            )
            stated = {row[0]: row[1] for row in session.execute(asked)}
        # A trip cancelled before it was ever priced leaves a line of zero, or none.
        assert {name: cents for name, cents in stated.items() if cents} == {
            name: cents for name, cents in lines.items() if cents
        }
        for each in self.model.trips:
            if each.trip.operator_trip_id in lines:
                each.closed = (each.closed or 0) + lines[each.trip.operator_trip_id]
        for person in self.people:
            theirs = [
                lines.get(each.trip.operator_trip_id, 0) for each in self.model.trips if each.trip.driver == person
            ]
            due, taken = sum(max(0, cents) for cents in theirs), sum(max(0, -cents) for cents in theirs)
            payable = self.model.payable.get(person, 0) + due
            back = min(taken, payable)
            self.model.payable[person] = payable - back
            self.model.owed[person] = self.model.owed.get(person, 0) + taken - back
            assert net(self.engine, f"covoit:payable:{person}") == self.model.payable[person]
            assert net(self.engine, f"covoit:overpaid:{person}") == -self.model.owed[person]
        if asking:  # most of what follows needs it
            for who in range(len(self.people)):
                self.ask(who)

    @rule(who=st.integers(0, 1))
    def ask(self, who: int) -> None:
        person = self.people[who]
        due = self.model.payable.get(person, 0)
        if due == 0 and person not in self.claimed:
            with pytest.raises(Refused, match="nothing_due"), transaction(self.engine) as session:
                claims.claim(session, person, now=self.now)
            return
        with transaction(self.engine) as session:
            row = claims.claim(session, person, now=self.now)
        if person not in self.claimed:
            assert row.cents == due
            self.claimed[person] = (row.id, due)
        assert self.claimed[person][0] == row.id

    @precondition(lambda self: self.claimed)
    @rule(reject=st.booleans())
    def pay(self, reject: bool) -> None:
        assert self.closed is not None  # something was payable
        month = self.closed
        with pytest.raises(Refused, match="month_open"):
            payments.prepare(self.engine, f"{self.month:%Y-%m}", by=MANAGER, home=self.home, now=self.now)
        amounts = {person: min(cents, self.model.payable[person]) for person, (_claim, cents) in self.claimed.items()}
        wanted = {person: cents for person, cents in amounts.items() if cents}
        if not wanted:
            with pytest.raises(Refused, match="nothing_to_pay"):
                payments.prepare(self.engine, month, by=MANAGER, home=self.home, now=self.now)
            return
        batch = accepted(self.engine, self.home, month, self.now)
        if reject:  # the accountant cannot, any more: it was accepted
            with pytest.raises(Refused):
                payments.reject(self.engine, batch, by=COMPTABLE, reason="non", now=self.now)
        sent = payments.send(self.engine, self.blobs, batch, by=COMPTABLE, home=self.home, now=self.now)
        assert sent.total.cents == sum(wanted.values())
        with reading(self.engine) as session:
            assert payments.payment_file(session, batch, self.home) == self.blobs.read(sent.file)
        for person, cents in wanted.items():
            claim_id, _ = self.claimed[person]
            self.model.payable[person] -= cents
            self.sent.append((claim_id, person, cents))
        self.claimed = {}

    @precondition(lambda self: self.sent)
    @rule(back=st.booleans(), times=st.integers(1, 3))
    def bank(self, back: bool, times: int) -> None:
        claim_id, person, cents = self.sent.pop(0)
        said = pain002((f"MOBIGO-{claim_id}", "RJCT" if back else "ACSC", "MS03" if back else ""))
        for _ in range(times):
            returns.apply_bank_file(self.engine, None, said, by=COMPTABLE, now=self.now)
        if back:
            self.model.payable[person] += cents
        else:
            self.model.paid += cents
        assert net(self.engine, "bank") == self.model.paid

    @invariant()
    def nothing_is_overdrawn(self) -> None:
        if hasattr(self, "engine"):
            assert net(self.engine, "covoit:budget:essai") >= 0

    def teardown(self) -> None:
        if hasattr(self, "engine"):
            found = verification.verify(self.engine, home=self.home)
            self.engine.dispose()
            assert found.ok, (found.ledger.fault, found.findings)


def run(make: Callable[[], World], means: Means, examples: int, steps: int) -> None:
    machine = type("Machine", (Money,), {"make": staticmethod(make), "means": means})
    run_state_machine_as_test(  # type: ignore[no-untyped-call]
        machine,
        settings=settings(
            max_examples=examples, stateful_step_count=steps, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )


def a_home(folder: Path, means: Means) -> Path:
    return payer(home_with(folder / "home", *((MONTH_CAP,) if means.cap is not None else ())))


def peopled(engine: Engine, home: Path, means: Means) -> tuple[str, ...]:
    fund(engine, means.budget, home)
    return tuple(driver(engine, name) for name in ("anna", "bob"))


def on_sqlite(template: Path, folder: Path, means: Means) -> Callable[[], World]:
    """Worlds that are copies of one, made once."""
    home, first = a_home(folder, means), folder / "first.sqlite"
    shutil.copyfile(template, first)
    engine = open_engine(f"sqlite:///{first}")
    people = peopled(engine, home, means)
    engine.dispose()
    numbers = iter(range(1_000_000))

    def make() -> World:
        place = folder / str(next(numbers))
        place.mkdir()
        shutil.copyfile(first, place / "test.sqlite")
        return World(open_engine(f"sqlite:///{place / 'test.sqlite'}"), home, Blobs(place / "blobs"), people)

    return make


def on_postgres(url: str, folder: Path, means: Means) -> Callable[[], World]:
    home = a_home(folder, means)
    numbers = iter(range(1_000_000))

    def make() -> World:
        engine = open_engine(url)
        empty_postgres(engine)
        return World(engine, home, Blobs(folder / f"blobs{next(numbers)}"), peopled(engine, home, means))

    return make


@pytest.mark.parametrize(("means", "examples"), [(SHORT, 6), (PLENTY, 6)], ids=["short", "plenty"])
def test_any_history_on_sqlite(sqlite_template: Path, tmp_path: Path, means: Means, examples: int) -> None:
    run(on_sqlite(sqlite_template, tmp_path, means), means, examples, steps=12)


@pytest.mark.postgres
def test_any_history_on_postgres(postgres_url: str, tmp_path: Path) -> None:
    run(on_postgres(postgres_url, tmp_path, SHORT), SHORT, examples=3, steps=12)
    engine = open_engine(postgres_url)
    empty_postgres(engine)
    engine.dispose()


@pytest.mark.slow
@pytest.mark.parametrize("means", [SHORT, PLENTY], ids=["short", "plenty"])
@pytest.mark.parametrize("part", range(3))
def test_many_histories_on_sqlite(sqlite_template: Path, tmp_path: Path, means: Means, part: int) -> None:
    run(on_sqlite(sqlite_template, tmp_path, means), means, examples=50, steps=30)


@pytest.mark.slow
@pytest.mark.postgres
def test_many_histories_on_postgres(postgres_url: str, tmp_path: Path) -> None:
    for means in (SHORT, PLENTY):
        run(on_postgres(postgres_url, tmp_path / f"{means.budget}", means), means, examples=20, steps=25)
    engine = open_engine(postgres_url)
    empty_postgres(engine)
    engine.dispose()
