"""The agents' desk of carpool money: each role sees its own inbox and does its own step; sent twice, done once."""

import io
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Engine, select
from werkzeug.test import TestResponse

from covoit.model.claims import Kind
from covoit.rules.payments import end_to_end_id
from covoit.service import awards, claims, closing, payments
from covoit.service import returns as bank
from covoit.store import claims as claim_store
from covoit.store import fraud as fraud_store
from covoit.store import ibans
from covoit.store import journeys as journey_store
from covoit.store import payments as payment_store
from covoit.web.money import batches, cases, debts, fraud, inbox, months, people, requests, returns
from mobigo.app import create_app
from mobigo.infra import audit
from mobigo.infra.blobs import Blobs
from mobigo.infra.config import Config
from mobigo.infra.db import reading, transaction
from mobigo.infra.outbox import MessageRow
from mobigo.infra.roles import Role
from tests.covoit_agents_world import a_closed_month, agents
from tests.covoit_money_world import (
    CLOSING,
    COMPTABLE,
    IBANS,
    MANAGER,
    accepted,
    claim,
    driver,
    home_with,
    net,
    pain002,
    payer,
)

NOVEMBER = datetime(2026, 11, 1, tzinfo=UTC)
DESK = "/covoiturage/agents"
Page = Callable[..., TestResponse]


@dataclass
class Office:
    """An application at a fixed instant, and a browser for each agent."""

    engine: Engine
    home: Path
    clients: dict[Role, FlaskClient]
    anne: str
    bruno: str

    def get(self, role: Role, path: str = "") -> str:
        answer = self.clients[role].get(DESK + path)
        assert answer.status_code == 200, (path, answer.status_code)
        return words(answer.get_data(as_text=True))

    def status(self, role: Role, path: str = "") -> int:
        return self.clients[role].get(DESK + path).status_code

    def post(self, role: Role, path: str, **form: object) -> TestResponse:
        return self.clients[role].post(DESK + path, data=form, follow_redirects=True)


def words(page: str) -> str:
    page = re.sub(r"(?s)<(head|footer|header)\b.*?</\1>", " ", page)
    return re.sub(r"[\s\u202f\xa0]+", " ", re.sub(r"<[^>]+>", " ", page))


def now() -> datetime:
    return CLOSING


@pytest.fixture
def office(
    engine: Engine, database_config: Config, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Office]:
    for module in (batches, cases, debts, fraud, inbox, months, people, requests, returns):
        monkeypatch.setattr(module, "now", lambda: now())
    home = payer(home_with(tmp_path / "home"))
    app: Flask = create_app(replace(database_config, home=home, environment="development", base_url="http://localhost"))
    app.config["WTF_CSRF_ENABLED"] = False
    anne, bruno = a_closed_month(engine, home, NOVEMBER, CLOSING)
    _subjects, tokens = agents(engine)
    clients = {}
    for role, token in tokens.items():
        clients[role] = app.test_client()
        clients[role].set_cookie("mobigo", token)
        clients[role].environ_base |= {"HTTP_ACCEPT_LANGUAGE": "fr"}
    yield Office(engine, home, clients, anne, bruno)
    app.extensions["mobigo"].engine.dispose()


def the_batch(office: Office) -> str:
    with reading(office.engine) as session:
        return payment_store.batches(session)[0].id


# ---------------------------------------------------------------- the inbox


def test_each_role_sees_what_waits_for_it_and_nothing_else(office: Office) -> None:
    claim(office.engine, office.anne)
    manager = office.get(Role.CARPOOL_MANAGER)
    assert "Demandes de versement à mettre en paiement 1 · 12,90 €" in manager
    for role, own, others in (
        (Role.COUNTER_AGENT, "Réclamations à traiter", "Lots de paiement"),
        (Role.FINANCE_AGENT, "Lots à vérifier", "Réclamations"),
        (Role.ORDONNATEUR, "Lots à ordonner", "Réclamations"),
        (Role.COMPTABLE_PUBLIC, "Lots sans réponse de la banque", "Réclamations"),
    ):
        page = office.get(role)
        assert own in page, role
        assert others not in page, role


def test_what_is_late_is_said(office: Office) -> None:
    with transaction(office.engine) as session:
        told = CLOSING - timedelta(days=63)  # two months and a day: the answer was due the day before
        row = claim_store.open_case(session, Kind.COMPLAINT, office.anne, "2026-10", "il manque un trajet", told)
        row.answer_by = CLOSING.date() - timedelta(days=1)
        near = claim_store.open_case(session, Kind.COMPLAINT, office.bruno, "2026-10", "et le mien", told)
        near.answer_by = CLOSING.date()
    page = office.get(Role.COUNTER_AGENT)
    assert "Réclamations à traiter 2 1 en retard 1 à moins de 15 jours" in page
    listed = office.get(Role.COUNTER_AGENT, "/dossiers?sorte=complaint")
    assert listed.index("Anne Essai") < listed.index("Bruno Essai")
    assert listed.count("en retard") == 2  # the head and the line


@pytest.mark.parametrize("path", ["", "/demandes", "/lots", "/mois", "/retours", "/dossiers", "/personnes", "/alertes"])
def test_somebody_without_a_role_enters_nowhere(office: Office, path: str) -> None:
    stranger = office.clients[Role.COUNTER_AGENT].application.test_client()
    assert stranger.get(DESK + path).status_code in (302, 303, 401)


# ---------------------------------------------------------------- requests and batches


def test_a_request_opens_down_to_its_trips_and_the_look_is_in_the_log(office: Office) -> None:
    asked = claim(office.engine, office.anne)
    page = office.get(Role.ORDONNATEUR, f"/demandes/{asked}")
    assert "Anne Essai : 12,90 €" in page
    assert "novembre 2026 · 12,90 € · 3 trajets" in page
    assert end_to_end_id(asked) in page
    assert page.count("4,30 €") >= 3
    with reading(office.engine) as session:
        seen = audit.history(session, "covoit_person", office.anne)
    assert [(each.action, each.detail) for each in seen] == [("covoit.file_seen", {"page": "request"})]


def test_a_request_is_refused_by_a_signed_decision_once(office: Office) -> None:
    asked = claim(office.engine, office.anne)
    form = {"reason": "", "name": "Claire Gestion", "capacity": "gestionnaire"}
    without = office.post(Role.CARPOOL_MANAGER, f"/demandes/{asked}/refuser", **form)
    assert without.status_code == 422
    done = office.post(Role.CARPOOL_MANAGER, f"/demandes/{asked}/refuser", **{**form, "reason": "RIB illisible"})
    assert "La demande est refusée" in words(done.get_data(as_text=True))
    again = office.post(Role.CARPOOL_MANAGER, f"/demandes/{asked}/refuser", **{**form, "reason": "RIB illisible"})
    assert again.status_code == 409
    with reading(office.engine) as session:
        decided = claim_store.decisions_of(session, office.anne)
        assert [(row.outcome, row.signatory_name) for row in decided] == [("refused", "Claire Gestion")]
        assert claims.payable_of(session, office.anne).cents == 1_290
    letter = office.get(Role.CARPOOL_MANAGER, f"/decisions/{decided[0].id}")
    assert "RIB illisible" in letter
    assert "Claire Gestion, gestionnaire" in letter


def test_a_batch_passes_through_four_hands_and_is_paid_once(office: Office) -> None:
    names = [claim(office.engine, person) for person in (office.anne, office.bruno)]
    for _ in range(2):  # sent twice: the second finds nothing left to pay
        office.post(Role.CARPOOL_MANAGER, "/lots", month="2026-11")
    with reading(office.engine) as session:
        assert len(payment_store.batches(session)) == 1
    at = f"/lots/{the_batch(office)}"
    assert "Lots à vérifier 1 · 17,20 €" in office.get(Role.FINANCE_AGENT)
    for step, role in (
        ("verifier", Role.FINANCE_AGENT), ("ordonner", Role.ORDONNATEUR), ("accepter", Role.COMPTABLE_PUBLIC),
        ("envoyer", Role.COMPTABLE_PUBLIC),
    ):  # fmt: skip
        for other in set(office.clients) - {role}:
            assert office.post(other, f"{at}/{step}").status_code == 403, (step, other)
        assert office.post(role, f"{at}/{step}").status_code == 200, step
    history = office.get(Role.CARPOOL_MANAGER, at)
    for said in ("Préparé Claire Gestion", "Vérifié Firmin Finances", "Ordonné Odile Ordre", "Envoyé Colin Compte"):
        assert said in history
    first, second = (office.clients[Role.COMPTABLE_PUBLIC].get(f"{DESK}{at}/fichier").get_data() for _ in range(2))
    assert first == second
    assert first.count(b"<EndToEndId>") == 2
    for ending, magic in (("pdf", b"%PDF"), ("xlsx", b"PK")):
        paper = office.clients[Role.ORDONNATEUR].get(f"{DESK}{at}/bordereau.{ending}")
        assert paper.get_data().startswith(magic)
    assert office.status(Role.ORDONNATEUR, f"{at}/fichier") == 403

    def bank() -> str:
        file = (io.BytesIO(pain002((end_to_end_id(names[0]), "ACSC", ""), ("MOBIGO-other", "ACSC", ""))), "r.xml")
        return words(office.post(Role.COMPTABLE_PUBLIC, "/retours", file=file).get_data(as_text=True))

    said = bank()
    assert "Payés 1 " in said
    assert "Non reconnus 1 " in said
    assert "MOBIGO-other" in said
    assert "Payés 0 Revenus 0 Déjà connus 1" in bank()
    for _ in range(2):
        office.post(Role.COMPTABLE_PUBLIC, f"{at}/paye")
    assert net(office.engine, "bank") == 1_720
    assert net(office.engine, awards.payable(office.anne)) == 0
    assert "La banque a répondu pour tous les versements." in office.get(Role.COMPTABLE_PUBLIC, at)


def test_one_person_with_two_roles_does_not_act_twice_on_a_batch(office: Office) -> None:
    from mobigo.infra import grants
    from mobigo.infra.roles import Grant

    claim(office.engine, office.anne)
    office.post(Role.CARPOOL_MANAGER, "/lots", month="2026-11")
    with transaction(office.engine) as session:
        subject = payment_store.acts_of(session, the_batch(office))[0].subject
        grants.give(session, subject, Grant(Role.FINANCE_AGENT), CLOSING, by=None)
    refused = office.post(Role.CARPOOL_MANAGER, f"/lots/{the_batch(office)}/verifier")
    assert refused.status_code == 403
    assert "L’étape n’est pas faite" in words(refused.get_data(as_text=True))
    assert "batch_same_person" not in refused.get_data(as_text=True)
    with reading(office.engine) as session:
        assert payment_store.get_batch(session, the_batch(office)).state == "prepared"


def test_a_batch_is_sent_back_or_rejected_with_a_reason_and_its_requests_wait_again(office: Office) -> None:
    claim(office.engine, office.anne)
    office.post(Role.CARPOOL_MANAGER, "/lots", month="2026-11")
    at = f"/lots/{the_batch(office)}"
    assert office.post(Role.FINANCE_AGENT, f"{at}/renvoyer", reason=" ").status_code == 422
    assert office.post(Role.COMPTABLE_PUBLIC, f"{at}/renvoyer", reason="non").status_code == 403
    assert "manque une pièce" in words(
        office.post(Role.FINANCE_AGENT, f"{at}/renvoyer", reason="manque une pièce").get_data(as_text=True)
    )
    assert "Lots renvoyés ou rejetés, à préparer de nouveau 1" in office.get(Role.CARPOOL_MANAGER)
    office.post(Role.CARPOOL_MANAGER, "/lots", month="2026-11")
    again = f"/lots/{the_batch(office)}"
    assert again != at
    office.post(Role.FINANCE_AGENT, f"{again}/verifier")
    office.post(Role.ORDONNATEUR, f"{again}/ordonner")
    assert net(office.engine, awards.payable(office.anne)) == 0
    office.post(Role.COMPTABLE_PUBLIC, f"{again}/rejeter", reason="imputation fausse")
    assert net(office.engine, awards.payable(office.anne)) == 1_290


# ---------------------------------------------------------------- months, budgets


def test_a_month_is_closed_once_and_its_payment_call_comes(office: Office) -> None:
    page = office.get(Role.FINANCE_AGENT, "/mois")
    assert "novembre 2026" in page
    assert "17,20 €" in page
    call = office.clients[Role.FINANCE_AGENT].get(f"{DESK}/mois/2026-11/appel-de-fonds/mobigo.xlsx")
    assert call.get_data().startswith(b"PK")
    assert office.status(Role.FINANCE_AGENT, "/mois/2026-11/appel-de-fonds/nobody.xlsx") == 404
    early = office.post(Role.CARPOOL_MANAGER, "/mois", month="2026-12")
    assert early.status_code == 403
    again = office.post(Role.CARPOOL_MANAGER, "/mois", month="2026-11")
    assert "Ce mois était déjà clos." in words(again.get_data(as_text=True))


def test_a_budget_is_funded_once_by_the_ordonnateur_alone(office: Office) -> None:
    form = {"campaign": "essai", "amount": "1 500,50", "act": "26-7", "key": "un"}
    assert office.post(Role.CARPOOL_MANAGER, "/budgets", **form).status_code == 403
    before = net(office.engine, awards.budget("essai"))
    for _ in range(2):
        assert office.post(Role.ORDONNATEUR, "/budgets", **form).status_code == 200
    assert net(office.engine, awards.budget("essai")) == before + 150_050
    for wrong in ("0", "-3", "abc", ""):
        assert office.post(Role.ORDONNATEUR, "/budgets", **{**form, "amount": wrong, "key": "x"}).status_code == 422


# ---------------------------------------------------------------- cases


def test_a_complaint_is_decided_once_and_its_letter_is_shown(office: Office) -> None:
    with transaction(office.engine) as session:
        made = claims.complain(session, office.anne, "2026-11", "Il manque un trajet", now=CLOSING).id
    at = f"/dossiers/{made}"
    form = {"outcome": "refused", "name": "Guy Guichet", "capacity": "agent", "reason": "le trajet n’est pas prouvé"}
    assert office.post(Role.COUNTER_AGENT, f"{at}/decider", **{**form, "reason": ""}).status_code == 422
    assert office.post(Role.COUNTER_AGENT, f"{at}/decider", **{**form, "outcome": ""}).status_code == 422
    shown = words(office.post(Role.COUNTER_AGENT, f"{at}/decider", **form).get_data(as_text=True))
    assert "le trajet n’est pas prouvé" in shown
    assert "Ce que vous pouvez faire" in shown
    assert office.post(Role.COUNTER_AGENT, f"{at}/decider", **form).status_code == 409


def test_a_measure_waits_for_the_person_to_be_told_and_heard(office: Office) -> None:
    with transaction(office.engine) as session:
        made = claim_store.open_case(session, Kind.BAN, office.anne, "trajets inventés", None, CLOSING).id
    at = f"/dossiers/{made}"
    assert office.status(Role.COUNTER_AGENT, at) == 404  # a measure is not the counter's
    decide = {
        "outcome": "granted",
        "name": "Claire",
        "capacity": "gestionnaire",
        "reason": "",
        "last_day": "2027-12-06",
    }
    assert office.post(Role.CARPOOL_MANAGER, f"{at}/entendre", said="non").status_code == 403
    assert office.post(Role.CARPOOL_MANAGER, f"{at}/decider", **decide).status_code == 403
    office.post(Role.CARPOOL_MANAGER, f"{at}/notifier")
    assert office.post(Role.CARPOOL_MANAGER, f"{at}/decider", **decide).status_code == 403
    office.post(Role.CARPOOL_MANAGER, f"{at}/entendre", said="Je conteste")
    assert office.post(Role.CARPOOL_MANAGER, f"{at}/decider", **{**decide, "last_day": ""}).status_code == 422
    assert office.post(Role.CARPOOL_MANAGER, f"{at}/decider", **{**decide, "last_day": "2026-12-05"}).status_code == 422
    # 366 days at most, the first one counted: from 6 December 2026 to 6 December 2027
    too_long = office.post(Role.CARPOOL_MANAGER, f"{at}/decider", **{**decide, "last_day": "2027-12-07"})
    assert too_long.status_code == 422
    assert "366 jours au plus : jusqu’au lundi 6 décembre 2027" in words(too_long.get_data(as_text=True))
    done = words(office.post(Role.CARPOOL_MANAGER, f"{at}/decider", **decide).get_data(as_text=True))
    assert "mesure prise" in done
    with reading(office.engine) as session:
        assert claim_store.banned(session, [office.anne], CLOSING.date()) == {office.anne}


def test_a_human_who_decides_otherwise_says_why_and_the_letter_says_so(office: Office) -> None:
    with transaction(office.engine) as session:
        made = claim_store.open_case(session, Kind.RECOVERY, office.anne, "2026-11", None, CLOSING, 430).id
    at = f"/dossiers/{made}"
    office.post(Role.CARPOOL_MANAGER, f"{at}/notifier")
    office.post(Role.CARPOOL_MANAGER, f"{at}/entendre", said="C’était une panne")
    form = {"outcome": "refused", "name": "Claire", "capacity": "gestionnaire", "reason": ""}
    assert office.post(Role.CARPOOL_MANAGER, f"{at}/decider", **form).status_code == 422
    shown = office.post(Role.CARPOOL_MANAGER, f"{at}/decider", **{**form, "reason": "panne attestée"})
    assert "Une personne a décidé autrement" in words(shown.get_data(as_text=True))


# ---------------------------------------------------------------- the counter


@pytest.mark.parametrize(
    ("typed", "found"),
    [("ann", "Anne Essai"), ("ÉRI", "Érik Essai"), ("eri", "Érik Essai"), ("ess", "Anne Essai"), ("060", "Bruno Essai"),
     ("+33", "Bruno Essai"), ("000", "Bruno Essai"), ("an", None), ("zzz", None), ("%%%", None), ("a_n", None)],
)  # fmt: skip
def test_somebody_is_found_in_three_keystrokes(office: Office, typed: str, found: str | None) -> None:
    driver(office.engine, "érik", None)
    answer = office.clients[Role.COUNTER_AGENT].get(f"{DESK}/personnes", query_string={"q": typed})
    page = words(answer.get_data(as_text=True))
    assert ("Personnes trouvées" in page) == (found is not None)
    assert found is None or found in page


def test_an_agent_enters_an_account_claims_and_prints_for_somebody(office: Office) -> None:
    carl = driver(office.engine, "carl", None)
    at = f"/personnes/{carl}"
    form = {"iban": IBANS[2], "holder": "Carl Essai", "seen": "1"}
    assert office.post(Role.COUNTER_AGENT, f"{at}/compte", **{**form, "iban": "FR76 1234"}).status_code == 422
    unseen = office.post(Role.COUNTER_AGENT, f"{at}/compte", iban=IBANS[2], holder="Carl Essai")
    assert unseen.status_code == 422
    for _ in range(2):
        assert office.post(Role.COUNTER_AGENT, f"{at}/compte", **form).status_code == 200
    with reading(office.engine) as session:
        assert [row.state for row in ibans.of_person(session, carl)] == ["active"]
    at = f"/personnes/{office.anne}"
    for _ in range(2):
        office.post(Role.COUNTER_AGENT, f"{at}/demande")
    with reading(office.engine) as session:
        made = claim_store.claims_of(session, office.anne)
        assert [(row.cents, row.made_by != office.anne) for row in made] == [(1_290, True)]
    paper = office.clients[Role.COUNTER_AGENT].get(f"{DESK}{at}/releve-2026-11.pdf")
    assert paper.get_data().startswith(b"%PDF")
    assert office.status(Role.COUNTER_AGENT, f"{at}/releve-2026-09.pdf") == 404
    assert office.post(Role.COUNTER_AGENT, f"/personnes/{carl}/demande").status_code == 403  # nothing is due


def test_a_complaint_at_the_counter_sent_twice_is_one_case(office: Office) -> None:
    for _ in range(2):
        office.post(
            Role.COUNTER_AGENT,
            f"/personnes/{office.anne}/dossier",
            kind="paper_claim",
            about="F-7",
            said="Deux trajets",
        )
    with reading(office.engine) as session:
        assert [row.kind for row in claim_store.cases_of(session, office.anne)] == ["paper_claim"]


def test_a_ban_is_considered_once_for_facts_and_by_who_prepares(office: Office) -> None:
    at = f"/personnes/{office.anne}/exclusion"
    assert office.post(Role.COUNTER_AGENT, at, about="insultes").status_code == 403
    assert office.post(Role.CARPOOL_MANAGER, at, about=" ").status_code == 422
    for _ in range(2):
        office.post(Role.CARPOOL_MANAGER, at, about="insultes à un passager")
    with transaction(office.engine) as session:
        (case,) = claim_store.cases_of(session, office.anne, Kind.BAN)
        claims.notify_case(session, case.id, by=MANAGER, now=CLOSING)
        (told,) = [row.body for row in session.scalars(select(MessageRow)) if case.id in row.body]
    assert "insultes à un passager" in told  # the person is told why (CRPA, L122-1)


def test_nobody_but_the_desk_opens_a_file(office: Office) -> None:
    for role in (Role.FINANCE_AGENT, Role.ORDONNATEUR, Role.COMPTABLE_PUBLIC):
        assert office.status(role, f"/personnes/{office.anne}") == 403
    office.get(Role.COUNTER_AGENT, f"/personnes/{office.anne}")
    with reading(office.engine) as session:
        assert [each.detail for each in audit.history(session, "covoit_person", office.anne)] == [{"page": "person"}]


def test_a_small_debt_is_given_up_once_by_the_ordonnateur_alone(office: Office) -> None:
    """Anne was paid 12.90 €; one run of 4.30 € is then withdrawn, and the next closing says it was paid too much."""
    january = datetime(2027, 1, 7, 8, 0, tzinfo=UTC)
    claim(office.engine, office.anne)
    batch = accepted(office.engine, office.home)
    payments.send(office.engine, Blobs(office.home / "blobs"), batch, by=COMPTABLE, home=office.home, now=CLOSING)
    bank.confirm_batch(office.engine, batch, by=COMPTABLE, now=CLOSING)
    with transaction(office.engine) as session:
        journey_store.cancel(session, "mobigo", "a1-0", code="x", now=january)
    awards.award_ready(office.engine, january, home=office.home)
    closing.close_month(office.engine, "2026-12", january, home=office.home)
    page = office.get(Role.ORDONNATEUR, "/trop-percus")
    assert "Anne Essai 4,30 € 4,30 €" in page
    form = {"person": office.anne, "reason": "trop peu pour un titre"}
    assert office.post(Role.CARPOOL_MANAGER, "/trop-percus", **form).status_code == 403
    assert office.post(Role.ORDONNATEUR, "/trop-percus", **{**form, "reason": ""}).status_code == 422
    for _ in range(2):
        office.post(Role.ORDONNATEUR, "/trop-percus", **form)
    assert net(office.engine, claims.WRITTEN_OFF) == -430
    assert "Personne ne doit rien" in office.get(Role.ORDONNATEUR, "/trop-percus")


def test_an_alert_is_cleared_on_its_page_and_nothing_moves(office: Office) -> None:
    with transaction(office.engine) as session:
        row = fraud_store.AlertRow(
            id="A" * 26, month="2026-11", suspicion="role_swap", people_key="k", people=[office.anne, office.bruno],
            journeys=["a1-0", "b2-0"], found_at=CLOSING, state="new",
            reasons='[["covoit.suspect_role_swap", {"days": 3, "of_days": 4}]]',
        )  # fmt: skip
        session.add(row)
    assert "Alertes de fraude à regarder 1" in office.get(Role.CARPOOL_MANAGER)
    page = office.get(Role.CARPOOL_MANAGER, f"/alertes/{'A' * 26}")
    assert "3 jours sur 4" in page
    assert "Total 66 km 8,60 €" in page
    for role in (Role.COUNTER_AGENT, Role.FINANCE_AGENT, Role.ORDONNATEUR, Role.COMPTABLE_PUBLIC):
        assert office.status(role, f"/alertes/{'A' * 26}") == 403
    before = net(office.engine, awards.payable(office.anne))
    assert office.post(Role.CARPOOL_MANAGER, f"/alertes/{'A' * 26}/ecarter", reason="").status_code == 422
    said = office.post(Role.CARPOOL_MANAGER, f"/alertes/{'A' * 26}/ecarter", reason="vu la carte grise")
    assert "vu la carte grise" in words(said.get_data(as_text=True))
    assert office.post(Role.CARPOOL_MANAGER, f"/alertes/{'A' * 26}/ecarter", reason="encore").status_code == 409
    assert net(office.engine, awards.payable(office.anne)) == before


def test_a_month_that_is_not_over_is_not_looked_at_and_the_page_says_from_when(office: Office) -> None:
    refused = office.post(Role.CARPOOL_MANAGER, "/alertes", month="2099-12")
    assert refused.status_code == 403
    assert "Ce mois n’est pas fini : il peut être regardé à partir du lendemain du jeudi 31 décembre" in words(
        refused.get_data(as_text=True)
    )
    assert office.post(Role.CARPOOL_MANAGER, "/alertes", month="décembre").status_code == 422


def test_an_agent_reads_of_the_person_what_the_person_would_read_of_themselves(office: Office) -> None:
    with transaction(office.engine) as session:
        session.add(
            claim_store.BanRow(
                id="ban", person=office.bruno, first_day=CLOSING.date(), last_day=CLOSING.date(), decision="d"
            )
        )
    refused = office.post(Role.COUNTER_AGENT, f"/personnes/{office.bruno}/demande")
    page = words(refused.get_data(as_text=True))
    assert "Ses paiements sont suspendus par une décision qui lui a été écrite." in page
    assert "qui vous a été écrite" not in page
