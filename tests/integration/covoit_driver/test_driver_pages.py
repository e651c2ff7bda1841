"""The driver's pages: what may be asked for, each trip to its last step, the account in two forms, complaints and
decisions; and nothing of anybody else."""

import csv
import io
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from pypdf import PdfReader
from sqlalchemy import Engine, select
from werkzeug.test import TestResponse

from covoit.model.claims import Kind, Outcome
from covoit.model.journeys import JourneyState
from covoit.rules.bookings import TERMS
from covoit.service import awards, claims, driver, offers
from covoit.store import awards as award_store
from covoit.store import claims as claim_store
from covoit.store import ibans
from covoit.web import ride
from covoit.web.driver import account, asking, money, papers, rides
from mobigo.app import create_app
from mobigo.base.money import Money
from mobigo.infra import privacy
from mobigo.infra.config import Config
from mobigo.infra.db import reading, transaction
from mobigo.infra.outbox import MessageRow
from tests.covoit_driver_world import NOVEMBER, Known, known, months, whole_line
from tests.covoit_money_world import DESK, IBANS, MANAGER, MONTH_CAP, home_with, record, with_state

NOW = datetime(2026, 11, 25, 8, 0, tzinfo=UTC)
AT_HOME = "/covoiturage/mes-aides"


@dataclass
class World:
    engine: Engine
    home: Path
    app: Flask
    anna: Known  # drives
    boris: Known  # rides with her, and must see nothing of hers

    def client(self, who: Known, language: str = "fr") -> FlaskClient:
        client = self.app.test_client()
        client.set_cookie("mobigo", who.token)
        client.environ_base |= {"HTTP_ACCEPT_LANGUAGE": language}
        return client

    def award(self, trip: str) -> str:
        with reading(self.engine) as session:
            found = award_store.find_head(session, ("mobigo", trip))
        assert found is not None
        return found.award

    def code(self) -> str:
        """The code of the latest message about an account."""
        with reading(self.engine) as session:
            rows = session.scalars(select(MessageRow).where(MessageRow.key.like("covoit:iban:%"))).all()
        found = re.search(r"\d{6}", max(rows, key=lambda row: row.id).body)
        assert found
        return found[0]

    def account_for(self, who: Known, iban: str = IBANS[0]) -> None:
        with transaction(self.engine) as session:
            claims.confirm_iban_at_counter(session, who.person, iban, "Anna Essai", by=DESK, now=NOW)


@pytest.fixture
def world(engine: Engine, database_config: Config, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    home = home_with(tmp_path / "home", MONTH_CAP)
    for module in (account, asking, money, papers, rides):
        monkeypatch.setattr(module, "now", lambda: NOW)
    app = create_app(replace(database_config, home=home, environment="development", base_url="http://localhost"))
    anna, boris = known(engine, "anna", "+33639980001", NOW), known(engine, "boris", None, NOW)
    months(engine, home, anna.person, boris.person, NOW)
    yield World(engine, home, app, anna, boris)
    app.extensions["mobigo"].engine.dispose()


def words(answer_text: str) -> str:
    """What is read, every kind of space being one."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer_text))


def read(client: FlaskClient, path: str) -> str:
    answer = client.get(path)
    assert answer.status_code == 200, answer.get_data(as_text=True)[:2000]
    return words(answer.get_data(as_text=True))


def send(client: FlaskClient, page: str, action: str, **typed: str) -> TestResponse:
    """Fill the form of a page, as a browser would."""
    text = client.get(page).get_data(as_text=True)
    token = text.split('name="csrf_token" value="')[1].split('"')[0]
    return client.post(action, data={"csrf_token": token, **typed})


# ---------------------------------------------------------------- what is said


def test_the_answer_comes_first_then_eighty_kilometres_make_nine_euros(world: World) -> None:
    said = read(world.client(world.anna), AT_HOME)
    assert "Vous pouvez demander 18,00 €" in said
    assert "Saulieu, place Monge → Châtillon-sur-Seine, centre" in said
    assert "80 km × 0,10 € = 8,00 € 1 passager × 1,00 € = 1,00 € Total : 9,00 €" in said
    assert "9,00 € pour 1 trajet en novembre 2026." in said
    assert "octobre 2026 arrêté 2 18,00 €" in said
    assert "Dire sur quel compte" in said  # no account yet: that is the one thing to do


def test_what_the_months_cap_leaves_is_said_before_the_trip(world: World) -> None:
    # 150 € a month, of which November's 9 €
    assert "Plafond du mois : il vous reste 141,00 €." in read(world.client(world.anna), AT_HOME)


def test_todays_proofs_are_shown_with_where_they_stand(world: World) -> None:
    at = datetime(2026, 11, 25, 5, 30, tzinfo=UTC)
    states = (JourneyState.OK, JourneyState.PENDING, JourneyState.ANOMALY, JourneyState.CANCELLED)
    trips = [
        whole_line(world.anna.person, f"rider{number}", at + timedelta(minutes=10 * number), f"today-{number}")
        for number in range(len(states))
    ]
    record(world.engine, [with_state(trip, state) for trip, state in zip(trips, states, strict=True)])
    said = read(world.client(world.anna), AT_HOME)
    shown = re.findall(
        r"(\d h \d\d) · Saulieu, place Monge → \S+, centre · (\d) passagers? (.*?) (?:Preuve|Le montant)", said
    )
    assert shown == [
        ("6 h 30", "1", "prouvé"), ("6 h 40", "1", "en cours de vérification"), ("6 h 50", "1", "ne compte pas"),
        ("7 h 00", "0", "annulé"),
    ]  # fmt: skip


def test_the_page_where_one_drives_says_what_the_cap_leaves(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ride, "now", lambda: NOW)
    with transaction(world.engine) as session:
        offers.declare(
            session, world.anna.person, adult=True, licence=True, insurance=True, terms=TERMS, alias="Anna", car=None,
            now=NOW,
        )  # fmt: skip
    said = read(world.client(world.anna), "/covoiturage/conduire")
    assert "Ce mois-ci : 9,00 € d’aides. Plafond du mois : il vous reste 141,00 €." in said


def test_somebody_new_is_told_what_will_come(world: World) -> None:
    said = read(world.client(world.boris), AT_HOME)
    assert "Rien à demander pour l’instant" in said
    assert "Aucun trajet compté en novembre 2026" in said
    assert "9,00" not in said


def test_each_line_of_a_statement_opens_to_its_steps(world: World) -> None:
    said = read(world.client(world.anna), f"{AT_HOME}/releves/2026-10")
    assert "Octobre 2026 : 18,00 €" in said
    assert said.count("80 km × 0,10 € = 8,00 €") == 2
    assert "La preuve est de classe A ; il faut au moins la classe B." in said


def test_what_is_open_is_on_one_statement_only(world: World) -> None:
    """A trip of October that became known after its closing is on November's statement, marked as such."""
    late = whole_line(world.anna.person, "late-passenger", datetime(2026, 10, 20, 6, tzinfo=UTC), "late")
    record(world.engine, [late])
    awards.award_ready(world.engine, NOW, home=world.home)
    november = read(world.client(world.anna), f"{AT_HOME}/releves/2026-11")
    assert "Novembre 2026 : 18,00 €" in november
    assert "mois déjà arrêté" in november
    assert "Octobre 2026 : 18,00 €" in read(world.client(world.anna), f"{AT_HOME}/releves/2026-10")
    assert "Décembre 2026 : 0,00 €" in read(world.client(world.anna), f"{AT_HOME}/releves/2026-12")
    with reading(world.engine) as session:
        seen = {each.month: each.total for each in driver.months_seen(session, world.anna.person, NOW.date())}
    assert seen == {"2026-11": Money(1_800), "2026-10": Money(1_800)}


def test_a_trip_says_its_rule_its_act_and_what_does_not_count(world: World) -> None:
    award = world.award("oct-2")
    said = read(world.client(world.anna), f"{AT_HOME}/trajets/{award}")
    assert "9,00 € pour ce trajet" in said
    assert "ne compte pas La preuve est de classe A" in said
    assert "Délibération d&#39;essai, n° 26-1" in said or "Délibération d'essai, n° 26-1" in said
    assert "au moins un passager" in said  # the basis of the distance
    with reading(world.engine) as session:
        trip = driver.explain(session, world.anna.person, award, home=world.home)
    assert trip.scale is not None
    assert trip.scale_hash in said
    assert trip.digest in said
    assert "0,529 € par kilomètre" in said  # the legal limit
    assert "karim" not in said  # never who the passengers are


def test_a_trip_computed_again_is_the_same_byte_for_byte(world: World) -> None:
    said = read(world.client(world.anna), f"{AT_HOME}/trajets/{world.award('oct-1')}/recalcul")
    assert "identique, octet pour octet" in said


def test_a_trip_whose_scale_nobody_has_any_more_says_so(world: World) -> None:
    award = world.award("oct-1")
    (world.home / "scales" / "essai.toml").unlink()
    said = read(world.client(world.anna), f"{AT_HOME}/trajets/{award}/recalcul")
    assert "ne peut pas être recalculé" in said
    assert "n’est plus sur ce site" in read(world.client(world.anna), f"{AT_HOME}/trajets/{award}")


def test_a_document_altered_is_not_called_identical(world: World) -> None:
    award = world.award("oct-1")
    with reading(world.engine) as session:
        row = award_store.award_of(session, world.anna.person, award)
        row.document = row.document.replace('"amount_cents":900', '"amount_cents":901')
        again = driver.compute_again(session, world.anna.person, award, home=world.home)
        session.rollback()
    assert again.equal is False
    assert again.content != again.kept


@pytest.mark.parametrize("month", ["2026-13", "26-11", "x" * 60])
def test_what_is_no_month_is_told(world: World, month: str) -> None:
    assert world.client(world.anna).get(f"{AT_HOME}/releves/{month}").status_code == 422


# ---------------------------------------------------------------- being paid


def test_an_account_in_two_forms_then_the_request_in_one_button(world: World) -> None:
    client = world.client(world.anna)
    bank = f"{AT_HOME}/compte-bancaire"
    wrong = send(client, bank, bank, iban="FR76 3000 6000 0112 3456 7890 188", holder="Anna Essai")
    assert wrong.status_code == 422
    assert 'id="f-iban-error"' in wrong.get_data(as_text=True)
    assert "Recopiez-le" in words(wrong.get_data(as_text=True))
    nobody = send(client, bank, bank, iban=IBANS[1], holder=" ")
    assert 'id="f-holder-error"' in nobody.get_data(as_text=True)

    asked = send(client, bank, bank, iban=IBANS[1], holder="Anna Essai")
    assert asked.headers["Location"].endswith("/compte-bancaire/code")
    page = read(client, f"{bank}/code")
    assert "finit par 01" in page
    assert IBANS[1][-4:] in page
    assert IBANS[1] not in page
    bad = "000000" if world.code() != "000000" else "111111"
    refused = send(client, f"{bank}/code", f"{bank}/code", code=bad)
    assert refused.status_code == 422
    assert "Essais restants : 4" in words(refused.get_data(as_text=True))
    assert "Dire sur quel compte" not in read(client, AT_HOME)  # it awaits its code
    code = world.code()
    assert send(client, f"{bank}/code", f"{bank}/code", code=f"{code[:3]} {code[3:]}").status_code == 303
    said = read(client, AT_HOME)
    assert "Demander 18,00 €" in said
    assert f"FR76 … {IBANS[1][-4:]}" in said
    assert IBANS[1] not in said

    ask = f"{AT_HOME}/demander"
    for _ in range(3):  # the button pressed again is the same request
        token = client.get(bank).get_data(as_text=True).split('name="csrf_token" value="')[1].split('"')[0]
        assert client.post(ask, data={"csrf_token": token}).status_code == 303
    with reading(world.engine) as session:
        (row,) = claim_store.claims_of(session, world.anna.person)
    assert row.cents == 1_800
    said = read(client, AT_HOME)
    assert "Votre demande de 18,00 € est en cours" in said
    assert "demandée" in said
    assert "Demander 18,00 €" not in said


def test_a_code_tried_too_often_is_over(world: World) -> None:
    client, bank = world.client(world.anna), f"{AT_HOME}/compte-bancaire"
    send(client, bank, bank, iban=IBANS[0], holder="Anna Essai")
    bad = "000000" if world.code() != "000000" else "111111"
    for _ in range(claims.TRIES_MAX):
        send(client, f"{bank}/code", f"{bank}/code", code=bad)
    over = send(client, f"{bank}/code", f"{bank}/code", code=world.code())
    assert over.headers["Location"].endswith("/compte-bancaire")
    with reading(world.engine) as session:
        assert claims.find_iban(session, world.anna.person) is None
    assert client.get(f"{bank}/code").status_code == 303  # nothing waits: back to the first form


def test_without_telephone_the_code_goes_by_mail(world: World) -> None:
    client, bank = world.client(world.boris), f"{AT_HOME}/compte-bancaire"
    send(client, bank, bank, iban=IBANS[0], holder="Boris Essai")
    assert "Envoyé par courriel" in read(client, f"{bank}/code")


def test_a_request_with_nothing_due_is_refused_in_words(world: World) -> None:
    refused = send(world.client(world.boris), f"{AT_HOME}/compte-bancaire", f"{AT_HOME}/demander")
    assert refused.status_code == 403
    assert "Rien n’est à verser" in words(refused.get_data(as_text=True))


@pytest.mark.parametrize(
    ("stage", "said"),
    [
        ("mandated", "ordonnée"),
        ("sent", "envoyée à la banque"),
        ("paid", "payée"),
        ("returned", "revenue de la banque"),
    ],
)
def test_where_a_request_stands_is_said(world: World, stage: str, said: str) -> None:
    world.account_for(world.anna)
    with transaction(world.engine) as session:
        row = claims.claim(session, world.anna.person, now=NOW)
        row.stage, row.reason = stage, "AC04" if stage == "returned" else None
    page = read(world.client(world.anna), AT_HOME)
    assert said in page
    assert ("ce compte est fermé" in page) is (stage == "returned")


# ---------------------------------------------------------------- complaints, measures, decisions


def test_a_line_is_disputed_answered_and_the_letter_read(world: World) -> None:
    client, award = world.client(world.anna), world.award("oct-2")
    form, action = f"{AT_HOME}/reclamation?trajet={award}", f"{AT_HOME}/reclamation"
    assert "Saulieu, place Monge" in read(client, form)
    empty = send(client, form, action, trajet=award, said="  ")
    assert empty.status_code == 422
    assert 'id="f-said-error"' in empty.get_data(as_text=True)
    sent = send(client, form, action, trajet=award, said="Le second passager est allé à Semur.")
    again = send(client, form, action, trajet=award, said="Le second passager est allé à Semur.")
    assert sent.headers["Location"] == again.headers["Location"]  # sent twice, one case
    said = read(client, sent.headers["Location"])
    assert "Réponse au plus tard le lundi 25 janvier 2027" in said
    case = sent.headers["Location"].rsplit("/", 1)[1]
    with transaction(world.engine) as session:
        decided = claims.decide_case(
            session, case, Outcome.REFUSED, by=DESK, name="Guy Guichetier", capacity="agent de guichet",
            reason="Sa preuve est de classe A.", now=NOW,
        )  # fmt: skip
    assert "Lire la décision" in read(client, sent.headers["Location"])
    letter = read(client, f"{AT_HOME}/decisions/{decided.id}")
    for part in (
        "Décision : refusé.",
        "au sujet de : votre trajet du mardi 13 octobre 2026, 7 h 30",
        "Sa preuve est de classe A.",
        "tribunal administratif",
        "Guy Guichetier, agent",
    ):
        assert part in letter, part
    # a complaint about a whole statement, and about nothing in particular
    assert (
        send(client, f"{form[: -len(award) - 8]}?releve=2026-10", action, releve="2026-10", said="?").status_code == 303
    )
    assert send(client, action, action, said="Il manque un trajet.").status_code == 303
    assert client.get(f"{action}?releve=2026-01").status_code == 404


def test_before_a_recovery_one_is_told_then_heard(world: World) -> None:
    client = world.client(world.anna)
    with transaction(world.engine) as session:
        case = claim_store.open_recovery(session, world.anna.person, "2026-10", Money(430), NOW).id
    assert client.get(f"{AT_HOME}/dossiers/{case}").status_code == 404  # nobody was told yet
    with transaction(world.engine) as session:
        claims.notify_case(session, case, by=MANAGER, now=NOW)
    page = f"{AT_HOME}/dossiers/{case}"
    said = read(client, page)
    assert "jusqu’au jeudi 10 décembre 2026" in said
    assert "Retenir 4,30 €" in said
    assert send(client, page, page, said=" ").status_code == 422
    assert send(client, page, page, said="J’avais bien un passager.").status_code == 303
    assert "J’avais bien un passager." in read(client, page)
    with transaction(world.engine) as session:
        claims.decide_case(
            session, case, Outcome.REFUSED, by=MANAGER, name="Maud", capacity="gestionnaire", reason="Vrai.", now=NOW
        )
        decision = claim_store.get_case(session, case).decision
    assert "L311-3-1" in read(client, f"{AT_HOME}/decisions/{decision}")  # the mention of algorithmic processing
    token = client.get(f"{AT_HOME}/compte-bancaire").get_data(as_text=True).split('name="csrf_token" value="')[1]
    late = client.post(page, data={"csrf_token": token.split('"')[0], "said": "encore"})
    assert late.status_code == 409


def test_a_complaint_is_no_hearing(world: World) -> None:
    client = world.client(world.anna)
    with transaction(world.engine) as session:
        case = claims.complain(session, world.anna.person, "-", "Bonjour", now=NOW).id
    answer = send(client, f"{AT_HOME}/compte-bancaire", f"{AT_HOME}/dossiers/{case}", said="autre")
    assert answer.status_code == 404


# ---------------------------------------------------------------- papers


def test_the_statement_as_a_table_and_as_a_pdf(world: World) -> None:
    client = world.client(world.anna)
    table = client.get(f"{AT_HOME}/releves/2026-10.csv")
    rows = list(csv.DictReader(io.StringIO(table.get_data(as_text=True))))
    assert [row["amount"] for row in rows] == ["9.00", "9.00"]
    assert rows[0]["reasons"] == "80 km × 0,10 € = 8,00 € 1 passager × 1,00 € = 1,00 €"
    pdf = client.get(f"{AT_HOME}/releves/2026-10.pdf")
    assert pdf.mimetype == "application/pdf"
    printed = "".join(page.extract_text() for page in PdfReader(io.BytesIO(pdf.get_data())).pages)
    assert "80 km × 0,10 € = 8,00 €" in re.sub(r"\s+", " ", printed)
    assert "Anna Essai" in printed
    assert "releve-covoiturage-2026-10.pdf" in pdf.headers["Content-Disposition"]


def test_the_certificate_never_says_an_amount(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    made = []
    monkeypatch.setattr(papers, "certificate_pdf", lambda certificate: made.append(certificate) or b"%PDF-")
    client = world.client(world.anna)
    assert client.get(f"{AT_HOME}/attestations/2026.pdf").status_code == 200
    assert world.client(world.boris).get(f"{AT_HOME}/attestations/2026.pdf?role=passenger").status_code == 200
    drove, rode = made
    assert (drove.name, drove.role, drove.trips, drove.distance_m) == ("Anna Essai", "driver", 3, 240_000)
    assert (rode.role, rode.trips, rode.days) == ("passenger", 2, 2)
    for year in (2019, 2027):
        assert client.get(f"{AT_HOME}/attestations/{year}.pdf").status_code == 404


# ---------------------------------------------------------------- the passenger


def test_a_passenger_sees_what_they_owe_and_for_what(world: World) -> None:
    said = read(world.client(world.boris), "/covoiturage/mes-trajets")
    assert "Vous devez 3,00 € à la Région" in said
    assert said.count("Saulieu, place Monge → Châtillon-sur-Seine, centre 1,50 € prouvé") == 2
    assert "Vous ne devez rien" in read(world.client(world.anna), "/covoiturage/mes-trajets")


# ---------------------------------------------------------------- nothing of anybody else


def objects(world: World) -> list[str]:
    """The address of each thing of Anna's."""
    award = world.award("oct-1")
    with transaction(world.engine) as session:
        complaint = claims.complain(session, world.anna.person, award, "Bonjour", now=NOW).id
        recovery = claim_store.open_case(session, Kind.RECOVERY, world.anna.person, "2026-10", None, NOW, 430).id
        claims.notify_case(session, recovery, by=MANAGER, now=NOW)
        decision = claims.decide_case(
            session, complaint, Outcome.GRANTED, by=DESK, name="Guy", capacity="agent", reason="", now=NOW
        ).id
    return [
        f"{AT_HOME}/trajets/{award}", f"{AT_HOME}/trajets/{award}/recalcul", f"{AT_HOME}/reclamation?trajet={award}",
        f"{AT_HOME}/reclamation?releve=2026-10", f"{AT_HOME}/dossiers/{complaint}", f"{AT_HOME}/dossiers/{recovery}",
        f"{AT_HOME}/decisions/{decision}",
    ]  # fmt: skip


def test_what_is_another_persons_does_not_exist(world: World) -> None:
    anna, boris = world.client(world.anna), world.client(world.boris)
    found = objects(world)
    assert [anna.get(path).status_code for path in found] == [200] * len(found)
    assert [boris.get(path).status_code for path in found] == [404] * len(found)


def test_nobody_writes_on_another_persons_things(world: World) -> None:
    boris = world.client(world.boris)
    found = objects(world)
    bank, complaint = f"{AT_HOME}/compte-bancaire", f"{AT_HOME}/reclamation"
    award, recovery = world.award("oct-1"), found[5]
    assert send(boris, bank, recovery, said="moi").status_code == 404
    assert send(boris, bank, complaint, trajet=award, said="moi").status_code == 404
    with reading(world.engine) as session:
        assert claim_store.cases_of(session, world.boris.person) == []
        assert all(row.heard is None for row in claim_store.cases_of(session, world.anna.person))


def test_a_statement_is_always_ones_own(world: World) -> None:
    boris = world.client(world.boris)
    assert "Aucun trajet ce mois-là" in read(boris, f"{AT_HOME}/releves/2026-10")
    assert len(boris.get(f"{AT_HOME}/releves/2026-10.csv").get_data(as_text=True).splitlines()) == 1


def test_a_code_confirms_only_ones_own_account(world: World) -> None:
    anna, boris, bank = world.client(world.anna), world.client(world.boris), f"{AT_HOME}/compte-bancaire"
    send(anna, bank, bank, iban=IBANS[0], holder="Anna Essai")
    code = world.code()
    assert send(boris, bank, f"{bank}/code", code=code).headers["Location"].endswith("/compte-bancaire")
    with reading(world.engine) as session:
        assert claims.find_iban(session, world.boris.person) is None
        assert ibans.active(session, world.anna.person) is None


# ---------------------------------------------------------------- one's data


def test_ones_data_holds_the_money_and_erasing_forgets_the_account(world: World) -> None:
    world.account_for(world.anna)
    client, bank = world.client(world.anna), f"{AT_HOME}/compte-bancaire"
    send(client, bank, bank, iban=IBANS[2], holder="Anna Essai")
    held = json.loads(client.get("/compte/donnees").get_data(as_text=True))
    money_held = held["carpool_money"]
    assert {(each["iban"], each["state"]) for each in money_held["accounts"]} == {
        (IBANS[0], "active"), (IBANS[2], "waiting"),
    }  # fmt: skip
    assert [(line["month"], line["cents"]) for line in money_held["lines"]] == [
        ("2026-10", 900), ("2026-10", 900), (None, 900),
    ]  # fmt: skip
    boris = json.loads(world.client(world.boris).get("/compte/donnees").get_data(as_text=True))
    assert boris["carpool_money"]["fares_owed_cents"] == 300
    assert boris["carpool_money"]["accounts"] == []
    with transaction(world.engine) as session:
        assert privacy.erase_subject(session, world.anna.subject, NOW)["carpool_money"] == 2
    with reading(world.engine) as session:
        assert ibans.of_person(session, world.anna.person) == []
        assert session.scalars(select(MessageRow)).all() == []  # nor the message with the code


def test_the_pages_speak_english(world: World) -> None:
    said = read(world.client(world.anna, "en"), AT_HOME)
    assert "You can ask for €18.00" in said
    assert "80 km × €0.10 = €8.00" in said
    assert "demander" not in said


def test_the_latest_trip_is_the_latest(world: World) -> None:
    with reading(world.engine) as session:
        found = driver.latest(session, world.anna.person, home=world.home)
    assert found is not None
    assert found.started_at == NOVEMBER
    assert found.month is None
