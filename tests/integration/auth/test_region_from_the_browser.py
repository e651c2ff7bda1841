"""A territory set up from the browser: looked at, nothing changes; put in use, it serves; of two people one is told."""

import gzip
import io
import json
import re
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from covoit.service.communes import imported_at
from mobigo.app import region_desk
from mobigo.app.region_desk import PARTS, file_name
from mobigo.base.errors import InvalidInput
from mobigo.infra import jobs as desk
from mobigo.infra.config import Config
from mobigo.infra.db import reading, transaction
from mobigo.infra.jobs import JobFilter, State, run_inline
from mobigo.infra.roles import NEEDS_ORGANISATION, Grant, Role
from mobigo.network.gateway.fetch import Fetched
from mobigo.network.store import feeds, sources
from mobigo.network.store.addresses import find_in_use
from mobigo.network.store.streets import list_extracts
from scolaire.store.schools import DaysRow, SchoolRow
from tests.builders import feed, trip, write_zip
from tests.streets_drawn import write_pbf

BAN = (
    "id;numero;rep;nom_voie;code_postal;code_insee;nom_commune;lon;lat\n"
    "21231_1;1;;Rue de la Liberté;21000;21231;Dijon;5.04;47.32\n"
)
SCHOOLS = "UAI;Nom;Type;Commune;Latitude;Longitude\n0211033J;Collège des Vignes;Collège;21231;47,32;5,04\n"
RING = [[5.0, 47.3], [5.1, 47.3], [5.1, 47.4], [5.0, 47.3]]
OUTLINE = {"type": "Feature", "properties": {"code": "21231", "nom": "Dijon"},
           "geometry": {"type": "Polygon", "coordinates": [RING]}}  # fmt: skip
COMMUNES = json.dumps({"type": "FeatureCollection", "features": [OUTLINE]}).encode()
AT = "/admin/territoire"


@pytest.fixture
def administrator(world: Any) -> Any:
    return signed_in(world, "agnes@example.org")


def signed_in(world: Any, email: str) -> Any:
    world.person(email, Role.ADMINISTRATOR)
    browser = world.browser()
    browser.sign_in(email)
    return browser


def config(world: Any) -> Config:
    found: Config = world.app.extensions["mobigo"].config
    return found


def send(browser: Any, part: str, *files: tuple[bytes, str], **fields: object) -> Any:
    sent: dict[str, object] = {"files": [(io.BytesIO(content), name) for content, name in files]} if files else {}
    return browser.post(f"{AT}/{part}", **sent, **fields)


def waiting(world: Any, name: str) -> list[str]:
    with reading(world.engine) as session:
        return [job.id for job in desk.list_jobs(session, JobFilter(states=[State.QUEUED], name=name))]


def work(world: Any, name: str) -> desk.Job:
    (job,) = waiting(world, name)
    return run_inline(world.engine, config(world), job)


def looked(world: Any, browser: Any, part: str, *files: tuple[bytes, str], **fields: object) -> str:
    """Send, have it looked at; the page of the look."""
    answer = send(browser, part, *files, **fields)
    assert answer.status_code == 303, answer.text
    assert work(world, "region.look").state is State.DONE
    return str(answer.location)


def gtfs(folder: Path) -> bytes:
    write_zip(feed([trip("early", "A 07:55 B 08:05")]), folder / "ter.zip")
    return (folder / "ter.zip").read_bytes()


def pbf(folder: Path) -> bytes:
    write_pbf(folder / "ville.osm.pbf", [([(0, 0), (0, 1)], {"highway": "residential"})])
    return (folder / "ville.osm.pbf").read_bytes()


def held(world: Any) -> dict[str, object]:
    with reading(world.engine) as session:
        return {
            "communes": imported_at(session) is not None,
            "gtfs": [each.name for each in feeds.list_feeds(session) if each.version is not None],
            "streets": [each.name for each in list_extracts(session)],
            "addresses": find_in_use(config(world).home) is not None,
            "schools": session.scalar(select(func.count()).select_from(SchoolRow)),
            "days": session.scalar(select(func.count()).select_from(DaysRow)),
        }


def test_each_part_is_looked_at_then_put_in_use(world: Any, administrator: Any, tmp_path: Path) -> None:
    sent = {
        "communes": (COMMUNES, "communes.geojson"), "gtfs": (gtfs(tmp_path), "ter.zip"),
        "streets": (pbf(tmp_path), "ville.osm.pbf"), "addresses": (gzip.compress(BAN.encode()), "adresses-21.csv.gz"),
        "school-schools": (SCHOOLS.encode(), "écoles.csv"),
    }  # fmt: skip
    before = held(world)
    pages = {part: looked(world, administrator, part, file) for part, file in sent.items()}
    assert held(world) == before
    for page in pages.values():
        assert "peut être mis en service" in administrator.get(page).text
        assert administrator.post(f"{page}/mettre-en-service", page=page).status_code == 303
        assert work(world, "region.bring").state is State.DONE
        assert "C’est en service" in administrator.get(page).text
    assert {**held(world), "days": 0} == {
        "communes": True, "gtfs": ["ter"], "streets": ["ville"], "addresses": True, "schools": 1, "days": 0,
    }  # fmt: skip
    assert len(waiting(world, "network.build")) == 2  # once for the timetable, once for the streets
    acts = [act for act, _actor, _part in world.acts() if act.startswith("region.")]
    assert {each: acts.count(each) for each in acts} == {
        "region.received": 5, "region.put_in_use": 5, "region.brought": 5,
    }  # fmt: skip
    listed = administrator.get(AT).text
    assert "Base Adresse Nationale" in listed
    assert listed.count("en service</span>") >= 4  # the timetable of the test is over on some days


def test_what_is_wrong_is_told_by_line_and_what_served_still_does(world: Any, administrator: Any) -> None:
    good = gzip.compress(BAN.encode()), "adresses-21.csv.gz"
    page = looked(world, administrator, "addresses", good)
    administrator.post(f"{page}/mettre-en-service", page=page)
    work(world, "region.bring")
    kept = find_in_use(config(world).home)
    wrong = looked(world, administrator, "addresses", (BAN.replace("5.04", "ailleurs").encode(), "adresses-21.csv"))
    text = administrator.get(wrong).text
    assert "ne peut pas être mis en service" in text
    assert re.search(r"adresses-21\.csv</th><td class=\"figure\">2</td><td>lon</td><td>ailleurs</td>", text)
    assert "Mettre en service</button>" not in text
    refused = administrator.post(f"{wrong}/mettre-en-service", page=wrong)
    assert refused.status_code == 409
    assert "fautes qui empêchent" in refused.text
    assert find_in_use(config(world).home) == kept


HOSTILE = [
    ("gtfs", b"no archive", "ter.zip"), ("gtfs", b"", "ter.zip"), ("streets", b"no streets", "ville.osm.pbf"),
    ("communes", b"[" * 100_000, "communes.json"), ("communes", b"{}", "communes.json"),
    ("addresses", b"\x1f\x8b broken", "a.csv.gz"), ("addresses", b"", "a.csv"), ("tariffs", b"\xff\xfe", "a.toml"),
    ("tariffs", b"a = " + b"[" * 9_000, "a.toml"), ("school-days", b"\x00" * 1_000, "jours.csv"),
    ("school-stops", b"PK\x03\x04 no workbook", "arrets.xlsx"), ("school-bells", b"", "horaires.csv"),
]  # fmt: skip


def test_a_hostile_file_is_told_and_changes_nothing(world: Any, administrator: Any) -> None:
    before = held(world)
    for part, content, name in HOSTILE:
        page = looked(world, administrator, part, (content, name))
        assert "ne peut pas être mis en service" in administrator.get(page).text, (part, content[:20])
    assert held(world) == before


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("../../etc/adresses.csv", "adresses.csv"), ("C:\\temp\\a.csv", "a.csv"), ("/a.csv", "a.csv"),
        ("é à.csv", "e-a.csv"), ("..csv.csv", "csv.csv"), ("a" * 300 + ".csv", "a" * 76 + ".csv"),
        ("a\0b.csv", "a-b.csv"),
    ],
)  # fmt: skip
def test_a_file_keeps_a_name_that_leads_nowhere(given: str, kept: str) -> None:
    assert file_name(PARTS["addresses"], given) == kept


@pytest.mark.parametrize("given", ["", "..", ".csv", "a.exe", "a.csv.exe", "a.csv/", "../../x"])
def test_a_file_of_another_kind_is_refused(given: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        file_name(PARTS["addresses"], given)
    assert refused.value.decision.code == "region.wrong_suffix"


WRONG_FORMS: list[tuple[str, list[tuple[bytes, str]], dict[str, object], str]] = [
    ("communes", [], {}, "Choisissez un fichier"),
    ("communes", [(b"{}", "a.zip")], {}, "pas du type attendu"),
    ("communes", [(b"{}", "a.json"), (b"{}", "b/a.json")], {}, "le même nom"),
    ("communes", [(b"{}", f"{number}.json") for number in range(21)], {}, "20 au plus"),
    ("streets", [(b"x", "a.pbf"), (b"x", "b.pbf")], {}, "1 au plus"),
    ("gtfs", [], {"links": "file:///etc/passwd"}, "adresse"),
    ("gtfs", [], {"links": "https://me:secret@example.org/a.zip"}, "adresse"),
    ("gtfs", [(b"x", "a.zip")], {"name": "../../b"}, "ne peut pas être un nom"),
    ("gtfs", [(b"x", "a.zip")], {"name": "b" * 81}, "ne peut pas être un nom"),
]  # fmt: skip


def test_a_form_that_is_wrong_is_told_and_asks_for_no_work(world: Any, administrator: Any) -> None:
    for part, files, fields, said in WRONG_FORMS:
        answer = send(administrator, part, *files, **fields)
        assert (answer.status_code, said in answer.text) == (422, True), (part, fields, said)
    assert waiting(world, "region.look") == []


def test_more_than_may_be_sent_is_refused_before_it_is_read(
    world: Any, administrator: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    view = world.app.view_functions["admin.region_receive"]
    monkeypatch.setattr(view, "body_limit_bytes", 1_000)
    assert send(administrator, "streets", (b"x" * 2_000, "a.pbf")).status_code == 413
    assert waiting(world, "region.look") == []


def test_an_address_of_the_network_inside_is_not_fetched(world: Any, administrator: Any) -> None:
    for link in ("http://127.0.0.1/a.zip", "http://[::1]/a.zip", "http://169.254.169.254/latest"):
        answer = send(administrator, "gtfs", links=link)
        assert work(world, "region.look").state is State.FAILED
        text = administrator.get(answer.location).text
        assert "L’essai n’est pas allé au bout" in text
        assert "Mettre en service</button>" not in text
    assert held(world)["gtfs"] == []


def test_what_an_address_gave_is_what_is_put_in_use_and_it_is_looked_at_each_day(
    world: Any, administrator: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    def fetched(url: str, target: Path, **_options: object) -> Fetched:
        asked.append(url)
        target.write_bytes(gtfs(tmp_path))
        return Fetched(True, "", "")

    monkeypatch.setattr(region_desk, "fetch", fetched)
    page = looked(world, administrator, "gtfs", links="https://ter.example.org/export?id=3", name="TER")
    administrator.post(f"{page}/mettre-en-service", page=page)
    assert work(world, "region.bring").state is State.DONE
    assert asked == ["https://ter.example.org/export?id=3"]
    with reading(world.engine) as session:
        assert [(each.feed, each.url) for each in sources.list_sources(session)] == [("ter", asked[0])]
    assert held(world)["gtfs"] == ["ter"]


def test_asked_twice_it_is_put_in_use_once(world: Any, administrator: Any) -> None:
    page = looked(world, administrator, "communes", (COMMUNES, "communes.json"))
    for _ in range(2):
        assert administrator.post(f"{page}/mettre-en-service", page=AT).status_code == 303
    assert work(world, "region.bring").state is State.DONE
    assert administrator.post(f"{page}/mettre-en-service", page=AT).status_code == 303
    assert waiting(world, "region.bring") == []


def test_of_two_people_one_wins_and_the_other_is_told(world: Any, administrator: Any) -> None:
    other = signed_in(world, "bruno@example.org")
    mine = looked(world, administrator, "communes", (COMMUNES, "communes.json"))
    theirs = looked(world, other, "communes", (COMMUNES, "autres.json"))
    assert administrator.post(f"{mine}/mettre-en-service", page=mine).status_code == 303
    told = other.post(f"{theirs}/mettre-en-service", page=theirs)
    assert (told.status_code, "est en cours" in told.text) == (409, True)
    work(world, "region.bring")
    told = other.post(f"{theirs}/mettre-en-service", page=theirs)
    assert (told.status_code, "Quelqu’un d’autre" in told.text) == (409, True)
    again = other.post(f"{theirs}/regarder", page=theirs)
    work(world, "region.look")
    assert other.post(f"{again.location}/mettre-en-service", page=again.location).status_code == 303
    assert work(world, "region.bring").state is State.DONE


def test_the_key_decides_where_both_looked_before_either_wrote(
    world: Any, administrator: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    mine = looked(world, administrator, "communes", (COMMUNES, "communes.json"))
    theirs = looked(world, administrator, "communes", (COMMUNES, "autres.json"))
    assert administrator.post(f"{mine}/mettre-en-service", page=mine).status_code == 303
    monkeypatch.setattr(region_desk, "_last_brought", lambda *_: None)  # what the other saw when they asked
    told = administrator.post(f"{theirs}/mettre-en-service", page=theirs)
    assert (told.status_code, "Quelqu’un d’autre" in told.text) == (409, True)
    assert len(waiting(world, "region.bring")) == 1


def test_a_look_is_cancelled(world: Any, administrator: Any) -> None:
    page = send(administrator, "communes", (COMMUNES, "communes.json")).location
    assert "Lecture en cours" in administrator.get(page).text
    assert administrator.post(f"{page}/annuler", page=page).status_code == 303
    assert waiting(world, "region.look") == []
    assert "L’essai n’est pas allé au bout" in administrator.get(page).text
    assert administrator.post(f"{page}/annuler", page=page).status_code == 409
    assert ("region.cancelled", "communes") in [(act, part) for act, _actor, part in world.acts()]


def test_what_fails_while_it_is_put_in_use_leaves_what_served(
    world: Any, administrator: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = looked(world, administrator, "communes", (COMMUNES, "communes.json"))
    administrator.post(f"{page}/mettre-en-service", page=page)
    monkeypatch.setattr("covoit.service.communes.import_files", _broken)
    assert work(world, "region.bring").state is State.FAILED
    assert "ce qui servait sert encore" in administrator.get(page).text
    assert held(world)["communes"] is False


def _broken(*_given: object, **_named: object) -> None:
    raise InvalidInput("covoit.communes_twice", codes="21231")


def test_a_tariff_that_nobody_else_would_approve_is_refused(world: Any, administrator: Any) -> None:
    shipped = Path("billettique/data/fares")
    document = next(each for each in sorted(shipped.glob("*.toml")) if "to_confirm" not in each.read_text())
    text = re.sub(r'^code = "[^"]+"', 'code = "essai-2027"', document.read_text(encoding="utf-8"), flags=re.M)
    page = looked(world, administrator, "tariffs", (text.encode(), "essai.toml"))
    assert "to_confirm = true" in administrator.get(page).text
    page = looked(world, administrator, "tariffs", (b"to_confirm = true\n" + text.encode(), "essai.toml"))
    administrator.post(f"{page}/mettre-en-service", page=page)
    assert work(world, "region.bring").state is State.DONE
    assert "essai.toml" in administrator.get(f"{AT}/tariffs").text
    same_code = text.replace("first_day", "# other\nfirst_day", 1).replace("source = ", 'source = "x" # ', 1)
    page = looked(world, administrator, "tariffs", (b"to_confirm = true\n" + same_code.encode(), "autre.toml"))
    assert "ne peut pas être mis en service" in administrator.get(page).text


def test_only_an_administrator_enters(world: Any) -> None:
    organisation = world.organisation("Cars du Morvan")
    others = [
        Grant(role, organisation if role in NEEDS_ORGANISATION else None)
        for role in (Role.TRAVELLER, Role.OPERATOR, Role.PUBLISHER, Role.SCHOOL_MANAGER, Role.ORDONNATEUR)
    ]
    for number, grant in enumerate([*others, Grant(Role.ADMINISTRATOR, organisation)]):
        world.person(f"personne-{number}@example.org", grant)
        browser = world.browser()
        browser.sign_in(f"personne-{number}@example.org")
        for path in (AT, f"{AT}/gtfs", f"{AT}/gtfs/x"):
            assert browser.get(path).status_code == 403, grant
        assert browser.post(f"{AT}/gtfs", page="/compte").status_code == 403


def test_without_the_token_of_the_form_nothing_is_done(world: Any, administrator: Any) -> None:
    assert administrator.post(f"{AT}/communes", token="", files=(io.BytesIO(COMMUNES), "a.json")).status_code == 400
    assert waiting(world, "region.look") == []


def test_what_is_not_there_is_told(world: Any, administrator: Any) -> None:
    for path in ("/inconnu", "/gtfs/01ARZ3NDEKTSV4RRFFQ69G5FAV", "/gtfs/..%2f..%2fetc"):
        assert administrator.get(AT + path).status_code == 404


def test_the_job_of_something_else_is_no_look(world: Any, administrator: Any) -> None:
    from mobigo.infra.clock import now

    with transaction(world.engine) as session:
        other = desk.enqueue(session, "network.build", {}, None, now())
    assert administrator.get(f"{AT}/gtfs/{other}").status_code == 404
    page = send(administrator, "communes", (COMMUNES, "communes.json")).location
    assert administrator.get(page.replace("communes", "gtfs")).status_code == 404
