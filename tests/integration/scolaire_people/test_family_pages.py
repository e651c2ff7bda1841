"""The pages of a family: registering keeps what was typed, a file shows what its bond allows and nothing more."""

import io
import json
import re
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from click.testing import CliRunner
from sqlalchemy import select

from mobigo.app import deliveries
from mobigo.infra.db import transaction
from mobigo.infra.outbox import deliver_effects
from mobigo.infra.web import Services
from scolaire.cli import scolaire
from scolaire.model.rights import Outcome
from scolaire.service import deciding, homes, joining
from scolaire.service.registering import cancel, register
from scolaire.store.pupils import BondRow, IdentityRow, WalkRow
from scolaire.store.registrations import DocumentRow, RegistrationRow
from tests.integration.scolaire_people.site import SchoolSite, words
from tests.school_people_world import AGENT, ASKED, COLLEGE, CONTACT, two_homes

HERE = "/scolaire/famille"
FORM = {
    "honour": "1", "first_name": "Léa", "last_name": "Martin", "born_on": "2015-06-15", "level": "6e",
    "regime": "half_board", "waiver": "", "need": "none", "line": "3 rue du Four", "extra": "", "postcode": "21430",
    "commune": "liernais", "position": "47,19 4,23", "contact_first_name": "Anne", "contact_last_name": "Martin",
    "prefers": "email", "email": "anne@example.org", "phone": "", "postal": "", "key": "one", "year": "2026",
}  # fmt: skip


def test_a_family_registers_gives_a_document_and_contests(world: SchoolSite) -> None:
    assert "Inscrire un enfant" in world.get("nobody", "/scolaire")
    assert "au moins 2,0 km" in world.get("nobody", "/scolaire?commune=Liernais")
    assert "Collège François Pompon" in world.get("anne", f"{HERE}/inscription?ou=saulieu")
    assert "Rien de ce nom" in world.get("anne", f"{HERE}/inscription?ou=Atlantide")
    assert "Étape 2 sur 2" in world.get("anne", f"{HERE}/inscription/{COLLEGE}")
    page = world.post("anne", f"{HERE}/inscription/{COLLEGE}", **FORM)
    assert "La demande est reçue" in page
    with transaction(world.engine) as session:
        row = session.scalars(select(RegistrationRow)).one()
        at = f"{HERE}/dossiers/{row.id}"
    again = world.post("anne", f"{HERE}/inscription/{COLLEGE}", **FORM)  # the same form, sent twice
    assert row.reference in again
    sent = {"kind": "home", "document": (io.BytesIO(b"%PDF-1.4 facture"), "Facture Léa.pdf")}
    assert "Justificatif de domicile" in world.post("anne", f"{at}/documents", **sent)
    wrong = {"kind": "home", "document": (io.BytesIO(b"MZ program"), "photo.pdf")}
    assert "PDF, JPEG ou PNG" in world.post("anne", f"{at}/documents", 422, **wrong)
    with transaction(world.engine) as session:
        paper = session.scalars(select(DocumentRow)).one()
        deciding.decide(
            session, row.id, Outcome.REFUSED, by=AGENT, words="Trop près.", config=world.config, now=datetime.now(UTC)
        )
    answer = world.clients["anne"].get(f"{at}/documents/{paper.id}")
    assert (answer.status_code, answer.mimetype) == (200, "application/pdf")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "Trop près" in world.get("anne", at)
    assert world.clients["anne"].get(f"{at}/decision.pdf").data.startswith(b"%PDF")
    assert "ce qui vous semble faux" in world.post("anne", f"{at}/contester", 422, words="").lower()
    assert "Votre recours est enregistré" in world.post("anne", f"{at}/contester", words="13 km !")
    assert "rien n’a changé" in world.post("anne", f"{at}/annuler")
    assert "est annulée" in world.post("anne", f"{at}/annuler", sure="1")


WRONG = (
    ({"honour": ""}, "sur l’honneur"),
    ({"commune": "Saint"}, "Plusieurs communes"),
    ({"commune": "Atlantide"}, "commune"),
    ({"born_on": "hier"}, "jour"),
    ({"position": "ici"}, "47.2812"),
    ({"level": "x"}, "liste"),
    ({"first_name": "<b>"}, "nom"),
    ({"prefers": "letter"}, "adresse"),
)


def test_a_refused_form_says_why_and_keeps_what_was_typed(world: SchoolSite) -> None:
    for changed, said in WRONG:
        answer = world.clients["anne"].post(f"{HERE}/inscription/{COLLEGE}", data={**FORM, **changed})
        page = answer.get_data(as_text=True)
        assert answer.status_code == 422, changed
        assert said in words(page), changed
        assert 'value="3 rue du Four"' in page
        assert re.search(r"scolaire\.[a-z_]+", words(page)) is None  # every reason has its sentence
    with transaction(world.engine) as session:
        assert session.scalars(select(IdentityRow)).all() == []


def test_nobody_finds_the_file_of_another(world: SchoolSite) -> None:
    with transaction(world.engine) as session:
        row = register(
            session, ASKED, CONTACT, config=world.config, subject=world.subjects["anne"], now=datetime.now(UTC)
        )
        pupil = row.pupil
    at = f"{HERE}/dossiers/{row.id}"
    assert "Léa" in world.get("anne", at)
    for path in (at, f"{at}/decision.pdf", f"{HERE}/eleves/{pupil}/autre-parent", f"{HERE}/dossiers/nothing"):
        world.get("stranger", path, 404)
    for path in (f"{at}/annuler", f"{at}/contester", f"{at}/documents", f"{HERE}/eleves/{pupil}/autre-parent"):
        world.post("stranger", path, 404, sure="1", words="x", first_name="A", last_name="B")
    with transaction(world.engine) as session:
        assert session.get_one(RegistrationRow, row.id).state == "received"


def test_each_parent_sees_the_child_and_their_own_home_alone(world: SchoolSite) -> None:
    with transaction(world.engine) as session:
        row = register(
            session, two_homes(), CONTACT, config=world.config, subject=world.subjects["anne"], now=datetime.now(UTC)
        )
    at = f"{HERE}/dossiers/{row.id}"
    made = world.post("anne", f"{HERE}/eleves/{row.pupil}/autre-parent", first_name="Bruno", last_name="Martin")
    code = re.search(r"[2-9A-Z]{4} [2-9A-Z]{4} [2-9A-Z]{4}", made)
    assert code is not None
    world.get("bruno", at, 404)
    assert "code" in world.post("bruno", f"{HERE}/rejoindre", 422, code="ABCD EFGH JKMN")
    assert "1 enfant" in world.post("bruno", f"{HERE}/rejoindre", code=code[0].lower())
    world.post("stranger", f"{HERE}/rejoindre", 422, code=code[0])  # it serves once
    hers, his = world.get("anne", at), world.get("bruno", at)
    assert ("3 rue du Four" in hers, "1 place Monge" in hers) == (True, False)
    assert ("3 rue du Four" in his, "1 place Monge" in his) == (False, True)
    with transaction(world.engine) as session:
        near = session.scalars(select(WalkRow)).one()  # the town hall's stop, 145 m from the first home
        homes.give_stop(session, row.id, near.home, near.stop, "agent", datetime.now(UTC))
    walk = "À pied jusqu’à cet arrêt : 150 m (estimation : ligne droite × 1,3)."
    assert (walk in words(world.get("anne", at)), "À pied" in words(world.get("bruno", at))) == (True, False)
    with transaction(world.engine) as session:
        bond = session.scalars(select(BondRow).order_by(BondRow.id.desc()).limit(1)).one()
        bond.access = "none"
    world.get("bruno", at, 404)
    assert "Aucun enfant inscrit" in world.get("bruno", HERE)


def test_a_parent_without_a_home_of_their_own_sees_no_address(world: SchoolSite) -> None:
    with transaction(world.engine) as session:
        row = register(
            session, ASKED, CONTACT, config=world.config, subject=world.subjects["anne"], now=datetime.now(UTC)
        )
        made = joining.invite_other(session, row.pupil, "Bruno", "Martin", by="anne", now=datetime.now(UTC))
        joining.join(session, world.subjects["bruno"], made.code, datetime.now(UTC))
    page = world.get("bruno", f"{HERE}/dossiers/{row.id}")
    assert ("Dossier de Léa" in page, "rue du Four" in page, "km" in page) == (True, False, False)
    assert "rue du Four" not in str(world.clients["bruno"].get("/compte/donnees").get_json()["scolaire"])


def test_a_family_renews_with_its_homes_and_says_that_it_moved(world: SchoolSite) -> None:
    today = datetime.now(UTC)
    year = today.year if today.month >= 9 else today.year - 1
    with transaction(world.engine) as session:
        asked = replace(ASKED, year=year, born_on=ASKED.born_on.replace(year=year - 11))
        row = register(session, asked, CONTACT, config=world.config, subject=world.subjects["anne"], now=today)
        cancel(session, row.id, world.subjects["anne"], today)
    at = f"{HERE}/eleves/{row.pupil}/renouveler/{year}"
    assert f"Inscrire Léa pour {year}-{year + 1}" in world.get("anne", HERE)
    assert "Toujours Collège François Pompon" in world.get("anne", at)
    assert "Étape 2 sur 2" in world.get("anne", f"{at}/{COLLEGE}")
    world.get("stranger", at, 404)
    form = {"level": "5e", "regime": "day", "need": "none", "waiver": ""}
    assert "sur l’honneur" in world.post("anne", f"{at}/{COLLEGE}", 422, **form)
    moved = {"moved": "1", "line": "12 route de Dijon", "postcode": "21430", "commune": "Liernais", "honour": "1"}
    assert "la nouvelle année est reçue" in world.post("anne", f"{at}/{COLLEGE}", **form, **moved)
    assert "12 route de Dijon" in world.get("anne", HERE + "/dossiers/" + _latest(world))
    assert "est déjà inscrit" in world.post("anne", f"{at}/{COLLEGE}", 409, **form, honour="1")


def _latest(world: SchoolSite) -> str:
    with transaction(world.engine) as session:
        return session.scalars(select(RegistrationRow.id).order_by(RegistrationRow.id.desc()).limit(1)).one()


def test_the_command_brings_a_file_in_or_says_what_is_wrong(world: SchoolSite, tmp_path: Path) -> None:
    file, bad = tmp_path / "arrets.csv", tmp_path / "bad.csv"
    file.write_text("nom;lat;lon\nPont;47,5;4,2\nGué;bas;4,2\n", encoding="utf-8")
    run = CliRunner()
    context = {"obj": lambda: Services(world.config)}
    found = run.invoke(scolaire, ["import", "stops", str(file), "--bad", str(bad), "--json"], **context)
    assert json.loads(found.stdout)["kept"] is False
    assert "Gué;bas;4,2;lat\N{NARROW NO-BREAK SPACE}: " in bad.read_text(encoding="utf-8-sig")
    done = run.invoke(scolaire, ["import", "stops", str(file), "--good-part", "--json"], **context)
    assert json.loads(done.stdout) | {"faults": []} == {
        "new": 1, "changed": 0, "same": 0, "wrong": 1, "kept": True, "faults": [],
    }  # fmt: skip


def test_the_card_leads_to_the_ticket_that_an_inspector_reads(world: SchoolSite) -> None:
    now = datetime.now(UTC)
    with transaction(world.engine) as session:
        row = register(session, ASKED, CONTACT, config=world.config, subject=world.subjects["anne"], now=now)
        deciding.decide(session, row.id, Outcome.ENTITLED, by=AGENT, words="", config=world.config, now=now)
    at = f"{HERE}/dossiers/{row.id}"
    assert "Montrer le titre" not in world.get("anne", at)  # ticketing has not made it yet
    services = Services(world.config)
    deliver_effects(world.engine, deliveries.handlers(services), lambda: now)
    services.engine.dispose()
    page = world.clients["anne"].get(at).get_data(as_text=True)
    link = re.search(r'href="([^"]+)">Montrer le titre de Léa', page)
    assert link is not None
    assert "MARTIN" in world.get("nobody", link[1])
