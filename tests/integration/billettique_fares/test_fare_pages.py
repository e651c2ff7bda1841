"""The pages of fares through the application: drafting and approving by two people, comparing, offers."""

import io
import shutil
import zipfile
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from billettique.model.fares import Leg
from billettique.model.sales import NamedLeg
from billettique.service.journeys import write_token
from billettique.store import tariffs as store
from mobigo.app.factory import create_app
from mobigo.infra.config import Config
from mobigo.infra.db import reading
from mobigo.infra.roles import Role
from mobigo.infra.web import EXTENSION
from tests.covoit_agents_world import agents

PAGE = "/billettique/agents/tarifs"
OFFERS = "/billettique/agents/offres"
FIRST = (date.today() + timedelta(days=60)).isoformat()  # noqa: DTZ011 - far enough, whatever the zone


class People:
    """The application, and who may be signed in."""

    def __init__(self, config: Config) -> None:
        self.app = create_app(config)
        self.app.config["WTF_CSRF_ENABLED"] = False
        self.config = config
        self.engine = self.app.extensions[EXTENSION].engine
        _, self.tokens = agents(self.engine, (Role.FINANCE_AGENT, Role.ORDONNATEUR, Role.COUNTER_AGENT))

    def signed_in(self, role: Role | None) -> FlaskClient:
        client = self.app.test_client()
        if role is not None:
            client.set_cookie("mobigo", self.tokens[role])
        return client


@pytest.fixture
def people(config: Config, sqlite_template: Path) -> Iterator[People]:
    config.home.mkdir(parents=True)
    shutil.copyfile(sqlite_template, config.home / "mobigo.sqlite")
    made = People(config)
    yield made
    made.engine.dispose()


def test_a_version_is_drafted_by_one_and_approved_by_another(people: People) -> None:
    editor, approver = people.signed_in(Role.FINANCE_AGENT), people.signed_in(Role.ORDONNATEUR)
    assert "ter-2017" in editor.get(PAGE).text
    begun = editor.post(PAGE, data={"base": "car-unite-2020", "code": "car-2099", "first_day": FIRST})
    assert begun.status_code == 303
    draft = begun.headers["Location"]
    form = {"edition": "1", "title": "Car 2099", "source": "Essai", "first_day": FIRST, "product.0.cents": "1,80"}
    assert editor.post(draft, data=form | {"product.0.cents": "1,805"}).status_code == 422
    assert editor.post(draft, data=form).status_code == 303
    page = editor.get(draft).text
    assert "1,80" in page
    assert "augmente" in page
    assert "Vous avez préparé" not in page, "who may not approve is told so only where they could"
    act = {"edition": "2", "act_number": "26CP.1", "act_day": "2026-01-05"}
    assert editor.post(f"{draft}/approuver", data=act).status_code == 403
    assert approver.post(draft, data=form | {"edition": "2"}).status_code == 403
    assert approver.post(f"{draft}/approuver", data=act | {"edition": "1"}).status_code == 409
    assert approver.post(f"{draft}/approuver", data=act).status_code == 303
    assert approver.get(draft).status_code == 404, "a draft no more"
    assert "26CP.1" in approver.get(f"{PAGE}/car-2099").text
    assert "augmente" in editor.get(f"{PAGE}/car-2099?with=car-unite-2020").text
    assert 'code = "car-2099"' in editor.get(f"{PAGE}/car-2099.toml").text
    assert editor.get(f"{PAGE}/gtfs.zip").data[:2] == b"PK"
    with reading(people.engine) as session:
        assert [row.code for row in store.approved_rows(session)] == ["car-2099"]


def test_who_has_no_business_with_tariffs_sees_none(people: People) -> None:
    assert people.signed_in(Role.COUNTER_AGENT).get(PAGE).status_code == 403
    assert people.signed_in(None).get(PAGE).status_code in (303, 302, 401)


def test_an_offer_is_written_by_one_and_approved_by_another(people: People) -> None:
    editor, approver = people.signed_in(Role.FINANCE_AGENT), people.signed_in(Role.ORDONNATEUR)
    form = {"name": "Journée du car", "kind": "free_day", "how": "pct", "value": "100", "first_day": FIRST,
            "last_day": FIRST, "budget": "500", "networks": "car", "source": "Délibération"}  # fmt: skip
    assert editor.post(OFFERS, data=form | {"value": "101"}).status_code == 422
    assert editor.post(OFFERS, data=form | {"budget": ""}).status_code == 422
    assert editor.post(OFFERS, data=form).status_code == 303
    page = approver.get(OFFERS).text
    approve = page.split('action="/billettique/agents/offres/')[1].split('"')[0]
    assert approve.endswith("/approuver")
    assert approver.post(f"{OFFERS}/{approve}", data={"act_number": ""}).status_code == 422
    assert approver.post(f"{OFFERS}/{approve}", data={"act_number": "26CP.2"}).status_code == 303
    assert approver.post(f"{OFFERS}/{approve}", data={"act_number": "26CP.2"}).status_code == 409
    assert "26CP.2" in editor.get(OFFERS).text


def token(people: People, network: str | None = "car") -> str:
    at = datetime(2026, 11, 25, 7, tzinfo=UTC)
    leg = Leg(network, "a", "b", at, at + timedelta(minutes=40))
    return write_token(people.config, (NamedLeg(leg, "Saulieu", "Dijon"),))


def test_one_trip_is_compared_with_a_week(people: People) -> None:
    text = people.signed_in(None).get(f"/tarifs/comparer/{token(people)}").text.replace("\u00a0", " ")
    for amount in ("1,50 €", "3,00 €", "15,00 €"):
        assert amount in text
    assert "Saulieu" in text


@pytest.mark.parametrize("wrong", ["days=0", "days=8", "days=x", "rider=personne", "have=rien", "proof=rien"])
def test_a_choice_that_is_not_offered_is_refused_with_a_sentence(people: People, wrong: str) -> None:
    answer = people.signed_in(None).get(f"/tarifs/comparer/{token(people)}?{wrong}")
    assert answer.status_code == 422
    assert "n’existe pas" in answer.text


def test_an_unknown_fare_is_never_zero(people: People) -> None:
    text = people.signed_in(None).get(f"/tarifs/comparer/{token(people, None)}").text
    assert "prix inconnu" in text
    assert "0,00" not in text


def test_a_token_that_is_not_ours_is_refused(people: People) -> None:
    assert people.signed_in(None).get("/tarifs/comparer/abc").status_code == 422


def test_the_fares_of_a_gtfs_feed_become_a_draft(people: People) -> None:
    files = {
        "agency.txt": "agency_id,agency_name,agency_url,agency_timezone\n1,Ville,https://a.example,Europe/Paris\n",
        "stops.txt": "stop_id,stop_name,stop_lat,stop_lon\na,A,47.0,5.0\nb,B,47.1,5.0\n",
        "networks.txt": "network_id,network_name\nville,Bus de ville\n",
        "fare_products.txt": "fare_product_id,fare_product_name,amount,currency\nbus,Ticket de bus,1.30,EUR\n",
        "fare_leg_rules.txt": "network_id,fare_product_id\nville,bus\n",
    }
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    editor = people.signed_in(Role.FINANCE_AGENT)
    form = {"code": "ville-2099", "first_day": FIRST}
    begun = editor.post(PAGE, data=form | {"file": (io.BytesIO(out.getvalue()), "ville.zip")})
    assert begun.status_code == 303, begun.text
    page = editor.get(begun.headers["Location"]).text
    assert "Ticket de bus" in page
    assert "1,30" in page
    empty = io.BytesIO()
    with zipfile.ZipFile(empty, "w") as archive:
        archive.writestr("agency.txt", files["agency.txt"])
    assert (
        editor.post(PAGE, data=form | {"code": "x", "file": (io.BytesIO(empty.getvalue()), "ville.zip")}).status_code
        == 403
    )
