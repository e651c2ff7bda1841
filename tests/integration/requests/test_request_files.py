"""Photographs and papers joined to requests: sent, seen by those who may, chosen again, handed over, forgotten."""

import re
import threading
from collections.abc import Iterator
from datetime import timedelta
from io import BytesIO
from zipfile import ZipFile

import pytest
from sqlalchemy import Engine, select

from mobigo.app.web.account import home as account
from mobigo.infra import accounts, auth, documents, privacy
from mobigo.infra.blobs import BlobRow
from mobigo.infra.config import Config
from mobigo.infra.db import reading, transaction
from mobigo.infra.roles import Identity, Role
from mobigo.requests.rules.files import BYTES_MAX, FORM_MAX, REQUEST_MAX
from mobigo.requests.store import files as store_files
from mobigo.requests.store.requests import CONTACT_DAYS, FileRow
from tests.pictures import PDF, PLACE, jpeg, png
from tests.requests_world import NOW, WORDS, World, agent, number_of, plain, requests_world

FORM = {"kind": "delay", "words": WORDS, "email": "camille@example.org"}


@pytest.fixture
def world(database_config: Config, engine: Engine) -> Iterator[World]:
    with requests_world(database_config, engine) as made:
        yield made


def part(content: bytes, name: str = "photo.jpg") -> tuple[BytesIO, str]:
    return BytesIO(content), name


def ask(world: World, *parts: tuple[BytesIO, str], **fields: str) -> str:
    made = world.client.post("/demandes", data={**FORM, **fields, "files": list(parts)})
    assert made.status_code == 303, made.text
    return str(made.location)


def kept(world: World) -> list[FileRow]:
    with reading(world.engine) as session:
        return list(session.scalars(select(FileRow).order_by(FileRow.id)))


def reasons_to_keep(world: World) -> list[BlobRow]:
    with reading(world.engine) as session:
        return list(session.scalars(select(BlobRow).where(BlobRow.purpose == "requests.file")))


def links(page: str) -> list[str]:
    return re.findall(r'href="([^"]*/pieces/\w+)"', page)


def test_files_are_seen_by_whoever_has_the_link_and_by_the_agents_of_the_service(world: World) -> None:
    path = ask(world, part(jpeg(place=PLACE), "arrêt.JPG"), part(PDF, "facture.pdf"))
    number = number_of(path)
    page = world.client.get(path).text
    assert "arrêt.jpg" in page
    photo, paper = links(page)
    seen = world.client.get(photo)
    assert (seen.data, seen.mimetype) == (jpeg(), "image/jpeg")  # nothing of the place is left
    assert seen.headers["Content-Disposition"].startswith(f'inline; filename="demande-{number}-')
    saved = world.client.get(paper)
    assert (saved.data, saved.mimetype) == (PDF, "application/pdf")
    assert saved.headers["Content-Disposition"].startswith("attachment; ")
    for answer in (seen, saved):
        assert answer.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Cache-Control"] == "private, no-store"
    world.sign_in(agent())
    theirs = links(world.client.get(f"/demandes/agents/{number}").text)
    assert [world.client.get(each).data for each in theirs] == [jpeg(), PDF]
    for role, status in ((Role.REGISSEUR, 404), (Role.INSPECTOR, 403), (Role.TRAVELLER, 403)):
        world.sign_in(agent(role))
        assert world.client.get(theirs[0]).status_code == status
    world.sign_in(None)
    assert world.client.get(theirs[0]).status_code in (302, 303, 401, 403)
    other = ask(world)
    assert world.client.get(f"{other}/pieces/{photo.rsplit('/', 1)[1]}").status_code == 404  # another's link opens none
    assert world.client.get(f"/demandes/{number}/{'a' * 26}/pieces/{photo.rsplit('/', 1)[1]}").status_code == 404


def test_files_come_with_an_answer_of_either_side(world: World) -> None:
    path = ask(world)
    number = number_of(path)
    world.go_to(NOW + timedelta(minutes=1))
    world.sign_in(agent())
    seen = re.search(r'name="vu" value="(\d+)"', world.client.get(f"/demandes/agents/{number}").text)
    assert seen is not None
    asked = {"vu": seen[1], "words": "Une photo de l’arrêt ?", "files": [part(PDF, "plan.pdf")]}
    assert world.client.post(f"/demandes/agents/{number}/demander", data=asked).status_code == 303
    world.sign_in(None)
    world.go_to(NOW + timedelta(minutes=2))
    answered = {"words": "La voici.", "files": [part(png(), "arret.png")]}
    assert world.client.post(f"{path}/ecrire", data=answered).status_code == 303
    assert sorted((each.side, each.name) for each in kept(world)) == [("agent", "plan.pdf"), ("person", "arret.png")]
    page = world.client.get(path).text
    assert [world.client.get(each).data for each in links(page)] == [PDF, png()]
    assert page.index("Une photo de l’arrêt") < page.index("plan.pdf") < page.index("La voici") < page.index("arret")


def test_an_agent_joins_what_somebody_brings_to_the_counter(world: World) -> None:
    world.sign_in(agent())
    form = {**FORM, "channel": "counter", "way": "none", "cle": "k" * 30}
    for _ in range(2):  # sent twice: one request
        made = world.client.post("/demandes/agents/saisir", data={**form, "files": [part(jpeg())]})
        assert made.status_code == 303
    assert [each.side for each in kept(world)] == ["agent"]
    assert len(links(world.client.get(made.location).text)) == 1


@pytest.mark.parametrize(
    ("content", "name", "said"),
    [
        (b"", "vide.jpg", "« vide.jpg » est vide"),
        (b"MZ\x90\x00", "photo.jpg", "« photo.jpg » n’est ni un PDF, ni une photo JPEG ou PNG"),
        (b"<svg><script/></svg>", "a.svg", "« a.svg » n’est ni un PDF"),
        (jpeg()[:40], "coupee.jpg", "« coupee.jpg » est incomplet"),
        (png(width=2**31 - 1, height=2**31 - 1), "bombe.png", "a plus de 60 millions de points"),
        (PDF + b" " * BYTES_MAX, "gros.pdf", "« gros.pdf » dépasse 10 Mo"),
        (PDF, "<script>.pdf", None),
    ],
)  # fmt: skip
def test_what_cannot_be_joined_is_told_and_nothing_is_kept(
    world: World, content: bytes, name: str, said: str | None
) -> None:  # fmt: skip
    sent = {**FORM, "files": [part(jpeg(), "bonne.jpg"), part(content, name)]}
    answer = world.client.post("/demandes", data=sent)
    if said is None:
        page = world.client.get(str(answer.location)).text
        assert "&lt;script&gt;.pdf" in page
        assert "<script>.pdf" not in page
        return
    assert answer.status_code == 422
    assert said in plain(answer.text)
    assert WORDS in answer.text  # what was written is not lost
    assert "Choisissez vos fichiers à nouveau" in answer.text
    assert (kept(world), reasons_to_keep(world), world.messages()) == ([], [], [])


def test_there_is_a_limit_to_a_form_and_to_a_request(world: World) -> None:
    many = {**FORM, "files": [part(PDF + bytes([n]) + b"%%EOF") for n in range(FORM_MAX + 1)]}
    assert "3 fichiers au plus" in plain(world.client.post("/demandes", data=many).text)
    path = ask(world)
    for turn in range(REQUEST_MAX // FORM_MAX):
        more = [part(PDF + bytes([turn, n]) + b"%%EOF") for n in range(FORM_MAX)]
        assert world.client.post(f"{path}/ecrire", data={"words": "Encore.", "files": more}).status_code == 303
    full = world.client.post(f"{path}/ecrire", data={"words": "Une de trop.", "files": [part(jpeg())]})
    assert full.status_code == 409
    assert "a déjà 12 fichiers" in plain(full.text)
    assert len(kept(world)) == REQUEST_MAX
    again = world.client.post(f"{path}/ecrire", data={"words": "La même.", "files": [part(PDF + b"\0\0%%EOF")]})
    assert again.status_code == 303  # one it already has takes no place
    assert len(kept(world)) == REQUEST_MAX


def test_a_body_too_large_is_refused_before_it_is_read(world: World) -> None:
    huge = world.client.post("/demandes", data={**FORM, "files": [part(bytes(31_000_000))]})
    assert huge.status_code == 413


def test_an_address_sends_so_many_files_an_hour(world: World) -> None:
    path = ask(world)
    sent = [
        world.client.post(f"{path}/ecrire", data={"words": "", "files": [part(jpeg()) for _ in range(3)]}).status_code
        for _ in range(14)
    ]
    assert sent == [422] * 13 + [429]  # thirteen times three files, and the fortieth with its neighbours
    assert kept(world) == []


def test_the_same_message_sent_twice_or_at_once_is_one(world: World) -> None:
    path = ask(world, cle="a" * 30)
    answers: list[int] = []

    def say() -> None:
        client = world.client.application.test_client()
        sent = {"words": "Voici la photo.", "cle": "b" * 30, "files": [part(jpeg())]}
        answers.append(client.post(f"{path}/ecrire", data=sent).status_code)

    threads = [threading.Thread(target=say) for _ in range(4)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert answers == [303] * 4
    assert world.client.get(path).text.count("Voici la photo.") == 1
    assert len(kept(world)) == 1


def signed_up(world: World, name: str, monkeypatch: pytest.MonkeyPatch) -> str:
    with transaction(world.engine) as session:
        subject = accounts.create(
            session, NOW, email=f"{name}@example.org", name=name, password_hash=None, language="fr"
        )
    world.sign_in(Identity(subject))
    monkeypatch.setattr(account, "now", lambda: NOW)
    return subject


def test_a_document_already_given_is_chosen_again_and_nobody_chooses_anothers(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:  # fmt: skip
    bob = signed_up(world, "bob", monkeypatch)
    ask(world, part(PDF, "domicile.pdf"))
    with reading(world.engine) as session:
        [known] = documents.given_by(session, bob)
    page = world.client.get("/demandes").text
    assert "Ou un document déjà donné (1)" in page
    assert f'value="{known.ref}"' in page
    path = ask(world, known=known.ref, words="Une autre demande.")
    [again] = links(world.client.get(path).text)
    assert world.client.get(again).data == PDF
    signed_up(world, "eve", monkeypatch)
    assert "document déjà donné" not in world.client.get("/demandes").text
    assert world.client.post("/demandes", data={**FORM, "known": known.ref}).status_code == 404
    assert world.client.get(f"/compte/documents/{known.ref}").status_code == 404
    world.sign_in(None)
    assert links(world.client.get(ask(world, known=known.ref)).text) == []  # nobody is signed in: nothing is chosen


def test_documents_are_in_the_account_and_in_what_is_handed_over(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:  # fmt: skip
    bob = signed_up(world, "bob", monkeypatch)
    number = number_of(ask(world, part(jpeg(place=PLACE), "arret.jpg"), part(PDF)))
    with reading(world.engine) as session:
        given = documents.given_by(session, bob)
        held = privacy.export_subject(session, bob)["requests"]
    assert [each["name"] for each in held["requests"][0]["files"]] == ["arret.jpg", "photo.pdf"]  # type: ignore[index]
    monkeypatch.setattr(auth, "signed_in", lambda: Identity(bob))
    archive = ZipFile(BytesIO(world.client.get("/compte/donnees.zip").data))
    assert archive.namelist() == ["mobigo.json", "documents/01.jpg", "documents/02.pdf", "documents.txt"]
    assert [archive.read(f"documents/0{n}.{end}") for n, end in ((1, "jpg"), (2, "pdf"))] == [jpeg(), PDF]
    assert f"arret.jpg, joint à la demande {number[:3]}" in plain(archive.read("documents.txt").decode())
    assert WORDS in archive.read("mobigo.json").decode()
    own = world.client.get(f"/compte/documents/{given[0].ref}")
    assert own.data == jpeg()
    assert own.headers["Cache-Control"] == "private, no-store"


def test_files_go_with_their_person_and_with_their_request(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    bob = signed_up(world, "bob", monkeypatch)
    ask(world, part(jpeg()))
    world.sign_in(None)
    path = ask(world, part(png()), words="Une autre personne.")
    blobs = world.services.blobs
    with transaction(world.engine) as session:
        privacy.erase_subject(session, bob, NOW)
    assert [each.media for each in kept(world)] == ["image/png"]
    assert world.client.post(f"{path}/effacer", data={"confirme": "1"}).status_code == 303
    assert (kept(world), reasons_to_keep(world)) == ([], [])
    with transaction(world.engine) as session:
        assert blobs.sweep(session, NOW + timedelta(days=4_000)) == 2
        assert blobs.check(session) == type(blobs.check(session))((), (), ())


@pytest.mark.parametrize(("days", "there"), [(CONTACT_DAYS - 1, True), (CONTACT_DAYS + 2, False)])
def test_files_are_kept_a_year_after_the_answer(world: World, days: int, there: bool) -> None:
    path = ask(world, part(jpeg()))
    world.sign_in(agent())
    world.act(number_of(path), "repondre", words="Nous avons vérifié.")
    world.go_to(NOW + timedelta(days=2))
    world.sign_in(None)
    assert world.client.post(f"{path}/rouvrir", data={"words": "Encore.", "files": [part(PDF)]}).status_code == 303
    assert {each.last_day for each in reasons_to_keep(world)} == {None}  # it goes on: nothing is counted
    world.sign_in(agent())
    world.act(number_of(path), "repondre", words="Voici.")
    with transaction(world.engine) as session:
        privacy.erase_due(session, NOW + timedelta(days=2 + days))
        left = store_files.of_request(session, world.row(number_of(path)).id)
        assert [world.services.blobs.contents.read(each.sha256) for each in left] == ([jpeg(), PDF] if there else [])
    assert len(reasons_to_keep(world)) == (2 if there else 0)
