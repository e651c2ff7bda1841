"""The administrator's pages: accounts, grants, organisations, jobs, the log; and the walls between organisations."""

from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import select

from mobigo.base.errors import Conflict, InvalidInput, MobigoError, NotFound, Refused
from mobigo.infra import accounts, grants
from mobigo.infra.clock import now
from mobigo.infra.db import reading, transaction
from mobigo.infra.grants import GrantRow, Organisation, scoped
from mobigo.infra.roles import Grant, Identity, Permission, Role

START = datetime(2026, 11, 23, 8, 5, tzinfo=UTC)


@pytest.fixture
def admin(world: Any) -> Any:
    world.person("admin@exemple.fr", Role.ADMINISTRATOR, name="Agnès")
    browser = world.browser()
    browser.sign_in("admin@exemple.fr")
    return browser


def test_accounts_are_found_by_name_address_id_and_role(world: Any, admin: Any) -> None:
    subject = world.person("camille@exemple.fr", Role.INSPECTOR, name="Camille Contrôleuse")
    world.person(None, Role.TRAVELLER, name="Sans Adresse")
    for query in ("q=camille", "q=CONTR", f"q={subject}", "role=inspector", "q=camille%40&role=inspector"):
        page = admin.get(f"/admin/comptes?{query}").text
        assert "Camille Contrôleuse" in page, query
        assert "Sans Adresse" not in page, query
    for query in ("q=100%25", "q=_", "q=%5C", "q='", "role=nothing&q=zzz"):
        assert "Camille Contrôleuse" not in admin.get(f"/admin/comptes?{query}").text
    assert "Sans Adresse" in admin.get("/admin/comptes?role=nothing").text


def test_a_long_list_is_read_page_by_page(world: Any, admin: Any) -> None:
    with transaction(world.engine) as session:
        for number in range(60):
            accounts.create(session, START, name=f"Personne {number:02}")
    seen: list[str] = []
    path = "/admin/comptes"
    for _ in range(3):
        page = admin.get(path).text
        seen += [part.split("<")[0] for part in page.split(">Personne ")[1:]]
        if 'rel="next"' not in page:
            break
        path = page.split('rel="next"')[0].rsplit('href="', 1)[1].split('"')[0].replace("&amp;", "&")
    assert sorted(seen) == [f"{number:02}" for number in range(60)]


def test_an_account_without_an_address_is_opened_at_a_counter(world: Any, admin: Any) -> None:
    answer = admin.post("/admin/comptes", name="Sacha Sans Adresse", email="")
    assert answer.status_code == 303
    assert world.messages() == []
    assert "Sacha Sans Adresse" in admin.get(answer.headers["Location"]).text


def test_an_address_already_taken_is_said_beside_its_field(world: Any, admin: Any) -> None:
    world.person("camille@exemple.fr")
    answer = admin.post("/admin/comptes", name="Camille", email="CAMILLE@exemple.fr")
    assert answer.status_code == 409
    assert 'id="f-email-error"' in answer.text


def test_a_role_is_given_and_taken_and_the_log_says_by_whom(world: Any, admin: Any) -> None:
    subject = world.person("camille@exemple.fr")
    assert (
        admin.post(f"/admin/comptes/{subject}/roles", page=f"/admin/comptes/{subject}", role="inspector").status_code
        == 303
    )
    with reading(world.engine) as session:
        row = session.scalars(select(GrantRow).where(GrantRow.subject == subject)).one()
        assert grants.grants_of(session, subject) == (Grant(Role.INSPECTOR),)
    path = f"/admin/comptes/{subject}/roles/{row.id}/retirer"
    assert admin.post(path, page=f"/admin/comptes/{subject}").status_code == 303
    assert admin.post(path, page=f"/admin/comptes/{subject}").status_code == 409
    with reading(world.engine) as session:
        assert grants.grants_of(session, subject) == ()
    acts = [(act, thing) for act, actor, thing in world.acts() if act.startswith("grant") and actor != subject]
    assert acts == [("grant.given", subject), ("grant.taken", subject)]


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({"role": "king"}, 422),
        ({"role": ""}, 422),
        ({"role": "operator"}, 422),  # needs its organisation
        ({"role": "operator", "organisation": "nowhere"}, 404),
        ({"role": "inspector", "organisation": "nowhere"}, 404),
    ],
)
def test_a_role_that_cannot_be_given_is_refused_in_words(
    world: Any, admin: Any, fields: dict[str, str], status: int
) -> None:
    subject = world.person("camille@exemple.fr")
    answer = admin.post(f"/admin/comptes/{subject}/roles", page=f"/admin/comptes/{subject}", **fields)
    assert answer.status_code == status
    with reading(world.engine) as session:
        assert grants.grants_of(session, subject) == ()


@pytest.mark.parametrize("first", [Role.ORDONNATEUR, Role.COMPTABLE_PUBLIC])
@pytest.mark.parametrize("inside", [False, True])
def test_who_orders_payments_is_not_who_pays(world: Any, admin: Any, first: Role, inside: bool) -> None:
    second = Role.COMPTABLE_PUBLIC if first is Role.ORDONNATEUR else Role.ORDONNATEUR
    town = world.organisation("Ville de Saulieu")
    subject = world.person("camille@exemple.fr", Grant(first, town if inside else None))
    answer = admin.post(f"/admin/comptes/{subject}/roles", page=f"/admin/comptes/{subject}", role=str(second))
    assert answer.status_code == 403
    with reading(world.engine) as session:
        assert [grant.role for grant in grants.grants_of(session, subject)] == [first]


def test_nobody_gives_a_role_to_themselves(world: Any, admin: Any) -> None:
    with reading(world.engine) as session:
        me = accounts.find_by_email(session, "admin@exemple.fr")
    answer = admin.post(f"/admin/comptes/{me}/roles", page="/admin/organisations", role="ordonnateur")
    assert answer.status_code == 403


def test_the_last_administrator_stays(world: Any, admin: Any) -> None:
    with reading(world.engine) as session:
        me = accounts.find_by_email(session, "admin@exemple.fr")
        row = session.scalars(select(GrantRow).where(GrantRow.subject == me)).one()
    assert admin.post(f"/admin/comptes/{me}/roles/{row.id}/retirer", page="/admin/organisations").status_code == 403
    assert admin.post(f"/admin/comptes/{me}/fermer", page="/admin/organisations").status_code == 403
    world.person("autre@exemple.fr", Role.ADMINISTRATOR)
    assert admin.post(f"/admin/comptes/{me}/roles/{row.id}/retirer", page="/admin/organisations").status_code == 303
    assert admin.get("/admin/").status_code == 403


def test_a_closed_account_is_opened_again_but_an_erased_one_is_not(world: Any, admin: Any) -> None:
    from mobigo.infra import privacy

    subject = world.person("camille@exemple.fr")
    page = f"/admin/comptes/{subject}"
    assert admin.post(f"{page}/fermer", page=page).status_code == 303
    assert admin.post(f"{page}/fermer", page=page).status_code == 409
    assert admin.post(f"{page}/rouvrir", page=page).status_code == 303
    assert world.browser().sign_in("camille@exemple.fr").status_code == 303
    with transaction(world.engine) as session:
        privacy.erase_subject(session, subject, now())
    assert admin.post(f"{page}/rouvrir", page=page).status_code == 403


def test_an_administrator_of_one_organisation_stays_inside_it(world: Any) -> None:
    cars, town = world.organisation("Cars du Morvan"), world.organisation("Ville de Saulieu")
    world.person("chef@exemple.fr", Grant(Role.ADMINISTRATOR, cars))
    mine = world.person("mien@exemple.fr", Grant(Role.OPERATOR, cars), Grant(Role.AO2, town), name="Le Mien")
    theirs = world.person("leur@exemple.fr", Grant(Role.AO2, town), name="Le Leur")
    # A name made to look like an id of somebody else shows nobody else.
    world.person("ruse@exemple.fr", Grant(Role.OPERATOR, cars), name=theirs)
    browser = world.browser()
    browser.sign_in("chef@exemple.fr")
    listed = browser.get("/admin/comptes").text
    assert "Le Mien" in listed
    assert "Le Leur" not in listed
    detail = browser.get(f"/admin/comptes/{mine}").text
    assert "Cars du Morvan" in detail
    assert "Ville de Saulieu" not in detail
    assert browser.get(f"/admin/comptes/{theirs}").status_code == 404
    give = {"page": f"/admin/comptes/{mine}"}
    assert browser.post(f"/admin/comptes/{mine}/roles", **give, role="administrator").status_code == 403
    assert browser.post(f"/admin/comptes/{mine}/roles", **give, role="ao2", organisation=town).status_code == 403
    assert browser.post(f"/admin/comptes/{mine}/roles", **give, role="publisher", organisation=cars).status_code == 303
    assert browser.post(f"/admin/comptes/{theirs}/roles", **give, role="operator", organisation=cars).status_code == 404
    with reading(world.engine) as session:
        elsewhere = session.scalars(
            select(GrantRow).where(GrantRow.subject == mine, GrantRow.organisation == town)
        ).one()
    assert browser.post(f"/admin/comptes/{mine}/roles/{elsewhere.id}/retirer", **give).status_code == 403
    for path in ("/admin/travaux", "/admin/journal", "/admin/organisations"):
        assert browser.get(path).status_code == 403
    assert browser.post(f"/admin/comptes/{mine}/fermer", **give).status_code == 403


@pytest.mark.parametrize(
    ("held", "seen"),
    [
        ((), set()),
        ((Grant(Role.OPERATOR, "A" * 26),), {"a"}),
        ((Grant(Role.OPERATOR, "A" * 26), Grant(Role.AO2, "B" * 26)), {"a", "b"}),
        ((Grant(Role.PUBLISHER),), {"a", "b", "c"}),
        ((Grant(Role.TRAVELLER), Grant(Role.OPERATOR, "Z" * 26)), set()),
    ],
)
def test_a_scoped_query_shows_the_rows_of_ones_organisations(
    world: Any, held: tuple[Grant, ...], seen: set[str]
) -> None:
    with transaction(world.engine) as session:
        session.add_all(
            Organisation(id=letter.upper() * 26, name=letter, siren=None, created_at=START) for letter in "abc"
        )
    identity = Identity("S", held)
    with reading(world.engine) as session:
        query = scoped(select(Organisation.name), Organisation.id, identity, Permission.FEEDS_READ)
        assert set(session.scalars(query)) == seen


@pytest.mark.parametrize(
    ("name", "siren", "error"),
    [
        ("Cars du Morvan", "732829320", None),
        ("  Cars   du Morvan ", None, Conflict),
        ("x", None, InvalidInput),
        ("x" * 201, None, InvalidInput),
        ("Autre", "732829321", InvalidInput),
    ],
)
def test_an_organisation_has_one_name_and_a_true_siren(
    world: Any, name: str, siren: str | None, error: type[MobigoError] | None
) -> None:
    if error is Conflict:
        world.organisation("Cars du Morvan")
    with transaction(world.engine) as session:
        if error is None:
            assert grants.create_organisation(session, name, START, siren).name == "Cars du Morvan"
        else:
            with pytest.raises(error):
                grants.create_organisation(session, name, START, siren)


def test_a_grant_that_is_given_twice_or_to_nobody_is_refused(world: Any) -> None:
    subject = world.person("camille@exemple.fr", Role.INSPECTOR)
    with transaction(world.engine) as session:
        with pytest.raises(Conflict):
            grants.give(session, subject, Grant(Role.INSPECTOR), START, by=None)
        with pytest.raises(NotFound):
            grants.give(session, "0" * 26, Grant(Role.INSPECTOR), START, by=None)
        with pytest.raises(Refused):
            grants.give(session, subject, Grant(Role.DRIVER), START, by=subject)


def test_the_log_is_filtered_by_its_address(world: Any, admin: Any) -> None:
    subject = world.person("camille@exemple.fr")
    world.browser().sign_in("camille@exemple.fr")
    page = admin.get(f"/admin/journal?actor={subject}").text
    assert "account.signed_in" in page
    assert page.count("<tr>") == 2
    assert "account.signed_in" not in admin.get("/admin/journal?action=grant").text
    assert admin.get("/admin/journal?action=%25&before=zzz&object_id=%27").status_code == 200


def test_the_log_holds_no_name_and_no_address(world: Any, admin: Any) -> None:
    world.person("camille.unique@exemple.fr", name="Camille Unique")
    browser = world.browser()
    browser.sign_in("camille.unique@exemple.fr", "faux")
    browser.sign_in("inconnue.unique@exemple.fr", "faux")
    browser.sign_in("camille.unique@exemple.fr")
    page = admin.get("/admin/journal").text
    assert "nique" not in page
    assert "unknown" in page


def test_jobs_are_listed_cancelled_and_retried(world: Any, admin: Any) -> None:
    from mobigo.infra.jobs import State
    from mobigo.infra.jobs.tables import JobRow

    base = {
        "params": {}, "tries": 1, "tries_max": 3, "backoff_s": 1.0, "generation": 1, "due_at": now(),
        "progress_done": 0, "progress_total": None, "progress_text": "", "created_at": now(),
    }  # fmt: skip
    with transaction(world.engine) as session:
        for number, (state, more) in enumerate(
            [
                ("queued", {}),
                ("running", {"progress_done": 30, "progress_total": 120, "progress_text": "étape"}),
                ("failed", {"outcome_code": "jobs.crashed", "outcome_params": {}}),
            ]
        ):
            session.add(JobRow(id=f"{number:026}", name=f"test.{state}", state=state, **{**base, **more}))
    page = admin.get("/admin/travaux").text
    assert 'max="120" value="30"' in page
    assert page.count("/annuler") == 2
    assert page.count("/reprendre") == 1
    assert "test.queued" not in admin.get("/admin/travaux?state=failed").text.split("<tbody>")[1]
    assert admin.post(f"/admin/travaux/{0:026}/annuler", page="/admin/travaux").status_code == 303
    assert admin.post(f"/admin/travaux/{0:026}/annuler", page="/admin/travaux").status_code in (303, 409)
    assert admin.post(f"/admin/travaux/{2:026}/reprendre?state=failed", page="/admin/travaux").headers["Location"] == (
        "/admin/travaux?state=failed"
    )
    assert admin.post("/admin/travaux/nothing/annuler", page="/admin/travaux").status_code == 404
    with reading(world.engine) as session:
        states = {row.id[-1]: row.state for row in session.scalars(select(JobRow)) if row.name.startswith("test.")}
    assert (states["0"], states["2"]) == (State.CANCELLED, State.QUEUED)
    assert [act for act, _, _ in world.acts() if act.startswith("job")][-1] == "job.retried"
