"""The pages of penalties to be given back: two agents, the accountant, and the person who follows it."""

import re
from collections.abc import Iterator
from dataclasses import replace

import pytest
from flask.testing import FlaskClient

from billettique.rules.cases import digest
from billettique.service import cases, cash
from mobigo.app import create_app
from mobigo.base.money import ZERO
from mobigo.infra import accounts, grants, sessions
from mobigo.infra.clock import now
from mobigo.infra.config import Config
from mobigo.infra.db import transaction
from mobigo.infra.roles import Grant, Role
from tests.integration.billettique_inspection.test_cases import CONSTAT

SECRET = "ABCDEFGHJKLM"
ROLES = {"one": Role.COUNTER_AGENT, "two": Role.COUNTER_AGENT, "accountant": Role.COMPTABLE_PUBLIC}


@pytest.fixture
def people(database_config: Config) -> Iterator[dict[str, FlaskClient]]:
    """A case paid in cash, and who looks at it."""
    app = create_app(replace(database_config, environment="development", base_url="http://localhost"))
    app.config["WTF_CSRF_ENABLED"] = False
    services = app.extensions["mobigo"]
    found = {"person": app.test_client()}
    with transaction(services.engine) as session:
        for name, role in ROLES.items():
            subject = accounts.create(session, now(), email=f"{name}@example.org", name=name, password_hash=None)
            grants.give(session, subject, Grant(role), now(), by=None)
            found[name] = app.test_client()
            found[name].set_cookie("mobigo", sessions.open_session(session, subject, now(), None, None))
        constat = replace(CONSTAT, found_at=now(), secret_digest=digest(SECRET))
        cases.draw_up(session, services.config, constat, by="inspector", device="i-device", now=now())
        cash.open_till(session, agent="somebody", regie="guichets", place="dijon-ville", opening=ZERO, training=False,
                       home=None, now=now())  # fmt: skip
        cases.pay_at_counter(session, services.config, CONSTAT.id, means="cash", proof="", by="somebody", now=now())
    yield found
    services.engine.dispose()


def test_a_penalty_paid_for_nothing_goes_back_by_two_agents_and_the_accountant(people: dict[str, FlaskClient]) -> None:
    def get(who: str, path: str) -> str:
        answer = people[who].get(path, headers={"Accept": "text/html"})
        assert answer.status_code == 200, answer.text
        return answer.text

    def post(who: str, path: str, **fields: str) -> int:
        return people[who].post(path, data=fields, headers={"Accept": "text/html"}).status_code

    own = f"/constat/{CONSTAT.reference}/{SECRET}"
    assert "Rien à rendre" in get("one", "/controle/remboursements")
    assert "sera à rendre" in get("one", f"/controle/dossiers/{CONSTAT.id}")
    assert post("one", f"/controle/dossiers/{CONSTAT.id}/classer", why="Le valideur était en panne.") == 303
    assert "à rendre, un agent s’en occupe" in get("person", own)

    page = get("one", "/controle/remboursements")
    asked = re.search(r"/controle/remboursements/([0-9A-Z]{26})/preparer", page)
    assert asked is not None
    back = f"/controle/remboursements/{asked[1]}"
    assert post("one", back + "/preparer") == 303
    assert "un autre agent valide" in get("one", "/controle/remboursements")
    assert post("one", back + "/valider") == 403
    assert post("one", back + "/autrement") == 404
    assert "seconde validation" in get("person", own)
    assert "Valider et rendre" in get("two", "/controle/remboursements")
    assert post("two", back + "/valider") == 303
    assert "par virement du comptable public" in get("person", own)

    paid = f"/guichet/comptable/indemnites/{asked[1]}/payer"
    assert paid in get("accountant", "/guichet/comptable")
    assert post("two", paid) == 403
    assert post("accountant", paid) == 303
    assert post("accountant", paid) == 409
    assert paid not in get("accountant", "/guichet/comptable")
    assert "rendu" in get("person", own)
    assert "Rien à rendre" in get("two", "/controle/remboursements")
