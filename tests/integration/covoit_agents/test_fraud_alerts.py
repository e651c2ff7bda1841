"""A month with two people who change seats: looked at, cleared, or turned into a case; no payment moves by itself."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine

from covoit.export import letters
from covoit.model.claims import Kind, Outcome
from covoit.model.fraud import Sighting
from covoit.model.journeys import JourneyState, VehicleTrip
from covoit.service import awards, claims, closing, fraud
from covoit.store import claims as claim_store
from covoit.store import fraud as store
from covoit.store import journeys as journey_store
from mobigo.base.errors import Conflict, InvalidInput, Refused
from mobigo.base.geo import Point
from mobigo.infra.config import Config
from mobigo.infra.db import reading, transaction
from mobigo.infra.roles import Role
from mobigo.ledger import service as ledger
from tests.covoit_money_world import CLOSING, DESK, MANAGER, agent, cancel, driver, fund, home_with, net, record, ride

MONTH = "2026-11"
MONDAY = datetime(2026, 11, 2, 6, 30, tzinfo=UTC)
JANUARY = datetime(2027, 1, 6, 8, 0, tzinfo=UTC)


def pair(anne: str, bruno: str, day: int) -> list[VehicleTrip]:
    """Anne drives Bruno in the morning, Bruno drives Anne in the evening: each gets 4.30 €."""
    morning, evening = MONDAY + timedelta(days=day), MONDAY + timedelta(days=day, hours=10)
    return [
        with_passenger(ride(anne, at=morning, trip_id=f"m{day}"), bruno),
        with_passenger(ride(bruno, at=evening, trip_id=f"e{day}", direction=1), anne),
    ]


def with_passenger(trip: VehicleTrip, passenger: str) -> VehicleTrip:
    return replace(trip, journeys=tuple(replace(each, passenger=passenger) for each in trip.journeys))


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return home_with(tmp_path / "home")


@pytest.fixture
def people(engine: Engine, home: Path) -> tuple[str, str]:
    """Four days of changing seats, and a driver to whom nothing happens; the month is closed."""
    fund(engine, 100_000, home)
    anne, bruno, carl = driver(engine, "anne"), driver(engine, "bruno"), driver(engine, "carl")
    honest = [ride(carl, at=MONDAY + timedelta(days=day), trip_id=f"h{day}") for day in range(4)]
    record(engine, [*honest, *(each for day in range(4) for each in pair(anne, bruno, day))])
    awards.award_ready(engine, CLOSING, home=home)
    closing.close_month(engine, MONTH, CLOSING, home=home)
    return anne, bruno


def the_alert(engine: Engine) -> store.AlertRow:
    with reading(engine) as session:
        (row,) = store.alerts(session)
        return row


def test_a_month_is_looked_at_once_it_is_over_and_twice_is_once(engine: Engine, people: tuple[str, str]) -> None:
    with pytest.raises(Refused, match="fraud_month_not_over"):
        fraud.look(engine, "2026-12", coaches=None, now=CLOSING)
    first = fraud.look(engine, MONTH, coaches=None, now=CLOSING)
    assert (first.journeys, first.alerts, first.new, first.unplaced) == (12, 1, 1, 0)
    assert fraud.look(engine, MONTH, coaches=None, now=CLOSING).new == 0
    row = the_alert(engine)
    assert (row.suspicion, sorted(row.people), len(row.journeys)) == ("role_swap", sorted(people), 8)


def test_three_days_are_an_alert_and_two_are_not(engine: Engine, home: Path) -> None:
    anne, bruno = driver(engine, "anne"), driver(engine, "bruno")
    record(engine, [each for day in range(2) for each in pair(anne, bruno, day)])
    assert fraud.look(engine, MONTH, coaches=None, now=CLOSING).alerts == 0
    record(engine, pair(anne, bruno, 2))
    assert fraud.look(engine, MONTH, coaches=None, now=CLOSING).new == 1


def test_an_alert_that_waits_follows_what_is_known_and_an_answered_one_stays(
    engine: Engine, people: tuple[str, str]
) -> None:
    fraud.look(engine, MONTH, coaches=None, now=CLOSING)
    record(engine, pair(*people, 7))
    fraud.look(engine, MONTH, coaches=None, now=CLOSING)
    assert len(the_alert(engine).journeys) == 10
    with transaction(engine) as session:
        fraud.clear(session, the_alert(engine).id, by=MANAGER, words="une voiture au garage", now=CLOSING)
    record(engine, pair(*people, 8))
    fraud.look(engine, MONTH, coaches=None, now=CLOSING)
    row = the_alert(engine)
    assert (row.state, len(row.journeys), row.words) == ("cleared", 10, "une voiture au garage")


def test_an_alert_that_no_longer_stands_waits_for_nobody_until_it_stands_again(engine: Engine) -> None:
    anne, bruno = driver(engine, "anne"), driver(engine, "bruno")
    trips = [each for day in range(3) for each in pair(anne, bruno, day)]
    record(engine, trips)
    fraud.look(engine, MONTH, coaches=None, now=CLOSING)
    assert the_alert(engine).state == "new"
    cancel(engine, trips[0].journeys[0])
    fraud.look(engine, MONTH, coaches=None, now=CLOSING)
    gone = the_alert(engine)
    assert (gone.state, gone.answered_by) == ("cleared", "system")
    record(engine, pair(anne, bruno, 3))
    fraud.look(engine, MONTH, coaches=None, now=CLOSING)
    back = the_alert(engine)
    assert (back.state, back.answered_by, len(back.journeys)) == ("new", None, 7)


def test_withdrawn_journeys_are_not_seen_and_those_without_a_place_are_counted(engine: Engine) -> None:
    anne, bruno = driver(engine, "anne"), driver(engine, "bruno")
    trips = [each for day in range(3) for each in pair(anne, bruno, day)]
    off = replace(trips[0], journeys=tuple(replace(each, leg=None) for each in trips[0].journeys))
    gone = replace(trips[1], journeys=tuple(replace(each, state=JourneyState.CANCELLED) for each in trips[1].journeys))
    record(engine, [off, gone, *trips[2:]])
    done = fraud.look(engine, MONTH, coaches=None, now=CLOSING)
    assert (done.journeys, done.unplaced, done.alerts) == (4, 1, 0)


def test_our_own_journeys_are_placed_at_the_stops_of_their_line(engine: Engine, people: tuple[str, str]) -> None:
    from covoit.service import lines

    line = lines.get_line("baume-avoudrey", MONDAY.date())
    with reading(engine) as session:
        seen, _ = fraud.sightings(session, MONDAY.date(), MONDAY.date())
    ends = {each.operator_trip_id: (each.start, each.end) for each in seen}
    first, last = line.stops[0].point, line.stops[-1].point
    assert ends["m0"] == (first, last)
    assert ends["e0"] == (last, first)


def test_coaches_are_asked(engine: Engine, people: tuple[str, str]) -> None:
    class Always:
        def runs_like(self, sighting: Sighting) -> bool:
            return sighting.start != Point(0.0, 0.0)

    done = fraud.look(engine, MONTH, coaches=Always(), now=CLOSING)
    assert done.alerts == 2  # the pair, and their eight trips like the coach's
    with reading(engine) as session:
        assert [row.suspicion for row in store.alerts(session)] == ["coach", "role_swap"]


def test_an_alert_is_answered_once_with_words_by_who_may(engine: Engine, people: tuple[str, str]) -> None:
    fraud.look(engine, MONTH, coaches=None, now=CLOSING)
    name = the_alert(engine).id
    with pytest.raises(InvalidInput), transaction(engine) as session:
        fraud.clear(session, name, by=MANAGER, words=" ", now=CLOSING)
    for other in (DESK, agent(Role.FINANCE_AGENT), agent(Role.ORDONNATEUR), agent(Role.COMPTABLE_PUBLIC)):
        with pytest.raises(Refused), transaction(engine) as session:
            fraud.clear(session, name, by=other, words="rien", now=CLOSING)
    with transaction(engine) as session:
        fraud.clear(session, name, by=MANAGER, words="rien", now=CLOSING)
    with pytest.raises(Conflict), transaction(engine) as session:
        fraud.clear(session, name, by=MANAGER, words="rien", now=CLOSING)


def test_nothing_is_taken_before_the_driver_is_heard_and_a_person_decides(
    engine: Engine, home: Path, people: tuple[str, str]
) -> None:
    anne, bruno = people
    before = {person: net(engine, awards.payable(person)) for person in people}
    assert before == {anne: 1_720, bruno: 1_720}  # four runs of 33 km: 3.30 € and a passenger
    fraud.look(engine, MONTH, coaches=None, now=CLOSING)
    name = the_alert(engine).id
    with pytest.raises(InvalidInput), transaction(engine) as session:
        fraud.open_cases(session, name, Kind.RECOVERY, ["somebody"], by=MANAGER, words="x", now=CLOSING)
    with pytest.raises(InvalidInput), transaction(engine) as session:
        fraud.open_cases(session, name, Kind.COMPLAINT, [anne], by=MANAGER, words="x", now=CLOSING)
    with transaction(engine) as session:
        (case,) = fraud.open_cases(
            session, name, Kind.RECOVERY, [anne], by=MANAGER, words="deux téléphones", now=CLOSING
        )
        assert claim_store.get_case(session, case).cents == 1_720
        assert claim_store.decided_recoveries(session, [anne]) == {}
        assert claim_store.undecided_recoveries(session, anne).cents == 0
    with pytest.raises(Refused, match="alert_not_decided"), transaction(engine) as session:
        fraud.withdraw(session, name, by=MANAGER, now=CLOSING)
    said = {"by": MANAGER, "name": "Claire", "capacity": "gestionnaire", "reason": "trajets non faits", "now": CLOSING}
    with pytest.raises(Refused, match="case_not_heard"), transaction(engine) as session:
        claims.decide_case(session, case, Outcome.GRANTED, **said)
    with transaction(engine) as session:
        claims.notify_case(session, case, by=MANAGER, now=CLOSING)
        claims.hear(session, case, anne, "je ne comprends pas", now=CLOSING)
        letter = letters.body_of(claims.decide_case(session, case, Outcome.GRANTED, **said))
    assert "17,20" in letter
    assert "trajets non faits" in letter
    assert {person: net(engine, awards.payable(person)) for person in people} == before
    with transaction(engine) as session:
        assert fraud.withdraw(session, name, by=MANAGER, now=CLOSING) == 4  # Anne's, not Bruno's
    with transaction(engine) as session:
        assert fraud.withdraw(session, name, by=MANAGER, now=CLOSING) == 0
    assert {person: net(engine, awards.payable(person)) for person in people} == before
    # the nightly run and the next closing take back what was not paid out
    awards.award_ready(engine, JANUARY, home=home)
    closing.close_month(engine, "2026-12", JANUARY, home=home)
    assert {person: net(engine, awards.payable(person)) for person in people} == {anne: 0, bruno: 1_720}
    with reading(engine) as session:
        found = [journey_store.journey_of(session, "mobigo", name) for name in ("m0-0", "e0-0")]
        states = {each.driver: each.state for each in found}
        assert states == {anne: JourneyState.CANCELLED, bruno: JourneyState.OK}
        assert ledger.balance(session, awards.overpaid(anne)).net.cents == 0


def test_a_case_refused_leaves_the_journeys(engine: Engine, people: tuple[str, str]) -> None:
    anne, _bruno = people
    fraud.look(engine, MONTH, coaches=None, now=CLOSING)
    name = the_alert(engine).id
    with transaction(engine) as session:
        (case,) = fraud.open_cases(session, name, Kind.BAN, [anne], by=MANAGER, words="x", now=CLOSING)
        claims.notify_case(session, case, by=MANAGER, now=CLOSING)
        claims.hear(session, case, anne, "voici ma facture", now=CLOSING)
        claims.decide_case(
            session, case, Outcome.REFUSED, by=MANAGER, name="C", capacity="g", reason="facture", now=CLOSING
        )
    with pytest.raises(Refused, match="alert_not_decided"), transaction(engine) as session:
        fraud.withdraw(session, name, by=MANAGER, now=CLOSING)


def test_the_monthly_job_looks_at_last_month_without_a_network(
    engine: Engine, database_config: Config, people: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from mobigo.app import jobs_registry
    from mobigo.infra import clock, jobs

    jobs_registry.install()
    monkeypatch.setattr(clock, "now", lambda: CLOSING)
    with transaction(engine) as session:
        job = jobs.enqueue(session, "covoit.fraud", {}, None, CLOSING)
    done = jobs.run_inline(engine, database_config, job)
    assert done.outcome is not None
    assert (done.outcome.code, done.outcome.params["month"], done.outcome.params["new"]) == ("covoit.looked", MONTH, 1)


def test_the_check_of_everything_runs_as_a_job(
    engine: Engine, database_config: Config, home: Path, people: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from mobigo.app import jobs_registry
    from mobigo.infra import clock, jobs

    jobs_registry.install()
    monkeypatch.setattr(clock, "now", lambda: CLOSING)
    with transaction(engine) as session:
        job = jobs.enqueue(session, "covoit.verify", {}, None, CLOSING)
    done = jobs.run_inline(engine, replace(database_config, home=home), job)
    assert done.outcome is not None
    assert (done.outcome.code, done.outcome.params["awards"]) == ("covoit.verified", 12)
