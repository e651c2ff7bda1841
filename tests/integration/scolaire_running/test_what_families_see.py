"""What each parent reads of a child's coach: before term, today, on the last day, while another coach drives or none
does; within the limits of their bond. The plan is in force since June."""

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
import time_machine
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from mobigo.infra.accounts import Person
from mobigo.infra.config import load_config
from mobigo.infra.db import transaction
from scolaire.model.schools import Way
from scolaire.service import family, notices, substituting
from scolaire.service.family import FileSeen
from scolaire.service.substituting import Replacing
from scolaire.store.pupils import BondRow, GuardianRow, HomeRow, bond_value
from scolaire.store.registrations import LegRow, RegistrationRow
from scolaire.store.schools import DaysRow
from tests.school_running_world import NOW, SMALL, TUESDAY, RunningSite, in_force, morning, site_of

PUPIL = SMALL.pupils[1].id


def seen(session: Session, now: datetime, home: str | None = f"h{PUPIL}") -> FileSeen:
    """The file of a child as who lives in this home reads it."""
    row = session.get_one(RegistrationRow, f"r{PUPIL}")
    bond = session.scalars(select(BondRow).where(BondRow.pupil == f"k{PUPIL}")).first()
    assert bond is not None
    bond.home = home
    session.flush()
    return family.seen(session, row, bond_value(bond), now)


def noon(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, 10, tzinfo=UTC)


def test_hours_are_open_before_term_and_gone_after_it(engine: Engine) -> None:
    with transaction(engine) as session:
        in_force(session)
        july = seen(session, noon(date(2026, 7, 20)))
        assert july.today is None
        assert july.next_day is not None
        assert july.next_day.day == date(2026, 9, 1)  # a Tuesday
        assert july.next_day.why_none is None
        assert july.next_day.rides[0].way is Way.IN
        assert july.begins
        assert july.next_day.stop
        (home,) = july.homes
        assert {day for ride in home.rides if ride.way is Way.IN for day in ride.weekdays} == {0, 1, 2, 3, 4}
        eve = seen(session, noon(date(2026, 8, 31)))
        assert (eve.today, eve.next_day and eve.next_day.day) == (None, date(2026, 9, 1))
        first = seen(session, noon(date(2026, 9, 1)))
        assert first.today is not None
        assert first.today.rides == july.next_day.rides
        assert first.next_day is not None
        assert first.next_day.day == date(2026, 9, 2)
        row = session.get_one(RegistrationRow, f"r{PUPIL}")
        row.last_day = date(2026, 12, 1)
        last = seen(session, noon(TUESDAY))
        assert last.today is not None
        assert last.next_day is None
        over = seen(session, noon(TUESDAY + timedelta(days=1)))
        assert (over.today, over.next_day) == (None, None)


def test_a_first_day_on_a_holiday_is_the_first_day_of_school(engine: Engine) -> None:
    with transaction(engine) as session:
        in_force(session)
        session.add(
            DaysRow(
                id="d", zone="A", open=False, first_day=date(2026, 9, 1), last_day=date(2026, 9, 2), words="Été",
                entered_by="agent", entered_at=NOW,
            )
        )  # fmt: skip
        session.flush()
        found = seen(session, noon(date(2026, 8, 20))).next_day
        assert found is not None
        assert found.day == date(2026, 9, 3)


def test_each_separated_parent_reads_the_weeks_at_home_alone(engine: Engine) -> None:
    """In odd weeks the child lives at the other home: whoever lives there reads no stop of the first, and the reverse;
    a parent with no home of their own reads neither. 1 December 2026 is in week 49."""
    with transaction(engine) as session:
        in_force(session)
        session.get_one(HomeRow, f"h{PUPIL}").weeks = "even"
        session.add(
            HomeRow(
                id="other", pupil=f"k{PUPIL}", kind="second", commune="21584", weeks="odd", first_day=date(2026, 9, 1)
            )
        )
        session.flush()
        session.add(LegRow(registration=f"r{PUPIL}", home="other"))
        session.flush()
        here, there, nowhere = (seen(session, NOW, home) for home in (f"h{PUPIL}", "other", None))
        for each in (here, nowhere):
            assert each.today is not None
            assert each.today.why_none is not None
            assert each.today.why_none.code == "scolaire.at_the_other_home"
            assert each.today.rides == ()
        assert there.today is not None
        assert there.today.why_none is not None
        assert there.today.why_none.code == "scolaire.no_service_yet"  # the plan knows no coach from there
        even = seen(session, noon(TUESDAY + timedelta(days=7)))
        assert even.today is not None
        assert even.today.why_none is None
        for each in (here, there, nowhere):
            assert all(home.own or (home.address, home.stop, home.rides) == (None, None, ()) for home in each.homes)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path) -> Iterator[RunningSite]:
    config = load_config({"MOBIGO_HOME": str(tmp_path_factory.mktemp("families") / "home")})
    with time_machine.travel(NOW, tick=False), site_of(config, sqlite_template) as made:
        yield made


def test_today_s_state_is_on_the_page_of_the_family(world: RunningSite) -> None:
    with transaction(world.engine) as session:
        subject = session.scalars(select(Person.subject).where(Person.email == "family@example.org")).one()
        run = morning(session)
        pupil = run.pupils[0].partition(".")[0].removeprefix("r")
        session.get_one(GuardianRow, f"g{pupil}").subject = subject
    page = plain(world.get("family", "/scolaire/famille"))
    assert "Aujourd’hui" in page
    assert f"circuit {run.service}" in page
    week = plain(world.get("family", f"/scolaire/famille/dossiers/r{pupil}"))
    assert "Aller (du lundi au vendredi)" in week or "Aller (lundi" in week
    with transaction(world.engine) as session:
        substituting.substitute(
            session,
            Replacing(run.plan, run.service, TUESDAY, TUESDAY, "car-33", 33, 0, "Panne", "12"),
            by="agent",
            now=NOW,
        )
        notices.announce(
            session, notices.Notice("delayed", "school", run.schools[0], TUESDAY, TUESDAY, "Neige", 20), "agent", NOW
        )
    page = plain(world.get("family", "/scolaire/famille"))
    assert "Un autre car assure le circuit" in page
    assert "N° 12" in page
    assert "Car en retard de 20 min environ" in page
    assert plain(world.get("planner", "/scolaire/famille")).find(run.service) < 0


def plain(text: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", text))
