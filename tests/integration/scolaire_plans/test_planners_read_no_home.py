"""Who draws circuits never sees where a pupil lives, nor who they are; a search sees random ids and metres alone.

Every pupil of a planted sector gets a name, an address with coordinates, and a parent, all told apart from everything
else; then whatever the desk leads a planner to is read, files included, and what a search reads is listened to.
"""

import html
import io
import json
import re
import shutil
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from pypdf import PdfReader
from sqlalchemy import Engine, event, update
from sqlalchemy.orm import Session

from mobigo.app import create_app
from mobigo.infra import accounts, grants, sessions
from mobigo.infra.config import Config
from mobigo.infra.db import open_engine, reading, transaction
from mobigo.infra.jobs import State, registry, run_inline
from mobigo.infra.roles import Grant, Role
from scolaire.export.plan_json import demand_json
from scolaire.service import demands, optimising
from scolaire.store import plans as store
from scolaire.store.pupils import AddressRow, BondRow, GuardianRow, IdentityRow
from tests.school_plans_world import NOW, Planted, plant
from tests.school_world import sector

registry.use_modules(["scolaire.tasks"])
SMALL = sector(3, schools=2, stops=10, pupils=12)
BASE = "/scolaire/plans"
PERSONAL = ("scolaire_pupil_identity", "scolaire_home_address", "scolaire_guardian", "scolaire_bond")


def people(session: Session, other: str = "") -> None:
    """A name, an address and a parent for every pupil; `other`: something that makes them all other ones."""
    for n, each in enumerate(SMALL.pupils):
        home, pupil, guardian = f"h{each.id}", f"k{each.id}", f"g{n}"
        session.add(
            IdentityRow(
                pupil=pupil, first_name=f"Prénomsecret{n}{other}", last_name=f"Nomsecret{n}{other}",
                folded=f"nomsecret{n}", born_on=date(2013, 4, 1 + n),
            )
        )  # fmt: skip
        session.add(
            AddressRow(
                home=home, line=f"{n} rue Invisible{other}", extra=f"Bâtiment caché{n}", postcode=f"991{n:02}",
                lat=48.1234 + n / 1e6, lon=5.9876 + n / 1e6, located_by="typed",
            )
        )  # fmt: skip
        session.add(
            GuardianRow(
                id=guardian, first_name="A", last_name=f"Parentsecret{n}", email=f"secret{n}@example.org",
                phone=f"+336399800{n:02}", postal=f"{n} rue Invisible", created_at=NOW, last_day=date(2028, 8, 31),
            )
        )  # fmt: skip
        session.flush()
        session.add(
            BondRow(
                id=f"b{n}", pupil=pupil, guardian=guardian, tie="parent", access="full", home=home,
                first_day=date(2026, 6, 1), recorded_by="agent", recorded_at=NOW,
            )
        )  # fmt: skip
    session.flush()


PATTERN = re.compile(
    r"Prénomsecret|Nomsecret|nomsecret|Parentsecret|rue Invisible|timent cach|secret\d+@|\b991\d\d\b|48[.,]1234"
    r"|5[.,]9876|336399800|2013-04-|/04/2013|avril 2013"
)


def told(text: str) -> list[str]:
    """What a text gives away."""
    return PATTERN.findall(html.unescape(text))


@contextmanager
def listened(engine: Engine) -> Iterator[list[str]]:
    """Every statement that is sent to the database meanwhile."""
    said: list[str] = []

    def hear(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        said.append(statement)

    event.listen(engine, "before_cursor_execute", hear)
    try:
        yield said
    finally:
        event.remove(engine, "before_cursor_execute", hear)


@pytest.fixture
def desk(config: Config, sqlite_template: Path) -> Iterator[tuple[Engine, Config, dict[str, FlaskClient], Planted]]:
    config = replace(config, environment="demo")
    config.home.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(sqlite_template, config.home / "mobigo.sqlite")
    engine = open_engine(config.database_url)
    app = create_app(config)
    app.config["WTF_CSRF_ENABLED"] = False
    clients = {}
    with transaction(engine) as session:
        for name, role in (("planner", Role.SCHOOL_PLANNER), ("manager", Role.SCHOOL_MANAGER)):
            subject = accounts.create(
                session, NOW, email=f"{name}@example.org", name=name, password_hash=None, language="fr"
            )
            grants.give(session, subject, Grant(role), NOW, by=None)
            clients[name] = app.test_client()
            clients[name].set_cookie("mobigo", sessions.open_session(session, subject, datetime.now(UTC), None, None))
        planted = plant(session, SMALL)
        people(session)
    yield engine, config, clients, planted
    engine.dispose()


def test_the_pattern_finds_each_secret(desk: tuple[Engine, Config, dict[str, FlaskClient], Planted]) -> None:
    """The oracle is no blind one: who may see an address shows one, and the pattern finds it."""
    *_rest, clients, _planted = desk
    page = clients["manager"].get(f"/scolaire/agents/dossiers/r{SMALL.pupils[0].id}").get_data(as_text=True)
    assert {"Prénomsecret", "Nomsecret", "rue Invisible"} <= set(told(page))
    for words in ("Prénomsecret1", "nomsecret1", "secret1@example.org", "99101", "48,123401", "5.987601", "2013-04-02"):
        assert told(words), words


def test_whatever_the_desk_leads_a_planner_to_holds_no_name_and_no_home(
    desk: tuple[Engine, Config, dict[str, FlaskClient], Planted],
) -> None:
    engine, config, clients, planted = desk
    planner = clients["planner"]
    sent = planner.post(f"{BASE}/{planted.plan}/recherches", data={"mode": "fresh", "effort": "quick", "reserve": "2"})
    assert run_inline(engine, config, sent.location.rsplit("/", 1)[1]).state is State.DONE
    with reading(engine) as session:
        (version,) = store.versions(session, planted.plan)
    opened = open_version_service(planner, version.id)
    for form in (
        {"kind": "service", "reason": "le maire y tient"},
        {"kind": "pupil_stop", "subject": f"r{SMALL.pupils[0].id}.h{SMALL.pupils[0].id}", "reason": "une sœur y monte"},
    ):  # fmt: skip
        planner.post(f"{BASE}/versions/{version.id}/verrouiller", data={"half": "matin", "service": opened, **form})
    read = crawled(planner, [f"{BASE}/", "/scolaire/agents", f"{BASE}/versions/{version.id}"])
    assert {url: told(text) for url, text in read.items() if told(text)} == {}
    kinds = {"geojson", ".pdf", ".csv", ".zip", "/services/", "/recherches/", "/retards", "/lots"}
    assert {kind for kind in kinds if not any(kind in url for url in read)} == set()  # each was reached
    pupil, home = SMALL.pupils[0].id, f"h{SMALL.pupils[0].id}"
    for path in (
        f"/scolaire/agents/dossiers/r{pupil}", "/scolaire/agents", "/scolaire/eleves",
        f"/scolaire/famille/dossiers/r{pupil}", f"/scolaire/agents/dossiers/r{pupil}?domicile={home}",
    ):  # fmt: skip
        answer = planner.get(path)
        assert answer.status_code in (302, 303, 403, 404), path
        assert told(answer.get_data(as_text=True)) == []


def open_version_service(planner: FlaskClient, version: str) -> str:
    """The first service of a version's morning."""
    page = planner.get(f"{BASE}/versions/{version}?demi=matin").get_data(as_text=True)
    found = re.search(r"/services/matin/([^\"?]+)", page)
    assert found is not None
    return found.group(1)


def crawled(client: FlaskClient, begin: list[str], most: int = 150) -> dict[str, str]:
    """What every address answers that is led to from there, within school transport; files as their text."""
    wanted, read = list(begin), dict[str, str]()
    while wanted and len(read) < most:
        url = wanted.pop(0)
        if url in read or not url.startswith("/scolaire"):
            continue
        answer = client.get(url)
        read[url] = text_of(answer.data)
        if answer.mimetype == "text/html":
            page = html.unescape(read[url])
            wanted += [each.split("#")[0] for each in re.findall(r'(?:href|data-[a-z-]+)="(/[^"]*)"', page)]
    assert not wanted or len(read) < most, "more pages than were read"
    return read


def text_of(content: bytes) -> str:
    """A page or a file as text: of an archive, its files; of a PDF, its words."""
    if content.startswith(b"PK"):
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            return "\n".join(text_of(archive.read(name)) for name in archive.namelist())
    if content.startswith(b"%PDF"):
        return "\n".join(page.extract_text() for page in PdfReader(io.BytesIO(content)).pages)
    return content.decode("utf-8", "replace")


def test_a_search_reads_no_name_and_no_address_and_would_find_the_same_for_others(
    engine: Engine, config: Config
) -> None:
    """No statement of the demand or of the search speaks of a table of persons; the demand is the same to the byte when
    every name, address and parent is another one."""
    with transaction(engine) as session:
        planted = plant(session, SMALL)
        people(session)
    with listened(engine) as said, transaction(engine) as session:
        demand = demands.demand_of(session, store.get_plan(session, planted.plan), NOW.date())
        job = optimising.ask(
            session, planted.plan, demand, mode="fresh", effort="quick", by="planner", now=NOW, reserve=2
        )
        first = demand_json(demand)
    with listened(engine) as searched:
        assert run_inline(engine, config, job).state is State.DONE
    assert said
    assert searched
    assert [each for each in (*said, *searched) if any(table in each for table in PERSONAL)] == []
    with transaction(engine) as session:
        for row, change in (
            (IdentityRow, {"first_name": "Autre", "last_name": "Autre", "folded": "autre"}),
            (AddressRow, {"line": "ailleurs", "extra": "", "postcode": "21000", "lat": 47.0, "lon": 4.0}),
            (GuardianRow, {"last_name": "Autre", "email": None, "phone": None, "postal": ""}),
        ):
            session.execute(update(row).values(**change))
        again = demands.demand_of(session, store.get_plan(session, planted.plan), NOW.date())
        assert demand_json(again) == first
        (version,) = store.versions(session, planted.plan)
        kept = [first, *(store.get_content(session, each) for each in (version.plan_digest, version.demand_digest))]
    assert [told(text.decode()) for text in kept] == [[]] * 3
    document = json.loads(first)
    fields = {"id", "school", "reach", "halves", "ride cap", "wheelchair"}
    assert {len(row) for row in document["pupils"]} == {len(fields)}
    stops, schools = {row[0] for row in document["stops"]}, {row[0] for row in document["schools"]}
    for id_, school, reach, halves, cap_ms, rolling in document["pupils"]:
        assert re.fullmatch(r"rp\d{6}\.hp\d{6}", id_), id_  # random ids: of the registration and the home
        assert school in schools
        assert {stop for stop, _metres in reach} <= stops
        assert all(isinstance(each, int) for each in (cap_ms, rolling, *(metres for _stop, metres in reach)))
        assert set(halves) <= {row[0] for row in document["halves"]}
