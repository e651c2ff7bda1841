"""The agents' desk: each role does its own part and sees its own pupils; an address is seen by few."""

import io
import re
from dataclasses import replace
from datetime import UTC, datetime

from sqlalchemy import select

from mobigo.infra.db import transaction
from mobigo.infra.roles import Role
from scolaire.model.people import HomeKind
from scolaire.service.registering import register
from scolaire.store.pupils import BondRow
from scolaire.store.registrations import AppealRow, DocumentRow, LegRow, PassRow, RegistrationRow
from tests.integration.scolaire_people.site import ROLES, SchoolSite
from tests.pictures import PLACE, jpeg
from tests.school_people_world import ASKED, COLLEGE, CONTACT, HOME, two_homes

DESK = "/scolaire/agents"
MANAGER, COUNTER = str(Role.SCHOOL_MANAGER), str(Role.COUNTER_AGENT)
SIGNED = {"name": "Sylvie Gestionnaire", "capacity": "gestionnaire des transports scolaires"}


def _registered(world: SchoolSite, **changed: object) -> str:
    with transaction(world.engine) as session:
        row = register(
            session, replace(ASKED, **changed),  # type: ignore[arg-type]  # one field of it
            CONTACT, config=world.config, subject=world.subjects["anne"], now=datetime.now(UTC),
        )  # fmt: skip
        return row.id


def test_the_entitled_are_signed_in_one_go_and_the_others_wait(world: SchoolSite) -> None:
    _registered(world)
    waits = _registered(world, first_name="Zoé", homes=(replace(HOME, at=None),))
    page = world.get(MANAGER, DESK)
    assert ("Martin Léa" in page, "Martin Zoé" in page, "à compléter" in page) == (True, True, True)
    assert "qualité" in world.post(MANAGER, f"{DESK}/signer", 422, name="Sylvie")
    assert "1 décision signée" in world.post(MANAGER, f"{DESK}/signer", **SIGNED)
    assert "Martin Léa" in world.get(MANAGER, f"{DESK}?etat=decided")
    assert "Martin Zoé" in world.get(MANAGER, f"{DESK}?q=MART&etat=received")
    assert "Rien ici" in world.get(MANAGER, f"{DESK}?q=%25")
    with transaction(world.engine) as session:
        assert [
            row.id for row in session.scalars(select(RegistrationRow).where(RegistrationRow.state == "received"))
        ] == [waits]


def test_a_file_is_examined_measured_decided_and_paid_for(world: SchoolSite) -> None:
    at = f"{DESK}/dossiers/{_registered(world, homes=(replace(HOME, at=None),))}"
    with transaction(world.engine) as session:
        home = session.scalars(select(LegRow)).one().home
    assert "rue du Four" in world.get(MANAGER, at)
    steps = f"{at}/instruire"
    assert "47.2812" in world.post(MANAGER, f"{steps}/placer", 422, home=home, position="là")
    assert "13 010 m" in world.post(MANAGER, f"{steps}/placer", home=home, position="47.19, 4.23")
    assert "en mètres" in world.post(MANAGER, f"{steps}/mesurer", 422, home=home, distance="beaucoup")
    assert "1 500 m" in world.post(MANAGER, f"{steps}/mesurer", home=home, distance="1 500")
    assert "du secteur" in world.post(MANAGER, f"{steps}/secteur", home=home, in_sector="yes")
    assert "motifs" in world.post(MANAGER, f"{steps}/decider", 422, outcome="refused", words="", **SIGNED)
    assert "prévenue" in world.post(MANAGER, f"{steps}/decider", outcome="paying", words="", **SIGNED)
    assert "reçu" in world.post(COUNTER, f"{at}/payer", 422, receipt="1")
    assert "carte est remise" in world.post(COUNTER, f"{at}/payer", receipt="R-0001")
    assert "remplacée" in world.post(COUNTER, f"{at}/carte", why="faulty", receipt="")
    with transaction(world.engine) as session:
        assert [row.number for row in session.scalars(select(PassRow).order_by(PassRow.number))] == [1, 2]


def test_a_paper_as_large_as_the_page_says_is_taken_and_a_photograph_tells_no_place(world: SchoolSite) -> None:
    at = f"{DESK}/dossiers/{_registered(world)}"
    for number, content in enumerate((b"%PDF-1.4" + bytes(4_999_992), jpeg(place=PLACE)), start=1):
        sent = {"kind": "home", "document": (io.BytesIO(content), "a.pdf")}
        world.post(COUNTER, f"{at}/document", **sent)
        with transaction(world.engine) as session:
            rows = session.scalars(select(DocumentRow).order_by(DocumentRow.id)).all()
        assert len(rows) == number
    kept = world.clients[MANAGER].get(f"{at}/documents/{rows[-1].id}")
    assert (kept.mimetype, PLACE in kept.data) == ("image/jpeg", False)
    larger = {"kind": "home", "document": (io.BytesIO(b"%PDF-1.4" + bytes(4_999_993)), "a.pdf")}
    assert "5 Mo" in world.post(COUNTER, f"{at}/document", 422, **larger).replace("\u202f", " ").replace("\xa0", " ")


def test_a_document_is_refused_with_words_and_a_family_is_asked(world: SchoolSite) -> None:
    at = f"{DESK}/dossiers/{_registered(world)}"
    sent = {"kind": "custody", "document": (io.BytesIO(b"%PDF-1.4"), "a.pdf")}
    page = world.clients[COUNTER].post(f"{at}/document", data=sent, follow_redirects=True).get_data(as_text=True)
    assert "garde alternée" in page
    document = re.search(r'name="document" value="(\w{26})"', world.clients[MANAGER].get(at).get_data(as_text=True))
    assert document is not None
    world.post(MANAGER, f"{at}/instruire/refuser", 422, document=document[1], words="")
    assert "il manque" in world.post(MANAGER, f"{at}/instruire/refuser", document=document[1], words="Illisible")
    assert "accepté" in world.post(MANAGER, f"{at}/instruire/accepter", document=document[1])
    world.get(COUNTER, f"{at}/documents/{document[1]}", 403)
    assert world.clients[MANAGER].get(f"{at}/documents/{document[1]}").data == b"%PDF-1.4"
    assert "prévenue" in world.post(MANAGER, f"{at}/instruire/demander", words="Le certificat de scolarité")


def test_an_appeal_is_answered_by_somebody_else(world: SchoolSite) -> None:
    registration = _registered(world)
    at = f"{DESK}/dossiers/{registration}"
    world.post(MANAGER, f"{at}/instruire/decider", outcome="refused", words="Trop près.", **SIGNED)
    world.post("anne", f"/scolaire/famille/dossiers/{registration}/contester", words="Nous sommes à 13 km.")
    assert "Martin Léa" in world.get(MANAGER, f"{DESK}/recours")
    with transaction(world.engine) as session:
        appeal = session.scalars(select(AppealRow)).one().id
    form = {"appeal": appeal, "outcome": "entitled", "words": "La distance est de 13 km.", **SIGNED}
    assert "une autre personne" in world.post(MANAGER, f"{at}/instruire/repondre", 403, **form)


def test_a_paper_form_is_entered_and_its_family_comes_in_by_a_code(world: SchoolSite) -> None:
    form = {
        "paper": "F-17", "year": "2026", "first_name": "Tom", "last_name": "Petit", "born_on": "2014-03-02",
        "level": "5e", "regime": "day", "need": "none", "line": "2 rue Haute", "postcode": "21430",
        "commune": "Liernais", "contact_first_name": "Paul", "contact_last_name": "Petit", "prefers": "letter",
        "postal": "Paul Petit\n2 rue Haute\n21430 Liernais",
    }  # fmt: skip
    assert "Collège François Pompon" in world.get(COUNTER, f"{DESK}/papier?ou=saulieu")
    page = world.post(COUNTER, f"{DESK}/papier/{COLLEGE}", **form)
    assert ("Petit Tom" in page, "rue Haute" in page) == (True, False)  # the counter sees no address
    assert "déjà saisi" in world.post(COUNTER, f"{DESK}/papier/{COLLEGE}", 409, **form)
    with transaction(world.engine) as session:
        registration = session.scalars(select(RegistrationRow)).one().id
        guardian = session.scalars(select(BondRow)).one().guardian
    said = world.post(COUNTER, f"{DESK}/dossiers/{registration}/code", guardian=guardian)
    code = re.search(r"[2-9A-Z]{4} [2-9A-Z]{4} [2-9A-Z]{4}", said)
    assert code is not None
    assert "1 enfant" in world.post("bruno", "/scolaire/famille/rejoindre", code=code[0])
    assert "Tom" in world.get("bruno", "/scolaire/famille")


def test_a_judge_limits_what_a_parent_sees(world: SchoolSite) -> None:
    registration = _registered(world)
    with transaction(world.engine) as session:
        bond = session.scalars(select(BondRow)).one().id
    steps, file = f"{DESK}/dossiers/{registration}/instruire/acces", f"/scolaire/famille/dossiers/{registration}"
    world.post(MANAGER, steps, 422, bond=bond, access="none", ground="")
    world.post(MANAGER, steps, 404, bond="0" * 26, access="none", ground="x")
    world.post(MANAGER, steps, bond=bond, access="read", ground="Ordonnance du 3 mars 2026")
    assert "Annuler cette inscription" not in world.get("anne", file)
    world.post("anne", f"{file}/annuler", 403, sure="1")
    with transaction(world.engine) as session:
        bond = session.scalars(select(BondRow).where(BondRow.last_day.is_(None))).one().id
    world.post(MANAGER, steps, bond=bond, access="none", ground="Ordonnance du 5 mai 2026")
    world.get("anne", file, 404)


def test_an_address_is_seen_by_who_decides_and_by_nobody_else(world: SchoolSite) -> None:
    """Every page of school transport that a role may enter: one of them alone shows where a pupil lives."""
    registration = _registered(world)
    placed = _registered(world, first_name="Ugo", homes=(replace(HOME, kind=HomeKind.PLACEMENT, line="9 rue Cachée"),))
    pages = ["/scolaire/eleves", "/scolaire/eleves.csv", DESK, f"{DESK}?q=martin", f"{DESK}/recours"]
    pages += [f"{DESK}/dossiers/{each}" for each in (registration, placed)]
    pages += [f"/scolaire/famille/dossiers/{registration}", "/scolaire/plans", "/scolaire/famille"]
    names = {MANAGER: True, COUNTER: True, "school": True, "ao2": True, "operator": False, "school_planner": False}
    for role in map(str, ROLES):
        shown, seen = "", 0
        for path in pages:
            answer = world.clients[role].get(path, follow_redirects=True)
            assert answer.status_code in (200, 403, 404), path
            if answer.status_code == 200:
                seen += 1
                shown += answer.get_data(as_text=True)
        if role == MANAGER:
            assert ("rue du Four" in shown, "rue Cachée" in shown) == (True, True)
        else:
            assert [word for word in ("rue du Four", "rue Cachée", "21430", "47.19", "4.23") if word in shown] == []
        assert ("Léa" in shown) is names[role]
        assert seen


def test_a_school_and_a_mairie_see_their_own_and_the_placed_child_of_neither_commune(world: SchoolSite) -> None:
    _registered(world)
    _registered(world, first_name="Ugo", homes=(replace(HOME, kind=HomeKind.PLACEMENT),))
    _registered(world, first_name="Max", homes=two_homes().homes)
    for role, seen in (("school", {"Léa", "Ugo", "Max"}), ("ao2", {"Léa", "Max"}), ("operator", set())):
        for path in ("/scolaire/eleves", "/scolaire/eleves.csv"):
            page = world.get(role, path)
            assert {name for name in ("Léa", "Ugo", "Max") if name in page} == seen, (role, path)
    world.get("anne", "/scolaire/eleves", 403)
    world.get("anne", DESK, 403)


def test_a_school_says_that_it_does_not_know_a_pupil(world: SchoolSite) -> None:
    registration = _registered(world)
    at = f"/scolaire/eleves/{registration}/inconnu"
    world.post("ao2", at, 404)  # the mairie sees the pupil and is no school
    world.post("operator", at, 404)
    world.post("anne", at, 403)
    assert "C’est noté" in world.post("school", at)
    assert "ne connaît pas cet élève" in world.get(MANAGER, f"{DESK}/dossiers/{registration}")
    with transaction(world.engine) as session:
        assert session.get_one(RegistrationRow, registration).state == "incomplete"
