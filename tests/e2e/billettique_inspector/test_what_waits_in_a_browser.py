"""What people wait for: a constat contested after it was paid, its answer, a payment contested at a bank, a telephone
lost with a receipt; on a telephone, and without scripts. Every page is for everybody."""

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from datetime import timedelta

import pytest
from playwright.sync_api import Browser, Page, expect

from billettique.rules.cases import digest
from billettique.service import cases, rounds
from billettique.store.payments import DisputeRow, PaymentRow
from mobigo.app import schema
from mobigo.base.money import ZERO
from mobigo.infra import accounts, grants, sessions
from mobigo.infra.clock import now
from mobigo.infra.config import load_config
from mobigo.infra.db import open_engine, transaction
from mobigo.infra.formats import local
from mobigo.infra.roles import Grant, Role
from tests.browser import everywhere, nothing_amiss, visitor
from tests.integration.billettique_inspection.test_cases import CONSTAT
from tests.live import Site, site

SECRET = "ABCDEFGHJKLM"
ROLES = {"agent": (Role.COUNTER_AGENT,), "regie": (Role.REGISSEUR,), "bearer": (Role.INSPECTOR, Role.MANDATAIRE)}


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Site, dict[str, str], str]]:
    """A site, the sessions of those who work there, the round of the bearer, of which one receipt had come."""
    home = tmp_path_factory.mktemp("waiting") / "home"
    engine = open_engine(f"sqlite:///{home / 'mobigo.sqlite'}")
    schema.migrate(engine)
    at, tokens, config = now(), {}, load_config({"MOBIGO_HOME": str(home)})
    with transaction(engine) as session:
        for name, held in ROLES.items():
            subject = accounts.create(session, at, email=f"{name}@example.org", name=name, password_hash=None,
                                      language="fr")  # fmt: skip
            for role in held:
                grants.give(session, subject, Grant(role), at, by=None)
            tokens[name] = sessions.open_session(session, subject, at, None, None)
        till = rounds.open_round(session, agent=subject, regie="controle", opening=ZERO, home=None, now=at).id
        rounds.claim(session, agent=subject, device="i-device", home=None, now=at)
        paid = replace(CONSTAT, secret_digest=digest(SECRET), found_at=at, paid="cash", person=None, round_id=till,
                       receipt=1, pass_holder=False)  # fmt: skip
        cases.draw_up(session, config, paid, by=subject, device="i-device", now=at)
        session.add(
            PaymentRow(
                id="p1", order_id=CONSTAT.id, attempt=1, purpose="case", key="k1", provider="sim", means="card",
                collector="essai", live=False, cents=5_150, captured_cents=5_150, state="DISPUTED", quarantined=False,
                created_at=at, called_at=at, moved_at=at, looks=0,
            )
        )  # fmt: skip
        session.flush()
        session.add(DisputeRow(provider="sim", ref="du_1", payment="p1", cents=5_150, reason="fraudulent", state="OPEN",
                               opened_at=at, due_at=at + timedelta(days=2)))  # fmt: skip
    engine.dispose()
    with site(home) as answering:
        yield answering, tokens, till


def test_everybody_who_waits_is_seen_and_answered(office: tuple[Site, dict[str, str], str], browser: Browser) -> None:
    answering, tokens, till = office
    stack, visitors = ExitStack(), []

    def opened(who: str | None, path: str, **options: object) -> Page:
        visiting = stack.enter_context(visitor(browser, answering.url, **options))
        visitors.append(visiting)
        if who is not None:
            visiting.context.add_cookies([{"name": "mobigo", "value": tokens[who], "url": answering.url}])
        return visiting.open(path)

    own = f"/constat/{CONSTAT.reference}/{SECRET}"
    person = opened(None, own, scripts=False)
    person.get_by_label("Pourquoi n’êtes-vous pas d’accord").fill("Le valideur était en panne.")
    person.get_by_role("button", name="Envoyer ma contestation").click()
    expect(person.get_by_text("Votre contestation attend une réponse.")).to_be_visible()
    assert everywhere(opened(None, own)) == []

    agent = opened("agent", "/billettique/agents/a-repondre")
    expect(agent.get_by_role("heading", name="Constats contestés")).to_be_visible()
    assert everywhere(agent) == []
    agent.get_by_role("link", name=CONSTAT.reference).first.click()
    expect(agent.get_by_role("heading", name="Contestation du")).to_be_visible()
    assert everywhere(agent) == []
    agent.get_by_label("ce qui est payé est rendu").check()
    agent.get_by_label("Réponse à la personne").fill("Vous aviez raison.")
    agent.get_by_role("button", name="Répondre", exact=True).click()
    agent.goto(answering.url + "/billettique/agents/a-repondre")
    expect(agent.get_by_text("Aucune contestation sans réponse.")).to_be_visible()
    expect(agent.get_by_role("link", name="Préparer ou valider")).to_be_visible()
    person.reload()
    expect(person.get_by_text("à rendre, un agent s’en occupe")).to_be_visible()

    regie = opened("regie", "/billettique/agents/a-repondre")
    expect(regie.get_by_text("presse", exact=True)).to_be_visible()
    regie.get_by_role("link", name=CONSTAT.reference).click()
    assert everywhere(regie) == []
    regie.get_by_role("button", name="Laisser la banque rendre").click()
    expect(regie.get_by_text("laissé sans réponse, la banque décide")).to_be_visible()

    bearer = opened("bearer", "/controle/tournee", scripts=False)
    bearer.get_by_text("Mon téléphone est perdu ou détruit").first.click()
    bearer.get_by_role("button", name="Déclarer ce téléphone perdu").click()
    expect(bearer.get_by_text("Téléphone déclaré perdu.")).to_be_visible()
    assert everywhere(opened("bearer", "/controle/tournee")) == []
    regie.goto(f"{answering.url}/guichet/caisses/{till}")
    regie.get_by_text("Noter une quittance d’après le papier").first.click()
    assert everywhere(regie) == []
    here = local(now())
    paper = {"Numéro de la quittance": "2", "Référence du constat": "BCDEFGHJ", "Code secret": SECRET,
             "Jour": f"{here:%Y-%m-%d}", "Heure": f"{here:%H:%M}", "Prix du trajet": "1,50"}  # fmt: skip
    for label, value in paper.items():
        regie.get_by_label(label).fill(value)
    regie.get_by_role("button", name="Noter la quittance").click()
    expect(regie.get_by_text("La quittance est notée")).to_be_visible()
    assert everywhere(opened(None, "/constat")) == []
    nothing_amiss(visitors, stack.close)
