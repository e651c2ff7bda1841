"""The desk in a browser without scripts: two persons for what touches people, reasons, typed confirmations, doors."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from mobigo.base.instants import paris_day
from mobigo.infra import accounts, grants, sessions
from mobigo.infra.clock import now
from mobigo.infra.db import reading, transaction
from mobigo.infra.jobs import JobFilter, list_jobs
from mobigo.infra.outbox import MessageRow
from mobigo.infra.roles import Grant, Role
from opendata.store import followers, versions
from tests.integration.opendata_publication.conftest import Published
from tests.opendata_world import AUDITED, NOW, PEOPLE, ROWS, Facts, stern

TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')
WHY = "Une colonne était décalée d’une ligne."


@dataclass
class Agent:
    """Somebody signed in, who fills forms in."""

    client: FlaskClient
    subject: str

    def get(self, path: str) -> TestResponse:
        return self.client.get(path, headers={"Accept": "text/html"})

    def post(self, path: str, page: str, **fields: object) -> TestResponse:
        found = TOKEN.search(self.get(page).text)
        sent = {"csrf_token": found.group(1) if found else "", **fields}
        return self.client.post(path, data=sent, headers={"Accept": "text/html"})


Enter = Callable[..., Agent]


@pytest.fixture
def enter(open_site: Published) -> Enter:
    def entering(name: str, *roles: Role) -> Agent:
        with transaction(open_site.tools.engine) as session:
            subject = accounts.new_subject()
            session.add(accounts.Account(subject=subject, created_at=now()))
            session.flush()
            session.add(accounts.Person(subject=subject, name=name, language="fr", last_used_at=now()))
            session.flush()
            for role in roles:
                grants.give(session, subject, Grant(role), now(), None)
            token = sessions.open_session(session, subject, now(), None, None)
        client = open_site.client.application.test_client()
        client.set_cookie("mobigo", token)
        return Agent(client, subject)

    return entering


def waiting(site: Published, rows: Any = ROWS) -> str:
    version = site.publish(Facts(PEOPLE, rows=rows, checks=(AUDITED,))).version
    assert version is not None
    return version.id


def test_one_person_approves_and_another_publishes(open_site: Published, enter: Enter) -> None:
    version = waiting(open_site)
    page = f"/donnees/gestion/versions/{version}"
    anne, karim = enter("Anne", Role.PUBLISHER), enter("Karim", Role.PUBLISHER)
    assert "Personnes d’essai" in anne.get("/donnees/gestion").text
    assert "saulieu" in anne.get(page).text
    assert anne.get(f"{page}/fichiers/lieux.csv").data.startswith(b"code,places")
    refused = anne.post(f"{page}/publication", page)
    assert refused.status_code == 422
    assert "quelqu’un doit d’abord approuver" in refused.text
    assert anne.post(f"{page}/accord", page, reason="J’ai relu les trois lignes.").status_code == 303
    assert anne.post(f"{page}/publication", page).status_code == 422
    assert open_site.get("/d/essai-personnes/latest/lieux.csv").status_code == 404
    assert karim.post(f"{page}/publication", page).status_code == 303
    assert open_site.get("/d/essai-personnes/latest/lieux.csv").status_code == 200
    said = karim.get(page).text
    assert "Anne a approuvé — J’ai relu les trois lignes." in re.sub(r"\s+", " ", said)
    assert "Karim a publié" in re.sub(r"\s+", " ", said)


def test_a_rejection_needs_a_reason_and_is_final(open_site: Published, enter: Enter) -> None:
    version = waiting(open_site)
    page, anne = f"/donnees/gestion/versions/{version}", enter("Anne", Role.PUBLISHER)
    assert anne.post(f"{page}/accord", page, refus="1", reason="non").status_code == 422
    assert anne.post(f"{page}/accord", page, refus="1", reason=WHY).status_code == 303
    assert "Rejeter cette version" not in anne.get(page).text
    with reading(open_site.tools.engine) as session:
        assert versions.get_version(session, version).state.value == "rejected"


def test_going_back_going_on_and_closing(open_site: Published, enter: Enter) -> None:
    open_site.publish(Facts())
    open_site.publish(Facts(rows=ROWS[:1]), NOW + timedelta(days=1))
    page, anne = "/donnees/gestion/jeux/essai-lieux", enter("Anne", Role.PUBLISHER)
    assert anne.post(page, page, acte="retour", reason="bof").status_code == 422
    assert anne.post(page, page, acte="retour", reason=WHY).status_code == 303
    assert b"saulieu" in open_site.get("/d/essai-lieux/latest/lieux.csv").data
    assert "version antérieure, remise en ligne" in open_site.get("/donnees/essai-lieux").text
    assert WHY in open_site.get("/donnees/essai-lieux").text
    assert anne.post(page, page, acte="reprise").status_code == 303
    assert "version antérieure, remise en ligne" not in open_site.get("/donnees/essai-lieux").text
    assert anne.post(page, page, acte="fermeture", reason=WHY, code="autre").status_code == 422
    assert anne.post(page, page, acte="rien").status_code == 422
    assert anne.post(page, page, acte="fermeture", reason=WHY, code="essai-lieux").status_code == 303
    assert open_site.get("/donnees/essai-lieux").status_code == 410
    assert WHY in open_site.get("/donnees/essai-lieux").text


def test_a_withdrawal_is_typed(open_site: Published, enter: Enter) -> None:
    version = open_site.publish(Facts()).version
    assert version is not None
    page, anne = f"/donnees/gestion/versions/{version.id}", enter("Anne", Role.PUBLISHER)
    assert anne.post(f"{page}/retrait", page, reason=WHY, label="x").status_code == 422
    assert anne.post(f"{page}/retrait", page, reason=WHY, label=version.label).status_code == 303
    assert open_site.get("/d/essai-lieux/latest/lieux.csv").status_code == 404
    assert open_site.get(f"/d/essai-lieux/v/{version.label}/lieux.csv").status_code == 410


def test_a_finding_is_waived_with_a_day_and_a_reason(open_site: Published, enter: Enter) -> None:
    judge = stern("bad_stop")
    judge.required = False
    open_site.publish(Facts(), judges=[judge])
    page, anne = "/donnees/gestion/jeux/essai-lieux", enter("Anne", Role.PUBLISHER)
    assert "severe\N{NARROW NO-BREAK SPACE}: bad_stop" in anne.get(page).text
    day = f"{paris_day(now()) + timedelta(days=30):%Y-%m-%d}"
    wrong: list[dict[str, object]] = [{"last_day": "demain"}, {"last_day": "2020-01-01"}, {"reason": ""}]
    for change in wrong:
        fields = {"constat": "severe:bad_stop", "last_day": day, "reason": WHY, **change}
        assert anne.post(page, page, acte="derogation", **fields).status_code == 422
    assert (
        anne.post(page, page, acte="derogation", constat="severe:bad_stop", last_day=day, reason=WHY).status_code == 303
    )
    assert WHY in anne.get("/donnees/gestion").text


def test_publishing_is_asked_of_a_job(open_site: Published, enter: Enter) -> None:
    anne = enter("Anne", Role.PUBLISHER)
    assert anne.post("/donnees/gestion", "/donnees/gestion", dataset="essai-lieux").status_code == 303
    with reading(open_site.tools.engine) as session:
        (job,) = list_jobs(session, JobFilter(name="opendata.publish"))
    assert (job.params, job.asked_by) == ({"datasets": ["essai-lieux"], "by": anne.subject}, anne.subject)


@pytest.mark.parametrize("role", [None, Role.TRAVELLER, Role.COUNTER_AGENT, Role.COMPTABLE_PUBLIC])
def test_the_desk_is_closed_to_others(open_site: Published, enter: Enter, role: Role | None) -> None:
    version = waiting(open_site)
    paths = ("", "/jeux/essai-personnes", f"/versions/{version}", f"/versions/{version}/fichiers/lieux.csv")
    if role is None:
        assert {open_site.get(f"/donnees/gestion{path}").status_code for path in paths} == {401}
        return
    someone = enter("Quelqu’un", role)
    assert {someone.get(f"/donnees/gestion{path}").status_code for path in paths} == {403}


def test_an_administrator_may_approve_and_not_publish(open_site: Published, enter: Enter) -> None:
    version = waiting(open_site)
    page, admin = f"/donnees/gestion/versions/{version}", enter("Ada", Role.ADMINISTRATOR)
    assert admin.post(f"{page}/accord", page).status_code == 303
    assert admin.client.post(f"{page}/publication").status_code in (400, 403)
    assert "Publier</button>" not in admin.get(page).text


def test_a_reader_follows_confirms_and_stops_without_an_account(open_site: Published) -> None:
    open_site.publish(Facts())
    reader = Agent(open_site.client.application.test_client(), "")
    form = "/donnees/suivre"
    assert reader.post(form, form, dataset="essai-lieux", reasons="changed", email="pas une adresse").status_code == 422
    assert reader.post(form, form, dataset="essai-lieux", email="lea@example.org").status_code == 422
    assert reader.post(form, form, dataset="essai-lieux", reasons="changed", email="lea@example.org").status_code == 303
    with reading(open_site.tools.engine) as session:
        (body,) = [row.body for row in session.query(MessageRow)]
    link = re.search(r"/donnees/suivre/\S+", body).group()  # type: ignore[union-attr]
    assert "Oui, me prévenir" in reader.get(link).text
    with reading(open_site.tools.engine) as session:
        assert followers.to_tell(session, "essai-lieux", "changed") == []  # reading the page is no answer
    assert reader.post(link, link).status_code == 303
    with reading(open_site.tools.engine) as session:
        assert len(followers.to_tell(session, "essai-lieux", "changed")) == 1
    assert reader.post(link, link, fin="1").status_code == 303
    with reading(open_site.tools.engine) as session:
        assert followers.to_tell(session, "essai-lieux", "changed") == []
    assert reader.get(link).status_code == 404


def test_who_is_signed_in_has_an_address_called_and_stops_it(open_site: Published, enter: Enter) -> None:
    open_site.publish(Facts())
    lea, tom = enter("Léa", Role.TRAVELLER), enter("Tom", Role.TRAVELLER)
    form = "/donnees/suivre"
    asked = {"dataset": "essai-lieux", "reasons": "changed"}
    assert lea.post(f"{form}/appels", form, address="http://clair.example.org/", **asked).status_code == 422
    assert lea.post(f"{form}/appels", form, address="https://mon.example.org/crochet", **asked).status_code == 303
    page = lea.get(form).text
    assert "https://mon.example.org/crochet" in page
    assert "whsec_" in page
    assert "mon.example.org" not in tom.get(form).text
    with reading(open_site.tools.engine) as session:
        (mine,) = followers.of_person(session, lea.subject)
    assert tom.post(f"{form}/appels/{mine.id}/fin", form).status_code == 404
    assert lea.post(f"{form}/appels/{mine.id}/fin", form).status_code == 303
    assert "mon.example.org" not in lea.get(form).text
