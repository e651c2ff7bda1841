"""The pages in English, as each role of the demonstration opens them: written as English is."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from apiflask import APIFlask

from mobigo.app.demo.people import PEOPLE
from mobigo.app.factory import create_app
from mobigo.infra import accounts, sessions
from mobigo.infra.clock import now
from mobigo.infra.config import load_config
from mobigo.infra.db import transaction
from mobigo.infra.roles import Role
from mobigo.infra.web import services
from tests.demo_home import Demo
from tests.english import faults
from tests.every_page import OPENED

MORE = (
    "/aide", "/accessibilite", "/mentions-legales", "/competences?commune=Saulieu", "/perturbations", "/suivre/",
    "/velos-et-parkings", "/demandes", "/demandes/retrouver", "/connexion", "/inscription", "/mot-de-passe-oublie",
    "/recherche?q=zzzzqqqq", "/recherche?q=bike+on+train", "/departs?stop=Saulieu", "/tad/saulieu",
    "/lignes/cars:118",
)  # fmt: skip


@pytest.fixture(scope="module")
def app(demo_template: Demo, tmp_path_factory: pytest.TempPathFactory) -> Iterator[APIFlask]:
    home: Path = demo_template.copy(tmp_path_factory.mktemp("english") / "home")
    ours = {name: value for name, value in os.environ.items() if not name.startswith("MOBIGO_")}
    given = {"MOBIGO_HOME": str(home), "MOBIGO_ENV": "demo", "MOBIGO_REQUESTS_PER_MINUTE": "0"}
    made = create_app(load_config({**ours, **given}))
    yield made
    with made.app_context():
        services().engine.dispose()


@pytest.mark.parametrize("role", OPENED, ids=lambda role: role or "anybody")
def test_a_page_in_english_has_no_french_spaces_nor_quotes(app: APIFlask, role: Role | None) -> None:
    client = app.test_client()
    client.environ_base["HTTP_ACCEPT_LANGUAGE"] = "en"
    if role is not None:
        with app.app_context(), transaction(services().engine) as session:
            subject = accounts.find_by_email(session, next(each.email for each in PEOPLE if each.role is role))
            assert subject is not None
            client.set_cookie("mobigo", sessions.open_session(session, subject, now(), None, None))
    plain = [each for each in OPENED[role] if "<" not in each and not each.endswith("?")]
    found = {}
    for address in (*plain, *(MORE if role is None else ())):
        answer = client.get(address, follow_redirects=True)
        assert answer.status_code == 200, address
        assert '<html lang="en">' in answer.text, address
        if wrong := faults(answer.text):
            found[address] = wrong
    assert found == {}
