"""The photograph in a stop's safety file: kept without what it tells beside the picture, seen by agents alone. And a
scanned paper as large as the page allows, at the desk."""

import io

import pytest
from sqlalchemy import select

from mobigo.infra.blobs import BlobRow
from mobigo.infra.db import transaction
from mobigo.infra.roles import Role
from scolaire.store.stops import StopRow
from tests.integration.scolaire_people.site import SchoolSite
from tests.pictures import PDF, PLACE, jpeg, png

MANAGER = str(Role.SCHOOL_MANAGER)
ASKED = {"stop_name": "Le Lavoir", "position": "47.19, 4.23", "words": "Cinq élèves", "commune": "Liernais"}
SEEN = {"side": "right", "crossing": "none", "reversing": "no", "state": "active"}


@pytest.fixture
def stop(world: SchoolSite) -> str:
    """A stop that a mairie asked for; nobody has looked at it."""
    world.post("ao2", "/scolaire/arrets/demander", **ASKED)
    with transaction(world.engine) as session:
        return session.scalars(select(StopRow).where(StopRow.name == "Le Lavoir")).one().id


def test_a_photograph_takes_the_place_of_the_one_before_and_tells_no_place(world: SchoolSite, stop: str) -> None:
    at = f"/scolaire/agents/arrets/{stop}"
    agent = world.clients[MANAGER]
    assert agent.get(f"{at}/photographie").status_code == 404
    for media, content in (("image/jpeg", jpeg(orientation=6, place=PLACE)), ("image/png", png(place=PLACE))):
        world.post(MANAGER, at, **SEEN, document=(io.BytesIO(content), "arrêt.exe"))
        assert f"{at}/photographie" in agent.get(at).text
        answer = agent.get(f"{at}/photographie")
        assert (answer.status_code, answer.mimetype) == (200, media)
        assert PLACE not in answer.data
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
    with transaction(world.engine) as session:
        kept = session.scalars(select(BlobRow).where(BlobRow.owner == f"scolaire:stop:{stop}")).all()
        assert [row.sha256 for row in kept] == [session.get_one(StopRow, stop).photo]
    world.post(MANAGER, at, **SEEN)  # a look without a photograph leaves the one there is
    assert agent.get(f"{at}/photographie").data == answer.data
    for other in ("ao2", "school", "operator"):
        assert world.clients[other].get(f"{at}/photographie").status_code == 403


@pytest.mark.parametrize(
    "content",
    [PDF, b"MZ program", b"<svg xmlns='http://www.w3.org/2000/svg'/>", jpeg()[:-9], png()[:-4],
     jpeg(width=60_000, height=60_000), b"\xff\xd8\xff" + bytes(5_000_001)],
    ids=["paper", "program", "drawing", "cut short", "png cut short", "too many pixels", "too large"],
)  # fmt: skip
def test_what_is_no_photograph_changes_nothing(world: SchoolSite, stop: str, content: bytes) -> None:
    world.post(MANAGER, f"/scolaire/agents/arrets/{stop}", 422, **SEEN, document=(io.BytesIO(content), "a.jpg"))
    with transaction(world.engine) as session:
        row = session.get_one(StopRow, stop)
        assert (row.state, row.photo, row.reviewed_on) == ("proposed", None, None)
        assert session.scalars(select(BlobRow).where(BlobRow.owner == f"scolaire:stop:{stop}")).all() == []
