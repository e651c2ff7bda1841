"""From decided registrations to a published plan: the demand, the search as a job, two people, the stop given."""

from datetime import UTC, date, datetime, time, timedelta

import pytest
from sqlalchemy import Engine, delete, select, update
from sqlalchemy.orm import Session

from mobigo.base.decisions import Decision
from mobigo.base.errors import Conflict, Refused
from mobigo.infra import accounts, privacy
from mobigo.infra.clock import new_id
from mobigo.infra.config import Config
from mobigo.infra.db import reading, transaction
from mobigo.infra.jobs import State, registry, run_inline
from mobigo.infra.outbox import MessageRow
from scolaire.model.day import LockKind
from scolaire.model.demand import Demand
from scolaire.model.plan import Leave
from scolaire.model.schools import Way
from scolaire.service import announcing, demands, optimising, plans, published
from scolaire.service.timesheet import rides_of
from scolaire.store import plans as store
from scolaire.store.pupils import BondRow, GuardianRow, IdentityRow
from scolaire.store.registrations import LegRow, RegistrationRow
from scolaire.store.schools import BellRow, SchoolRow
from scolaire.store.stops import StopRow
from tests.school_plans_world import APPROVER, NOW, PLANNER, YEAR, Planted, add_pupils, plant
from tests.school_world import more_pupils, sector

registry.use_modules(["scolaire.tasks"])
SMALL = sector(3, schools=2, stops=10, pupils=30)


@pytest.fixture
def planted(engine: Engine) -> Planted:
    with transaction(engine) as session:
        return plant(session, SMALL)


def searched(engine: Engine, config: Config, planted: Planted, **asked: object) -> store.VersionRow:
    """The version that a quick search makes of the registrations of today."""
    with transaction(engine) as session:
        demand = demands.demand_of(session, store.get_plan(session, planted.plan), NOW.date())
        given = {"mode": "fresh", "effort": "quick", "by": PLANNER, "now": NOW, **asked}
        job = optimising.ask(session, planted.plan, demand, **given)  # type: ignore[arg-type]  # a table of arguments
    after = run_inline(engine, config, job)
    assert after.state is State.DONE, after.outcome
    with reading(engine) as session:
        return next(each for each in store.versions(session, planted.plan) if each.job == job)


def families(session: Session) -> None:
    """The first pupil has a parent with an account, the second one who is written to on paper."""
    subject = accounts.create(session, NOW, email="anne@example.org", name="Anne", password_hash=None)
    for n, given in enumerate(
        ({"subject": subject, "email": "anne@example.org"}, {"postal": "M. Petit\n21430 Liernais", "prefers": "letter"})
    ):
        pupil, guardian = SMALL.pupils[n].id, f"g{n}"
        session.add(
            IdentityRow(pupil=f"k{pupil}", first_name="Léa", last_name="M", folded="m", born_on=date(2015, 6, 15))
        )
        session.add(
            GuardianRow(id=guardian, first_name="A", last_name="M", created_at=NOW, last_day=date(2028, 8, 31), **given)
        )
        session.flush()
        session.add(
            BondRow(
                id=f"b{n}", pupil=f"k{pupil}", guardian=guardian, tie="parent", access="full", home=f"h{pupil}",
                first_day=date(2026, 6, 1), recorded_by="agent", recorded_at=NOW,
            )
        )  # fmt: skip
    session.flush()


def messages(session: Session) -> list[MessageRow]:
    return list(session.scalars(select(MessageRow).order_by(MessageRow.id)))


def test_pupils_are_carried_from_registration_to_a_published_seat(
    engine: Engine, database_config: Config, planted: Planted
) -> None:
    first = searched(engine, database_config, planted)
    assert (first.number, first.origin, first.faults) == (1, "computed", 0)
    assert first.kpis["pupils"] == 30
    assert first.kpis["left"] == 0
    with transaction(engine) as session:
        with pytest.raises(Refused, match="approve_own"):
            plans.approve(session, first.id, by=PLANNER, now=NOW)
        with pytest.raises(Conflict, match="not_approved"):
            plans.publish(session, first.id, by=APPROVER, now=NOW)
        plans.approve(session, first.id, by=APPROVER, now=NOW)
        with pytest.raises(Conflict, match="not_a_draft"):
            plans.approve(session, first.id, by=APPROVER, now=NOW)
        suspended = session.get_one(StopRow, next(iter(plans.open_version(session, first.id).plan.seats.values())).stop)
        suspended.state = "suspended"
        session.flush()
        with pytest.raises(Conflict, match="stop_not_in_service"):
            plans.publish(session, first.id, by=APPROVER, now=NOW)
        suspended.state = "active"
        families(session)
        given = announcing.put_in_force(session, first.id, by=APPROVER, config=database_config, now=NOW)
        assert given == (30, 2)
        account, paper = sorted(messages(session), key=lambda each: each.channel)
        assert (account.channel, account.recipient) == ("email", "anne@example.org")
        assert "sont connus" in account.body
        assert "arrêt Arrêt" not in account.body  # they are read on the family's page
        assert "Aller (du lundi au vendredi)" in paper.body
    with reading(engine) as session:
        legs = session.scalars(select(LegRow)).all()
        assert all(leg.stop is not None for leg in legs)
        found = plans.open_version(session, first.id)
        assert found.state == plans.PUBLISHED
        row = session.get_one(RegistrationRow, legs[0].registration)
        rides = rides_of(session, row)[legs[0].home]
        assert {each.way for each in rides} == {Way.IN, Way.OUT}
        assert {day for each in rides if each.way is Way.IN for day in each.weekdays} == {0, 1, 2, 3, 4}
        assert {each.stop for each in rides} == {found.demand.stop_of[legs[0].stop or ""].name}

    with transaction(engine) as session:  # two stops are suspended: each family is told once, without its name
        for stop in sorted({leg.stop for leg in session.scalars(select(LegRow)) if leg.stop}):
            for _ in range(2):
                announcing.stop_out_of_service(session, stop, f"v{stop}", config=database_config, now=NOW)
        told = [each for each in messages(session) if "Le car ne passe plus à l’arrêt de Léa." in each.body]
        assert sorted(each.channel for each in told) == ["email", "letter"]
        assert all("Arrêt 1" not in each.body for each in told)

    # Three pupils more: the plan in force changes little, is approved in turn, and takes its place.
    with transaction(engine) as session:
        grown = more_pupils(SMALL, 3, 1)
        add_pupils(session, grown, first=30)
    second = searched(
        engine, database_config, planted, mode="least_change", base=first.id, pupil_cents=2_000, effort="quick"
    )
    assert second.kpis["pupils"] == 33
    with transaction(engine) as session:
        _, _, moved = plans.difference(session, first.id, second.id)
        assert len(moved.pupils_new) == 3
        assert len(moved.services_changed + moved.services_new) <= 5
        plans.approve(session, second.id, by=APPROVER, now=NOW)
        before = len(messages(session))
        announcing.put_in_force(session, second.id, by=APPROVER, config=database_config, now=NOW)
        known = {f"r{each.id}.h{each.id}" for each in SMALL.pupils[:2]}
        concerned = {*moved.pupils_stop, *moved.pupils_time} & known
        assert len(messages(session)) - before == len(concerned)  # nobody whose hours stay is written to
    with transaction(engine) as session:
        assert plans.state_of(session, store.get_version(session, first.id)) == plans.WITHDRAWN
        twin = plans.open_plan(
            session, name="Jumeau", year=YEAR, schools_=[each.id for each in SMALL.schools], lot=planted.lot,
            by=PLANNER, now=NOW,
        )  # fmt: skip
        kept = plans.open_version(session, second.id)
        again = plans.add_version(
            session, twin.id, kept.demand, kept.plan, origin="computed", by=PLANNER, why="", now=NOW
        )
        plans.approve(session, again.id, by=APPROVER, now=NOW)
        with pytest.raises(Conflict, match="school_in_another_plan"):
            plans.publish(session, again.id, by=APPROVER, now=NOW)
        undone = plans.restore(session, first.id, by=PLANNER, now=NOW)
        assert (undone.plan_digest, undone.origin) == (first.plan_digest, "restored")
    with transaction(engine) as session:
        assert [plan.id for plan, _opened in published.in_force(session)] == [planted.plan]
        last_day = session.scalars(select(store.ContentRow.last_day)).all()
        over = datetime.combine(max(last_day), time(12), UTC) + timedelta(days=store.KEEP_DAYS + 1)
        assert privacy.erase_due(session, over)["scolaire_plan_content"] > 0
        plans._DEMANDS.clear()  # what this process had read
        plans._PLANS.clear()
        assert published.in_force(session) == []  # of a year long over: gone, and no page of others with it


def test_a_lock_holds_in_the_next_search_and_one_that_cannot_is_named(
    engine: Engine, database_config: Config, planted: Planted
) -> None:
    first = searched(engine, database_config, planted)
    with transaction(engine) as session:
        found = plans.open_version(session, first.id)
        circuit = found.plan.halves["matin"].circuits[0]
        service = circuit.id
        school = next(visit.school for visit in circuit.visits if isinstance(visit, Leave))
        plans.add_lock(
            session, found, kind=LockKind.SERVICE, half="matin", subject=service, value="", school="",
            reason="demandé par le maire", by=PLANNER, now=NOW,
        )  # fmt: skip
    again = searched(engine, database_config, planted, seed=2, base=first.id)
    assert again.faults == 0
    with transaction(engine) as session:
        plans.add_lock(
            session, found, kind=LockKind.BELL, half="matin", subject=school, value="03:00", school="",
            reason="essai", by=PLANNER, now=NOW,
        )  # fmt: skip
        demand = plans.open_version(session, first.id).demand
        other = optimising.ask(
            session, planted.plan, demand, mode="warm", effort="quick", base=first.id, by=PLANNER, now=NOW
        )
    after = run_inline(engine, database_config, other)
    assert after.state is State.FAILED
    assert after.outcome is not None
    assert after.outcome.code == "scolaire.locks_conflict"
    assert after.outcome.params["count"] == 2
    assert isinstance(after.outcome.params["why"], Decision)  # said when somebody reads, as a sentence


def test_no_pupil_is_left_out_of_the_demand_whatever_their_school_or_home_lacks(
    engine: Engine, planted: Planted
) -> None:
    uai = SMALL.pupils[0].school

    def demand() -> Demand:
        with transaction(engine) as session:
            return demands.demand_of(session, store.get_plan(session, planted.plan), NOW.date())

    found = demand()
    assert len(found.pupils) == 30
    assert [half.id for half in found.halves] == ["matin", "mercredi", "soir", "soir-2"]
    with transaction(engine) as session:  # a third bell, half an hour after the second one
        (first,) = session.scalars(select(BellRow).where(BellRow.uai == uai, BellRow.weekday == 0, BellRow.way == "in"))
        third_s = first.at_s + 570 * 60
        for weekday in (0, 1, 3, 4):
            session.add(
                BellRow(id=new_id(NOW), uai=uai, weekday=weekday, way="out", at_s=third_s, first_day=date(2025, 9, 1))
            )
    evening = {name: each[0] // 60_000 for name, each in demand().school_of[uai].windows.items() if "soir" in name}
    assert [at - first.at_s // 60 for at in evening.values()] == [485, 545, 575]  # five minutes after each
    assert [half.id for half in demand().halves] == ["matin", "mercredi", "soir", "soir-2", "soir-3"]
    with transaction(engine) as session:
        session.execute(delete(LegRow).where(LegRow.registration == f"r{SMALL.pupils[0].id}"))
        session.execute(update(StopRow).values(state="suspended"))
    found = demand()
    assert len(found.pupils) == 30
    assert all(pupil.reach == () for pupil in found.pupils)  # each will be named, with the reason
    for change, code in (
        ({"closed_on": NOW.date()}, "school_closed"),
        ({"closed_on": None, "lat": None}, "school_without_position"),
    ):
        with transaction(engine) as session:
            session.execute(update(SchoolRow).where(SchoolRow.uai == uai).values(**change))
        with pytest.raises(Refused, match=code):
            demand()
    with transaction(engine) as session:
        session.execute(update(SchoolRow).where(SchoolRow.uai == uai).values(lat=47.2))
        session.execute(delete(BellRow).where(BellRow.uai == uai))
    with pytest.raises(Refused, match="school_without_bells"):
        demand()
