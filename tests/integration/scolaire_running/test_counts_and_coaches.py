"""Counts only grow and are one's own; a coach that seats everybody replaces another, and families are told; a shuttle
with young children names who accompanies it. On both databases."""

import csv
import html
import io
import zipfile
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from threading import Barrier, Thread

import pytest
from sqlalchemy import Engine, delete, select, update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from billettique.store.usage import LoadRow
from mobigo.app.school_validations import SchoolValidations
from mobigo.base.errors import Conflict, InvalidInput, MobigoError, NotFound, Refused
from mobigo.infra import grants, privacy
from mobigo.infra.config import Config
from mobigo.infra.db import reading, transaction
from mobigo.infra.outbox import MessageRow
from scolaire.model.running import Run, Source, trip_of
from scolaire.service import counting, escorting, notices, papers, published, reminding, substituting
from scolaire.service.plans import open_version
from scolaire.service.running import Calendar, every_run, runs_on
from scolaire.service.substituting import Replacing
from scolaire.store import escorts, plans, running
from scolaire.store.notices import NoticeRow
from scolaire.store.schools import DaysRow
from scolaire.store.stops import StopRow
from tests.school_plans_world import YEAR, Planted
from tests.school_running_world import NOW, TUESDAY, in_force, morning

SUNDAY = TUESDAY - timedelta(days=2)


def codes(refused: pytest.ExceptionInfo[MobigoError]) -> str:
    return refused.value.decision.code


def count(session: Session, run: Run, day: date, aboard: int, *, seen: int = 0, by: str = "driver") -> running.CountRow:
    return counting.enter(
        session, run.plan, run.service, day, aboard, seen=seen, by=by, organisations=None, now=NOW
    )  # fmt: skip


def test_a_count_is_corrected_by_another_and_nothing_is_overwritten(engine: Engine) -> None:
    with transaction(engine) as session:
        in_force(session)
        run = morning(session)
        first = count(session, run, TUESDAY, run.registered)
        assert (first.number, first.aboard, first.registered, first.places) == (1, run.registered, run.registered,
                                                                                run.seats)  # fmt: skip
        assert count(session, run, TUESDAY, run.registered, by="other") is first  # the same figure: nothing more
        with pytest.raises(Conflict) as refused:
            count(session, run, TUESDAY, 3)  # who saw no count does not overwrite one
        assert codes(refused) == "scolaire.count_moved"
        second = count(session, run, TUESDAY, 3, seen=1, by="other")
        assert (second.number, second.by) == (2, "other")
        assert [row.aboard for row in running.counts_between(session, TUESDAY, TUESDAY)] == [3]
        every = session.scalars(select(running.CountRow).order_by(running.CountRow.number)).all()
        assert [(row.aboard, row.by) for row in every] == [(run.registered, "driver"), (3, "other")]
    with pytest.raises(DBAPIError), transaction(engine) as session:
        session.execute(update(running.CountRow).values(aboard=0))


@pytest.mark.parametrize(
    ("day", "aboard", "code"),
    [
        (TUESDAY, -1, "scolaire.count_figure"),
        (TUESDAY, 301, "scolaire.count_figure"),
        (TUESDAY + timedelta(days=1), 5, "scolaire.count_day"),
        (TUESDAY - timedelta(days=32), 5, "scolaire.count_day"),
        (SUNDAY, 5, "scolaire.count_no_run"),
        (date(2026, 11, 26), 5, "scolaire.count_no_run"),  # a Thursday off
    ],
)
def test_a_count_that_cannot_be_is_refused(engine: Engine, day: date, aboard: int, code: str) -> None:
    with transaction(engine) as session:
        in_force(session)
        off = date(2026, 11, 26)
        session.add(
            DaysRow(
                id="off", zone="A", open=False, first_day=off, last_day=off, words="pont", entered_by="agent",
                entered_at=NOW,
            )
        )  # fmt: skip
        session.flush()
        run = morning(session)
        with pytest.raises(MobigoError) as refused:
            count(session, run, day, aboard)
        assert codes(refused) == code
        assert running.counts_between(session, day, day) == []
        assert count(session, run, TUESDAY - timedelta(days=7), 0).aboard == 0  # nobody aboard is a count


def test_a_service_of_another_operator_is_not_there(engine: Engine) -> None:
    """The same answer as for a service that exists nowhere, on a day it runs and on one it does not."""
    with transaction(engine) as session:
        ours = grants.create_organisation(session, "Cars d’essai", NOW).id
        others = grants.create_organisation(session, "Cars d’ailleurs", NOW).id
        in_force(session, ours)
        run = morning(session)
        for day in (TUESDAY, SUNDAY):
            for service in (run.service, "nowhere"):
                with pytest.raises(NotFound) as refused:
                    counting.enter(
                        session, run.plan, service, day, 5, seen=0, by="x", organisations={others}, now=NOW
                    )  # fmt: skip
                assert codes(refused) == "scolaire.count_unknown_service"
        assert counting.enter(
            session, run.plan, run.service, TUESDAY, 5, seen=0, by="x", organisations={ours}, now=NOW
        )  # fmt: skip


def test_two_who_count_at_once_write_one_count(engine: Engine) -> None:
    with transaction(engine) as session:
        in_force(session)
        run = morning(session)
    answers: list[str] = []
    ready = Barrier(2)

    def enter(aboard: int) -> None:
        ready.wait()
        try:
            with transaction(engine) as session:
                count(session, run, TUESDAY, aboard)
                answers.append("kept")
        except Conflict as refused:
            answers.append(refused.decision.code)

    both = [Thread(target=enter, args=(aboard,)) for aboard in (4, 5)]
    for each in both:
        each.start()
    for each in both:
        each.join()
    assert sorted(answers) == ["kept", "scolaire.count_moved"]
    with reading(engine) as session:
        assert len(running.counts_between(session, TUESDAY, TUESDAY)) == 1


def test_the_clocks_going_back_moves_no_day(engine: Engine) -> None:
    """On 25 October 2026 it is two o'clock twice in France: the Monday after is counted as that Monday, just before
    and just after midnight."""
    monday = date(2026, 10, 26)
    with transaction(engine) as session:
        in_force(session)
        run = morning(session)
        assert [Calendar(session, day).runs(run, day) for day in (date(2026, 10, 25), monday)] == [False, True]
        with pytest.raises(InvalidInput):  # 22:59 UTC on Sunday is one minute before Monday in France
            counting.enter(session, run.plan, run.service, monday, 5, seen=0, by="x", organisations=None,
                           now=datetime(2026, 10, 25, 22, 59, tzinfo=UTC))  # fmt: skip
        kept = counting.enter(session, run.plan, run.service, monday, 5, seen=0, by="x", organisations=None,
                              now=datetime(2026, 10, 25, 23, 0, tzinfo=UTC))  # fmt: skip
        assert kept.day == monday


def _days(last: date, wanted: int) -> list[date]:
    days = [last - timedelta(days=ago) for ago in range(20)]
    return [each for each in days if each.weekday() < 5][:wanted]


def test_who_stands_and_who_stays_away_are_told_and_asked(engine: Engine, config: Config) -> None:
    with transaction(engine) as session:
        in_force(session)
        run = morning(session)
        for day in _days(TUESDAY, 5):
            count(session, run, day, 2)
        found = counting.judged(session, TUESDAY)
        assert [(each.key, each.missing) for each in found.no_shows] == [(run.key, run.registered - 2)]
        sent, kept = reminding.remind(session, run.plan, run.service, by="agent", config=config, now=NOW)
        assert (sent, kept) == (run.registered, 0)
        assert reminding.remind(session, run.plan, run.service, by="agent", config=config, now=NOW) == (
            0, run.registered,
        )  # fmt: skip
        letter = session.scalars(select(MessageRow).order_by(MessageRow.id.desc()).limit(1)).one()
        assert "2 élèves au plus" in letter.body
        assert "rien ne change" in letter.body
        count(session, run, TUESDAY, run.seats + 3, seen=1)  # a school outing joined: three stand
        found = counting.judged(session, TUESDAY)
        assert [(each.key, each.standing) for each in found.overloads] == [(run.key, 3)]
        assert found.no_shows == []
        with pytest.raises(Refused) as refused:
            reminding.remind(session, run.plan, run.service, by="agent", config=config, now=NOW)
        assert codes(refused) == "scolaire.remind_not_listed"


def asked(run: Run, **changed: object) -> Replacing:
    return replace(
        Replacing(run.plan, run.service, TUESDAY, TUESDAY + timedelta(days=2), "car-33", 33, 0, "Panne", "12"),
        **changed,  # type: ignore[arg-type]
    )


def test_another_coach_tells_the_families_and_is_seen_by_all(engine: Engine) -> None:
    with transaction(engine) as session:
        ours = grants.create_organisation(session, "Cars d’essai", NOW).id
        others = grants.create_organisation(session, "Cars d’ailleurs", NOW).id
        in_force(session, ours)
        run = morning(session)
        before = len(session.scalars(select(MessageRow)).all())
        row = substituting.substitute(session, asked(run, organisation=others), by="agent", now=NOW)
        notice = session.get_one(NoticeRow, row.notice)
        assert (notice.told, notice.unreached) == (run.registered, 0)
        sent = session.scalars(select(MessageRow).order_by(MessageRow.id)).all()[before:]
        assert len(sent) == run.registered
        assert f"Un autre car assure le circuit {run.service}" in sent[0].body
        assert "Panne. N° 12" in sent[0].body
        assert notices.sent_of(session, notice) == (0, run.registered)
        seen = {each.run.key: each for each in runs_on(session, TUESDAY)}[run.key]
        assert (seen.driven_by, seen.places) == (others, 33)
        later = TUESDAY + timedelta(days=3)
        assert {each.run.key: each for each in runs_on(session, later)}[run.key].driven_by == ours
        # who replaces may count, and read the driver's sheet; who is replaced may not count that day
        args = {"seen": 0, "by": "x", "now": NOW}
        with pytest.raises(NotFound):
            counting.enter(session, run.plan, run.service, TUESDAY, 5, organisations={ours}, **args)  # type: ignore[arg-type]
        assert counting.enter(
            session, run.plan, run.service, TUESDAY, 5, organisations={others}, **args  # type: ignore[arg-type]
        ).places == 33  # fmt: skip
        assert [each.plan.id for each in published.replacing(session, {others}, TUESDAY)] == [run.plan]
        assert published.replacing(session, {others}, TUESDAY + timedelta(days=3)) == []
        told = papers.notes_of(session, run.plan, TUESDAY, names=True)[run.service]
        assert "Remplacement du mardi 1er" in told[0]
        assert "numéro affiché 12" in told[0]
        with pytest.raises(Conflict) as twice:
            substituting.substitute(session, asked(run), by="agent", now=NOW)
        assert codes(twice) == "scolaire.substitution_twice"
        substituting.end(session, row.id, "agent", NOW)
        substituting.end(session, row.id, "agent", NOW)
        assert session.get_one(NoticeRow, row.notice).ended_at is not None
        assert {each.run.key: each for each in runs_on(session, TUESDAY)}[run.key].substitution is None
        again = substituting.substitute(session, asked(run), by="agent", now=NOW)
        substituting.end(session, again.id, "agent", NOW + timedelta(days=1))  # on Wednesday the planned coach is back
        for ahead, other in ((0, "car-33"), (1, None), (2, None)):
            days = running.substitutions_between(session, *[TUESDAY + timedelta(days=ahead)] * 2)
            assert [row.vehicle for row in days] == ([] if other is None else [other])


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"vehicle": " "}, "scolaire.substitution_vehicle"),
        ({"seats": -1}, "scolaire.substitution_vehicle"),
        ({"seats": 0}, "scolaire.substitution_vehicle"),
        ({"seats": 201}, "scolaire.substitution_vehicle"),
        ({"shown": "1" * 21}, "scolaire.substitution_vehicle"),
        ({"reason": "x"}, "scolaire.substitution_reason"),
        ({"organisation": "nobody"}, "scolaire.unknown_choice"),
        ({"first_day": TUESDAY - timedelta(days=1)}, "scolaire.bad_notice_days"),
        ({"last_day": TUESDAY + timedelta(days=32)}, "scolaire.bad_notice_days"),
        ({"last_day": TUESDAY - timedelta(days=1)}, "scolaire.bad_notice_days"),
        ({"service": "nowhere"}, "scolaire.count_unknown_service"),
        ({"first_day": date(2026, 12, 5), "last_day": date(2026, 12, 6)}, "scolaire.substitution_no_run"),
        ({"seats": 2}, "scolaire.substitution_seats"),
    ],
)
def test_a_replacement_that_cannot_be_tells_nobody(engine: Engine, changed: dict[str, object], code: str) -> None:
    with transaction(engine) as session:
        in_force(session)
        run = morning(session)
        before = len(session.scalars(select(MessageRow)).all())
        with pytest.raises(MobigoError) as refused:
            substituting.substitute(session, asked(run, **changed), by="agent", now=NOW)
        assert codes(refused) == code
        assert len(session.scalars(select(MessageRow)).all()) == before


def test_a_smaller_coach_needs_counts_and_a_reason(engine: Engine) -> None:
    with transaction(engine) as session:
        in_force(session)
        run = morning(session)
        least = run.registered - 1
        small = asked(run, seats=least, standing_ok="le lycée est en stage")
        with pytest.raises(Refused) as refused:
            substituting.substitute(session, small, by="agent", now=NOW)  # a reason, and nobody ever counted
        assert codes(refused) == "scolaire.substitution_seats"
        assert refused.value.decision.params["standing"] == 1
        days = _days(TUESDAY, 5)
        for day in days:
            count(session, run, day, least)
        with pytest.raises(Refused) as refused:
            substituting.substitute(session, replace(small, standing_ok=" "), by="agent", now=NOW)
        assert codes(refused) == "scolaire.substitution_seats"
        count(session, run, days[1], run.registered, seen=1)  # one day everybody came
        with pytest.raises(Refused) as refused:
            substituting.substitute(session, small, by="agent", now=NOW)
        assert codes(refused) == "scolaire.substitution_standing"
        count(session, run, days[1], least, seen=2)
        assert substituting.substitute(session, small, by="agent", now=NOW).standing_ok == "le lycée est en stage"


def test_a_shuttle_with_young_children_names_who_accompanies_it(engine: Engine) -> None:
    with transaction(engine) as session:
        in_force(session)
        run = next(each.run for each in runs_on(session, TUESDAY) if escorting.young_aboard(
            session, [each.run], TUESDAY)[each.run.key])  # fmt: skip
        assert escorting.unaccompanied(session, TUESDAY) == []  # no shuttle is marked
        assert run.key in {each.seen.run.key for each in escorting.unaccompanied(session, TUESDAY, shuttles=False)}
        escorting.mark(session, run.plan, run.service, shuttle=True, by="agent", now=NOW)
        escorting.mark(session, run.plan, run.service, shuttle=True, by="agent", now=NOW)
        (alone,) = escorting.unaccompanied(session, TUESDAY)
        assert (alone.seen.run.key, alone.youngest) == (run.key, 1)
        assert "aucun accompagnateur" in papers.notes_of(session, run.plan, TUESDAY, names=True)[run.service][0]
        year = {"employer": "Mairie d’ici", "by": "agent", "now": NOW}
        usual = escorting.appoint(
            session, run.plan, run.service, name="Line Proche", phone="06 39 98 00 02", first_day=TUESDAY,
            last_day=date(2027, 7, 3), **year,  # type: ignore[arg-type]
        )  # fmt: skip
        assert escorting.unaccompanied(session, TUESDAY) == []
        other = escorting.appoint(
            session, run.plan, run.service, name="Rémi Plaçant", phone="", first_day=TUESDAY, last_day=TUESDAY,
            **{**year, "now": NOW + timedelta(minutes=1)},  # type: ignore[arg-type]
        )  # fmt: skip
        who = [
            next(each.escort for each in runs_on(session, day) if each.run.key == run.key)
            for day in (TUESDAY, TUESDAY + timedelta(days=1))
            if day.weekday() in run.weekdays
        ]
        assert who[0] is other
        assert who[1:] in ([usual], [])
        told = papers.notes_of(session, run.plan, TUESDAY, names=True)[run.service]
        assert any("Line Proche (Mairie d’ici, +33639980002)" in line for line in told)
        for line in papers.notes_of(session, run.plan, TUESDAY, names=False)[run.service]:
            assert "Proche" not in line
            assert "Plaçant" not in line
        escorting.end(session, usual.id, "agent", NOW)
        assert [each.seen.run.key for each in escorting.unaccompanied(session, TUESDAY)] == [run.key]
        escorting.mark(session, run.plan, run.service, shuttle=False, by="agent", now=NOW)
        assert escorting.unaccompanied(session, TUESDAY) == []


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"name": "=cmd()"}, "scolaire.bad_name"),
        ({"name": ""}, "scolaire.bad_name"),
        ({"phone": "12"}, "scolaire.bad_phone"),
        ({"employer": " "}, "scolaire.escort_employer"),
        ({"first_day": TUESDAY - timedelta(days=1)}, "scolaire.escort_days"),
        ({"last_day": TUESDAY - timedelta(days=1)}, "scolaire.escort_days"),
        ({"last_day": date(2027, 9, 1)}, "scolaire.escort_days"),
        ({"service": "nowhere"}, "scolaire.count_unknown_service"),
    ],
)
def test_an_accompanist_is_somebody_for_some_days(engine: Engine, changed: dict[str, object], code: str) -> None:
    with transaction(engine) as session:
        in_force(session)
        run = morning(session)
        told: dict[str, object] = {
            "service": run.service, "name": "Line Proche", "phone": "", "employer": "Mairie", "first_day": TUESDAY,
            "last_day": date(2027, 8, 31), **changed,
        }  # fmt: skip
        service = str(told.pop("service"))
        with pytest.raises(MobigoError) as refused:
            escorting.appoint(session, run.plan, service, by="agent", now=NOW, **told)  # type: ignore[arg-type]
        assert codes(refused) == code


def test_an_accompanist_is_forgotten_a_year_after(engine: Engine) -> None:
    with transaction(engine) as session:
        in_force(session)
        run = morning(session)
        row = escorting.appoint(
            session, run.plan, run.service, name="Line Proche", phone="", employer="Mairie", first_day=TUESDAY,
            last_day=TUESDAY, by="agent", now=NOW,
        )  # fmt: skip
        kept = row.id
    after = datetime(2026, 12, 1, 12, tzinfo=UTC) + timedelta(days=escorts.KEEP_DAYS)
    for now, there in ((after - timedelta(days=1), True), (after, False)):
        with transaction(engine) as session:
            privacy.erase_due(session, now)
        with reading(engine) as session:
            assert (session.get(escorts.EscortRow, kept) is not None) is there


def load(session: Session, run: Run, day: date, *boardings: int) -> None:
    """What validators counted on a trip, stop by stop."""
    for at, count_ in enumerate(boardings):
        session.add(LoadRow(day=day, trip=run.service, stop=f"s{at}", line="S1", boardings=count_))
    session.flush()


def test_where_nobody_counted_validators_tell_and_where_somebody_did_they_do_not(
    engine: Engine, config: Config
) -> None:
    """The stops of a trip add up; a count by whoever drove is worth more, that day alone; nothing from before the plan
    was in force; no letter leaves on validations, since a pupil may have shown no pass."""
    known = SchoolValidations()
    with transaction(engine) as session:
        in_force(session)  # on 15 June
        run = morning(session)
        days = _days(TUESDAY, 5)
        for day in days:
            load(session, run, day, 1, 1)
        load(session, run, date(2026, 6, 12), 40, 40)  # a plan before had a trip of this name
        assert counting.judged(session, TUESDAY).no_shows == []  # nobody counted
        found = counting.judged(session, TUESDAY, known)
        assert [(each.key, each.best.aboard, each.best.source) for each in found.no_shows] == [
            (run.key, 2, Source.VALIDATIONS)
        ]
        with pytest.raises(Refused):
            reminding.remind(session, run.plan, run.service, by="agent", config=config, now=NOW)
        june = counting.validated(session, [run], date(2026, 6, 1), TUESDAY, known)[run.key]
        assert sorted(june) == sorted(days)
        for aboard, over in ((run.seats, []), (run.seats + 1, [(1, Source.VALIDATIONS)])):  # both sides of full
            session.execute(delete(LoadRow).where(LoadRow.day == TUESDAY))
            load(session, run, TUESDAY, aboard)
            told = counting.judged(session, TUESDAY, known).overloads
            assert [(each.standing, each.worst.source) for each in told] == over
        count(session, run, TUESDAY, 2)
        found = counting.judged(session, TUESDAY, known)
        assert found.overloads == []
        assert [each.best.aboard for each in found.no_shows] == [2]


def test_services_that_validators_cannot_tell_apart_are_left_out(engine: Engine) -> None:
    known = SchoolValidations()
    with transaction(engine) as session:
        in_force(session)
        run = morning(session)
        load(session, run, TUESDAY, 3)
        for runs, expected in (
            ([run], {run.key: {TUESDAY: 3}}),
            ([run, replace(run, plan="another")], {}),  # two plans name it alike
            ([replace(run, schools=("a", "b"))], {}),  # who got off at the first school is not known
            ([replace(run, service="elsewhere")], {}),
            ([], {}),
        ):
            assert counting.validated(session, runs, TUESDAY, TUESDAY, known) == expected
        assert counting.validated(session, [run], TUESDAY, TUESDAY, None) == {}


def feed_days(session: Session, planted: Planted, config: Config) -> dict[str, set[str]]:
    """By trip of the closed feed, the days it runs; the NeTEx of the same instant names the same trips."""
    version = plans.published(session, planted.plan)
    assert version is not None
    found = open_version(session, version.id)
    with zipfile.ZipFile(io.BytesIO(papers.gtfs_of(session, found, closed=True, config=config))) as feed:
        tables = {name: list(csv.DictReader(io.StringIO(feed.read(f"{name}.txt").decode()))) for name in (
            "trips", "calendar_dates", "routes"
        )}  # fmt: skip
    assert {each["route_type"] for each in tables["routes"]} == {"712"}
    with zipfile.ZipFile(io.BytesIO(papers.netex_of(session, found, config=config))) as netex:
        told = "".join(netex.read(name).decode() for name in netex.namelist())
    assert "authorisedPublicOnly" in told
    assert all(each["trip_id"] in html.unescape(told) for each in tables["trips"])
    days: dict[str, set[str]] = {}
    for each in tables["calendar_dates"]:
        days.setdefault(each["service_id"], set()).add(each["date"])
    return {each["trip_id"]: days[each["service_id"]] for each in tables["trips"]}


def test_the_closed_timetable_tells_other_coaches_and_days_without_one(engine: Engine, config: Config) -> None:
    """Three days of another coach from Tuesday on, Thursday without a coach for the school: Tuesday and Wednesday are
    its own trip, the planned one runs the day before and the day after. Once each is ended, all is as planned."""
    planned = ["20261130", "20261201", "20261202", "20261203", "20261204"]

    def on(days: set[str]) -> list[str]:
        return [each for each in planned if each in days]

    with transaction(engine) as session:
        planted = in_force(session)
        run = morning(session)
        before = feed_days(session, planted, config)
        row = substituting.substitute(session, asked(run), by="agent", now=NOW)
        thursday = TUESDAY + timedelta(days=2)
        notice = notices.announce(
            session, notices.Notice("cancelled", "school", run.schools[0], thursday, thursday, "Neige"), "agent", NOW
        )  # fmt: skip
        found = feed_days(session, planted, config)
        weekdays = [day for day in planned if date.fromisoformat(f"{day[:4]}-{day[4:6]}-{day[6:]}").weekday() in
                    run.weekdays]  # fmt: skip
        assert on(before[run.service]) == weekdays
        assert on(found[run.service]) == [day for day in weekdays if day in ("20261130", "20261204")]
        other = trip_of(run.service, row.id)
        assert on(found[other]) == [day for day in weekdays if day in ("20261201", "20261202")]
        assert not any("20261203" in days for days in found.values())  # the only school of the plan
        load(session, replace(run, service=other), TUESDAY, 4)  # its validator says its own name
        known = SchoolValidations()
        assert counting.validated(session, [run], TUESDAY, TUESDAY, known) == {run.key: {TUESDAY: 4}}
        notices.end(session, notice.id, "agent", NOW)
        substituting.end(session, row.id, "agent", NOW)
        assert feed_days(session, planted, config) == before


def test_a_coach_announced_off_is_replaced_by_none(engine: Engine) -> None:
    """Snow on Tuesday and Wednesday: no other coach is entered for these two days alone; for three, it drives the
    third. The families are never told at once that there is a coach and that there is none."""
    wednesday, thursday = TUESDAY + timedelta(days=1), TUESDAY + timedelta(days=2)
    with transaction(engine) as session:
        in_force(session)
        run = morning(session)
        snow = notices.Notice("cancelled", "all", "", TUESDAY, wednesday, "Neige")
        notice = notices.announce(session, snow, "agent", NOW).id
        with pytest.raises(Refused) as refused:
            substituting.substitute(session, replace(asked(run), last_day=wednesday), by="agent", now=NOW)
        assert codes(refused) == "scolaire.substitution_cancelled"
        made = substituting.substitute(session, replace(asked(run), last_day=thursday), by="agent", now=NOW)
        substituting.end(session, made.id, "agent", NOW)
        notices.end(session, notice, "agent", NOW)
        assert substituting.substitute(session, replace(asked(run), last_day=wednesday), by="agent", now=NOW)


def test_a_notice_stops_the_services_it_is_about_and_no_other(engine: Engine) -> None:
    wednesday = TUESDAY + timedelta(days=1)
    with transaction(engine) as session:
        planted = in_force(session)
        for stop in session.scalars(select(StopRow)):
            stop.commune = "21349"
        session.flush()
        run = morning(session)
        row = plans.get_plan(session, planted.plan)
        version = plans.published(session, planted.plan)
        assert version is not None
        every = {each.service for each in every_run(session, YEAR)}
        for scope, about, expected in (
            ("all", "", every), ("departement", "21", every), ("departement", "39", set()),
            ("service", run.service, {run.service}), ("school", run.schools[0], every),
        ):  # fmt: skip
            notice = notices.announce(
                session, notices.Notice("cancelled", scope, about, wednesday, wednesday, "Neige"), "agent", NOW
            )
            changes = papers.changes_of(session, open_version(session, version.id), row)
            assert {name for name, each in changes.items() if wednesday in each.no_run} == expected, (scope, about)
            assert all(each.no_run <= {wednesday} for each in changes.values())
            session.delete(notice)
            session.flush()
        notices.announce(session, notices.Notice("delayed", "all", "", wednesday, wednesday, "Neige", 20), "agent", NOW)
        assert papers.changes_of(session, open_version(session, version.id), row) == {}
