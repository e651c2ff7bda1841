"""Whatever is posted, corrected, cancelled, found late, closed, claimed, paid, returned: the ledger agrees with a naive
model."""

import shutil
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from itertools import count
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
from sqlalchemy import Engine, select, update

from covoit.model.journeys import ProofClass
from covoit.service import awards, claims, closing, payments, returns, verification
from covoit.store import awards as store
from covoit.store import journeys
from covoit.store.journey_rows import JourneyRow
from mobigo.base.errors import Refused
from mobigo.base.instants import paris_day
from mobigo.infra.blobs import Blobs
from mobigo.infra.db import open_engine, reading, transaction
from tests.conftest import empty_postgres
from tests.covoit_money_world import (
    COMPTABLE,
    MANAGER,
    MONTH_CAP,
    accepted,
    driver,
    fund,
    home_with,
    net,
    pain002,
    payer,
)
from tests.covoit_world import journey
from tests.integration.covoit_money.naive_money import Means, Model, Seat, Trip

FIRST = date(2026, 3, 1)
_numbers = count(1)
BEGUN = datetime(2026, 3, 20, 12, tzinfo=UTC)


SHORT = Means(20_000, 15_000)  # both bite
PLENTY = Means(10_000_000, None)  # neither ever does: what stands is not priced again


@dataclass(frozen=True)
class World:
    """A database with two drivers and money, and the files beside it."""

    engine: Engine
    home: Path
    blobs: Blobs
    people: tuple[str, ...]


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
        made = Trip(self.people[who], f"t{next(_numbers):05d}", [])
        for _ in range(seats):
            self.board(made, at, metres)
        self.model.trips.append(made)

    def board(self, trip: Trip, at: datetime, metres: int) -> None:
        """One passenger more in a car."""
        name = f"{trip.name}-{len(trip.seats)}"
        one = journey(
            None, metres, id=name, operator_journey_id=name, operator_trip_id=trip.name, driver=trip.driver,
            passenger=f"rider{len(trip.seats)}", started_at=at, received_at=at + timedelta(hours=1),
        )  # fmt: skip
        with transaction(self.engine) as session:
            journeys.record(session, one)
        trip.seats.append(Seat(name, at, metres))
        trip.touched = True

    @precondition(lambda self: self.model.trips)
    @rule(
        pick=st.integers(0, 1_000),
        metres=st.sampled_from([None, 33_000, 20_004, 20_005, 64_321, 140_000]),
        later_min=st.sampled_from([0, 0, 7, -45, 300, -900, 1_440]),
        badly=st.booleans(),
        checked=st.booleans(),
    )
    def patch(self, pick: int, metres: int | None, later_min: int, badly: bool, checked: bool) -> None:
        """Length, times and proof of one passenger's ride are corrected, before or after it was closed and paid; then
        checked at once, or later."""
        trip = self.model.trips[pick % len(self.model.trips)]
        able = [seat for seat in trip.seats if not seat.withdrawn]
        if not able:
            return
        seat = able[pick % len(able)]
        started_at = seat.started_at + timedelta(minutes=later_min)
        if not FIRST <= paris_day(started_at) < self.month + timedelta(days=28):
            return
        with transaction(self.engine) as session:
            stored = journeys.get_stored(session, "mobigo", seat.name, lock=True)
            after = replace(
                stored.journey, distance_m=metres or seat.metres, started_at=started_at,
                ended_at=started_at + timedelta(minutes=30), proof_class=ProofClass.A if badly else ProofClass.C,
            )  # fmt: skip
            journeys.amend(session, stored, after, positions=None, sums=None, findings=(), now=self.now)
        seat.metres, seat.started_at, seat.good = metres or seat.metres, started_at, not badly
        trip.touched = trip.checking = True
        if checked:
            self.checks_end(trip)

    @precondition(lambda self: any(each.checking for each in self.model.trips))
    @rule()
    def checks_ended(self) -> None:
        for trip in self.model.trips:
            if trip.checking:
                self.checks_end(trip)

    def checks_end(self, trip: Trip) -> None:
        with transaction(self.engine) as session:
            session.execute(
                update(JourneyRow)
                .where(JourneyRow.operator_trip_id == trip.name, JourneyRow.frozen_at.is_(None))
                .values(acquisition="processed", fraud="passed", anomaly="passed", status="ok", frozen_at=self.now)
            )
        trip.checking = False

    @precondition(lambda self: self.model.trips)
    @rule(
        pick=st.integers(0, 1_000), later_min=st.sampled_from([0, 10, -900]), metres=st.sampled_from([20_000, 50_000])
    )
    def board_late(self, pick: int, later_min: int, metres: int) -> None:
        """The proof of one passenger more comes late, whatever was closed and paid."""
        trip = self.model.trips[pick % len(self.model.trips)]
        at = trip.started_at + timedelta(minutes=later_min)
        if paris_day(at) >= FIRST:
            self.board(trip, at, metres)

    @precondition(lambda self: self.model.trips)
    @rule(pick=st.integers(0, 1_000))
    def leave(self, pick: int) -> None:
        """One passenger's ride is withdrawn, and not the others'."""
        trip = self.model.trips[pick % len(self.model.trips)]
        able = [seat for seat in trip.seats if not seat.withdrawn]
        if able:
            self.withdraw_seat(trip, able[pick % len(able)])

    def withdraw_seat(self, trip: Trip, seat: Seat) -> None:
        with transaction(self.engine) as session:
            journeys.cancel(session, "mobigo", seat.name, code="x", now=self.now)
        seat.good, seat.withdrawn, trip.touched = False, True, True
        with reading(self.engine) as session:  # who left is checked no more
            waits = JourneyRow.operator_trip_id == trip.name, JourneyRow.frozen_at.is_(None)
            trip.checking = session.scalar(select(JourneyRow.id).where(*waits).limit(1)) is not None

    @precondition(lambda self: self.model.trips)
    @rule(pick=st.integers(0, 1_000))
    def withdraw(self, pick: int) -> None:
        trip = self.model.trips[pick % len(self.model.trips)]
        for seat in trip.seats:
            if not seat.withdrawn:
                self.withdraw_seat(trip, seat)

    @rule()
    def award(self) -> None:
        awards.award_ready(self.engine, self.now, home=self.home)
        lines = self.model.lines()
        self.model.priced(lines)
        assert net(self.engine, "covoit:budget:essai") == self.means.budget - sum(lines.values()) - sum(
            each.closed or 0 for each in self.model.trips
        )
        for person in self.people:
            theirs = [each.name for each in self.model.trips if each.driver == person]
            open_lines = [lines.get(name, 0) for name in theirs]
            assert net(self.engine, f"covoit:accrued:{person}") == sum(max(0, cents) for cents in open_lines)
        again = awards.award_ready(self.engine, self.now, home=self.home)
        assert again.written == 0

    @rule(asking=st.booleans())
    def close(self, asking: bool) -> None:
        month, last_day = f"{self.month:%Y-%m}", closing.last_day_of(f"{self.month:%Y-%m}")
        lines = self.model.lines(last_day)
        self.model.priced(lines)
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
            if each.name in lines:
                each.closed, each.touched = (each.closed or 0) + lines[each.name], False
        for person in self.people:
            theirs = [lines.get(each.name, 0) for each in self.model.trips if each.driver == person]
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
