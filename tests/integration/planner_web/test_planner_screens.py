"""Departures on a screen: what comes, what does not run, how old it is, and the way out."""

import re

import pytest
from flask.testing import FlaskClient

from mobigo.network.model.live import LiveNetwork
from tests.integration.planner_web.test_planner_following import Days, days, page, today

__all__ = ["days"]  # a fixture, used by its name


def test_a_screen_shows_what_comes_and_what_does_not(
    client: FlaskClient, days: Days, known_network: LiveNetwork
) -> None:
    days.live = today(known_network, {"trip": "t2", "cancelled": True}, {"trip": "t3", "delay": 600})
    shown = page(client, "/ecran/demo:SAU")
    assert "Saulieu, place Monge" in shown
    assert re.search(r'<tr class="gone">.*?<del>.*?7 h 30.*?supprimé', shown)
    assert "23 h 50" in shown  # planned at 23 h 40
    assert "Heures en temps réel" in shown
    assert 'href="/arrets/demo:SAU"' in shown


def test_minutes_are_counted_under_the_hour(client: FlaskClient, days: Days) -> None:
    shown = page(client, "/ecran/demo:SAU")
    assert "10 min" in shown
    assert "Horaires prévus : aucune heure en temps réel n’est connue." in shown


@pytest.mark.parametrize(
    ("asked", "rows"), [("", 9), ("4", 4), ("20", 20), ("3", 9), ("21", 9), ("-1", 9), ("²", 9), ("9" * 400, 9)]
)
def test_as_many_rows_as_asked_within_reason(client: FlaskClient, days: Days, asked: str, rows: int) -> None:
    shown = page(client, f"/ecran/demo:SAU?lignes={asked}")
    assert f'class="rows-{rows}"' in shown
    assert 0 < shown.count('<td class="badge') + shown.count("line-badge") <= rows


def test_a_stop_that_is_none_says_so(client: FlaskClient, days: Days) -> None:
    assert client.get("/ecran/demo:NONE").status_code == 404
