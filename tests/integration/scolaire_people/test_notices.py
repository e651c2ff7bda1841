"""Families are told at once that a coach does not run, those concerned alone, once; the plan in force tells hours."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

import pytest
from sqlalchemy import Engine, select

from mobigo.base.errors import InvalidInput, NotFound
from mobigo.base.instants import paris_day
from mobigo.infra.config import Config
from mobigo.infra.db import reading, transaction
from mobigo.infra.jobs import State, registry, run_inline
from mobigo.infra.outbox import MessageRow
from mobigo.infra.roles import Role
from scolaire.model.rights import Outcome
from scolaire.model.schools import Way
from scolaire.service import deciding, demands, notices, optimising, plans, timesheet
from scolaire.service.notices import Notice
from scolaire.service.registering import register
from scolaire.store import plans as plan_store
from scolaire.store.notices import latest
from scolaire.store.registrations import RegistrationRow
from tests.integration.scolaire_people.site import SchoolSite
from tests.school_people_world import AGENT, ASKED, COLLEGE, CONTACT, LYCEE, NOW, account, place
from tests.school_plans_world import APPROVER, PLANNER, YEAR, plant
from tests.school_plans_world import NOW as DRAWN
from tests.school_world import sector

registry.use_modules(["scolaire.tasks"])
SNOW = Notice("cancelled", "school", COLLEGE, date(2026, 12, 1), date(2026, 12, 2), "Neige.")
AT = datetime(2026, 11, 30, 17, 0, tzinfo=UTC)


def _entitled(engine: Engine, config: Config) -> str:
    with transaction(engine) as session:
        place(session)
        row = register(session, ASKED, CONTACT, config=config, subject=account(session, "anne"), now=NOW)
        deciding.decide(session, row.id, Outcome.ENTITLED, by=AGENT, words="", config=config, now=NOW)
        by_letter = replace(CONTACT, email=None, phone=None, postal="3 rue du Four\n21430 Liernais", prefers="letter")
        other = register(session, replace(ASKED, first_name="Tom"), by_letter, config=config, now=NOW)
        deciding.decide(session, other.id, Outcome.ENTITLED, by=AGENT, words="", config=config, now=NOW)
        register(session, replace(ASKED, first_name="Zoé"), CONTACT, config=config, now=NOW)  # waits: not carried
        return row.id


@pytest.mark.parametrize(
    ("scope", "about", "told"),
    [
        ("all", "", 1),
        ("school", COLLEGE, 1),
        ("school", LYCEE, 0),
        ("departement", "21", 1),
        ("departement", "25", 0),
        ("service", "nothing", 0),
    ],
)
def test_those_concerned_are_told_and_nobody_else(
    engine: Engine, config: Config, scope: str, about: str, told: int
) -> None:
    _entitled(engine, config)
    with transaction(engine) as session:
        before = len(session.scalars(select(MessageRow)).all())
        row = notices.announce(session, replace(SNOW, scope=scope, about=about), "agent", AT)
        assert (row.told, row.unreached) == (told, told)  # the family of letters cannot be told in time
        sent = session.scalars(select(MessageRow).order_by(MessageRow.id)).all()[before:]
        assert [(each.channel, each.recipient) for each in sent] == [("sms", "+33639980001")] * told
        if told:
            assert "Pas de car, du mardi 1er\xa0décembre au mercredi 2\xa0décembre. Neige." in sent[0].body
            assert "Léa" in sent[0].body
            notices.end(session, row.id, "agent", AT + timedelta(hours=3))
            notices.end(session, row.id, "agent", AT + timedelta(hours=3))
            over = session.scalars(select(MessageRow).order_by(MessageRow.id)).all()[before + 1 :]
            assert ["C’est terminé" in each.body for each in over] == [True]
            assert notices.sent_of(session, row) == (0, 2)


WRONG: Final[tuple[tuple[dict[str, Any], str], ...]] = (
    ({"kind": "snow"}, "scolaire.unknown_choice"),
    ({"scope": "planet"}, "scolaire.unknown_choice"),
    ({"words": " "}, "scolaire.no_words"),
    ({"about": ""}, "scolaire.no_words"),
    ({"about": "0000000A"}, "scolaire.unknown_school"),
    ({"first_day": date(2026, 11, 29)}, "scolaire.bad_notice_days"),
    ({"last_day": date(2026, 11, 30)}, "scolaire.bad_notice_days"),
    ({"last_day": date(2027, 1, 2)}, "scolaire.bad_notice_days"),
    ({"kind": "delayed"}, "scolaire.no_minutes"),
    ({"kind": "delayed", "minutes": 0}, "scolaire.no_minutes"),
)


def test_a_notice_says_what_when_and_to_whom(engine: Engine, config: Config) -> None:
    with transaction(engine) as session:
        place(session)
        for changed, code in WRONG:
            with pytest.raises((InvalidInput, NotFound)) as refused:
                notices.announce(session, replace(SNOW, **changed), "agent", AT)
            assert refused.value.decision.code == code


def test_a_family_reads_it_on_its_page(world: SchoolSite) -> None:
    today = paris_day(datetime.now(UTC))
    year = today.year if today.month >= 9 else today.year - 1
    with transaction(world.engine) as session:
        asked = replace(ASKED, year=year, born_on=date(year - 11, 6, 15))
        now = datetime.now(UTC)
        row = register(session, asked, CONTACT, config=world.config, subject=world.subjects["anne"], now=now)
        deciding.decide(session, row.id, Outcome.ENTITLED, by=AGENT, words="", config=world.config, now=now)
    at, days = (
        "/scolaire/agents/alertes",
        {"first_day": today.isoformat(), "last_day": (today + timedelta(20)).isoformat()},
    )
    form = {"kind": "delayed", "minutes": "20", "scope": "school", "about": COLLEGE, "words": "Verglas.", **days}
    world.post("counter_agent", at, 403, **form)
    manager = str(Role.SCHOOL_MANAGER)
    world.post(manager, at, 422, **{**form, "minutes": ""})
    assert "Familles prévenues : 1" in world.post(manager, at, **form)
    assert "Car en retard de 20 min environ" in world.get("anne", "/scolaire/famille")
    with transaction(world.engine) as session:
        ended = latest(session)[0].id
    assert "L’alerte est levée" in world.post(manager, at, end=ended)
    assert "Car en retard" not in world.get("anne", "/scolaire/famille")


def test_hours_come_from_the_plan_in_force(engine: Engine, database_config: Config) -> None:
    """Every pupil of a published plan has a coach each way; who rides a service is found again by it."""
    demand = sector(3, schools=2, stops=6, pupils=12)
    with transaction(engine) as session:
        planted = plant(session, demand)
        asked = demands.demand_of(session, plan_store.get_plan(session, planted.plan), DRAWN.date())
        job = optimising.ask(session, planted.plan, asked, mode="fresh", effort="quick", by=PLANNER, now=DRAWN)
    assert run_inline(engine, database_config, job).state is State.DONE
    with transaction(engine) as session:
        row = session.get_one(RegistrationRow, f"r{demand.pupils[0].id}")
        assert timesheet.rides_of(session, row) == {}  # nothing is in force before somebody else approved it
        version = plan_store.versions(session, planted.plan)[0]
        plans.approve(session, version.id, by=APPROVER, now=DRAWN)
        plans.publish(session, version.id, by=APPROVER, now=DRAWN)
    with reading(engine) as session:
        riding: dict[str, set[str]] = {}
        for pupil in demand.pupils:
            row = session.get_one(RegistrationRow, f"r{pupil.id}")
            (rides,) = timesheet.rides_of(session, row).values()
            assert {ride.way for ride in rides} == {Way.IN, Way.OUT}
            for ride in rides:
                riding.setdefault(ride.service, set()).add(row.id)
                # to school the stop comes first, home the school does
                assert (ride.stop_s < ride.school_s) is (ride.way is Way.IN)
        for service, pupils in riding.items():
            assert timesheet.registrations_of(session, YEAR, service) == pupils
