"""The pages of a day by role: who counts, who only sees, who finds nothing; files of counts; what agents judge; prices
that follow indices, from the form to the plan and the annex. The clock stands on one Tuesday."""

import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import time_machine
from pypdf import PdfReader

from mobigo.infra.config import Config
from mobigo.infra.db import reading, transaction
from scolaire.service import counting, demands
from scolaire.store import coaches, contracts, plans, running
from scolaire.store.indices import IndexValueRow
from tests.school_running_world import NOW, TUESDAY, RunningSite, site_of

DAY = "/scolaire/jour"
COUNTS = "/scolaire/agents/comptages"
COACHES = "/scolaire/agents/remplacements"
ESCORTS = "/scolaire/agents/accompagnement"
LOTS = "/scolaire/plans/lots"
DOUBLINGS = "/scolaire/doublages"
NUMBERS = "/scolaire/numeros"


@pytest.fixture
def world(config: Config, sqlite_template: Path) -> Iterator[RunningSite]:
    with time_machine.travel(NOW, tick=False), site_of(config, sqlite_template) as made:
        yield made


def figures(world: RunningSite, aboard: object, seen: object = 0, **more: object) -> dict[str, Any]:
    return {"plan": world.run.plan, "run": world.run.service, "day": TUESDAY.isoformat(), "aboard": aboard,
            "seen": seen, **more}  # fmt: skip


def file_of(text: str) -> dict[str, Any]:
    return {"file": (io.BytesIO(text.encode()), "comptages.csv")}


@pytest.mark.parametrize(
    ("who", "page", "sees", "counts"),
    [
        ("operator", 200, True, 200), ("manager", 200, True, 200), ("stranger", 200, False, 404),
        ("mairie", 200, True, 404), ("far", 200, False, 404), ("school", 200, True, 404), ("planner", 403, False, 403),
        ("counter", 403, False, 403), ("family", 403, False, 403),
    ],
)  # fmt: skip
def test_who_sees_a_service_and_who_counts_it(world: RunningSite, who: str, page: int, sees: bool, counts: int) -> None:
    shown = world.get(who, DAY, page)
    assert (world.run.service in shown) is sees
    assert ("Élèves à bord, au plus" in shown) is (counts == 200)
    answer = world.clients[who].get(f"{DAY}.csv")
    assert answer.status_code == page
    assert (world.run.service in answer.get_data(as_text=True)) is sees
    world.post(who, DAY, counts, **figures(world, 5))
    with reading(world.engine) as session:
        assert bool(running.counts_between(session, TUESDAY, TUESDAY)) is (counts == 200)


def test_nobody_signed_in_sees_nothing(world: RunningSite) -> None:
    for path in (DAY, f"{DAY}.csv", f"{DAY}/fichier", COUNTS, COACHES, ESCORTS, "/scolaire/plans/indices"):
        assert world.clients["nobody"].get(path).status_code in (302, 303, 401), path


@pytest.mark.parametrize("who", ["operator", "mairie", "school", "planner", "counter", "family"])
def test_what_counts_say_is_for_those_who_decide(world: RunningSite, who: str) -> None:
    for path in (COUNTS, f"{COUNTS}/surcharges.csv", f"{COUNTS}/absences.csv", COACHES, ESCORTS):
        world.get(who, path, 403)
    for path in (COUNTS, COACHES, ESCORTS):
        world.post(who, path, 403)


@pytest.mark.parametrize("aboard", ["-1", "301", "99999", "5.5", "1e2", "", "=1+1", "cinq", "٥"])
def test_a_figure_that_is_none_is_refused_in_words(world: RunningSite, aboard: str) -> None:
    assert "Il faut un nombre entier d’élèves, de 0 à 300." in world.post(
        "operator", DAY, 422, **figures(world, aboard)
    )


def test_a_count_is_noted_corrected_and_not_overwritten(world: RunningSite) -> None:
    assert "pas encore compté" in world.get("operator", DAY)
    assert "C’est noté." in world.post("operator", DAY, **figures(world, 5))
    assert "vient d’être compté par quelqu’un d’autre" in world.post("manager", DAY, 409, **figures(world, 6))
    world.post("manager", DAY, **figures(world, 64, seen=1))
    page = world.get("operator", DAY)
    assert "1 élève sans place" in page.replace("\xa0", " ")
    assert "Aucun service ce jour-là" in world.get("operator", f"{DAY}?jour=2026-12-06")
    world.post("operator", DAY, 422, **figures(world, 5, day="mardi"))
    world.get("operator", f"{DAY}?jour=mardi", 422)
    page = world.get("manager", COUNTS)
    assert "Services en surcharge" in page
    assert world.run.service in page
    sheet = world.get("manager", f"{COUNTS}/surcharges.csv")
    assert sheet.splitlines()[1].endswith(f";{TUESDAY};64;63;1;compté à bord")
    assert "1 service scolaire où des élèves sont sans place" in world.get("manager", "/travail").replace("\xa0", " ")


def test_a_file_of_counts_is_looked_at_then_brought_in(world: RunningSite) -> None:
    name = world.run.service
    text = (
        f"service;jour;à bord\n{name};01/12/2026;5\n{name};30/11/2026;-3\nC-nulle-part;01/12/2026;4\n"
        f"{name};29/11/2026;4\n{name};2026-12-01;6\n=cmd();01/12/2026;4\n"
    )
    page = world.post("operator", f"{DAY}/fichier", **file_of(text))
    assert "Rien n’est encore changé" in page
    assert "Il faut un nombre entier d’élèves, de 0 à 300." in page
    assert "Aucun service de ce nom parmi les vôtres" in page
    assert "ne circule pas" in page
    with reading(world.engine) as session:
        assert running.counts_between(session, TUESDAY, TUESDAY) == []
    digest = page.split(f"{DAY}/fichier/")[1][:64]
    at = f"{DAY}/fichier/{digest}"
    world.post("operator", at, 403)  # nothing of a file with faults, unless the good part is wanted
    bad = world.post("operator", f"{at}/fautes.csv")
    assert "'=cmd()" in bad  # and no formula in what comes back
    world.post("stranger", at, 404, good_part="1")  # a file is whose it was
    assert "Comptages nouveaux" in world.post("operator", at, good_part="1")
    with reading(world.engine) as session:
        assert [row.aboard for row in running.counts_between(session, TUESDAY, TUESDAY)] == [5]
    page = world.post("stranger", f"{DAY}/fichier", **file_of(f"service;jour;à bord\n{name};01/12/2026;5\n"))
    assert "Aucun service de ce nom parmi les vôtres" in page  # of another operator: as if it were not there
    assert "colonne" in world.post("operator", f"{DAY}/fichier", 422, **file_of("a;b\n1;2\n"))
    world.post("operator", f"{DAY}/fichier", 422, **file_of(""))


def test_families_are_asked_once_a_month(world: RunningSite) -> None:
    with transaction(world.engine) as session:
        for day in (24, 25, 26, 27, 30):
            counting.enter(
                session, world.run.plan, world.run.service, TUESDAY.replace(month=11, day=day), 1, seen=0, by="x",
                organisations=None, now=NOW,
            )  # fmt: skip
    page = world.get("manager", COUNTS)
    assert "Écrire aux familles" in page
    assert world.run.service in world.get("manager", f"{COUNTS}/absences.csv")
    chosen = f"{world.run.plan}/{world.run.service}"
    assert "Aucun droit n’est retiré." in world.post("manager", COUNTS, service=chosen)
    world.post("manager", COUNTS, 422, service="nothing")
    world.post("manager", COUNTS, 403, service=f"{world.run.plan}/nowhere")


def test_a_replacement_is_made_seen_and_ended(world: RunningSite) -> None:
    form: dict[str, Any] = {
        "service": f"{world.run.plan}/{world.run.service}", "first_day": "2026-12-01", "last_day": "2026-12-02",
        "vehicle": "car-33", "seats": "33", "wheelchairs": "", "shown": "12", "reason": "Panne du car habituel",
        "organisation": world.organisations["others"],
    }  # fmt: skip
    assert "seraient sans siège" in world.post("manager", COACHES, 403, **{**form, "seats": "2"})
    world.post("manager", COACHES, 422, **{**form, "seats": "=2"})
    assert "Remplacement enregistré" in world.post("manager", COACHES, **form)
    page = world.get("stranger", DAY)
    assert "Panne du car habituel" in page  # who replaces sees the service on these days, and counts it
    assert "Élèves à bord, au plus" in page
    own = world.get("operator", DAY)
    assert "Panne du car habituel" in own  # whose lot it is sees that it is replaced, and does not count it
    assert f'name="run" value="{world.run.service}"' not in own
    assert "remplacement" in world.get("stranger", "/scolaire/plans/les-miens")
    with reading(world.engine) as session:
        (row,) = running.latest_substitutions(session)
    sheet = [each.split('"')[0] for each in world.get("stranger", "/scolaire/plans/les-miens").split('href="')]
    sheet = [each for each in sheet if each.endswith(".pdf")]
    answer = world.clients["stranger"].get(sheet[0])
    text = "".join(page.extract_text() for page in PdfReader(io.BytesIO(answer.data)).pages)
    assert "numéro affiché 12" in " ".join(text.split())
    assert "les familles sont prévenues" in world.post("manager", COACHES, end=row.id)
    assert world.clients["stranger"].get(sheet[0]).status_code == 404


def test_an_accompanist_is_named_to_those_who_run_the_shuttle(world: RunningSite) -> None:
    chosen = f"{world.run.plan}/{world.run.service}"
    assert "C’est noté." in world.post("manager", ESCORTS, act="mark", service=chosen)
    assert "1 navette RPI sans accompagnateur" in world.get("manager", "/travail").replace("\xa0", " ")
    assert "personne n’est désigné" in world.get("mairie", DAY)
    form: dict[str, Any] = {
        "service": chosen, "name": "Line Proche", "phone": "06 39 98 00 02", "employer": "Mairie d’ici",
        "first_day": "2026-12-01", "last_day": "2027-07-03",
    }  # fmt: skip
    world.post("manager", ESCORTS, 422, **{**form, "name": "<script>"})
    assert "L’accompagnateur est enregistré" in world.post("manager", ESCORTS, **form)
    assert "sans accompagnateur" not in world.get("manager", "/travail")
    for who in ("operator", "mairie", "school"):
        assert "Line Proche" in world.get(who, DAY), who
        assert "Line Proche" in world.get(who, f"{DAY}.csv"), who
    for who in ("stranger", "far"):
        assert "Line Proche" not in world.get(who, DAY), who


def test_prices_follow_indices_from_the_form_to_the_plan(world: RunningSite) -> None:
    """K = 0,4 + 0,6 × 110 / 100 = 1,06 from 1 November 2026: 210,00 € a day become 222,60 €."""
    with reading(world.engine) as session:
        (contract,) = contracts.contracts_of(session, world.planted.lot)
    at = f"{LOTS}/{world.planted.lot}/prix"
    assert "ses prix restent ceux du contrat" in world.get("planner", at)
    formula: dict[str, Any] = {
        "fixed": "0,4", "index-0": "gazole", "weight-0": "0,6", "base-0": "100", "every": "year", "month": "11",
        "decimals": "4", "rounding": "half_up", "article": "article 9",
    }  # fmt: skip
    to = f"{LOTS}/{world.planted.lot}/formule/{contract.id}"
    world.clients["operator"].post(to, data=formula)
    world.clients["planner"].post(to, data={**formula, "fixed": "0,41"})
    assert "ses prix restent ceux du contrat" in world.get("planner", at)
    assert "La formule est enregistrée" in world.post("planner", to, **formula)
    assert "a déjà sa formule" in world.post("planner", to, **formula)
    assert "Aucune valeur de l’indice « gazole »".replace(" »", "\u202f»").replace("« ", "«\u202f") in world.get(
        "planner", at
    )
    assert world.clients["planner"].get(f"{LOTS}/{world.planted.lot}/annexe.pdf").status_code == 403
    assert "attend la valeur d’un indice" in world.get("planner", LOTS)
    value: dict[str, Any] = {"code": "gazole", "published_on": "2026-10-15", "value": "110", "source": "INSEE"}
    world.post("planner", "/scolaire/plans/indices", **{**value, "value": "-110"})
    world.post("planner", "/scolaire/plans/indices", **{**value, "published_on": "2026-12-02"})
    with reading(world.engine) as session:
        assert session.query(IndexValueRow).count() == 0
    assert "La valeur est enregistrée" in world.post("planner", "/scolaire/plans/indices", **value)
    page = world.get("planner", at)
    assert "1,06" in page
    assert "222,60" in page
    assert "222,60" not in world.get("planner", f"{at}?jour=2026-10-31")
    assert "222,60" in world.get("planner", f"{at}?jour=2026-11-01")
    assert "222,60" in world.get("planner", LOTS)
    answer = world.clients["planner"].get(f"{LOTS}/{world.planted.lot}/annexe.pdf?jour=2026-12-01")
    text = " ".join("".join(page.extract_text() for page in PdfReader(io.BytesIO(answer.data)).pages).split())
    for told in ("0,6", "gazole", "K appliqué : 1,06", "222,60", "article 9"):
        assert told in text.replace("\xa0", " ").replace("\u202f", " "), told
    with reading(world.engine) as session:
        row = plans.get_plan(session, world.planted.plan)
        for day, cents in ((TUESDAY.replace(month=10, day=31), 21_000), (TUESDAY.replace(month=11, day=1), 22_260)):
            demand = demands.demand_of(session, row, day)
            assert next(each.day_cents for each in demand.vehicle_types if each.id == "car-63") == cents


def test_an_operator_doubles_its_own_service_and_an_agent_agrees_to_pay(world: RunningSite) -> None:
    """The form shows the stops of the service chosen; a mairie and a stranger have no service to double."""
    asked = f"{world.run.plan}/{world.run.service}"
    for who in ("mairie", "stranger", "school"):
        assert "Choisir le service à doubler" not in world.get(who, DOUBLINGS)
        world.post(who, DOUBLINGS, 404, **second(asked))
    world.get("planner", DOUBLINGS, 403)
    assert world.get("operator", f"{DOUBLINGS}?service={asked}").count('name="stops"') == len(world.run.stops)
    refused = world.post("operator", DOUBLINGS, 422, **second(asked, stops=list(world.run.stops)))
    assert "Cochez une partie des arrêts" in refused
    made = world.post("operator", DOUBLINGS, **second(asked, stops=world.run.stops[0]))
    assert "Second car enregistré" in made
    assert "à accepter par la Région" in made
    with reading(world.engine) as session:
        (row,) = coaches.latest_added(session)
    world.post("operator", DOUBLINGS, 404, agree=row.id)
    assert "le contrat le paie" in world.post("manager", DOUBLINGS, agree=row.id)
    for who, status in (("operator", 200), ("manager", 200), ("stranger", 404), ("mairie", 404)):
        assert world.clients[who].get(f"{DOUBLINGS}/{row.id}/fiche.pdf").status_code == status, who
    assert "n° 7" in world.get("school", DAY)
    assert row.reason in world.clients["operator"].get(f"{DOUBLINGS}.csv").get_data(as_text=True)
    assert row.reason not in world.clients["stranger"].get(f"{DOUBLINGS}.csv").get_data(as_text=True)
    world.post("stranger", DOUBLINGS, 404, end=row.id)
    assert "ne roule plus" in world.post("operator", DOUBLINGS, end=row.id)


def second(service: str, **more: object) -> dict[str, Any]:
    return {"service": service, "first_day": TUESDAY.isoformat(), "last_day": TUESDAY.isoformat(), "vehicle": "car-63",
            "seats": 63, "shown": "7", "reason": "Trop d’élèves", **more}  # fmt: skip


def test_numbers_of_coaches_are_entered_by_who_drives_them(world: RunningSite) -> None:
    name = f"n.{world.run.service}"

    def given(number: str) -> dict[str, Any]:
        return {"plan": world.run.plan, name: number}

    assert "Aucun service à numéroter" in world.get("mairie", NUMBERS)
    world.post("stranger", NUMBERS, 404, **given("41"))
    assert "1 numéro enregistré" in world.post("operator", NUMBERS, **given("41"))
    assert 'value="41"' in world.get("operator", NUMBERS)
    assert "car-63, n° 41" in world.get("operator", DAY)
    assert "trop long" in world.post("operator", NUMBERS, 422, **given("4" * 21))
