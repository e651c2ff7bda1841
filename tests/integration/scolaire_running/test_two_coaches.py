"""A second coach on a service: everybody has a place in one of the two, each family is told which one, each driver has
a sheet, the closed timetable tells it, the contract pays it once agreed. And the number that a family looks for: of the
planned coach before term, of what replaces it the same day."""

import csv
import io
import zipfile
from collections import Counter
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from pypdf import PdfReader
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from mobigo.base.errors import Conflict, InvalidInput, MobigoError, NotFound, Refused
from mobigo.infra import grants
from mobigo.infra.audit import AuditEntry
from mobigo.infra.config import Config
from mobigo.infra.db import transaction
from mobigo.infra.outbox import MessageRow
from scolaire.export.sheets import second_sheet
from scolaire.model.running import Run, trip_of
from scolaire.rules.halves import problems_of
from scolaire.service import doubling, notices, papers, substituting, which_coach
from scolaire.service.doubling import Doubling
from scolaire.service.plans import open_version
from scolaire.service.running import RunSeen, concerning, every_run, runs_on
from scolaire.service.substituting import Replacing
from scolaire.service.which_coach import Coach, Kind
from scolaire.store import coaches, plans, running
from tests.school_plans_world import YEAR
from tests.school_running_world import NOW, TUESDAY, in_force, morning

THURSDAY = TUESDAY + timedelta(days=2)


def asked(run: Run, **changed: Any) -> Doubling:
    made = Doubling(
        run.plan, run.service, TUESDAY, THURSDAY, "minibus-16", 16, 2, "Trop d’élèves pour un seul car", "7"
    )
    return replace(made, **changed)


def double(session: Session, wanted: Doubling, own: set[str] | None = None, after_s: int = 0) -> coaches.AddedCoachRow:
    now = NOW + timedelta(seconds=after_s)
    return doubling.double(session, wanted, by="agent", organisations=own, now=now)


def at_stops(session: Session, run: Run) -> Counter[str]:
    """How many pupils of a service wait at each of its stops, counted from the plan's own seats."""
    opened = doubling.opened_of(session, run.plan)
    assert opened is not None
    return Counter(opened.plan.seats[pupil].stop for pupil in run.pupils)


def seen(session: Session, run: Run, day: date = TUESDAY) -> RunSeen:
    return {each.run.key: each for each in runs_on(session, day)}[run.key]


def codes(refused: pytest.ExceptionInfo[MobigoError]) -> str:
    return refused.value.decision.code


def test_everybody_has_a_place_in_one_of_the_two(engine: Engine) -> None:
    """As many seats as pupils at the chosen stop is enough, one less is not; what is left fits in what drives the
    service, to the last seat."""
    with transaction(engine) as session:
        in_force(session)
        run = morning(session)
        waiting = at_stops(session, run)
        assert sum(waiting.values()) == run.registered
        (stop, there), *_rest = waiting.most_common()
        with pytest.raises(Refused) as refused:
            double(session, asked(run, stops=frozenset({stop}), seats=there - 1, wheelchairs=0))
        assert codes(refused) == "scolaire.doubling_seats"
        small = running.SubstitutionRow(
            id="small", plan=run.plan, service=run.service, first_day=TUESDAY, last_day=TUESDAY, vehicle="car",
            seats=run.registered - there - 1, wheelchairs=0, organisation=None, reason="Panne", notice="none",
            made_by="agent", made_at=NOW,
        )  # fmt: skip
        session.add(small)
        session.flush()
        with pytest.raises(Refused) as refused:
            double(session, asked(run, stops=frozenset({stop}), seats=there, wheelchairs=0))
        assert codes(refused) == "scolaire.doubling_left"
        small.seats += 1
        session.flush()
        double(session, asked(run, stops=frozenset({stop}), seats=there, wheelchairs=0))
        assert seen(session, run).places == run.registered


def test_where_both_pass_everywhere_the_two_are_counted_together(engine: Engine) -> None:
    with transaction(engine) as session:
        in_force(session)
        run = morning(session)
        small = running.SubstitutionRow(
            id="small", plan=run.plan, service=run.service, first_day=TUESDAY, last_day=TUESDAY, vehicle="car",
            seats=3, wheelchairs=0, organisation=None, reason="Panne", notice="none", made_by="agent", made_at=NOW,
        )  # fmt: skip
        session.add(small)
        session.flush()
        with pytest.raises(Refused) as refused:
            double(session, asked(run, seats=run.registered - 4, wheelchairs=0))
        assert codes(refused) == "scolaire.doubling_seats"
        double(session, asked(run, seats=run.registered - 3, wheelchairs=0))
        with pytest.raises(Conflict) as again:
            double(session, asked(run))
        assert codes(again) == "scolaire.doubling_twice"


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"stops": frozenset({"nowhere"})}, "scolaire.doubling_stops"),
        ({"stops": "all"}, "scolaire.doubling_stops"),
        ({"seats": 0, "wheelchairs": 0}, "scolaire.substitution_vehicle"),
        ({"reason": "x"}, "scolaire.substitution_reason"),
        ({"last_day": TUESDAY + timedelta(days=32)}, "scolaire.bad_notice_days"),
        ({"first_day": date(2026, 12, 5), "last_day": date(2026, 12, 6)}, "scolaire.substitution_no_run"),
        ({"service": "nowhere"}, "scolaire.count_unknown_service"),
    ],
)
def test_a_second_coach_that_cannot_be_is_refused(engine: Engine, changed: dict[str, Any], code: str) -> None:
    with transaction(engine) as session:
        in_force(session)
        run = morning(session)
        if changed.get("stops") == "all":
            changed = {"stops": frozenset(run.stops)}
        with pytest.raises((InvalidInput, Refused, NotFound)) as refused:
            double(session, asked(run, **changed))
        assert codes(refused) == code
        assert coaches.latest_added(session) == []
        assert session.scalars(select(MessageRow)).all() == []


def test_each_family_is_told_its_own_coach_and_no_stop(engine: Engine) -> None:
    with transaction(engine) as session:
        in_force(session)
        run = morning(session)
        stop = at_stops(session, run).most_common(1)[0][0]
        row = double(session, asked(run, stops=frozenset({stop})))
        opened = doubling.opened_of(session, run.plan)
        assert opened is not None
        told = {each.recipient: each for each in session.scalars(select(MessageRow)) if "notice" in each.key}
        words = [f"{each.subject} {each.body}" for each in told.values()]
        second = sum("le second car, n° 7" in each for each in words)
        usual = sum("le car habituel" in each for each in words)
        waiting = at_stops(session, run)
        assert (second, usual) == (waiting[stop], run.registered - waiting[stop])
        names = {each.name for each in opened.demand.stops}
        assert not any(name in each for name in names for each in words)
        seen_ = seen(session, run)
        assert seen_.added is row
        assert seen(session, run, THURSDAY + timedelta(days=1)).added is None
        found = session.scalars(select(AuditEntry).where(AuditEntry.action == "scolaire.doubled")).one()
        assert found.actor == "agent"


def test_the_coach_of_a_ride_is_the_one_to_look_for(engine: Engine) -> None:
    """Before term the planned one by its number; the same day what replaces it, or the second one."""
    from scolaire.service.timesheet import rides_of
    from scolaire.store.registrations import RegistrationRow

    with transaction(engine) as session:
        in_force(session)
        run = morning(session)
        pupil = run.pupils[0].partition(".")[0]
        row = session.get_one(RegistrationRow, pupil)
        rides = [ride for home in rides_of(session, row).values() for ride in home if ride.service == run.service]
        key = run.key

        def coach(day: date) -> Coach:
            return which_coach.coaches_on(session, day, rides)[key]

        first = date(2026, 9, 1)
        assert coach(first) == Coach(Kind.PLANNED, "")
        given = {run.service: " 41 "}
        changed = which_coach.enter_numbers(
            session, run.plan, given, every_run(session, YEAR), by="op", organisations=None, now=NOW
        )
        assert changed == 1
        assert coach(first) == Coach(Kind.PLANNED, "41")
        other = substituting.substitute(
            session, Replacing(run.plan, run.service, TUESDAY, TUESDAY, "car-63", 63, 1, "Panne", "12"), by="a", now=NOW
        )
        assert (coach(TUESDAY), coach(TUESDAY + timedelta(days=1))) == (
            Coach(Kind.REPLACED, "12"), Coach(Kind.PLANNED, "41")
        )  # fmt: skip
        substituting.end(session, other.id, "a", NOW)
        assert coach(TUESDAY) == Coach(Kind.PLANNED, "41")
        added = double(session, asked(run, stops=frozenset({rides[0].place})))
        assert coach(TUESDAY) == Coach(Kind.SECOND, "7")
        assert coach(THURSDAY + timedelta(days=1)) == Coach(Kind.PLANNED, "41")
        added.stops = [next(each for each in run.stops if each != rides[0].place)]
        session.flush()
        assert coach(TUESDAY) == Coach(Kind.USUAL, "41")
        added.stops = []
        session.flush()
        assert coach(TUESDAY) == Coach(Kind.EITHER, "41", "7")
        doubling.end(session, added.id, "agent", NOW)
        assert coach(TUESDAY) == Coach(Kind.PLANNED, "41")


def test_numbers_are_told_by_who_drives_and_the_last_one_holds(engine: Engine) -> None:
    with transaction(engine) as session:
        ours, others = (grants.create_organisation(session, name, NOW).id for name in ("Cars d’ici", "Cars d’ailleurs"))
        in_force(session, ours)
        run = morning(session)
        runs = every_run(session, YEAR)

        def enter(number: str, own: set[str] | None, after_s: int = 0) -> int:
            return which_coach.enter_numbers(
                session, run.plan, {run.service: number}, runs, by="op", organisations=own,
                now=NOW + timedelta(seconds=after_s),
            )  # fmt: skip

        with pytest.raises(NotFound):
            enter("41", {others})
        with pytest.raises(InvalidInput) as refused:
            enter("1" * 21, {ours})
        assert codes(refused) == "scolaire.coach_number"
        assert [enter("41", {ours}), enter("41", {ours}, 1), enter("42", {ours}, 2)] == [1, 0, 1]
        assert coaches.numbers(session, [run.plan]) == {run.key: "42"}
        assert seen(session, run).shown == "42"
        enter("", {ours}, 3)
        assert coaches.numbers(session, [run.plan]) == {}


def test_the_closed_timetable_tells_the_second_coach_at_its_stops(engine: Engine, config: Config) -> None:
    with transaction(engine) as session:
        planted = in_force(session)
        run = morning(session)
        version = plans.published(session, planted.plan)
        assert version is not None
        found = open_version(session, version.id)
        before = tables(papers.gtfs_of(session, found, closed=True, config=config))
        stop = at_stops(session, run).most_common(1)[0][0]
        row = double(session, asked(run, stops=frozenset({stop})))
        after = tables(papers.gtfs_of(session, found, closed=True, config=config))
        name = trip_of(run.service, row.id)
        calls = [each["stop_id"] for each in after["stop_times"] if each["trip_id"] == name]
        assert calls == [f"stop:{stop}", f"school:{run.schools[0]}"]
        hours = {(each["trip_id"], each["stop_id"]): each["departure_time"] for each in after["stop_times"]}
        assert hours[name, f"stop:{stop}"] == hours[run.service, f"stop:{stop}"]
        (trip,) = (each for each in after["trips"] if each["trip_id"] == name)
        assert trip["trip_short_name"] == "doublage 7"
        days = {each["date"] for each in after["calendar_dates"] if each["service_id"] == trip["service_id"]}
        assert days == {"20261201", "20261202", "20261203"}
        assert before["routes"] == after["routes"]
        kept = [each for each in after["stop_times"] if each["trip_id"] != name]
        assert kept == before["stop_times"]  # the planned coach runs as before
        with zipfile.ZipFile(io.BytesIO(papers.netex_of(session, found, config=config))) as netex:
            assert any(row.id in netex.read(each).decode() for each in netex.namelist())
        doubling.end(session, row.id, "agent", NOW)
        assert tables(papers.gtfs_of(session, found, closed=True, config=config)) == before


def tables(data: bytes) -> dict[str, list[dict[str, str]]]:
    with zipfile.ZipFile(io.BytesIO(data)) as feed:
        return {
            name: list(csv.DictReader(io.StringIO(feed.read(f"{name}.txt").decode())))
            for name in ("routes", "trips", "stop_times", "calendar_dates")
        }


def test_each_driver_has_a_sheet_with_the_pupils_of_that_coach(engine: Engine) -> None:
    with transaction(engine) as session:
        in_force(session)
        run = morning(session)
        stop, there = at_stops(session, run).most_common(1)[0]
        row = double(session, asked(run, stops=frozenset({stop})))
        opened = doubling.opened_of(session, run.plan)
        assert opened is not None
        note = papers.doubled(session, row)
        (told,) = papers.notes_of(session, run.plan, TUESDAY, names=False)[run.service]
        assert told == note  # the planned coach's driver reads who takes the other one
        assert opened.demand.stop_of[stop].name in note
    made = second_sheet(
        opened.plan, opened.demand, run.half, run.service, row.stops, vehicle=row.vehicle, shown=row.shown,
        version="v1", made_at=NOW, note=note,
    )  # fmt: skip
    text = " ".join(page.extract_text() for page in PdfReader(io.BytesIO(made)).pages)
    assert "numéro affiché 7" in text
    assert opened.demand.stop_of[stop].name in text
    others = [opened.demand.stop_of[each].name for each in run.stops if each != stop]
    assert not any(name in text for name in others)
    assert str(there) in text


def test_the_contract_pays_it_once_an_agent_agreed(engine: Engine) -> None:
    """Three days, of which one is announced without a coach: two are paid, to the cent, from the depot and back. The
    same coach on another service of those days has its day paid once."""
    with transaction(engine) as session:
        ours, others = (grants.create_organisation(session, name, NOW).id for name in ("Cars d’ici", "Cars d’ailleurs"))
        in_force(session, ours)
        run = morning(session)
        stop = at_stops(session, run).most_common(1)[0][0]
        for own, organisation in (({others}, None), ({ours}, others)):
            with pytest.raises((NotFound, InvalidInput)):
                double(session, asked(run, organisation=organisation), own)
        row = double(session, asked(run, stops=frozenset({stop})), {ours})
        assert (row.agreed_by, seen(session, run).added) == (None, row)  # it runs at once
        notices.announce(
            session, notices.Notice("cancelled", "all", "", THURSDAY, THURSDAY, "Neige"), "agent", NOW
        )  # fmt: skip
        opened = doubling.opened_of(session, run.plan)
        assert opened is not None
        cost = doubling.price_of(session, row, opened, run)
        assert cost.days == 2
        assert cost.cents == by_hand(session, run, stop, days=2, paid_days=2)
        evening = next(each for each in every_run(session, YEAR) if each.half == "soir")
        second = double(session, asked(evening, stops=frozenset()), after_s=1)
        half = opened.plan.halves["soir"]
        assert half.circuits
        again = doubling.price_of(session, second, opened, evening)
        alone = replace_shown(session, second, "8", opened, evening)
        vehicle = next(each for each in opened.demand.vehicle_types if each.id == "minibus-16")
        assert alone.cents is not None
        assert again.cents is not None
        assert alone.cents - again.cents == vehicle.day_cents * again.days
        assert second.agreed_by == "agent"
        doubling.agree(session, row.id, "chief", NOW)
        doubling.agree(session, row.id, "other", NOW)
        assert row.agreed_by == "chief"
        with pytest.raises(NotFound):
            doubling.end(session, row.id, "op", NOW, organisations={others})
        row.vehicle = "fusée"
        assert doubling.price_of(session, row, opened, run).cents is None


def replace_shown(session: Session, row: coaches.AddedCoachRow, shown: str, opened: Any, run: Run) -> doubling.Priced:
    """The price under another number: another coach, whose day is paid too."""
    before, row.shown = row.shown, shown
    session.flush()
    found = doubling.price_of(session, row, opened, run)
    row.shown = before
    session.flush()
    return found


def by_hand(session: Session, run: Run, stop: str, *, days: int, paid_days: int) -> int:
    """Depot, stop, school, depot: metres and milliseconds added up from the travel times, with no code of prices."""
    opened = doubling.opened_of(session, run.plan)
    assert opened is not None
    problem = problems_of(opened.demand, opened.plan)[run.half]
    circuit = next(each for each in opened.plan.halves[run.half].circuits if each.id == run.service)
    needs = [each for each in problem.needs if each.stop == stop]
    (need,) = needs
    school, depot = problem.schools[0], problem.depots[0]
    legs = [(depot.node, need.node), (need.node, school.node), (school.node, depot.node)]
    metres = sum(int(problem.travel.metres[a, b]) for a, b in legs)
    boards = next(each for each in circuit.visits if getattr(each, "need", "") == need.id)
    arrives = circuit.visits[-1].at_ms + problem.handling.leaving(need.pupils)
    ms = arrives - boards.at_ms + int(problem.travel.ms[legs[0]]) + int(problem.travel.ms[legs[2]])
    vehicle = next(each for each in opened.demand.vehicle_types if each.id == "minibus-16")
    exact = (vehicle.km_cents * metres / 1_000 + vehicle.hour_cents * ms / 3_600_000) * days
    return int(exact + vehicle.day_cents * paid_days + 0.5)


def test_another_operator_s_second_coach_is_on_its_page_of_the_day(engine: Engine) -> None:
    with transaction(engine) as session:
        ours, others = (grants.create_organisation(session, name, NOW).id for name in ("Cars d’ici", "Cars d’ailleurs"))
        in_force(session, ours)
        run = morning(session)
        every = runs_on(session, TUESDAY)
        assert concerning(session, every, {others}) == []
        row = double(session, asked(run, organisation=others))
        every = runs_on(session, TUESDAY)
        assert [each.run.key for each in concerning(session, every, {others})] == [run.key]
        assert doubling.seen_by(session, [row], {others}) == [row]
        assert doubling.seen_by(session, [row], {"nobody"}) == []
