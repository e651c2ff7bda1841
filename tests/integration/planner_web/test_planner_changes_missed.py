"""Before leaving: what becomes of who misses a change, and how often it could be made."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from apiflask import APIFlask
from flask.testing import FlaskClient

from mobigo.app.tables import metadata
from mobigo.infra.db import transaction
from mobigo.network.store import observed
from mobigo.network.store.observed import Observed, ObservedTripRow, TripKey

TUESDAY = datetime(2025, 3, 18, tzinfo=UTC)
ASKED = {"from": "Saulieu", "to": "Châtillon-sur-Seine", "when": "leave", "date": "2025-03-18", "time": "05:55"}


@pytest.fixture
def noted(known_site: APIFlask, client: FlaskClient) -> FlaskClient:
    """A visitor of a site on which nothing was noted yet."""
    engine = known_site.extensions["mobigo"].engine
    metadata.create_all(engine)
    with transaction(engine) as session:
        session.query(ObservedTripRow).delete()
    return client


def note(site: APIFlask, days: int, late_s: int, trip: str = "t1") -> None:
    """Trip t1 comes to Montbard (its third call) that late, on so many days before."""
    with transaction(site.extensions["mobigo"].engine) as session:
        heard = {
            TripKey("demo", trip, (TUESDAY - timedelta(days=number)).date()): Observed({2: (late_s, 0)})
            for number in range(1, days + 1)
        }
        observed.put(session, heard, TUESDAY)


def page(client: FlaskClient, address: str = "/trajets", **more: str) -> str:
    answer = client.get(address, query_string={**ASKED, **more})
    assert answer.status_code == 200
    return re.sub(r"\s+", " ", answer.text.replace("\u00a0", " ").replace("\u202f", " "))


def test_the_next_way_is_said_where_a_change_is_missed(noted: FlaskClient) -> None:
    shown = page(noted)
    said = "départ suivant à 8 h 40, ligne LR125, arrivée à 9 h 20 (1 h 30 plus tard)."
    assert f"Changement manqué à Montbard, gare : {said}" in shown
    assert "a été possible" not in shown  # nothing was noted
    chosen = re.search(r"journey=([^&\"]+)", shown)
    assert chosen is not None
    assert "Changement manqué à Montbard" in page(noted, "/trajets/fiche", journey=chosen[1])
    english = page(noted, lang="en")
    assert "Change missed at Montbard, gare: next departure at" in english
    noted.get("/trajets?lang=fr")


def test_a_journey_without_a_change_says_nothing_of_one(noted: FlaskClient) -> None:
    assert "Changement manqué" not in page(noted, to="Montbard, gare")


def test_the_last_departure_is_said_to_be_the_last(noted: FlaskClient) -> None:
    """By the coach of 7:30 one changes for 8:40, the last of the day: back to Saulieu and on by the coach of the next
    morning is no way on."""
    shown = page(noted, time="07:20")
    assert "Changement manqué à Montbard, gare : plus aucun départ utile dans les heures qui suivent." in shown


@pytest.mark.parametrize(
    ("days", "late_s", "words"),
    [
        (9, 0, None),
        (10, 0, "Sur les 10 derniers jours observés, ce changement a été possible 10 fois."),
        (12, 901, "Sur les 12 derniers jours observés, ce changement a été possible 0 fois."),
        (12, 600, "Sur les 12 derniers jours observés, ce changement a été possible 12 fois."),
    ],
)
def test_how_often_it_could_be_made_is_said_from_ten_days_on(
    noted: FlaskClient, known_site: APIFlask, days: int, late_s: int, words: str | None
) -> None:
    note(known_site, days, late_s)
    note(known_site, 20, 0, trip="t3")  # another coach says nothing of this one
    shown = page(noted)
    assert (words or "derniers jours observés") in shown or words is None
    assert ("derniers jours observés" in shown) is (words is not None)
