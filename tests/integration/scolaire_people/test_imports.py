"""Files brought in: looked at first, all or nothing, each fault with its place and remedy, bad rows given back."""

import io
import re
from datetime import date
from pathlib import Path

import pytest
from openpyxl import Workbook
from sqlalchemy import Engine, func, select

from mobigo.base.errors import InvalidInput, Refused
from mobigo.infra.config import Config
from mobigo.infra.db import transaction
from mobigo.infra.roles import Role
from scolaire.gateway import sheets
from scolaire.model.schools import Stage
from scolaire.model.sheets import SheetKind
from scolaire.rules.importing import understand
from scolaire.service import importing
from scolaire.store.registrations import RegistrationRow
from scolaire.store.schools import BellRow, DaysRow, SchoolRow, SectorRow
from scolaire.store.stops import StopRow
from tests.integration.scolaire_people.site import SchoolSite
from tests.school_people_world import COLLEGE, NOW, place

MANAGER = str(Role.SCHOOL_MANAGER)


def _bringing(config: Config) -> importing.Bringing:
    return importing.Bringing("agent", NOW, config, date(2026, 9, 1), 2026, "essai.csv")


def _faults(kind: str, text: str) -> list[tuple[int, str, str]]:
    """(line, column, code without its package) of each fault."""
    read = understand(SheetKind(kind), sheets.read(text.encode()))
    return [(each.line.number, each.column, each.why.code.removeprefix("scolaire.")) for each in read.wrong]


@pytest.mark.parametrize(
    ("kind", "text", "faults"),
    [
        ("stops", "nom;lat;lon\nA;47,5;4,2\n", []),
        ("stops", "NOM,LAT,LON\nA,47.5,4.2\n", []),
        ("stops", "nom\tlat\tlon\nA\t\t4.2\n", [(2, "lat", "cell_empty")]),
        ("stops", "nom;lat;lon\n\nA;NULL;4,2\nB;abc;-\n",
         [(3, "lat", "cell_empty"), (4, "lat", "cell_number"), (4, "lon", "cell_empty")]),
        ("stops", "nom;lat;lon\nA;4,2;47,5\n", [(2, "lat", "cell_position")]),
        ("stops", "nom;insee;lat;lon\nA;3014;47;4\nB;030145;47;4\n", [(3, "insee", "cell_commune")]),
        ("stops", "nom;lat;lon;cote\nA;47;4;droite\nB;47;4;milieu\n", [(3, "cote", "cell_side")]),
        ("schools", f"uai;nom;type;commune\n{COLLEGE};C;Collège;21584\n", []),
        ("schools", "uai;nom;type;commune\n0210054A;C;Collège;21584\n", [(2, "uai", "cell_uai")]),
        ("schools", f"uai;nom;type;commune\n{COLLEGE};;Gymnase;Dijon\n",
         [(2, "type", "cell_stage"), (2, "nom", "cell_empty"), (2, "commune", "cell_commune")]),
        ("bells", f"uai;jour;sens;heure\n{COLLEGE};lundi;entrée;8h05\n{COLLEGE};mer;sortie;12 h\n", []),
        ("bells", f"uai;jour;sens;heure\n{COLLEGE};l;entrée;8:00\n", [(2, "jour", "cell_weekday")]),
        ("bells", f"uai;jour;sens;heure\n{COLLEGE};lundi;vers;24:00\n",
         [(2, "sens", "cell_way"), (2, "heure", "cell_hour")]),
        ("days", "zone;debut;fin;nom\nA;17/10/2026;2026-11-01;Toussaint\n", []),
        ("days", "zone;debut;fin;nom\nD;31/02/2026;2026-11-01;T\n",
         [(2, "debut", "cell_day"), (2, "zone", "cell_zone")]),
        ("days", "zone;debut;fin;nom\nA;2026-11-01;2026-10-17;T\n", [(2, "fin", "cell_days_backwards")]),
    ],
)  # fmt: skip
def test_each_fault_has_its_place(kind: str, text: str, faults: list[tuple[int, str, str]]) -> None:
    assert _faults(kind, text) == faults


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "scolaire.sheet_empty"),
        (b"nom;lat;lon\n", "scolaire.sheet_empty"),
        (b"%PDF-1.4", "scolaire.sheet_unreadable"),
        (b"PK\x03\x04 no zip", "scolaire.sheet_unreadable"),
        (b"a\0b", "scolaire.sheet_unreadable"),
        (b"nom;x;y\nA;1;2\n", "scolaire.sheet_column_missing"),
    ],
)
def test_a_file_that_is_none_is_refused_whole(content: bytes, code: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        understand(SheetKind.STOPS, sheets.read(content))
    assert refused.value.decision.code == code


def test_an_old_encoding_and_a_workbook_are_read_the_same() -> None:
    text = "nom;lat;lon;code\nL'Église;47,5;4,2;0021\n"
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.title = "Arrêts"
    sheet.append([])
    sheet.append(["nom", "lat", "lon", "code"])
    sheet.append(["L'Église", 47.5, 4.2, "0021"])
    packed = io.BytesIO()
    book.save(packed)
    found = [understand(SheetKind.STOPS, sheets.read(each)).good[0]
             for each in (text.encode("cp1252"), text.encode("utf-8-sig"), packed.getvalue())]  # fmt: skip
    assert [values["name"] for _line, values in found] == ["L'Église"] * 3
    assert [values["at"].lat for _line, values in found] == [47.5] * 3
    assert (found[2][0].sheet, found[2][0].number) == ("Arrêts", 3)


def test_a_file_is_whole_or_nothing_unless_the_good_part_is_asked(engine: Engine, config: Config) -> None:
    text = "nom;lat;lon;code\nA;47,5;4,2;1\nB;x;4,2;2\nC;47,6;4,2;1\nD;47,7;4,3;4\n"
    rows = sheets.read(text.encode(), "arrets.csv")
    with transaction(engine) as session:
        looked = importing.look(session, SheetKind.STOPS, rows, _bringing(config))
        assert (looked.counts, looked.wrong_lines) == ({"new": 2, "changed": 0, "same": 0}, 2)
        assert session.scalar(select(func.count()).select_from(StopRow)) == 0
    with pytest.raises(Refused), transaction(engine) as session:
        importing.bring(session, SheetKind.STOPS, rows, _bringing(config), good_part=False)
    for expected in ({"new": 2, "changed": 0, "same": 0}, {"new": 0, "changed": 0, "same": 2}):
        with transaction(engine) as session:
            done = importing.bring(session, SheetKind.STOPS, rows, _bringing(config), good_part=True)
            assert done.counts == expected
    moved = sheets.read(text.replace("47,7", "47,8").encode())
    with transaction(engine) as session:
        stop = session.scalars(select(StopRow).where(StopRow.code == "4")).one()
        stop.state, stop.side = "active", "right"
        session.flush()
        assert (
            importing.bring(session, SheetKind.STOPS, moved, _bringing(config), good_part=True).counts["changed"] == 1
        )
        assert (stop.lat, stop.state, stop.side) == (47.8, "active", "right")
    back = importing.wrong_file(looked).decode("utf-8-sig").splitlines()
    assert [line.split(";")[0] for line in back] == ["nom", "B", "C"]
    righted = sheets.read(importing.wrong_file(looked).replace(b";x;", b";47,9;"))
    assert [line.number for line, _values in understand(SheetKind.STOPS, righted).good] == [2, 3]


def test_bells_sectors_days_and_pupils_come_in(engine: Engine, config: Config) -> None:
    files = {
        "bells": f"uai;jour;sens;heure\n{COLLEGE};samedi;entrée;8h\n{COLLEGE};lundi;entrée;8:00\n",
        "sectors": f"uai;commune;cycle\n{COLLEGE};21584;collège\n",
        "days": "zone;debut;fin;nom;ouvert\nA;2026-12-19;2027-01-03;Noël;non\nA;2027-06-12;2027-06-12;Rattrapage;oui\n",
        "pupils": "nom;prénom;naissance;uai;classe;adresse;code postal;commune;nom responsable;prénom responsable;"
        f"courriel;référence\nDupré;Zoé;03/04/2015;{COLLEGE};6ème;2 rue Haute;21430;21349;Dupré;Luc;l@example.org;F1\n"
        f"Dupré;Tom;03/04/2015;{COLLEGE};CP;2 rue Haute;21430;21349;Dupré;Luc;l@example.org;F2\n",
    }
    with transaction(engine) as session:
        place(session)
        told = {
            kind: importing.bring(
                session, SheetKind(kind), sheets.read(text.encode()), _bringing(config), good_part=True
            )
            for kind, text in files.items()
        }
        assert {kind: (done.counts["new"], done.counts["same"]) for kind, done in told.items()} == {
            "bells": (1, 1), "sectors": (1, 0), "days": (2, 0), "pupils": (1, 0),
        }  # fmt: skip
        assert [(each.column, each.value, each.why.code) for each in told["pupils"].wrong] == [
            ("classe", "CP", "scolaire.level_not_of_school")
        ]
        assert session.scalars(select(RegistrationRow.paper)).all() == ["F1"]
        for table, count in ((BellRow, 11), (SectorRow, 2), (DaysRow, 3)):
            assert session.scalar(select(func.count()).select_from(table)) == count


def test_an_agent_looks_at_a_file_then_brings_it_in(world: SchoolSite) -> None:
    at = "/scolaire/agents/imports"
    text = "nom;lat;lon\nPont;47,5;4,2\nGué;bas;4,2\n"
    sent = {
        "kind": "stops",
        "file": (io.BytesIO(text.encode()), "arrets.csv"),
        "year": "2026",
        "first_day": "2026-09-01",
    }
    shown = world.clients[MANAGER].post(at, data=sent).get_data(as_text=True)
    found = re.search(r"imports/stops/([0-9a-f]{64})", shown)
    assert found is not None
    assert "arrets.csv" in shown
    back = world.clients[MANAGER].post(f"{at}/stops/{found[1]}/fautes.csv").get_data(as_text=True)
    assert "Gué;bas;4,2;lat\N{NARROW NO-BREAK SPACE}: " in back
    assert "2 lignes" not in world.post(MANAGER, f"{at}/stops/{found[1]}", 403)
    assert "Nouveautés : 1" in world.post(MANAGER, f"{at}/stops/{found[1]}", good_part="1")
    world.post(MANAGER, f"{at}/stops/{'0' * 64}", 404, good_part="1")
    empty = {"kind": "stops", "file": (io.BytesIO(b""), "x.csv")}
    assert world.clients[MANAGER].post(at, data=empty).status_code == 422


def test_a_stop_is_asked_for_seen_and_put_in_service(world: SchoolSite) -> None:
    asked = {"stop_name": "Le Lavoir", "position": "47.19, 4.23", "words": "Cinq élèves de la 6e à la 3e"}
    world.post("ao2", "/scolaire/arrets/demander", 403, commune="Saulieu", **asked)
    assert "enregistrée" in world.post("ao2", "/scolaire/arrets/demander", commune="Liernais", **asked)
    with transaction(world.engine) as session:
        stop = session.scalars(select(StopRow).where(StopRow.name == "Le Lavoir")).one()
        assert stop.state == "proposed"
    at = f"/scolaire/agents/arrets/{stop.id}"
    assert "Le Lavoir" in world.get(MANAGER, "/scolaire/agents/arrets?q=liernais")
    seen = {
        "side": "right",
        "crossing": "none",
        "reversing": "no",
        "shelter": "",
        "lighting": "yes",
        "waiting_max": "8",
    }
    world.post(MANAGER, at, 422, **{**seen, "side": ""}, state="active")
    world.post(MANAGER, at, 409, **{**seen, "crossing": "forbidden"}, state="active")
    world.post(MANAGER, at, 409, **{**seen, "reversing": "yes"}, state="active")
    assert "en service" in world.post(MANAGER, at, **seen, state="active", words="Vu avec la mairie")
    assert "Vu avec la mairie" in world.get(MANAGER, at)


def test_the_calendar_and_the_bells_are_kept_by_hand(world: SchoolSite) -> None:
    at = "/scolaire/agents/calendrier"
    form = {"words": "Pont", "first_day": "2027-05-07", "last_day": "2027-05-07", "zone": "A"}
    world.post(MANAGER, at, 422, **{**form, "last_day": "2027-05-01"})
    world.post(MANAGER, at, 422, **{**form, "words": " "})
    assert "Pont" in world.post(MANAGER, at, **form)
    with transaction(world.engine) as session:
        row = session.scalars(select(DaysRow).where(DaysRow.words == "Pont")).one().id
    assert "Pont" not in world.post(MANAGER, at, end=row)
    school = f"/scolaire/agents/etablissements/{COLLEGE}"
    assert "jours de classe" in world.get(MANAGER, school)
    world.post(MANAGER, f"{school}/horaire", 422, weekday="0", way="in", hour="25:00", first_day="2026-09-01")
    assert "9 h 05" in world.post(
        MANAGER, f"{school}/horaire", weekday="0", way="in", hour="09:05", first_day="2026-09-01"
    )
    with transaction(world.engine) as session:
        bell = session.scalars(select(BellRow).where(BellRow.at_s == 9 * 3600 + 300)).one().id
    assert "9 h 05" not in world.post(MANAGER, f"{school}/fin-horaire", bell=bell, last_day="2026-08-31")
    assert "Pompon" in world.get(MANAGER, "/scolaire/agents/etablissements?q=saulieu")


# ---------------------------------------------------------------- real files


@pytest.mark.realdata
def test_the_national_directory_is_read_as_it_is(realdata: Path, engine: Engine, config: Config) -> None:
    content = (realdata / "schools" / "annuaire-education-dep94-2026.csv").read_bytes()
    rows = sheets.read(content)
    with transaction(engine) as session:
        done = importing.bring(session, SheetKind.SCHOOLS, rows, _bringing(config), good_part=False)
        assert (len(rows.lines), done.counts["new"], done.wrong) == (613, 611, ())  # two are closed
        assert session.scalar(select(func.count()).select_from(SchoolRow).where(SchoolRow.lat.is_(None))) == 0
        doisneau = session.get_one(SchoolRow, "0940176F")
        assert (doisneau.name, doisneau.commune) == ("Ecole élémentaire Robert Doisneau", "94034")
        assert doisneau.stages == str(Stage.ELEMENTAIRE)


@pytest.mark.realdata
def test_the_stops_of_a_departement_are_read_in_all_their_mess(realdata: Path, engine: Engine, config: Config) -> None:
    """Decimal commas, points and NULL, escaped quotes, codes without their zero: what is not right is said."""
    text = (realdata / "bfc" / "openbus71" / "stops.js").read_text(encoding="utf-8")
    rows = re.findall(r"\{([^{}]*)\}", text)
    cells = [dict(re.findall(r"'(\w+)' : (NULL|'(?:[^'\\]|\\.)*'|[-\d.]+)", row)) for row in rows]
    columns = ("stop_code", "stop_name", "stop_desc", "stop_lat", "stop_lon")
    written = ["\t".join(columns)] + ["\t".join(cell.get(name, "").strip("'") for name in columns) for cell in cells]
    read = sheets.read("\n".join(written).encode(), "stops.js")
    with transaction(engine) as session:
        done = importing.bring(session, SheetKind.STOPS, read, _bringing(config), good_part=True)
        counted = done.counts["new"] + done.wrong_lines
        assert counted == len(read.lines) == len(rows) > 2_700
        assert done.counts["new"] > 2_600
        assert all(importing.told(done, len(done.wrong)))
        avrilly = session.scalars(select(StopRow).where(StopRow.code == "10000")).one()
        assert (avrilly.name, avrilly.commune, avrilly.state) == ("AVRILLY - Le Bourg", "03014", "proposed")
        abergement = session.scalars(select(StopRow.name).where(StopRow.name.like("L'ABERGEMENT%"))).first()
        assert abergement is not None
