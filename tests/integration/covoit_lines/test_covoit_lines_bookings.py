"""Bookings on a real database: the last seat, blocks, the state machine against a naive model."""

import threading
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test
from sqlalchemy import Engine, select

from covoit.model.bookings import HOLDING, BookingState, Side
from covoit.service import bookings, lines, offers
from covoit.store import bookings as store
from covoit.store import lines as waiting_store
from covoit.store import riders
from covoit.store.people import link_account
from mobigo.base.errors import Conflict, InvalidInput, MobigoError, NotFound, Refused
from mobigo.base.money import Money
from mobigo.base.periods import Period
from mobigo.infra.audit import history
from mobigo.infra.db import reading, transaction
from mobigo.infra.outbox import MessageRow
from mobigo.infra.privacy import erase_due
from tests.covoit_lines_world import (
    COULMIER,
    DAY,
    MINUTE,
    MONTBARD,
    NOW,
    PRECY,
    ROOT,
    SEMUR,
    A,
    Z,
    driver,
    line,
    people,
    person,
    published,
)

S = BookingState


def test_a_seat_is_booked_at_the_coach_fare_and_the_car_seen_with_its_room(engine: Engine):
    with transaction(engine) as session:
        who = people(session)
        offer = published(session, who.driver, seats=2)
        made = bookings.book(
            session, offer_id=offer.id, passenger=who.karim, from_stop=SEMUR, to_stop=MONTBARD, seats=1, now=NOW
        )
        assert (made.state, made.price) == (S.CONFIRMED, Money(150))
        assert made.pickup_at == offer.leaves_at + 26 * MINUTE  # 28 km of 80 in 75 min
        semur, montbard = line().stop(SEMUR), line().stop(MONTBARD)
        assert semur is not None
        assert montbard is not None
        (car,) = lines.next_drivers(session, line(), 0, semur, NOW)
        assert (car.seats_left, car.alias, car.car) == (1, "Anne", "Clio bleue")
        (car,) = lines.next_drivers(session, line(), 0, montbard, NOW)
        assert car.seats_left == 2  # Karim gets off there
        assert lines.next_drivers(session, line(), 1, semur, NOW) == []


def test_one_cannot_board_where_the_run_ends_nor_see_a_car_long_passed(engine: Engine):
    with transaction(engine) as session:
        who = people(session)
        offer = published(session, who.driver, z=MONTBARD)
        montbard, semur = line().stop(MONTBARD), line().stop(SEMUR)
        assert montbard is not None
        assert semur is not None
        assert lines.next_drivers(session, line(), 0, montbard, NOW) == []
        at = offer.leaves_at + 26 * MINUTE
        assert len(lines.next_drivers(session, line(), 0, semur, at + 5 * MINUTE)) == 1
        assert lines.next_drivers(session, line(), 0, semur, at + 5 * MINUTE + timedelta(seconds=1)) == []


@pytest.mark.parametrize("writers", [64])
def test_one_of_sixty_four_gets_the_last_seat(engine: Engine, writers: int):
    with transaction(engine) as session:
        offer = published(session, driver(session), seats=1)
        crowd = [person(session, f"a{each}") for each in range(writers)]
    got, refused = [], []
    gate = threading.Barrier(16)

    def try_some(mine: list[str]) -> None:
        gate.wait()
        for passenger in mine:
            try:
                with transaction(engine) as session:
                    made = bookings.book(
                        session, offer_id=offer.id, passenger=passenger, from_stop=A, to_stop=Z, seats=1, now=NOW
                    )
                got.append(made.passenger)
            except Conflict as error:
                refused.append(error.decision.code)

    threads = [threading.Thread(target=try_some, args=(crowd[each::16],)) for each in range(16)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert len(got) == 1
    assert refused == ["covoit.no_seat_left"] * (writers - 1)
    with reading(engine) as session:
        assert [each.passenger for each in store.bookings_on(session, [offer.id])] == got


def test_a_cancelled_seat_is_free_again_and_its_history_says_who_cancelled(engine: Engine):
    with transaction(engine) as session:
        who = people(session)
        offer = published(session, who.driver, seats=1)
        first = bookings.book(session, offer_id=offer.id, passenger=who.karim, from_stop=A, to_stop=Z, seats=1, now=NOW)
        with pytest.raises(Conflict):
            bookings.book(session, offer_id=offer.id, passenger=who.steph, from_stop=A, to_stop=Z, seats=1, now=NOW)
        bookings.change(session, first.id, S.CANCELLED, Side.PASSENGER, NOW + MINUTE)
        bookings.book(
            session, offer_id=offer.id, passenger=who.steph, from_stop=A, to_stop=Z, seats=1, now=NOW + 2 * MINUTE
        )
        told = [(each.before, each.after, each.side) for each in store.history_of(session, first.id)]
        assert sorted(told, key=str) == sorted(
            [
                (None, "WAITING_CONFIRMATION", "passenger"),
                ("WAITING_CONFIRMATION", "CONFIRMED", "system"),
                ("CONFIRMED", "CANCELLED", "passenger"),
            ],
            key=str,
        )


def test_blocked_pairs_never_meet(engine: Engine):
    with transaction(engine) as session:
        who = people(session)
        offer = published(session, who.driver)
        booked = bookings.book(
            session, offer_id=offer.id, passenger=who.karim, from_stop=A, to_stop=Z, seats=1, now=NOW
        )
        offers.block(session, who.karim, who.driver, NOW)
        offers.block(session, who.karim, who.driver, NOW)  # twice is once
        assert store.get_booking(session, booked.id).state == S.CANCELLED
        start = line().stops[0]
        for viewer, seen in ((who.karim, 0), (who.steph, 1), (None, 1)):
            assert len(lines.next_drivers(session, line(), 0, start, NOW, viewer=viewer)) == seen
        with pytest.raises(Conflict) as refused:
            bookings.book(session, offer_id=offer.id, passenger=who.karim, from_stop=A, to_stop=Z, seats=1, now=NOW)
        assert refused.value.decision.code == "covoit.offer_gone"  # what anybody is told of a car that is gone
        assert [each.action for each in history(session, "covoit_person", who.driver)].count("covoit.blocked") == 1
        offers.unblock(session, who.driver, who.karim, NOW)  # the other one cannot undo it
        assert lines.next_drivers(session, line(), 0, start, NOW, viewer=who.karim) == []
        offers.unblock(session, who.karim, who.driver, NOW)
        assert len(lines.next_drivers(session, line(), 0, start, NOW, viewer=who.karim)) == 1


def test_the_driver_who_blocks_is_not_met_either(engine: Engine):
    with transaction(engine) as session:
        who = people(session)
        published(session, who.driver)
        offers.block(session, who.driver, who.karim, NOW)
        assert lines.next_drivers(session, line(), 0, line().stops[0], NOW, viewer=who.karim) == []


def test_nobody_else_learns_that_a_booking_exists(engine: Engine):
    with transaction(engine) as session:
        who = people(session)
        offer = published(session, who.driver)
        made = bookings.book(session, offer_id=offer.id, passenger=who.karim, from_stop=A, to_stop=Z, seats=1, now=NOW)
        assert bookings.side_of(session, made.id, who.karim) is Side.PASSENGER
        assert bookings.side_of(session, made.id, who.driver) is Side.DRIVER
        with pytest.raises(NotFound):
            bookings.side_of(session, made.id, who.steph)


def test_a_minor_books_with_a_parents_consent_only(engine: Engine):
    with transaction(engine) as session:
        offer = published(session, driver(session))
        child, unknown = person(session, "c", adult=False), person(session, "b", adult=None)

        def ask(who: str) -> None:
            bookings.book(session, offer_id=offer.id, passenger=who, from_stop=A, to_stop=Z, seats=1, now=NOW)

        for who, code in ((child, "covoit.minor_needs_consent"), (unknown, "covoit.age_unknown")):
            with pytest.raises(Refused) as refused:
                ask(who)
            assert refused.value.decision.code == code
            offers.declare_rider(session, who, adult=None, consent=True, now=NOW)
            ask(who)


def test_what_was_declared_keeps_its_first_time_and_an_age_is_not_changed(engine: Engine):
    with transaction(engine) as session:
        who = person(session, "e", adult=None)
        later = NOW + timedelta(days=3)
        first = offers.declare(
            session, who, adult=True, licence=True, insurance=False, terms=None, alias=None, car=None, now=NOW
        )
        assert first.licence_at == NOW
        again = offers.declare(
            session, who, adult=False, licence=True, insurance=True, terms=None, alias=None, car=None, now=later
        )
        assert (again.adult, again.licence_at, again.insurance_at) == (True, NOW, later)
        with pytest.raises(InvalidInput):
            offers.declare(
                session, who, adult=None, licence=False, insurance=False, terms="other", alias=None, car=None, now=later
            )
        with pytest.raises(Refused) as refused:
            published(session, who)
        assert refused.value.decision.code == "covoit.terms_not_signed"


@pytest.mark.parametrize(
    ("minutes", "allowed"),
    [(-76, True), (-74, False), (0, False), (74, False), (75, True), (76, True)],
)
def test_a_driver_is_in_one_car_at_a_time(engine: Engine, minutes: int, allowed: bool):
    with transaction(engine) as session:
        who = driver(session)
        at = NOW + timedelta(hours=5)
        published(session, who, at=at)  # 75 minutes on the road
        if allowed:
            published(session, who, at=at + minutes * MINUTE)
        else:
            with pytest.raises(Conflict):
                published(session, who, at=at + minutes * MINUTE)


def test_a_withdrawn_run_cancels_its_bookings_and_tells_the_passengers(engine: Engine):
    with transaction(engine) as session:
        anne, phoned = driver(session), person(session, "f", phone="+33600000001")
        offer = published(session, anne)
        made = bookings.book(session, offer_id=offer.id, passenger=phoned, from_stop=A, to_stop=Z, seats=1, now=NOW)
        with pytest.raises(NotFound):
            offers.withdraw(session, offer.id, phoned, NOW)  # not theirs
        offers.withdraw(session, offer.id, anne, NOW)
        offers.withdraw(session, offer.id, anne, NOW)
        assert store.get_booking(session, made.id).state == S.CANCELLED
        told = list(session.scalars(select(MessageRow)))
        assert [(each.recipient, each.channel) for each in told] == [("+33600000001", "sms")]
        assert "Vous ne payez rien" in told[0].body


def test_usual_trips_become_offers_two_weeks_ahead_once(engine: Engine):
    with transaction(engine) as session:
        anne = driver(session)
        usual = offers.publish_regular(
            session, anne, from_stop=A, to_stop=Z, leaves=(NOW + 30 * MINUTE).time(), weekdays=[1, 3], seats=3,
            period=Period(DAY), now=NOW,
        )  # fmt: skip
        found = offers.store.offers_of(session, anne, NOW)
        assert [each.leaves_at.date().isoformat() for each in found] == [
            "2026-11-24", "2026-11-26", "2026-12-01", "2026-12-03",
        ]  # fmt: skip
        assert offers.unfold(session, usual, NOW) == 0
        assert offers.unfold(session, usual, NOW + timedelta(days=7)) == 2
        offers.end_regular(session, usual.id, anne, NOW)
        assert offers.store.offers_of(session, anne, NOW) == []


def test_the_code_of_a_passenger_without_a_smartphone_is_texted(engine: Engine):
    with transaction(engine) as session:
        anne, phoned = driver(session), person(session, "f", phone="+33600000001")
        offer = published(session, anne)
        made = bookings.book(session, offer_id=offer.id, passenger=phoned, from_stop=A, to_stop=Z, seats=1, now=NOW)
        code = bookings.send_boarding_code(session, ROOT, made, NOW)
        (told,) = session.scalars(select(MessageRow))
        assert told.recipient == "+33600000001"
        assert f"code {code}" in told.body


def test_the_wait_is_learnt_from_those_who_boarded_and_those_who_left(engine: Engine):
    with transaction(engine) as session:
        stop = line().stops[0]
        for n in range(8):
            who = person(session, f"9{n}")
            since = NOW - timedelta(days=7 * (n + 1))
            row = lines.start_waiting(session, from_stop=A, to_stop=Z, passenger=who, seats=1, now=since)
            assert lines.waiters(session, [A], since)[A][0].seats == 1
            lines.boarded(session, who, since + 6 * MINUTE)
            assert waiting_store.get_waiting(session, row.id).outcome == "boarded"
        expected = lines.expected_wait(session, line(), 0, stop, NOW)
        assert (expected.basis, expected.mean_min, expected.sample) == ("history", 6, 8)
        assert lines.expected_wait(session, line(), 0, stop, NOW + timedelta(hours=1)).basis == "unknown"  # 8 h
        assert lines.expected_wait(session, line(), 1, stop, NOW).basis == "unknown"  # the other way
        saturday = NOW + timedelta(days=4)
        assert lines.expected_wait(session, line(), 0, stop, saturday).basis == "unknown"


def test_a_wait_is_ended_by_its_own_person_only(engine: Engine):
    with transaction(engine) as session:
        who = people(session)
        row = lines.start_waiting(session, from_stop=A, to_stop=Z, passenger=who.karim, seats=1, now=NOW)
        with pytest.raises(NotFound):
            lines.stop_waiting(session, row.id, who.steph, NOW)
        assert lines.stop_waiting(session, row.id, who.karim, NOW + MINUTE)
        assert not lines.stop_waiting(session, row.id, who.karim, NOW + MINUTE)
        assert lines.waiters(session, [A], NOW + MINUTE) == {A: []}


# ---------------------------------------------------------------- against a naive model


STOPS = [A, PRECY, SEMUR, MONTBARD, COULMIER, Z]


class Machine(RuleBasedStateMachine):
    """Random bookings and changes on one car of three seats, beside a model that counts seats leg by leg."""

    engine: Engine

    @initialize()
    def begin(self) -> None:
        with transaction(self.engine) as session:
            tag = f"{Machine.count:x}"
            Machine.count += 1
            self.driver = driver(session, f"d{tag}")
            self.crowd = [person(session, f"e{tag}{n}") for n in range(4)]
            self.offer = published(session, self.driver, seats=3)
        self.model: dict[str, tuple[str, int, int, int, S]] = {}

    count = 0

    @rule(who=st.integers(0, 3), a=st.integers(0, 4), length=st.integers(1, 5), seats=st.integers(1, 3))
    def book(self, who: int, a: int, length: int, seats: int) -> None:
        z = min(5, a + length)
        passenger = self.crowd[who]
        live = [each for each in self.model.values() if each[4] in HOLDING]
        twice = any(each[0] == passenger and each[1] < z and a < each[2] for each in live)
        full = any(sum(each[3] for each in live if each[1] <= leg < each[2]) + seats > 3 for leg in range(a, z))
        try:
            with transaction(self.engine) as session:
                made = bookings.book(
                    session, offer_id=self.offer.id, passenger=passenger, from_stop=STOPS[a], to_stop=STOPS[z],
                    seats=seats, now=NOW,
                )  # fmt: skip
        except Conflict:
            assert twice or full
        else:
            assert not twice
            assert not full
            self.model[made.id] = (passenger, a, z, seats, S.CONFIRMED)

    @rule(pick=st.integers(0, 30), after=st.sampled_from(list(S)), side=st.sampled_from(list(Side)))
    def change(self, pick: int, after: S, side: Side) -> None:
        if not self.model:
            return
        booking_id = sorted(self.model)[pick % len(self.model)]
        before = self.model[booking_id][4]
        naive = {
            (S.CONFIRMED, S.CANCELLED): set(Side),
            (S.CONFIRMED, S.COMPLETED): set(Side),
            (S.COMPLETED, S.VALIDATED): set(Side) - {Side.DRIVER},
            (S.COMPLETED, S.CANCELLED): set(Side) - {Side.SYSTEM},
        }
        allowed = side in naive.get((before, after), set())
        try:
            with transaction(self.engine) as session:
                bookings.change(session, booking_id, after, side, NOW)
        except MobigoError:
            assert not allowed
        else:
            assert allowed
            self.model[booking_id] = (*self.model[booking_id][:4], after)

    @invariant()
    def the_table_says_what_the_model_says(self) -> None:
        if not hasattr(self, "model"):
            return
        with reading(self.engine) as session:
            rows = {each.id: each.state for each in store.bookings_on(session, [self.offer.id])}
        assert rows == {key: each[4] for key, each in self.model.items() if each[4] in HOLDING}


def test_bookings_behave_as_the_naive_model(engine: Engine):
    class OnThisDatabase(Machine):
        pass

    OnThisDatabase.engine = engine
    run_state_machine_as_test(
        OnThisDatabase,
        settings=settings(
            max_examples=12, stateful_step_count=15, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )


def test_a_person_gets_all_that_is_held_of_them_and_is_forgotten(engine: Engine):
    with transaction(engine) as session:
        who = people(session)
        subject = "S" * 26
        offer = published(session, who.driver)
        link_account(session, who.driver, subject)
        offers.block(session, who.driver, who.karim, NOW)
        offers.block(session, who.steph, who.driver, NOW)
        lines.start_waiting(session, from_stop=A, to_stop=Z, passenger=who.driver, seats=1, now=NOW)
        held = riders.export_subject(session, subject)
        assert held["declared"]["alias"] == "Anne"
        assert [len(held[name]) for name in ("rides", "waits", "blocked", "seats")] == [1, 1, 1, 0]
        assert riders.erase_subject(session, subject, NOW) == 4  # declarations, block, wait, the ride to come
        assert offers.store.get_offer(session, offer.id).state == "cancelled"
        assert offers.store.blocked_with(session, who.driver) == {who.steph}  # it protects her
        assert riders.export_subject(session, subject)["declared"] == {}
        assert riders.export_subject(session, "nobody") == {}
        assert riders.erase_subject(session, "nobody", NOW) == 0


def test_what_is_over_is_erased_by_time_on_time(engine: Engine):
    with transaction(engine) as session:
        who = people(session)
        offer = published(session, who.driver)
        bookings.book(session, offer_id=offer.id, passenger=who.karim, from_stop=A, to_stop=Z, seats=1, now=NOW)
        row = lines.start_waiting(session, from_stop=A, to_stop=Z, passenger=who.karim, seats=1, now=NOW)
        erase_due(session, NOW + timedelta(days=89))
        session.refresh(row)
        assert row.passenger == who.karim
        erase_due(session, NOW + timedelta(days=90))
        session.refresh(row)
        assert row.passenger is None
        erase_due(session, NOW + timedelta(days=1_099))
        assert store.bookings_of(session, who.karim, NOW) == []
