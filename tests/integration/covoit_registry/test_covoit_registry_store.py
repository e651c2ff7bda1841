"""People and journeys as they are kept: who is found, what is repeated, what is ready to be priced, what is erased."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session

from covoit.model.journeys import Journey, JourneyState, LineLeg, ProofClass
from covoit.store import journeys, people, subjects, trips
from mobigo.base.errors import Conflict, NotFound
from mobigo.base.geo import Point
from mobigo.infra import privacy
from mobigo.infra.db import transaction

NOW = datetime(2026, 11, 3, 12, tzinfo=UTC)
START = datetime(2026, 11, 3, 6, tzinfo=UTC)
KEY, OTHER_KEY = "a" * 64, "b" * 64
BAUME, AVOUDREY = Point(47.35251, 6.36123), Point(47.13349, 6.43877)

JOURNEY = Journey(
    id="J1", operator="mobigo", operator_journey_id="j1", operator_trip_id="t1", proof_class=ProofClass.C,
    driver="D", passenger="P", seats=1, started_at=START, ended_at=START + timedelta(minutes=35), distance_m=33_000,
    received_at=NOW, state=JourneyState.OK, leg=LineLeg("baume-avoudrey", 0, 0, 33_000),
)  # fmt: skip


def test_a_person_is_one_id_whatever_is_said_of_them_later(engine: Engine) -> None:
    with transaction(engine) as session:
        made = people.person_of(session, KEY, phone_trunc="+336010203", now=NOW)
        assert people.person_of(session, KEY, phone="+33601020304", over_18=False, now=NOW) == made
        assert people.person_of(session, KEY, subject="S" * 26, over_18=True, now=NOW) == made
        known = people.get_person(session, made)
        assert (known.phone, known.phone_trunc, known.over_18, known.adult) == (
            "+33601020304",
            "+336010203",
            False,
            False,
        )
        assert people.find_person(session, subject="S" * 26) == known
        other = people.person_of(session, OTHER_KEY, now=NOW)
        assert other != made
        assert not people.get_person(session, other).adult  # an unknown age is not adult
        with pytest.raises(Conflict):
            people.person_of(session, OTHER_KEY, subject="S" * 26, now=NOW)


def test_many_people_are_found_or_made_at_once(engine: Engine) -> None:
    with transaction(engine) as session:
        first = people.person_of(session, KEY, now=NOW)
        declared = {KEY: people.Declared(phone="+33601020304"), OTHER_KEY: people.Declared(over_18=True)}
        found = people.people_of(session, declared, now=NOW)
        assert found[KEY] == first
        assert people.people_of(session, declared, now=NOW + timedelta(days=2)) == found
        assert people.get_person(session, first).phone == "+33601020304"
        assert session.scalar(select(func.count()).select_from(people.PersonRow)) == 2


def test_a_journey_repeated_is_the_same_and_another_under_its_id_is_refused(engine: Engine) -> None:
    with transaction(engine) as session:
        journeys.record(session, JOURNEY, positions=(BAUME, AVOUDREY))
        again = replace(JOURNEY, id="J2", received_at=NOW + timedelta(hours=1))
        assert journeys.record(session, again) == JOURNEY
        with pytest.raises(Conflict) as refused:
            journeys.record(session, replace(again, distance_m=33_001))
        assert refused.value.decision.params["known"] != refused.value.decision.params["given"]
        assert journeys.journey_of(session, "mobigo", "j1") == JOURNEY
        with pytest.raises(NotFound):
            journeys.journey_of(session, "other", "j1")


def _as_read(session: Session) -> list[trips.Mark]:
    return [mark for read in trips.ready_on(session, date(2026, 11, 3)) for mark in read.marks()]


def test_a_trip_is_ready_once_all_its_journeys_are_final_and_until_it_is_priced(engine: Engine) -> None:
    waiting = replace(JOURNEY, id="J2", operator_journey_id="j2", passenger="Q", state=JourneyState.PENDING)
    with transaction(engine) as session:
        journeys.record(session, JOURNEY)
        journeys.record(session, waiting)
        assert list(journeys.trips_ready(session)) == []  # one of its journeys may still change
        journeys.cancel(session, "mobigo", "j2", code="no_show", now=NOW)
        (trip,) = journeys.trips_ready(session)
        assert [journey.state for journey in trip.journeys] == [JourneyState.OK, JourneyState.CANCELLED]
        assert (trip.key, trip.driver, trip.day) == (("mobigo", "t1"), "D", date(2026, 11, 3))
        assert journeys.mark_priced(session, _as_read(session), NOW) == 2
        assert list(journeys.trips_ready(session)) == []
        assert list(journeys.trips_ready(session, only_unpriced=False)) == [trip]


def test_a_trip_comes_back_when_a_journey_arrives_or_is_withdrawn_after_it_was_priced(engine: Engine) -> None:
    """Defect 3 of the national registry: a trip withdrawn after it was paid was never taken back."""
    with transaction(engine) as session:
        journeys.record(session, JOURNEY)
        journeys.mark_priced(session, _as_read(session), NOW)
        journeys.record(session, replace(JOURNEY, id="J2", operator_journey_id="j2", passenger="Q"))
        (trip,) = journeys.trips_ready(session)
        assert len(trip.journeys) == 2
        journeys.mark_priced(session, _as_read(session), NOW)
        journeys.cancel(session, "mobigo", "j1", code="fraud", now=NOW + timedelta(days=40))
        (trip,) = journeys.trips_ready(session)
        assert [journey.state for journey in trip.journeys] == [JourneyState.CANCELLED, JourneyState.OK]


def test_withdrawing_twice_is_withdrawing_once(engine: Engine) -> None:
    with transaction(engine) as session:
        journeys.record(session, JOURNEY)
        once = journeys.cancel(session, "mobigo", "j1", code="one", now=NOW)
        assert journeys.cancel(session, "mobigo", "j1", code="two", now=NOW) == once
        row = session.scalars(select(journeys.JourneyRow)).one()
        assert (row.cancel_code, row.revision) == ("one", 1)
        past = session.scalars(select(journeys.PastRow)).one()
        assert (past.because, past.facts["status"]) == ("canceled", "ok")


@pytest.mark.parametrize(
    ("first_day", "last_day", "found"),
    [
        (None, None, 1),
        (date(2026, 10, 1), date(2026, 10, 31), 1),
        (date(2026, 9, 1), date(2026, 9, 30), 0),  # 22:30 UTC on 30 September is the first of October in Paris
        (date(2026, 10, 2), None, 0),
    ],
)
def test_days_are_those_of_paris(engine: Engine, first_day: date | None, last_day: date | None, found: int) -> None:
    """Defect 6 of the national registry: day and month by the server's clock."""
    start = datetime(2026, 9, 30, 22, 30, tzinfo=UTC)
    with transaction(engine) as session:
        journeys.record(session, replace(JOURNEY, started_at=start, ended_at=start + timedelta(minutes=30)))
        assert len(list(journeys.trips_ready(session, first_day=first_day, last_day=last_day))) == found
        assert len(list(journeys.trips_of_driver(session, "D", first_day=first_day, last_day=last_day))) == found


def test_a_journey_that_names_another_driver_under_the_trip_is_no_part_of_it(engine: Engine) -> None:
    other = replace(JOURNEY, id="J2", operator_journey_id="j2", driver="E", received_at=NOW + timedelta(minutes=1))
    with transaction(engine) as session:
        journeys.record(session, JOURNEY)
        journeys.record(session, other)
        (trip,) = journeys.trips_ready(session)
        assert (trip.driver, [journey.id for journey in trip.journeys]) == ("D", ["J1"])
        assert list(journeys.trips_of_driver(session, "E")) == []


def test_what_was_driven_comes_with_the_trip(engine: Engine) -> None:
    leg = LineLeg("baume-avoudrey", 0, 0, 40_000)
    with transaction(engine) as session:
        journeys.record(session, JOURNEY)
        assert journeys.record_driven(session, "mobigo", "t1", leg, NOW)
        assert not journeys.record_driven(session, "mobigo", "t1", leg, NOW)
        (trip,) = journeys.trips_ready(session)
        assert (trip.driven, trip.journeys[0].leg) == (leg, JOURNEY.leg)


def test_exact_positions_go_three_months_after_payment_and_a_rough_one_stays(engine: Engine) -> None:
    with transaction(engine) as session:
        journeys.record(session, JOURNEY, positions=(BAUME, AVOUDREY))
        assert journeys.positions_of(session, ["J1"]) == {"J1": (BAUME, AVOUDREY)}
        assert journeys.note_paid(session, ["J1"], NOW) == 1
    for days, kept in ((91, True), (92, False)):
        with transaction(engine) as session:
            privacy.erase_due(session, NOW + timedelta(days=days))
            assert bool(journeys.positions_of(session, ["J1"])) is kept
    with transaction(engine) as session:
        row = session.scalars(select(journeys.JourneyRow)).one()
        assert (row.start_lat, row.start_lon, row.end_lat, row.end_lon) == (47.35, 6.36, 47.13, 6.43)


def test_a_person_who_leaves_is_forgotten_but_for_what_the_law_keeps(engine: Engine) -> None:
    with transaction(engine) as session:
        driver = people.person_of(session, KEY, subject="S" * 26, phone="+33601020304", last_name="Hérûg", now=NOW)
        rider = people.person_of(session, OTHER_KEY, subject="R" * 26, phone="+33601020305", now=NOW)
        mine = replace(JOURNEY, driver=driver, passenger=rider)
        journeys.record(session, mine, positions=(BAUME, AVOUDREY), operator_users=("d", "p"))
        told = subjects.export_subject(session, "S" * 26)
        assert told["last_name"] == "Hérûg"
        assert [each["role"] for each in told["journeys"]] == ["driver"]  # type: ignore[attr-defined]
        assert subjects.erase_subject(session, "S" * 26, NOW) > 0
        assert subjects.erase_subject(session, "R" * 26, NOW) > 0
        session.expire_all()
        left = people.get_person(session, driver)
        assert (left.identity_key, left.phone, left.last_name, left.subject) == (KEY, None, None, None)
        assert people.get_person(session, rider) == people.Person(rider)  # a passenger is owed nothing
        assert journeys.positions_of(session, ["J1"]) == {}
        assert journeys.journey_of(session, "mobigo", "j1").driver == driver
