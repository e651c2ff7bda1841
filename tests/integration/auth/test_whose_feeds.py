"""A feed belongs to an organisation: its people see, import and take out their own, and nobody else's."""

from typing import Any

import pytest

from mobigo.infra.db import reading
from mobigo.infra.jobs import JobFilter, list_jobs, run_inline
from mobigo.infra.roles import Grant, Role
from mobigo.network.store import feeds
from tests.integration.auth.test_feeds_in_the_browser import archive


@pytest.fixture
def operators(world: Any) -> tuple[Any, Any, str, str]:
    """Two operators' browsers, and their organisations. Only one operator of this world has brought a feed."""
    ours, theirs = world.organisation("Cars Ours"), world.organisation("Cars Theirs")
    browsers = []
    for email, organisation in (("olivier@example.org", ours), ("theo@example.org", theirs)):
        world.person(email, Grant(Role.OPERATOR, organisation))
        browser = world.browser()
        browser.sign_in(email)
        browsers.append(browser)
    return browsers[0], browsers[1], ours, theirs


def imported(world: Any, browser: Any, name: str) -> str:
    """Imports a feed; its version."""
    assert browser.post("/reseaux", archive=archive(), name=name).status_code == 303
    with reading(world.engine) as session:
        job = next(job for job in list_jobs(session, JobFilter()) if job.params.get("feed") == name)
    run_inline(world.engine, world.app.extensions["mobigo"].config, job.id)
    with reading(world.engine) as session:
        return feeds.list_versions(session, name)[0].id


def test_an_operator_enters_and_sees_its_own_feeds_only(world: Any, operators: tuple[Any, Any, str, str]) -> None:
    ours, theirs, organisation, _ = operators
    version = imported(world, ours, "cars-ours")
    with reading(world.engine) as session:
        assert feeds.get_feed(session, "cars-ours").organisation == organisation
    assert "cars-ours" in ours.get("/reseaux").text
    assert "cars-ours" not in theirs.get("/reseaux").text
    for path in (f"/reseaux/cars-ours/versions/{version}", f"/reseaux/cars-ours/versions/{version}/rapport.json"):
        assert ours.get(path).status_code == 200
        assert theirs.get(path).status_code == 404
    assert 'href="/reseaux"' in ours.get("/").text  # the head leads there


def test_an_operator_touches_its_own_feeds_only(world: Any, operators: tuple[Any, Any, str, str]) -> None:
    ours, theirs, _, _ = operators
    imported(world, ours, "cars-ours")
    before = len(world.acts())
    assert theirs.post("/reseaux/cars-ours/etat", page="/reseaux", active="0").status_code == 404
    assert theirs.post("/reseaux", archive=archive(), name="cars-ours").status_code == 409
    assert theirs.post("/reseaux/cars-ours/organisme", page="/reseaux", organisation="").status_code == 403
    assert theirs.post("/reseaux/compiler", page="/reseaux").status_code == 403
    assert len(world.acts()) == before
    with reading(world.engine) as session:
        assert feeds.get_feed(session, "cars-ours").active
        assert len(feeds.list_versions(session, "cars-ours")) == 1
    assert ours.post("/reseaux/cars-ours/etat", page="/reseaux", active="0").status_code == 303


def test_a_feed_of_the_region_is_seen_from_everywhere_and_can_be_given(
    world: Any, operators: tuple[Any, Any, str, str]
) -> None:
    ours, theirs, _, organisation = operators
    world.person("agnes@example.org", Role.ADMINISTRATOR)
    administrator = world.browser()
    administrator.sign_in("agnes@example.org")
    imported(world, administrator, "ter")
    for browser in (ours, theirs):
        assert "ter" not in [line.strip() for line in browser.get("/reseaux").text.replace("<", "\n<").split(">")]
        assert browser.post("/reseaux", archive=archive(), name="ter").status_code == 409
    given = administrator.post("/reseaux/ter/organisme", page="/reseaux", organisation=organisation)
    assert given.status_code == 303
    assert world.acts()[-1][0] == "feed.given"
    assert '<th scope="row">ter' in theirs.get("/reseaux").text
    assert '<th scope="row">ter' not in ours.get("/reseaux").text
    assert '<th scope="row">ter' in administrator.get("/reseaux").text
    for organisation_id, feed, status in (("nobody", "ter", 404), (organisation, "no-feed", 404)):
        path = f"/reseaux/{feed}/organisme"
        assert administrator.post(path, page="/reseaux", organisation=organisation_id).status_code == status


def test_who_acts_for_two_organisations_says_for_which(world: Any) -> None:
    first, second, other = (world.organisation(name) for name in ("Cars A", "Cars B", "Cars C"))
    world.person("both@example.org", Grant(Role.OPERATOR, first), Grant(Role.OPERATOR, second))
    browser = world.browser()
    browser.sign_in("both@example.org")
    assert browser.post("/reseaux", archive=archive(), name="cars").status_code == 422
    assert browser.post("/reseaux", archive=archive(), name="cars", organisation=other).status_code == 422
    assert browser.post("/reseaux", archive=archive(), name="cars", organisation=second).status_code == 303
    with reading(world.engine) as session:
        assert feeds.get_feed(session, "cars").organisation == second
