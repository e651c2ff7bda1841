"""Real threads on the real application: the database decides, once, whatever the order."""

import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from threading import Barrier
from typing import Any

import pytest
from sqlalchemy import func, select

from mobigo.base.errors import Conflict, MobigoError, Refused
from mobigo.infra import accounts, grants, keys, ratelimit
from mobigo.infra.clock import now
from mobigo.infra.config import Config
from mobigo.infra.db import reading, transaction
from mobigo.infra.grants import GrantRow
from mobigo.infra.ratelimit import Attempts, TooMany
from mobigo.infra.roles import Grant, Role

THREADS = 6


def all_at_once(work: Any, number: int = THREADS) -> list[Any]:
    """`work(0)` … `work(n-1)`, released together; an error is its answer."""
    start = Barrier(number)

    def one(index: int) -> Any:
        start.wait()
        try:
            return work(index)
        except MobigoError as error:
            return type(error)

    with ThreadPoolExecutor(number) as pool:
        return list(pool.map(one, range(number)))


def test_one_address_registered_by_many_becomes_one_account(world: Any) -> None:
    def register(index: int) -> str:
        with transaction(world.engine) as session:
            return accounts.create(session, now(), email="Camille@exemple.fr" if index % 2 else "camille@exemple.fr")

    answers = all_at_once(register)
    assert [answer for answer in answers if answer is not Conflict] == [accounts_of(world, "camille@exemple.fr")]
    assert answers.count(Conflict) == THREADS - 1


def accounts_of(world: Any, email: str) -> str | None:
    with reading(world.engine) as session:
        return accounts.find_by_email(session, email)


def test_one_link_used_by_many_opens_one_account(world: Any) -> None:
    world.browser().post("/inscription", email="camille@exemple.fr")
    link = world.link("camille@exemple.fr")
    browsers = [world.browser() for _ in range(THREADS)]
    for browser in browsers:
        browser.get(link)

    def finish(index: int) -> int:
        answer = browsers[index].post(link, token=browsers[index].token, password="une autre phrase tout a fait")
        return int(answer.status_code)

    codes = all_at_once(finish)
    assert sorted(codes) == [303] + [403] * (THREADS - 1)
    with reading(world.engine) as session:
        assert session.scalar(select(func.count()).select_from(accounts.Account)) == 1


def test_many_sign_ins_of_one_person_are_as_many_sessions(world: Any) -> None:
    world.person("camille@exemple.fr")
    browsers = [world.browser() for _ in range(THREADS)]
    for browser in browsers:
        browser.get("/connexion")
    codes = all_at_once(
        lambda index: browsers[index].sign_in("camille@exemple.fr", token=browsers[index].token).status_code
    )
    assert codes == [303] * THREADS
    assert len({browser.cookie() for browser in browsers}) == THREADS
    assert all(browser.signed_in for browser in browsers)


def test_incompatible_roles_given_at_the_same_instant_do_not_both_pass(world: Any) -> None:
    subject = world.person("camille@exemple.fr")

    def give(index: int) -> str:
        role = Role.ORDONNATEUR if index % 2 else Role.COMPTABLE_PUBLIC
        with transaction(world.engine) as session:
            return grants.give(session, subject, Grant(role), now(), by=None).role

    answers = all_at_once(give)
    assert sum(isinstance(answer, str) for answer in answers) == 1
    assert set(answers) <= {"ordonnateur", "comptable_public", Refused, Conflict}
    with reading(world.engine) as session:
        assert session.scalar(select(func.count()).select_from(GrantRow).where(GrantRow.subject == subject)) == 1


def test_two_administrators_who_remove_each_other_leave_one(world: Any) -> None:
    subjects = [world.person(f"admin{number}@exemple.fr", Role.ADMINISTRATOR) for number in range(2)]
    with reading(world.engine) as session:
        rows = [session.scalars(select(GrantRow.id).where(GrantRow.subject == subject)).one() for subject in subjects]

    def take(index: int) -> str:
        with transaction(world.engine) as session:
            return grants.take(session, rows[index], now(), by=None).id

    answers = all_at_once(take, 2)
    assert answers.count(Refused) == 1
    with reading(world.engine) as session:
        assert len(grants.administrators(session)) == 1


def test_two_administrators_who_close_each_other_leave_one(world: Any) -> None:
    subjects = [world.person(f"admin{number}@exemple.fr", Role.ADMINISTRATOR) for number in range(2)]

    def close(index: int) -> str:
        with transaction(world.engine) as session:
            accounts.close(session, subjects[index], now())
        return "closed"

    assert sorted(all_at_once(close, 2), key=str) == [Refused, "closed"]
    with reading(world.engine) as session:
        assert len(grants.administrators(session)) == 1


STORAGES = ["memory://", pytest.param("redis", marks=pytest.mark.redis)]


@pytest.mark.parametrize("storage", STORAGES)
def test_attempts_made_at_once_are_all_counted(storage: str, config: Config) -> None:
    url = os.environ["MOBIGO_TEST_REDIS"] if storage == "redis" else storage
    counters = [Attempts(url, keys.derived(config, "test"), lambda: now().timestamp()) for _ in range(2)]
    who = f"camille-{now().timestamp()}"

    def attempt(index: int) -> str:
        # Two processes share Redis; the memory is one process's own.
        counters[index % 2 if storage == "redis" else 0].count("threads", "4 per hour", who)
        return "counted"

    answers = all_at_once(attempt, 10)
    assert answers.count("counted") == 4
    assert answers.count(TooMany) == 6
    counters[0].forget("threads", "4 per hour", who)
    counters[0].count("threads", "4 per hour", who)


def test_when_redis_is_away_attempts_are_counted_in_the_process(config: Config) -> None:
    counter = Attempts("redis://127.0.0.1:9/0", keys.derived(config, "test"), lambda: now().timestamp())
    for _ in range(2):
        counter.count("away", "2 per hour", "camille")
    with pytest.raises(TooMany) as stopped:
        counter.count("away", "2 per hour", "camille")
    assert 1 <= stopped.value.retry_after_s <= 3600
    assert stopped.value.http_headers["Retry-After"] == str(stopped.value.retry_after_s)


@pytest.mark.parametrize(
    ("address", "counted_as"),
    [
        ("203.0.113.7", "203.0.113.7"),
        ("2001:db8:1:2:aaaa::1", "2001:db8:1:2::/64"),
        ("2001:db8:1:2:ffff:ffff:ffff:ffff", "2001:db8:1:2::/64"),
        ("2001:db8:1:3::1", "2001:db8:1:3::/64"),
        ("::ffff:203.0.113.7", "203.0.113.7"),
        ("", ""),
    ],
)
def test_one_caller_is_one_counter_even_with_a_whole_ipv6_network(world: Any, address: str, counted_as: str) -> None:
    with world.app.test_request_context(environ_base={"REMOTE_ADDR": address}):
        assert ratelimit.address() == counted_as


def test_requests_are_limited_by_address_and_partners_get_more(make_world: Any, settings: Config) -> None:
    world = make_world(replace(settings, requests_per_minute=5))
    world.person("partenaire@exemple.fr", Role.API_PARTNER, Role.PUBLISHER)
    client = world.app.test_client()
    browser = world.browser()
    browser.client.environ_base["REMOTE_ADDR"] = "203.0.113.1"
    browser.sign_in("partenaire@exemple.fr")
    browser.client.environ_base["REMOTE_ADDR"] = "203.0.113.2"
    answer = browser.post("/compte/cles", label="x", scopes=["feeds.read", "api.partner"], life_days="30")
    key = answer.text.split("mbg_")[1].split("<")[0]
    partner = {"Authorization": f"Bearer mbg_{key}"}
    codes = [client.get("/aide").status_code for _ in range(6)]
    assert codes == [200] * 5 + [429]
    assert client.get("/healthz").status_code == 200
    assert [client.get("/aide", headers=partner).status_code for _ in range(20)] == [200] * 20
