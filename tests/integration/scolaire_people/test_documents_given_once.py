"""A document given once is given again, by its family or by an agent for it, to whoever may and to nobody else; what
becomes of one does not undo the other."""

import io
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import count
from pathlib import Path

import pytest
from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session

from mobigo.base.errors import Conflict, InvalidInput, NotFound, Refused
from mobigo.infra import documents as everywhere
from mobigo.infra import privacy
from mobigo.infra.blobs import BlobRow, Blobs
from mobigo.infra.clock import new_id
from mobigo.infra.config import Config
from mobigo.infra.db import transaction
from mobigo.infra.roles import Grant, Identity, Role
from mobigo.requests.model import Asked, Channel, Contact, Kind, Side
from mobigo.requests.service import asking
from mobigo.requests.service import files as request_files
from mobigo.requests.service import personal as requests_personal
from mobigo.requests.store import files as request_store
from mobigo.requests.store.requests import RequestRow
from mobigo.requests.web import citizen
from scolaire.model.people import Access
from scolaire.service import documents, earlier, joining, personal
from scolaire.service.access import Scope
from scolaire.service.earlier import Desk
from scolaire.service.registering import register
from scolaire.store import documents as store
from scolaire.store.pupils import BondRow, GuardianRow
from scolaire.store.registrations import PAPER_DAYS, DocumentRow, RegistrationRow
from scolaire.web.desk import file as at_desk
from scolaire.web.families import files as families
from tests.integration.scolaire_people.site import SchoolSite
from tests.pictures import PLACE, jpeg
from tests.school_people_world import ASKED, COLLEGE, CONTACT, LYCEE, NOW, account, place

PDF = b"%PDF-1.4 facture du 3 rue du Four %%EOF"
FAMILY, DESK = "/scolaire/famille/dossiers", "/scolaire/agents/dossiers"
MANAGER, COUNTER = str(Role.SCHOOL_MANAGER), str(Role.COUNTER_AGENT)
TODAY = NOW.date()


# ---------------------------------------------------------------- on the pages


@pytest.fixture
def world(world: SchoolSite, monkeypatch: pytest.MonkeyPatch) -> SchoolSite:
    """The site of the folder, a second later each time it looks at its clock."""
    seconds = count()
    for module in (families, at_desk, citizen):
        monkeypatch.setattr(module, "now", lambda: NOW + timedelta(seconds=next(seconds)))
    return world


def _child(world: SchoolSite, who: str, first_name: str) -> RegistrationRow:
    with transaction(world.engine) as session:
        return register(
            session, replace(ASKED, first_name=first_name), replace(CONTACT, first_name=who.title()),
            config=world.config, subject=world.subjects[who], now=NOW,
        )  # fmt: skip


def _send(world: SchoolSite, who: str, row: RegistrationRow, content: bytes = PDF, kind: str = "home") -> DocumentRow:
    world.post(who, f"{FAMILY}/{row.id}/documents", kind=kind, document=(io.BytesIO(content), "a.pdf"))
    return _papers(world, row)[-1]


def _papers(world: SchoolSite, row: RegistrationRow) -> list[DocumentRow]:
    with transaction(world.engine) as session:
        return store.of_registration(session, row.id)


def _files(world: SchoolSite, content: bytes) -> list[Path]:
    """Where this content is on disk, read raw."""
    found = (world.config.home / "blobs").rglob("*")
    return [each for each in found if each.is_file() and content in each.read_bytes()]


def test_what_was_given_for_one_child_is_ticked_for_the_other(world: SchoolSite) -> None:
    lea, tom = _child(world, "anne", "Léa"), _child(world, "anne", "Tom")
    assert "document déjà donné" not in world.get("anne", f"{FAMILY}/{tom.id}")
    first = _send(world, "anne", lea)
    page = world.get("anne", f"{FAMILY}/{tom.id}")
    assert "Reprendre un document déjà donné (1)" in page
    assert re.search(
        rf"Justificatif de domicile, donné le \d+(er)? \w+ \d{{4}} pour Léa \(dossier {lea.reference}\) reçu", page
    )
    assert "document déjà donné" not in world.get("anne", f"{FAMILY}/{lea.id}")  # it is in this file
    for _ in range(2):  # sent twice: one document
        world.post("anne", f"{FAMILY}/{tom.id}/documents", known=f"scolaire.{first.id}", known_kind="")
    [again] = _papers(world, tom)
    assert (again.kind, again.state, again.sha256) == ("home", "received", first.sha256)
    assert (again.again_of, again.first_at) == (f"scolaire.{first.id}", first.given_at)
    assert again.entered_by is None
    assert len(_files(world, PDF)) == 1  # stored once
    assert world.clients["anne"].get(f"{FAMILY}/{tom.id}/documents/{again.id}").data == PDF


def test_the_agent_sees_that_it_is_the_same_and_how_the_first_stands(world: SchoolSite) -> None:
    lea, tom = _child(world, "anne", "Léa"), _child(world, "anne", "Tom")
    first = _send(world, "anne", lea)
    world.post("anne", f"{FAMILY}/{tom.id}/documents", known=f"scolaire.{first.id}", known_kind="")
    [again] = _papers(world, tom)
    what = rf"Justificatif de domicile, donné le [^(]* pour Léa \(dossier {lea.reference}\). État du premier : "
    same = f"Même document que celui déjà donné : {what}"
    at = f"{DESK}/{tom.id}"
    assert re.search(same + "reçu", world.get(MANAGER, at))
    assert "document déjà donné, repris" in world.get(MANAGER, at)  # in what happened
    world.post(MANAGER, f"{DESK}/{lea.id}/instruire/accepter", document=first.id)
    assert re.search(same + "accepté", world.get(MANAGER, at))
    world.post(MANAGER, f"{DESK}/{lea.id}/instruire/refuser", document=first.id, words="Trop ancien")
    assert re.search(same + "refusé", world.get(MANAGER, at))
    assert _papers(world, tom)[0].state == "received"  # it is looked at for its own registration
    answer = world.clients[MANAGER].get(f"{at}/documents/{again.id}")
    # Saved and never opened inside the site, as where it is joined to a request.
    assert (answer.data, answer.headers["Content-Disposition"].split(";")[0]) == (PDF, "attachment")
    assert answer.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"


def test_a_refused_document_is_not_offered_and_cannot_be_forced(world: SchoolSite) -> None:
    lea, tom = _child(world, "anne", "Léa"), _child(world, "anne", "Tom")
    first = _send(world, "anne", lea)
    world.post(MANAGER, f"{DESK}/{lea.id}/instruire/refuser", document=first.id, words="Illisible")
    forced = {"known": f"scolaire.{first.id}", "known_kind": "home"}
    assert "Reprendre un document" not in world.get("anne", f"{FAMILY}/{tom.id}")
    assert "ne peut pas être repris" in world.post("anne", f"{FAMILY}/{tom.id}/documents", 403, **forced)
    assert "ne peut pas être repris" in world.post(COUNTER, f"{DESK}/{tom.id}/reprendre", 403, **forced)
    assert _papers(world, tom) == []
    world.post(MANAGER, f"{DESK}/{lea.id}/instruire/accepter", document=first.id)  # looked at again
    world.post("anne", f"{FAMILY}/{tom.id}/documents", **forced)
    assert len(_papers(world, tom)) == 1


def test_a_file_joined_to_a_request_is_chosen_once_it_is_said_what_it_proves(world: SchoolSite) -> None:
    lea = _child(world, "anne", "Léa")
    asked = {"kind": "school", "words": "Voici la décision du juge.", "email": "anne@example.org"}
    sent = {**asked, "files": [(io.BytesIO(jpeg(place=PLACE)), "decision.jpg")]}
    made = world.clients["anne"].post("/demandes", data=sent)
    assert made.status_code == 303
    with transaction(world.engine) as session:
        [known] = everywhere.given_by(session, world.subjects["anne"])
    assert "decision.jpg, joint à la demande" in world.get("anne", f"{FAMILY}/{lea.id}")
    at = f"{FAMILY}/{lea.id}/documents"
    assert "Dites ce que prouve" in world.post("anne", at, 422, known=known.ref, known_kind="")
    assert "la liste" in world.post("anne", at, 422, known=known.ref, known_kind="passport")
    world.post("anne", at, known=known.ref, known_kind="custody")
    [paper] = _papers(world, lea)
    assert (paper.kind, paper.media, PLACE in world.clients["anne"].get(f"{at}/{paper.id}").data) == (
        "custody", "image/jpeg", False,
    )  # fmt: skip
    assert "decision.jpg, joint à la demande" in world.get(MANAGER, f"{DESK}/{lea.id}")
    # The request is erased by who made it: the proof stays, and says that the first is gone.
    assert world.clients["anne"].post(f"{made.location}/effacer", data={"confirme": "1"}).status_code == 303
    page = world.get(MANAGER, f"{DESK}/{lea.id}")
    assert re.search(r"déjà donné : donné le [\w ]+. État du premier : effacé depuis", page)
    assert "decision.jpg" not in page
    assert world.clients[MANAGER].get(f"{DESK}/{lea.id}/documents/{paper.id}").data == jpeg()


def test_nobody_takes_the_document_of_another(world: SchoolSite) -> None:
    lea, ugo = _child(world, "anne", "Léa"), _child(world, "stranger", "Ugo")
    hers = _send(world, "anne", lea)
    forced = {"known": f"scolaire.{hers.id}", "known_kind": "home"}
    assert "Reprendre un document" not in world.get("stranger", f"{FAMILY}/{ugo.id}")
    for ref in (forced["known"], "scolaire." + "0" * 26, "requests." + hers.id, "nothing"):
        world.post("stranger", f"{FAMILY}/{ugo.id}/documents", 404, known=ref, known_kind="home")
        world.post(COUNTER, f"{DESK}/{ugo.id}/reprendre", 404, known=ref, known_kind="home")
    world.post("stranger", f"{FAMILY}/{lea.id}/documents", 404, **forced)  # nor into her file
    world.post("stranger", f"{DESK}/{ugo.id}/reprendre", 403, **forced)
    assert _papers(world, ugo) == []
    assert len(_papers(world, lea)) == 1


def test_the_other_parent_neither_sees_nor_takes_what_the_first_gave(world: SchoolSite) -> None:
    lea, tom = _child(world, "anne", "Léa"), _child(world, "bruno", "Tom")
    hers = _send(world, "anne", lea, kind="custody")
    with transaction(world.engine) as session:
        made = joining.invite_other(session, lea.pupil, "Bruno", "Martin", by="anne", now=NOW)
        joining.join(session, world.subjects["bruno"], made.code, NOW)
    assert "Dossier de Léa" in world.get("bruno", f"{FAMILY}/{lea.id}")
    world.get("bruno", f"{FAMILY}/{lea.id}/documents/{hers.id}", 404)
    assert "Reprendre un document" not in world.get("bruno", f"{FAMILY}/{tom.id}")
    world.post("bruno", f"{FAMILY}/{tom.id}/documents", 404, known=f"scolaire.{hers.id}", known_kind="")
    # The desk acts for either of them, and says whose each is; what it takes for one stays unseen by the other.
    his = _send(world, "bruno", tom, b"%PDF-1.4 Bruno %%EOF")
    page = world.get(COUNTER, f"{DESK}/{lea.id}")
    assert re.search(r"Donnés par Bruno Martin .* pour Tom", page)
    assert "Donnés par Anne" not in page  # what she gave is in this file already
    world.post(COUNTER, f"{DESK}/{lea.id}/reprendre", known=f"scolaire.{his.id}", known_kind="")
    taken = _papers(world, lea)[-1]
    assert (taken.given_by, taken.entered_by) == (his.given_by, world.subjects[COUNTER])
    assert world.clients["bruno"].get(f"{FAMILY}/{lea.id}/documents/{taken.id}").status_code == 200
    world.get("anne", f"{FAMILY}/{lea.id}/documents/{taken.id}", 404)


def test_who_may_only_read_is_offered_nothing_and_takes_nothing(world: SchoolSite) -> None:
    lea, tom = _child(world, "anne", "Léa"), _child(world, "anne", "Tom")
    first = _send(world, "anne", lea)
    with transaction(world.engine) as session:
        bond = session.scalars(select(BondRow).where(BondRow.pupil == tom.pupil)).one().id
        joining.limit(session, bond, Access.READ, "Ordonnance du 3 mars 2026", by="agent", now=NOW)
    assert "Reprendre un document" not in world.get("anne", f"{FAMILY}/{tom.id}")
    world.post("anne", f"{FAMILY}/{tom.id}/documents", 403, known=f"scolaire.{first.id}", known_kind="")
    assert "Reprendre un document" not in world.get(COUNTER, f"{DESK}/{tom.id}")
    world.post(COUNTER, f"{DESK}/{tom.id}/reprendre", 404, known=f"scolaire.{first.id}", known_kind="")


def test_the_desk_says_of_whom_a_paper_is_and_an_agent_owns_none(world: SchoolSite) -> None:
    lea = _child(world, "anne", "Léa")
    at = f"{DESK}/{lea.id}"
    page = world.clients[COUNTER].get(at).get_data(as_text=True)
    assert re.search(rf'<option value="{lea.asked_by}" selected>Anne Martin</option>', page)
    given = {"kind": "home", "guardian": lea.asked_by, "document": (io.BytesIO(PDF), "a.pdf")}
    world.post(COUNTER, f"{at}/document", **given)
    stranger = {"kind": "home", "guardian": "0" * 26, "document": (io.BytesIO(PDF + b"2"), "a.pdf")}
    world.post(COUNTER, f"{at}/document", 404, **stranger)
    world.post(COUNTER, f"{at}/document", kind="waiver", document=(io.BytesIO(PDF + b"3"), "a.pdf"))
    hers, nobodys = _papers(world, lea)
    assert [(each.given_by, each.entered_by == world.subjects[COUNTER]) for each in (hers, nobodys)] == [
        (lea.asked_by, True), (None, True),
    ]  # fmt: skip
    assert world.clients["anne"].get(f"{FAMILY}/{lea.id}/documents/{hers.id}").data == PDF
    world.get("anne", f"{FAMILY}/{lea.id}/documents/{nobodys.id}", 404)
    assert "Mes documents" not in world.get(COUNTER, "/compte")
    assert "dossier " + lea.reference in world.get("anne", "/compte")
    with transaction(world.engine) as session:
        assert everywhere.given_by(session, world.subjects[COUNTER]) == []
        assert [each.ref for each in everywhere.given_by(session, world.subjects["anne"])] == [f"scolaire.{hers.id}"]


# ---------------------------------------------------------------- one day, or one person, after another


@dataclass
class Two:
    """A family with two registrations, and what it gave for the first."""

    session: Session
    config: Config
    blobs: Blobs
    anne: str
    lea: RegistrationRow
    tom: RegistrationRow
    paper: DocumentRow
    ref: str

    @property
    def guardian(self) -> str:
        assert self.lea.asked_by is not None
        return self.lea.asked_by

    def offered(self, today: datetime = NOW, desk: Desk | None = None) -> list[str]:
        return [each.ref for each in earlier.choices(self.session, self.tom, self.guardian, today.date(), desk)]

    def take(self, ref: str = "", at: datetime = NOW, kind: str = "", desk: Desk | None = None) -> DocumentRow:
        return earlier.choose(
            self.session, self.blobs, self.tom.id, ref or self.ref, kind, self.guardian, "by", at, desk
        )

    def ask(self, kind: Kind, content: bytes, side: Side = Side.PERSON) -> RequestRow:
        """A request of the family, with a file."""
        asked = Asked(kind, "Voici une pièce pour vous.", Contact("Anne", "anne@example.org"))
        row = asking.ask(
            self.session, self.config, asked, channel=Channel.WEB, language="fr", subject=self.anne, now=NOW
        )  # fmt: skip
        request_files.join(self.session, self.blobs, row, [request_files.ready("a.pdf", content)], side, NOW)
        return row

    def stored(self, content: bytes, at: datetime = NOW) -> bool:
        """Whether the bytes are anywhere in the store, once it is swept."""
        self.session.flush()
        self.blobs.sweep(self.session, at + timedelta(days=4_000))
        files = (self.config.home / "blobs").rglob("*")
        return any(content in each.read_bytes() for each in files if each.is_file())


@pytest.fixture
def two(engine: Engine, database_config: Config) -> Iterator[Two]:
    blobs = Blobs(database_config.home / "blobs")
    with transaction(engine) as session:
        place(session)
        anne = account(session, "anne")
        lea = register(session, ASKED, CONTACT, config=database_config, subject=anne, now=NOW)
        brother = replace(ASKED, first_name="Tom")
        tom = register(session, brother, CONTACT, config=database_config, subject=anne, now=NOW)
        paper = documents.give(session, blobs, lea.id, "home", PDF, lea.asked_by, NOW)
        yield Two(session, database_config, blobs, anne, lea, tom, paper, f"scolaire.{paper.id}")


def _at(day_after: int, row: RegistrationRow) -> datetime:
    """Noon, so many days after the last day of a registration's papers."""
    return datetime.combine(row.last_day, NOW.timetz()) + timedelta(days=PAPER_DAYS + day_after)


def test_a_document_is_offered_until_its_last_day(two: Two) -> None:
    assert store.last_day(two.lea) == _at(0, two.lea).date()
    two.tom.last_day += timedelta(days=365)
    assert two.offered(_at(0, two.lea)) == [two.ref]
    assert two.offered(_at(1, two.lea)) == []
    with pytest.raises(Refused):
        two.take(at=_at(1, two.lea))
    again = two.take(at=_at(0, two.lea))
    # Its keeping is now that of the second registration, a year more; the first goes at its own time.
    two.session.flush()
    privacy.erase_due(two.session, _at(2, two.lea))
    assert (store.has_file(two.session, two.paper), store.has_file(two.session, again)) == (False, True)
    found = earlier.origin(two.session, again, _at(2, two.lea).date())
    assert found is not None
    assert found.state == "expired"
    assert two.stored(PDF)
    privacy.erase_due(two.session, _at(1 + 365 + 1, two.lea))
    assert not two.stored(PDF)


def test_what_is_no_longer_kept_is_not_in_the_list_of_a_person(two: Two) -> None:
    """Their data are still given to them: no file is asked for that is gone."""
    assert [each.ref for each in everywhere.given_by(two.session, two.anne)] == [two.ref]
    privacy.erase_due(two.session, _at(2, two.lea))
    assert everywhere.given_by(two.session, two.anne) == []
    assert two.offered() == []
    with pytest.raises(Refused):
        two.take()


def test_an_erased_registration_leaves_what_was_chosen_from_it(two: Two) -> None:
    again = two.take()
    two.session.flush()
    personal.forget_pupil(two.session, two.lea.pupil, NOW)
    two.session.expire_all()
    found = earlier.origin(two.session, again, TODAY)
    assert found is not None
    assert (found.state, "15" in found.words, "Léa" in found.words) == ("erased", True, False)
    assert two.blobs.read(again.sha256) == PDF
    with pytest.raises(NotFound):
        two.take()
    assert two.stored(PDF)


def test_a_person_erased_leaves_no_byte_of_what_was_given_or_given_again(two: Two) -> None:
    row = two.ask(Kind.SCHOOL, PDF)
    two.take()
    held = json.dumps(personal.export_subject(two.session, two.anne), default=str)
    assert held.count('"first_at": "2026-06-15') == 2  # the day it was first given, in both files
    assert request_store.of_request(two.session, row.id)
    privacy.erase_subject(two.session, two.anne, NOW)
    assert two.session.scalar(select(func.count()).select_from(DocumentRow)) == 0
    assert two.session.scalars(select(BlobRow.owner)).all() == []
    assert not two.stored(PDF)


def test_a_parent_who_goes_takes_their_papers_and_leaves_the_other_theirs(two: Two) -> None:
    """Their address stands in them; what was proven stays said."""
    ruling, his = b"%PDF-1.4 jugement %%EOF", b"%PDF-1.4 Bruno %%EOF"
    bruno = account(two.session, "bruno")
    made = joining.invite_other(two.session, two.lea.pupil, "Bruno", "Martin", by=two.anne, now=NOW)
    joining.join(two.session, bruno, made.code, NOW)
    guardian = two.session.scalars(select(GuardianRow.id).where(GuardianRow.subject == bruno)).one()
    for seconds, (kind, content, whose) in enumerate((("home", his, guardian), ("custody", ruling, two.guardian)), 1):
        documents.give(
            two.session, two.blobs, two.lea.id, kind, content, whose, NOW + timedelta(seconds=seconds)
        )  # fmt: skip
    documents.look(two.session, two.paper.id, accepted=True, words="", by="agent", config=two.config, now=NOW)
    lea = two.lea.id
    privacy.erase_subject(two.session, two.anne, NOW)
    two.session.expire_all()
    left = store.of_registration(two.session, lea)
    assert [(each.kind, each.state, store.has_file(two.session, each)) for each in left] == [
        ("home", "accepted", False), ("home", "received", True), ("custody", "received", False),
    ]  # fmt: skip
    assert (two.stored(his), two.stored(PDF), two.stored(ruling)) == (True, False, False)


def test_an_agent_is_offered_what_they_may_see(two: Two) -> None:
    """School papers of registrations inside their scope; files of requests that their service answers."""
    school, tickets = two.ask(Kind.SCHOOL, PDF + b"1%%EOF"), two.ask(Kind.TICKETING, PDF + b"2%%EOF")
    [one] = [f"requests.{each.id}" for each in request_store.of_request(two.session, school.id)]
    [other] = [f"requests.{each.id}" for each in request_store.of_request(two.session, tickets.id)]
    paper, everything = two.ref, Scope(everywhere=True)
    manager = Identity("M" * 26, (Grant(Role.SCHOOL_MANAGER),))
    counter = Identity("C" * 26, (Grant(Role.COUNTER_AGENT),))
    college = Identity("N" * 26, (Grant(Role.COUNTER_AGENT, new_id(NOW)),))
    assert sorted(two.offered()) == sorted([paper, one, other])
    assert sorted(two.offered(desk=Desk(manager, everything))) == sorted([paper, one])
    assert sorted(two.offered(desk=Desk(counter, everything))) == sorted([paper, one, other])
    assert two.offered(desk=Desk(college, Scope(False, frozenset({COLLEGE})))) == [paper]
    narrow = Desk(college, Scope(False, frozenset({LYCEE})))
    assert two.offered(desk=narrow) == []
    with pytest.raises(NotFound):
        two.take(desk=narrow)
    with pytest.raises(NotFound):
        earlier.guardian_of(two.session, two.tom, other, TODAY, Desk(manager, everything))
    # What the family chose is before them; where it comes from is told to who sees that.
    again = two.take()
    for desk, told in ((Desk(manager, everything), True), (narrow, False)):
        found = earlier.origin(two.session, again, TODAY, desk)
        assert found is not None
        assert (found.state, "Léa" in found.words) == ("received", told)


def test_what_the_service_answered_with_is_no_document_of_the_family(two: Two) -> None:
    two.ask(Kind.SCHOOL, PDF + b"1%%EOF", Side.AGENT)
    assert two.offered() == [two.ref]


def test_a_large_photograph_of_a_request_is_taken_as_it_is_kept(two: Two) -> None:
    """Requests take 10 MB and school 5: it is here already, nothing is sent."""
    row = two.ask(Kind.SCHOOL, b"%PDF-1.4" + bytes(5_000_001) + b"%%EOF")
    [file] = request_store.of_request(two.session, row.id)
    with pytest.raises(InvalidInput):
        two.take(f"requests.{file.id}")
    assert two.take(f"requests.{file.id}", kind="waiver").size == file.size


def test_a_file_has_so_many_documents(two: Two) -> None:
    for number in range(documents.COUNT_MAX):
        documents.give(two.session, two.blobs, two.tom.id, "home", PDF + b"%d" % number, two.guardian, NOW)
    with pytest.raises(Conflict) as full:
        two.take()
    assert full.value.decision.code == "scolaire.too_many_documents"


def test_a_family_that_joins_with_its_account_keeps_what_it_gave_on_paper(two: Two) -> None:
    """Two guardians that are one person become one, with nothing left of the other."""
    paul = register(two.session, replace(ASKED, first_name="Zoé"), CONTACT, config=two.config, now=NOW)
    old = paul.asked_by
    assert old is not None
    given = documents.give(two.session, two.blobs, paul.id, "schooling", PDF + b"z", old, NOW, entered_by="agent")
    code = joining.invite(two.session, old, by="agent", now=NOW).code
    assert joining.join(two.session, two.anne, code, NOW) == 1
    two.session.expire_all()
    assert (given.given_by, paul.asked_by, two.session.get(GuardianRow, old)) == (two.guardian, two.guardian, None)
    assert f"scolaire.{given.id}" in two.offered()
    assert two.session.scalars(select(BondRow.guardian).where(BondRow.pupil == paul.pupil)).all() == [two.guardian]


def test_a_forgotten_request_is_no_longer_offered(two: Two) -> None:
    row = two.ask(Kind.SCHOOL, PDF + b"1%%EOF")
    assert len(two.offered()) == 2
    requests_personal.forget(two.session, [row], NOW)
    assert two.offered() == [two.ref]
