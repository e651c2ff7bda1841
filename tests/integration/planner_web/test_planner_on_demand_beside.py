"""On-demand transport beside the journeys: on the page, in the API, with the timetable before and after it."""

from datetime import datetime, timedelta

import pytest
from apiflask import APIFlask
from flask.testing import FlaskClient

from mobigo.base.decisions import Decision
from mobigo.base.geo import Point
from mobigo.base.money import Money
from mobigo.network.model.live import LiveNetwork
from mobigo.planner.api.given import Journeys
from mobigo.planner.model import OnDemandFound, OnDemandWay, Query


def plain(text: str) -> str:
    """The words, whatever the width of their spaces."""
    return text.replace("\u202f", " ").replace("\xa0", " ")


SEVEN = datetime.fromisoformat("2025-03-18T07:00:00+01:00")


class OneService:
    """From Saulieu to Semur, there before any coach; booked until 17 h the same day, whenever one asks."""

    late = timedelta(0)

    def ways(self, live: LiveNetwork, query: Query, a: Point, b: Point, now: datetime) -> OnDemandFound:
        at = SEVEN + timedelta(minutes=5)
        way = OnDemandWay(
            service="TAD du pays", href="/tad/pays?from=a#departs", board="Saulieu (mairie)", board_point=a,
            alight="Semur (gare)", alight_point=b, leave_at=at - timedelta(minutes=2), since=at,
            until=at + timedelta(minutes=10), set_down_by=at + timedelta(minutes=30),
            arrive_at=at + timedelta(minutes=33) + self.late, walk_to_m=100, walk_from_m=150, price=Money(300),
            book_by=SEVEN + timedelta(hours=10), phone="03 39 98 00 21", buffer_s=300,
        )  # fmt: skip
        missed = Decision("tad.cutoff_missed", service="TAD du val", day=SEVEN.date(), by=None, phone="03 39 98 00 22")
        return OnDemandFound((way,), (missed,), now)


@pytest.fixture
def beside(client: FlaskClient, known_site: APIFlask, monkeypatch: pytest.MonkeyPatch) -> FlaskClient:
    monkeypatch.setitem(vars(known_site.extensions["mobigo"]), "on_demand", OneService())
    return client


ASKED = "from=Saulieu&to=Semur&at=2025-03-18T07:00"


def test_the_api_gives_the_way_its_promise_and_until_when_one_books(beside: FlaskClient) -> None:
    body = beside.get(f"/api/v1/journeys?{ASKED}").get_json()
    Journeys.model_validate(body)
    (way,) = body["on_demand"]
    assert (way["pickup_since"], way["pickup_until"]) == ("2025-03-18T07:05:00+01:00", "2025-03-18T07:15:00+01:00")
    assert way["set_down_by"] == "2025-03-18T07:35:00+01:00"
    assert (way["price_cents"], way["walk_m"], way["buffer_s"]) == (300, 250, 300)
    assert plain(way["booking"]) == "À réserver avant 17 h aujourd’hui, par téléphone au 03 39 98 00 21 ou ici"
    assert [each["code"] for each in body["on_demand_missed"]] == ["tad.cutoff_missed"]


def test_it_stands_among_the_journeys_with_what_it_wins(beside: FlaskClient) -> None:
    body = beside.get(f"/api/v1/journeys?{ASKED}").get_json()
    (way,) = body["on_demand"]
    assert way["total_cents"] == 300
    assert [each["code"] for each in way["why"]] == ["planner.way_arrives_sooner"]
    kinds = [each["kind"] for each in body["order"]]
    assert sorted(kinds) == ["journey"] * len(body["journeys"]) + ["on_demand"]
    leaves = [body["journeys" if each["kind"] == "journey" else "on_demand"][each["index"]]["departure"]
              for each in body["order"]]  # fmt: skip
    assert leaves == sorted(leaves)
    page = plain(beside.get("/trajets?from=Saulieu&to=Semur&when=leave&date=2025-03-18&time=07:00").text)
    assert "plus tôt que le premier car ou train · À réserver avant 17 h aujourd’hui" in page


def test_who_is_there_no_sooner_than_by_coach_is_told_of_it_in_a_line(
    beside: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(OneService, "late", timedelta(hours=2))
    body = beside.get(f"/api/v1/journeys?{ASKED}").get_json()
    Journeys.model_validate(body)
    assert body["on_demand"] == []
    assert {each["kind"] for each in body["order"]} == {"journey"}
    assert [(each["code"], each["params"]["names"]) for each in body["beaten"]] == [
        ("planner.ways_beaten", "TAD du pays")
    ]
    page = plain(beside.get("/trajets?from=Saulieu&to=Semur&when=leave&date=2025-03-18&time=07:00").text)
    assert "Autre possibilité, qui ne fait rien gagner sur ces trajets : TAD du pays." in page


def test_the_way_goes_where_no_chosen_mode_rules_it_out(beside: FlaskClient) -> None:
    assert beside.get(f"/api/v1/journeys?{ASKED}&modes=train").get_json()["on_demand"] == []
    assert beside.get(f"/api/v1/journeys?{ASKED}&wheelchair=true").get_json()["on_demand"] == []


def test_an_instant_out_of_the_timetable_has_the_same_shape(beside: FlaskClient) -> None:
    body = beside.get("/api/v1/journeys?from=Saulieu&to=Semur&at=9999-12-31T23:59").get_json()
    assert (body["on_demand"], body["on_demand_missed"]) == ([], [])


def test_the_page_says_the_time_left_to_change(beside: FlaskClient) -> None:
    page = plain(beside.get("/trajets?from=Saulieu&to=Semur&when=leave&date=2025-03-18&time=07:00").text)
    assert "au moins 5 min pour la correspondance" in page
    assert "À réserver avant 17 h aujourd’hui" in page
