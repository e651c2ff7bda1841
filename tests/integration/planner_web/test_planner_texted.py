"""A text message with a stop is answered with its departures: briefly, to French mobile numbers alone, not without end,
and in the timetable's words only."""

import re
from pathlib import Path

import pytest
from apiflask import APIFlask
from flask.testing import FlaskClient
from sqlalchemy import Engine, select

from mobigo.infra.db import reading
from mobigo.infra.outbox import MessageRow
from mobigo.network.engine.boards import build_boards
from mobigo.network.model.live import LiveNetwork
from mobigo.planner.export.sms import _GSM, TWO_PARTS
from mobigo.planner.export.texted import answer
from mobigo.planner.gateway.territory import places_of
from mobigo.planner.web import texted
from tests.builders import feed, trip
from tests.integration.planner_web.conftest import NOW, STOPS
from tests.integration.planner_web.test_planner_following import seconds, today
from tests.planner_adaptor import compiled

SENDER = "+33639980001"


@pytest.fixture(scope="module")
def coded() -> LiveNetwork:
    """The lines known by heart, their stops with codes."""
    stops = [{**each, "stop_code": f"2{n}4"} for n, each in enumerate(STOPS)]
    trips = [trip(f"t{n}", f"SAU {7 + n}:30 SEM {8 + n}:00", route="LR119") for n in range(9)]
    table = compiled(feed(trips, stops=stops), "demo")
    return LiveNetwork(table, table.hash)


def said(live: LiveNetwork, text: str) -> str:
    """What is answered, where no territory was brought."""
    return answer(live, places_of(live, Path("/nowhere")), build_boards(live.timetable), text, NOW)


def test_a_code_gives_the_next_departures(coded: LiveNetwork) -> None:
    lines = said(coded, " 204 ").split("\n")
    assert lines[0] == "Saulieu, place Monge:"
    assert lines[1] == "07:30 LR119 Semur, gare routière"
    assert len(lines) == 7


@pytest.mark.parametrize(
    "text", ["204", "saulieu place monge", "SAULIEU", "", "?", "x" * 5_000, "gare", "204\x00", "’; drop"]
)
def test_no_answer_is_longer_than_two_parts_or_dearer(coded: LiveNetwork, text: str) -> None:
    found = said(coded, text)
    assert 0 < len(found) <= TWO_PARTS
    assert set(found) <= _GSM


@pytest.mark.parametrize("text", ["http://evil.example", "<b>gagné</b>", "appelez le 0899"])
def test_what_was_asked_is_never_repeated(coded: LiveNetwork, text: str) -> None:
    found = said(coded, text)
    assert not any(word in found for word in ("evil", "gagné", "0899"))


def test_what_does_not_run_or_is_late_is_said(known_network: LiveNetwork) -> None:
    live = today(known_network, {"trip": "t2", "delay": 720}, {"trip": "t3", "cancelled": True}, at="7:00")
    found = said(live, "Saulieu, place Monge")
    assert "07:42 LR119 Montbard, gare (prévu 07:30)" in found
    assert re.search(r"23:40 LR119 .* supprimé", found) or "23:40" not in found
    assert seconds("7:42") - seconds("7:30") == 720


@pytest.fixture
def gateway(client: FlaskClient, known_site: APIFlask, engine: Engine, monkeypatch: pytest.MonkeyPatch):  # type: ignore[no-untyped-def]  # a function
    monkeypatch.setitem(vars(known_site.extensions["mobigo"]), "engine", engine)
    token = texted.token_of(known_site.extensions["mobigo"].config)

    def bring(sender: str, text: str, message_id: str, address: str = token) -> object:
        answered = client.post(f"/sms/{address}", data={"from": sender, "text": text, "id": message_id})
        return answered.json["answered"] if answered.status_code == 200 and answered.json else answered.status_code

    return bring


def bodies(engine: Engine) -> list[tuple[str, str]]:
    with reading(engine) as session:
        return [(row.recipient, row.body.split("\n")[0]) for row in session.scalars(select(MessageRow))]


def test_the_gateway_brings_a_message_once_and_only_to_its_address(gateway, engine: Engine) -> None:  # type: ignore[no-untyped-def]  # as above
    assert gateway(SENDER, "Saulieu, place Monge", "1") is True
    assert gateway(SENDER, "Saulieu, place Monge", "1") is True
    assert bodies(engine) == [(SENDER, "Saulieu, place Monge:")]
    assert gateway(SENDER, "Saulieu, place Monge", "2", address="0" * 40) == 404
    assert gateway(SENDER, "Saulieu, place Monge", "") is False


@pytest.mark.parametrize("sender", ["+33899700000", "36665", "+447700900123", "a@example.org", "", "+33 1 23 45 67 89"])
def test_only_french_mobile_numbers_are_answered(gateway, engine: Engine, sender: str) -> None:  # type: ignore[no-untyped-def]  # as above
    assert gateway(sender, "Saulieu, place Monge", "1") is False
    assert bodies(engine) == []


def test_a_number_is_answered_twenty_times_a_day(gateway, engine: Engine) -> None:  # type: ignore[no-untyped-def]  # as above
    number = {"sqlite": "+33639980009", "postgresql": "+33639980010"}[engine.dialect.name]  # the site counts for both
    found = [gateway(number, "Saulieu, place Monge", f"n{n}") for n in range(22)]
    assert found == [True] * 20 + [False] * 2
    assert len(bodies(engine)) == 20
