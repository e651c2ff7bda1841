"""`mobigo demo --no-serve` in an empty home: accounts, feeds without faults, and journeys to every town named."""

import os
import subprocess
import sys
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from mobigo.infra import accounts, grants
from mobigo.infra.config import load_config
from mobigo.infra.db import open_engine, reading
from mobigo.infra.roles import Role
from mobigo.network.model.notices import Severity
from mobigo.network.store import feeds
from tests.demo_home import Demo, make_demo

PARIS = ZoneInfo("Europe/Paris")
TOWNS = [
    "Besançon Viotte", "Belfort-Ville", "Dole Ville", "Lons-le-Saunier", "Vesoul", "Nevers", "Auxerre-St-Gervais",
    "Mâcon Ville", "Chalon-sur-Saône", "Saulieu, place Monge", "Châtillon-sur-Seine, centre",
]  # fmt: skip


@pytest.fixture(scope="module")
def made(demo_template: Demo, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    return demo_template.copy(tmp_path_factory.mktemp("demo") / "home"), demo_template.said


@pytest.fixture(scope="module")
def live(made: tuple[Path, dict[str, Any]]) -> Any:
    from mobigo.infra import numba_cache

    if "numba" not in sys.modules:
        numba_cache.use(made[0])
    from mobigo.network.model.live import LiveNetwork
    from mobigo.network.store import compiled, networks

    name = made[1]["network"]
    return LiveNetwork(compiled.load(networks.root_of(made[0]) / name), name)


def next_day(weekday: int) -> datetime:
    """Noon of the next such weekday of term: a week in which there is no holiday (checked by the calendar itself)."""
    from mobigo.app.demo import facts
    from mobigo.app.demo.days import days_between
    from mobigo.infra.clock import now

    first = now().astimezone(PARIS).date() + timedelta(days=1)
    known = days_between(first, first + timedelta(days=120), facts.load().school_holidays)
    day = next(each.day for each in known if each.day.weekday() == weekday and each.school)
    return datetime(day.year, day.month, day.day, 12, tzinfo=PARIS)


def stops(live: Any, name: str) -> tuple[int, ...]:
    found = tuple(row for row, stop in enumerate(live.timetable.stop_name) if stop == name)
    assert found, name
    return found


def journeys(live: Any, origin: str, destination: str, at: datetime, *, arrive_by: bool = False) -> Any:
    from mobigo.planner import service
    from mobigo.planner.model import Endpoint, Query

    ends = (Endpoint(name, None, stops(live, name)) for name in (origin, destination))
    return service.plan(live, Query(*ends, at, arrive_by)).journeys


def test_what_it_says_holds_the_address_the_accounts_and_what_was_made(made: tuple[Path, dict[str, Any]]):
    document = made[1]
    assert document["page"].endswith("/demonstration")
    assert (document["size"], document["new_network"], document["new_accounts"]) == ("s", True, True)
    assert {access["role"] for access in document["accounts"]} == set(Role)


def test_everybody_can_sign_in_in_their_role(made: tuple[Path, dict[str, Any]]):
    home, document = made
    engine = open_engine(load_config({"MOBIGO_HOME": str(home)}).database_url)
    for access in document["accounts"][:2]:
        subject = accounts.check_password(engine, access["email"], access["password"])
        assert subject is not None
        with reading(engine) as session:
            assert [str(grant.role) for grant in grants.grants_of(session, subject)] == [access["role"]]
    engine.dispose()


def test_our_own_validation_finds_neither_error_nor_warning_in_the_territory(made: tuple[Path, dict[str, Any]]):
    engine = open_engine(load_config({"MOBIGO_HOME": str(made[0])}).database_url)
    with reading(engine) as session:
        held = feeds.list_feeds(session)
    engine.dispose()
    assert [feed.name for feed in held] == ["besancon", "cars", "dijon", "ter"]
    found = [
        (feed.name, finding.code)
        for feed in held
        if feed.version
        for finding in feed.version.report.findings
        if finding.severity is not Severity.INFO
    ]
    assert found == []


def test_a_second_start_makes_nothing_and_shows_the_same_accounts(made: tuple[Path, dict[str, Any]]):
    again = make_demo(made[0])
    assert (again["new_network"], again["new_accounts"]) == (False, False)
    assert again["accounts"] == made[1]["accounts"]
    assert again["network"] == made[1]["network"]
    assert again["size"] == "s"  # the size already made, not the usual one


def test_a_reset_nobody_confirms_removes_nothing(made: tuple[Path, dict[str, Any]]):
    ours = {name: value for name, value in os.environ.items() if not name.startswith("MOBIGO_")}
    refused = subprocess.run(
        [sys.executable, "-m", "mobigo.app.cli", "demo", "--reset", "--no-serve"],
        env={**ours, "MOBIGO_HOME": str(made[0])},
        capture_output=True,
        text=True,
        check=False,
        stdin=subprocess.DEVNULL,
    )
    assert refused.returncode == 3
    assert "mobigo.sqlite" in refused.stderr
    assert (made[0] / "mobigo.sqlite").exists()


@pytest.mark.parametrize("town", TOWNS)
def test_every_named_town_is_reached_from_dijon_within_the_day(live: Any, town: str):
    morning = next_day(1).replace(hour=5)
    found = journeys(live, "Dijon Ville", town, morning)
    assert found
    assert found[0].arrive_at < morning + timedelta(hours=14)


def test_the_commuter_is_at_chatillon_before_eight_with_one_change(live: Any):
    eight = next_day(1).replace(hour=8)
    found = journeys(live, "Saulieu, place Monge", "Châtillon-sur-Seine, centre", eight, arrive_by=True)
    best = found[0]
    assert best.change_count == 1
    assert eight - timedelta(minutes=30) < best.arrive_at <= eight


def test_on_wednesdays_in_term_the_coach_is_direct(live: Any):
    eight = next_day(2).replace(hour=8)
    found = journeys(live, "Saulieu, place Monge", "Châtillon-sur-Seine, centre", eight, arrive_by=True)
    assert min(journey.change_count for journey in found) == 0


def test_the_night_coach_of_friday_is_found_on_saturday(live: Any):
    saturday = next_day(4).replace(hour=0, minute=15) + timedelta(days=1)
    found = journeys(live, "Dijon, gare routière", "Dole, gare", saturday)
    first = min(found, key=lambda journey: journey.depart_at)
    assert first.depart_at.astimezone(PARIS).strftime("%H:%M") == "00:30"
    assert first.rides[0].service_day == (saturday - timedelta(days=1)).date()


def test_nobody_leaves_the_train_that_changes_its_number_at_dole(live: Any):
    evening = next_day(1).replace(hour=22, minute=10)
    found = journeys(live, "Besançon Viotte", "Dijon Ville", evening)
    seated = [journey for journey in found if len(journey.rides) == 1 and len(journey.rides[0].trips) == 2]
    assert seated


def test_what_is_suggested_in_a_feed_is_past_midnight_when_it_runs_then(live: Any):
    from mobigo.app.demo.suggestion import suggest

    today = next_day(1).date()
    night = suggest(live.timetable, "cars", today)
    assert night is not None
    assert night.past_midnight
    assert night.depart_at.astimezone(PARIS).strftime("%H:%M") == "00:30"
    assert suggest(live.timetable, "no-such-feed", today) is None
