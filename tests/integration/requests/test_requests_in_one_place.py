"""The desk, the inbox, the search and the figures show requests with what other packages keep."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine

from mobigo.infra.config import Config
from mobigo.infra.db import reading, transaction
from mobigo.infra.roles import Identity, Role
from mobigo.requests.model import Act, Asked, Channel, Claim, Contact, Kind
from mobigo.requests.rules import numbers
from mobigo.requests.service import acting, asking
from mobigo.requests.web import words
from tests.requests_world import ANNE, NOW, WORDS, World, agent, number_of, requests_world


@pytest.fixture
def world(database_config: Config, engine: Engine) -> Iterator[World]:
    with requests_world(database_config, engine) as made:
        yield made


def test_what_other_packages_keep_stands_in_the_same_list(world: World) -> None:
    class Keeper:
        def of_person(self, session: Any, subject: str, now: datetime) -> list[Claim]:
            return [claim] if subject == ANNE else []

        def to_answer(self, session: Any, identity: Identity, now: datetime) -> list[Claim]:
            return [claim]

    claim = Claim("R-1", "Recours", "à décider", "", NOW, NOW.date() - timedelta(days=1), "/ailleurs", "Zoé P.")
    world.services.__dict__["claims_elsewhere"] = (Keeper(),)
    number = numbers.said(number_of(world.ask()))
    world.sign_in(agent())
    page = world.client.get("/demandes/agents").text
    assert page.index("R-1") < page.index(number)  # late first, whoever keeps it
    assert 'href="/ailleurs"' in page
    assert "R-1" not in world.client.get("/demandes/agents?etat=closes").text


def test_the_keepers_of_the_product_answer_on_an_empty_database(world: World) -> None:
    world.sign_in(agent())
    with world.client.application.test_request_context(), reading(world.engine) as session:
        for keeper in world.services.claims_elsewhere:
            assert list(keeper.to_answer(session, agent(), NOW)) == []
            assert list(keeper.of_person(session, ANNE, NOW)) == []


def test_the_inbox_and_the_search_lead_to_a_request(world: World) -> None:
    number = number_of(world.ask(name="Éloïse Grandjean"))
    world.sign_in(agent())
    desk_page = world.client.get("/travail").text
    assert "1 demande d’usager à répondre" in desk_page
    for asked in (number, numbers.said(number), "eloise", "GRANDJEAN"):
        found = world.client.get("/travail", query_string={"q": asked}).text
        assert f"/demandes/agents/{number}" in found, asked
        assert "Grandjean" not in found.replace(asked, "")  # blurred in a list
    world.sign_in(agent(Role.SCHOOL_MANAGER))
    assert f"/demandes/agents/{number}" not in world.client.get("/travail", query_string={"q": number}).text


def test_the_figures_tell_open_late_and_in_time(world: World) -> None:
    from mobigo.app.web.work import boards

    with transaction(world.engine) as session:
        numbers_ = []
        for days, kind in ((40, Kind.DELAY), (1, Kind.DELAY), (2, Kind.LOST), (20, Kind.LOST)):
            row = asking.ask(
                session, world.config, Asked(kind, WORDS, Contact()), channel=Channel.WEB, language="fr",
                now=NOW - timedelta(days=days),
            )  # fmt: skip
            numbers_.append(row.number)
        for number in numbers_[2:]:
            acting.act_as_agent(
                session, world.config, number, Act.ANSWER, by=agent(), seen=0, words="Voici.", now=NOW
            )  # fmt: skip
    with world.client.application.test_request_context(), reading(world.engine) as session:
        by_kind = boards._requests_by_kind(world.services, session, NOW)
        by_month = boards._requests_by_month(world.services, session, NOW)
    delay = [row for row in by_kind.rows if row[0] == words.short_kind("delay")]
    assert [value for *_names, value in delay] == [1.0, 1.0]  # late, in time
    totals: dict[str, float] = {}
    for _month, name, value in by_month.rows:
        totals[name] = totals.get(name, 0) + value
    assert list(totals.values()) == [1.0, 1.0, 1.0, 0.0]  # in time, later (promised in 7 days), over, content
