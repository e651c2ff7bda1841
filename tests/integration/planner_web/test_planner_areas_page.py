"""How far one gets, on a page without any script."""

import re

import pytest
from flask.testing import FlaskClient

ASKED = {"from": "Saulieu, place Monge", "when": "leave", "date": "2025-03-18", "time": "05:55", "most": "120"}


def test_the_area_is_drawn_and_said_in_a_table(client: FlaskClient) -> None:
    page = client.get("/jusqu-ou", query_string=ASKED)
    assert page.status_code == 200
    assert "2 communes en 2\u00a0h" in page.text
    assert len(re.findall(r'<path class="reach-\d" fill-rule="evenodd" d="M', page.text)) == 4
    rows = re.findall(
        r'<th scope="row">([^<]+)</th><td class="figure">([^<]+)</td><td class="figure">([^<]+)</td>', page.text
    )
    assert [name for name, _, _ in rows] == ["Saulieu", "Châtillon-sur-Seine"]
    assert "les rues ne sont pas connues ici" in page.text


def test_within_half_an_hour_less_is_reached(client: FlaskClient) -> None:
    page = client.get("/jusqu-ou", query_string={**ASKED, "most": "30"})
    assert "1 commune en 30\u00a0min" in page.text


def test_before_a_question_there_is_an_example(client: FlaskClient) -> None:
    page = client.get("/jusqu-ou")
    assert (page.status_code, "Par exemple depuis Châtillon-sur-Seine" in page.text) == (200, True)


@pytest.mark.parametrize(
    ("changed", "said"),
    [({"from": "Nulle-Part-les-Oies"}, "Aucun arrêt ni commune"), ({"time": "25:00"}, "Écrivez une heure")],
    ids=["no such place", "no such hour"],
)
def test_what_cannot_be_read_is_said_beside_its_field(client: FlaskClient, changed: dict[str, str], said: str) -> None:
    page = client.get("/jusqu-ou", query_string={**ASKED, **changed})
    assert (page.status_code, said in page.text) == (422, True)
