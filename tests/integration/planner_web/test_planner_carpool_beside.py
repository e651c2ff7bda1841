"""The carpool lines beside the journeys: on the page, in the API; by a stand-in that knows one line."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta

import pytest
from apiflask import APIFlask
from flask.testing import FlaskClient

from mobigo.base.decisions import Decision
from mobigo.base.geo import Point, distance_m
from mobigo.base.money import Money
from mobigo.infra.web import EXTENSION
from mobigo.planner.model import CarpoolAtPlace, CarpoolHop, CarpoolWay

SAULIEU, CHATILLON = Point(47.2800, 4.2300), Point(47.8590, 4.5730)


class OneLine:
    """Saulieu to Châtillon, drivers expected from half past six to nine."""

    def __init__(self) -> None:
        self.asked: list[tuple[datetime, bool]] = []

    def ways(
        self, origin: Point, destination: Point, at: datetime, *, arrive_by: bool, window_s: int, walk_m_max: int
    ) -> Sequence[CarpoolWay]:
        self.asked.append((at, arrive_by))
        if distance_m(origin, SAULIEU) > 2_000 or distance_m(destination, CHATILLON) > 2_000:
            return []
        leave = at if not arrive_by else at - timedelta(minutes=95)
        return [
            CarpoolWay(
                "Saulieu – Châtillon-sur-Seine", "/covoiturage/lignes/saulieu-chatillon", "Saulieu, mairie", SAULIEU,
                "Châtillon, centre", CHATILLON, leave, leave + timedelta(minutes=95), leave, leave + timedelta(hours=2),
                200, 300, 72 * 60, 80_000, 15 * 60, Money(150),
                Decision("planner.no_journey_via", name="…"), None, 3,
            )
        ]  # fmt: skip

    def hops(self, door: Point, day: date, *, leaving: bool, walk_m_max: int) -> Sequence[CarpoolHop]:
        return []

    def why_none(self, origin: Point, destination: Point, at: datetime, *, walk_m_max: int) -> Decision | None:
        if distance_m(origin, SAULIEU) > 2_000:
            return Decision("carpool.no_line")
        return Decision("carpool.line_too_far", line="Saulieu – Châtillon-sur-Seine", km=7)

    def at_place(self, place: str) -> Sequence[CarpoolAtPlace]:
        return [
            CarpoolAtPlace("Saulieu – Châtillon", "C3", "/covoiturage/lignes/s?arret=a", "Place Monge", "au car", 60)
        ]


@pytest.fixture
def lines(known_site: APIFlask, no_other_line: None, monkeypatch: pytest.MonkeyPatch) -> OneLine:
    made = OneLine()
    monkeypatch.setitem(vars(known_site.extensions[EXTENSION]), "carpool", made)
    return made


@pytest.fixture(autouse=True)
def no_other_line(known_site: APIFlask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(vars(known_site.extensions[EXTENSION]), "carpool", None)


ASKED = {"from": "Saulieu", "to": "Châtillon-sur-Seine", "when": "leave", "date": "2025-03-18", "time": "07:30"}


def test_the_page_shows_the_line_beside_the_coach_and_counts_it(client: FlaskClient, lines: OneLine) -> None:
    page = client.get("/trajets", query_string=ASKED).get_data(as_text=True)
    assert "En covoiturage, sans réserver" in page
    assert "1,50\xa0€" in page or "1,50\u202f€" in page
    assert "Conducteurs attendus de 7\xa0h\xa030 à 9\xa0h\xa030" in page
    assert "2 façons d’y aller" in page
    assert "jusqu’à 15\xa0min d’attente comptée" in page
    assert 'href="/covoiturage/lignes/saulieu-chatillon"' in page


def test_where_no_line_goes_nothing_is_said_of_carpools(client: FlaskClient, lines: OneLine) -> None:
    page = client.get("/trajets", query_string={**ASKED, "to": "Semur, gare routière"}).get_data(as_text=True)
    assert lines.asked
    assert "covoiturage, sans" not in page


@pytest.mark.parametrize("extra", [{"wheelchair": "true"}, {"modes": "train"}])
def test_a_wheelchair_or_a_chosen_mode_rules_carpools_out(
    client: FlaskClient, lines: OneLine, extra: dict[str, str]
) -> None:
    """What is not known to be accessible is not; who asks for trains asks for trains."""
    answer = client.get(
        "/api/v1/journeys",
        query_string={"from": "Saulieu", "to": "Châtillon-sur-Seine", "at": "2025-03-18T07:30:00+01:00", **extra},
    )
    assert answer.status_code == 200, answer.get_json()
    assert answer.get_json()["carpool"] == []
    assert lines.asked == []


def test_the_api_gives_the_way_with_its_price_and_what_is_counted_on(client: FlaskClient, lines: OneLine) -> None:
    asked = {"from": "Saulieu", "to": "Châtillon-sur-Seine", "at": "2025-03-18T09:00:00+01:00", "arrive_by": "true"}
    (way,) = client.get("/api/v1/journeys", query_string=asked).get_json()["carpool"]
    assert (way["price_cents"], way["walk_m"], way["wait_s"], way["drivers_expected"]) == (150, 500, 900, 3)
    assert way["arrival"] == "2025-03-18T09:00:00+01:00"
    assert lines.asked == [(datetime.fromisoformat("2025-03-18T09:00:00+01:00"), True)]


def test_without_carpool_lines_the_answer_has_none(client: FlaskClient) -> None:
    asked = {"from": "Saulieu", "to": "Châtillon-sur-Seine", "at": "2025-03-18T07:30:00+01:00"}
    assert client.get("/api/v1/journeys", query_string=asked).get_json()["carpool"] == []


def test_the_board_of_a_stop_names_the_carpool_line_that_stops_there(client: FlaskClient, lines: OneLine) -> None:
    found = client.get("/departs", query_string={"stop": "Semur, gare routière"}, follow_redirects=True)
    page = found.get_data(as_text=True)
    assert "En covoiturage, d’ici" in page
    assert 'href="/covoiturage/lignes/s?arret=a"' in page
    assert "Place Monge (au car), à 60" in page
