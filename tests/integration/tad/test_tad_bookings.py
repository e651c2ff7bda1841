"""Booking on a real database: the last place, holds, changes, no-shows, weeks, dispatch, reminders."""

import threading
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from mobigo.base.errors import Conflict, InvalidInput, MobigoError, NotFound, Refused
from mobigo.base.money import Money
from mobigo.infra.config import Config
from mobigo.infra.db import reading, transaction
from mobigo.infra.outbox import MessageRow
from mobigo.infra.privacy import erase_due
from mobigo.infra.web import Services
from mobigo.tad.model.bookings import Asked, Booking, Channel, Contact, Side, State
from mobigo.tad.model.rounds import Limits
from mobigo.tad.rules.checker import faults
from mobigo.tad.service import booking, days, dispatch, personal, telling
from mobigo.tad.service import services as catalogue
from mobigo.tad.store import bookings as store
from tests.tad_world import CALLER, NOW, WEDNESDAY, asked, document

S = State
AT_NINE = datetime(2026, 11, 25, 8, 0, tzinfo=UTC)


@pytest.fixture
def services(database_config: Config) -> Services:
    return Services(database_config)


@pytest.fixture
def version(engine: Engine) -> catalogue.Version:
    with transaction(engine) as session:
        return catalogue.publish(session, document(), organisation=None, by=None, now=NOW)


def held(
    session: Session, version: catalogue.Version, wanted: Asked | None = None, contact: Contact = CALLER,
    now: datetime = NOW, **more: Any,
) -> Booking:  # fmt: skip
    given: dict[str, Any] = {"channel": Channel.WEB} | more
    return booking.hold(session, None, version, wanted or asked(), contact, now=now, **given)


def test_a_place_is_offered_held_confirmed_and_told(
    engine: Engine, services: Services, version: catalogue.Version
) -> None:
    with reading(engine) as session:
        answer = booking.quote(session, None, version.service, asked(), NOW)
    assert [each.promise.earliest_s for each in answer.offers] == [9 * 3600 - 900, 9 * 3600, 9 * 3600 + 900]
    assert answer.offers[0].price == Money(200)
    assert answer.offers[0].book_by == datetime(2026, 11, 24, 16, 0, tzinfo=UTC)  # 17 h in Paris the day before
    with transaction(engine) as session:
        made = held(session, version)
        assert made.state is S.HELD
        assert made.promise == answer.offers[1].promise
        sure = booking.confirm(session, services, made.id, Side.PASSENGER, NOW)
        assert booking.confirm(session, services, made.id, Side.PASSENGER, NOW) == sure
        (told,) = session.scalars(select(MessageRow))
        assert told.recipient == "camille@example.org"
        assert (
            "entre 9 h 00 et 9 h 20".replace(" ", "\N{NO-BREAK SPACE}")
            .replace("entre\N{NO-BREAK SPACE}", "entre ")
            .replace("\N{NO-BREAK SPACE}et\N{NO-BREAK SPACE}", " et ")
            in told.body
        )
        assert [each.after for each in store.history_of(session, made.id)] == ["held", "confirmed"]


@pytest.mark.parametrize("writers", [64])
def test_of_sixty_four_who_want_the_last_place_one_gets_it(
    engine: Engine, version: catalogue.Version, writers: int
) -> None:
    with transaction(engine) as session:  # three of four seats are taken at that hour, and the vehicle is out till ten
        held(session, version, asked(riders=("adulte",) * 3))
    got: list[str] = []
    refused: list[str] = []

    def try_some(numbers: range) -> None:
        for number in numbers:
            contact = Contact(f"Personne {number}", f"+336399800{number:02d}")
            try:
                with transaction(engine) as session:
                    got.append(held(session, version, contact=contact).id)
            except MobigoError as error:
                refused.append(error.decision.code)

    threads = [threading.Thread(target=try_some, args=(range(each, writers, 16),)) for each in range(16)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert len(got) == 1
    assert refused == ["tad.no_room"] * (writers - 1)
    with reading(engine) as session:
        world = days.look(session, None, version.service, WEDNESDAY, NOW)
    assert faults(world.rounds, world.problem) == []
    assert sum(each.asked.seats for each in world.bookings.values()) == 4


def test_a_hold_nobody_confirms_gives_its_places_back(
    engine: Engine, services: Services, version: catalogue.Version
) -> None:
    later = NOW + timedelta(minutes=10)
    with transaction(engine) as session:
        first = held(session, version, asked(riders=("adulte",) * 4))
        with pytest.raises(Conflict):
            held(session, version)
        second = held(session, version, now=later)  # the hold is over: the place is free
        assert second.state is S.HELD
        with pytest.raises(Conflict) as gone:
            booking.confirm(session, services, first.id, Side.PASSENGER, later)
        assert gone.value.decision.code == "tad.hold_over"
    with transaction(engine) as session:
        assert booking.release_holds(session, None, later + timedelta(minutes=10)) == 1
        assert store.rounds_of(store.find_day(session, "essai", WEDNESDAY)) == {"bus-1": ()}


def test_a_booking_given_up_past_the_cut_off_counts_as_not_being_there(
    engine: Engine, services: Services, version: catalogue.Version
) -> None:
    eve = datetime(2026, 11, 24, 16, 0, tzinfo=UTC)
    with transaction(engine) as session:
        early, late = (held(session, version, asked(at=at)) for at in ("9:00", "14:00"))
        for each in (early, late):
            booking.confirm(session, services, each.id, Side.PASSENGER, NOW)
        assert not booking.cancel(session, services, early.id, Side.PASSENGER, eve - timedelta(seconds=1)).late
        assert booking.cancel(session, services, late.id, Side.PASSENGER, eve).late
        assert booking.cancel(session, services, late.id, Side.PASSENGER, eve).state is S.CANCELLED  # twice is once
        third = held(session, version)
        booking.confirm(session, services, third.id, Side.PASSENGER, NOW)
        with pytest.raises(Refused) as gone:
            booking.cancel(session, services, third.id, Side.PASSENGER, AT_NINE)
        assert gone.value.decision.code == "tad.already_left"


def test_who_was_not_there_twice_books_by_telephone(
    engine: Engine, services: Services, version: catalogue.Version
) -> None:
    with transaction(engine) as session:
        for at in ("9:00", "14:00"):
            made = held(session, version, asked(at=at))
            booking.confirm(session, services, made.id, Side.PASSENGER, NOW)
            with pytest.raises(Conflict) as early:
                dispatch.mark(session, None, version, made.id, S.NO_SHOW, Side.DRIVER, AT_NINE - timedelta(hours=1))
            assert early.value.decision.code == "tad.not_there_yet"
            late = AT_NINE + timedelta(hours=6)  # told when the network was back, but noted before the hour
            with pytest.raises(Conflict):
                dispatch.mark(
                    session, None, version, made.id, S.NO_SHOW, Side.DRIVER, late,
                    noted_at=AT_NINE - timedelta(minutes=30),
                )  # fmt: skip
            dispatch.mark(session, None, version, made.id, S.NO_SHOW, Side.DRIVER, AT_NINE + timedelta(hours=6))
        thursday = asked(day=WEDNESDAY + timedelta(days=1))
        with pytest.raises(Refused) as refused:
            held(session, version, thursday, contact=replace(CALLER, phone="06 39 98 00 01"))
        assert refused.value.decision.code == "tad.too_many_no_shows"
        assert held(session, version, thursday, channel=Channel.PHONE).state is S.HELD  # an agent hears why


def test_only_who_is_in_the_round_is_noted_on_it(
    engine: Engine, services: Services, version: catalogue.Version
) -> None:
    with transaction(engine) as session:
        made = held(session, version, asked(at="9:00"))
        booking.confirm(session, services, made.id, Side.PASSENGER, NOW)
        for day, vehicle in ((WEDNESDAY + timedelta(days=1), "bus-1"), (WEDNESDAY, "bus-9"), (WEDNESDAY, "")):
            with pytest.raises(Conflict) as refused:
                dispatch.mark(session, None, version, made.id, S.ABOARD, Side.DRIVER, AT_NINE, on=(day, vehicle))
            assert refused.value.decision.code == "tad.not_in_this_round"
        late = AT_NINE + timedelta(hours=6)
        for _told_again in range(2):  # out of the round once it is noted, and told again for a lost answer
            dispatch.mark(session, None, version, made.id, S.NO_SHOW, Side.DRIVER, late, on=(WEDNESDAY, "bus-1"))
        assert store.get_booking(session, made.id).state == S.NO_SHOW


def test_a_change_keeps_the_old_place_when_the_new_one_cannot_be_had(
    engine: Engine, services: Services, version: catalogue.Version
) -> None:
    with transaction(engine) as session:
        mine = held(session, version, asked(at="14:00"))
        booking.confirm(session, services, mine.id, Side.PASSENGER, NOW)
        held(session, version, asked(riders=("adulte",) * 4))
    with pytest.raises(Conflict), transaction(engine) as session:
        booking.change(session, services, mine.id, asked(), Side.PASSENGER, NOW)
    with transaction(engine) as session:
        assert store.get_booking(session, mine.id).state == "confirmed"
        moved = booking.change(session, services, mine.id, asked(at="15:00"), Side.PASSENGER, NOW)
        assert moved.state is S.CONFIRMED
        assert store.get_booking(session, mine.id).state == "cancelled"


def test_a_booking_comes_back_each_week_and_says_which_week_it_cannot(
    engine: Engine, services: Services, version: catalogue.Version
) -> None:
    with transaction(engine) as session:
        full = held(session, version, asked(day=WEDNESDAY + timedelta(weeks=2), riders=("adulte",) * 4))
        booking.confirm(session, services, full.id, Side.PASSENGER, NOW)
        mine = held(session, version)
        booking.confirm(session, services, mine.id, Side.PASSENGER, NOW)
        last = WEDNESDAY + timedelta(weeks=3)
        weeks = booking.repeat(session, services, mine.id, last, Side.PASSENGER, NOW)
        assert [None if each.refused is None else each.refused.code for each in weeks] == [None, "tad.no_room", None]
        again = booking.repeat(session, services, mine.id, last, Side.PASSENGER, NOW)
        assert [each.refused is None for each in again] == [False]  # only the week that could not be had is tried again
        with pytest.raises(InvalidInput):
            booking.repeat(session, services, mine.id, WEDNESDAY, Side.PASSENGER, NOW)


def test_a_day_that_has_bookings_keeps_the_version_they_were_made_under(
    engine: Engine, version: catalogue.Version
) -> None:
    with transaction(engine) as session:
        held(session, version)
        dearer = document(first_day="2026-11-25", fares=[{"rider": "adulte", "cents": 300}])
        after = catalogue.publish(session, dearer, organisation=None, by=None, now=NOW)
        assert catalogue.publish(session, dearer, organisation=None, by=None, now=NOW).id == after.id
        assert catalogue.get_service(session, "essai", WEDNESDAY).id == version.id
        assert catalogue.get_service(session, "essai", WEDNESDAY + timedelta(days=1)).id == after.id
        with pytest.raises(InvalidInput):
            catalogue.publish(session, document(name="Hier"), organisation=None, by=None, now=NOW)


def test_a_dispatcher_moves_and_shortens_and_breaks_nothing(engine: Engine, services: Services) -> None:
    cars = [
        {"id": f"bus-{n}", "name": f"Minibus {n}", "seats": 4, "wheelchairs": 1, "lat": 47.0, "lon": 4.0}
        for n in (1, 2)
    ]
    with transaction(engine) as session:
        version = catalogue.publish(session, document(vehicles=cars), organisation=None, by=None, now=NOW)
        mine = held(session, version, asked(riders=("adulte",) * 2))
        other = held(session, version, asked(riders=("adulte",) * 2))
        for each in (mine, other):
            booking.confirm(session, services, each.id, Side.PASSENGER, NOW)
        dispatch.move(session, None, version, WEDNESDAY, other.id, "bus-2", by="agent", now=NOW)
        seen = dispatch.board(session, None, version, WEDNESDAY, NOW)
        assert [[stop.booking.id for stop in sheet.stops if stop.pickup] for sheet in seen.sheets] == [
            [mine.id], [other.id]
        ]  # fmt: skip
        assert seen.faults == ()
        before, after = dispatch.optimise(session, None, version, WEDNESDAY, NOW, Limits(solutions=20, seconds=2))
        assert after * 2 == before
        assert dispatch.days_to_optimise(session, NOW + timedelta(hours=1)) == []
        with pytest.raises(NotFound):
            dispatch.move(session, None, version, WEDNESDAY, other.id, "bus-9", by="agent", now=NOW)
        third = held(session, version, asked(riders=("adulte",) * 4))
        with pytest.raises(Conflict) as broken:
            dispatch.move(session, None, version, WEDNESDAY, third.id, _car_of(session, version, mine.id), by="agent",
                          now=NOW)  # fmt: skip
        assert broken.value.decision.code == "tad.move_breaks"


def _car_of(session: Session, version: catalogue.Version, booking_id: str) -> str:
    seen = dispatch.board(session, None, version, WEDNESDAY, NOW)
    return next(sheet.vehicle.id for sheet in seen.sheets if any(s.booking.id == booking_id for s in sheet.stops))


def test_those_who_travel_tomorrow_are_reminded_once(
    engine: Engine, services: Services, version: catalogue.Version
) -> None:
    with transaction(engine) as session:
        mine = held(session, version, contact=replace(CALLER, email=""))
        booking.confirm(session, services, mine.id, Side.PASSENGER, NOW)
        assert telling.remind(session, NOW) == 0
        evening = datetime(2026, 11, 24, 17, 0, tzinfo=UTC)
        assert telling.remind(session, evening) == 1
        assert telling.remind(session, evening) == 0
        assert {row.channel for row in session.scalars(select(MessageRow))} == {"sms"}


def test_names_go_after_ninety_days_and_places_after_a_year(
    engine: Engine, services: Services, version: catalogue.Version
) -> None:
    with transaction(engine) as session:
        mine = held(session, version, subject="S" * 26)
        booking.confirm(session, services, mine.id, Side.PASSENGER, NOW)
        assert personal.export_subject(session, "S" * 26)["bookings"]
    with transaction(engine) as session:
        erase_due(session, NOW + timedelta(days=92))
        assert store.contact_of(session, mine.id) is None
        erase_due(session, NOW + timedelta(days=400))
    with reading(engine) as session:
        row = store.get_booking(session, mine.id)
        assert (row.from_name, row.from_lat, row.subject) == ("", None, None)
