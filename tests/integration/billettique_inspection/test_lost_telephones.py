"""A telephone lost with receipts it had not sent: the paper that a traveller holds is enough, once."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import Engine

from billettique.model.cases import CaseState
from billettique.rules.cases import digest
from billettique.service import cases, contests, lost_telephones, rounds
from billettique.store import inspections as case_store
from mobigo.app import create_app
from mobigo.base.errors import Conflict, InvalidInput, NotFound, Refused
from mobigo.base.money import Money
from mobigo.infra import accounts, grants, sessions
from mobigo.infra.clock import now
from mobigo.infra.config import Config
from mobigo.infra.db import reading, transaction
from mobigo.infra.formats import local
from mobigo.infra.roles import Grant, Role
from tests.integration.billettique_inspection.test_rounds import (
    DEVICE,
    GAP,
    INSPECTOR,
    NOW,
    PAID,
    REGISSEUR,
    balance,
    close,
    code_of,
    constat,
    held,
    opened,
    receipts,
    send,
)

SECRET = "ABCDEFGHJKLM"


def lose(engine: Engine, till: str, by: str = INSPECTOR) -> None:
    with transaction(engine) as session:
        lost_telephones.declare(session, till, by=by, now=NOW)


def carry(engine: Engine) -> None:
    with transaction(engine) as session:
        rounds.claim(session, agent=INSPECTOR, device=DEVICE, home=None, now=NOW)


def write_in(engine: Engine, config: Config, till: str, number: int = 2, **differs: object) -> str:
    given = {"number": number, "reference": constat(till, number).reference, "secret": SECRET, "ground": "no_ticket",
             "fare": Money(150), "means": "cash", "found_at": NOW, "by": REGISSEUR, "now": NOW} | differs  # fmt: skip
    with transaction(engine) as session:
        return lost_telephones.write_in(session, config, till, **given).id  # type: ignore[arg-type]


def test_a_receipt_on_paper_is_booked_once_and_may_be_contested(engine: Engine, database_config: Config) -> None:
    """Two receipts of 51,50 €, of which one had left the telephone; the bag holds both."""
    till = opened(engine)
    carry(engine)
    send(engine, database_config, constat(till, 1))
    lose(engine, till)
    with pytest.raises(Conflict) as lost:
        carry(engine)
    assert code_of(lost) == "billettique.round_lost"
    assert close(engine, 1_000 + 2 * PAID, 2, "Téléphone tombé dans le Doubs.") == PAID
    assert balance(engine, GAP) == PAID  # nobody knows yet whose it is
    case_id = write_in(engine, database_config, till)
    assert balance(engine, GAP) == 0
    assert held(engine) == (2 * PAID, 0, 0)
    assert receipts(engine, till) == [(1, PAID, False, []), (2, PAID, True, [])]
    with reading(engine) as session:
        row = cases.open_by_secret(session, constat(till, 2).reference, SECRET)
        assert (row.id, CaseState(row.state), row.inspector) == (case_id, CaseState.PAID, INSPECTOR)
        assert ("written_in", REGISSEUR) in [(each.kind, each.by) for each in case_store.moves_of(session, case_id)]
    with pytest.raises(Conflict):  # the same paper twice
        write_in(engine, database_config, till)
    with transaction(engine) as session:
        contests.contest(session, database_config, case_id, "J’avais un titre.", NOW)
        contests.answer(session, database_config, case_id, withdrawn=True, text="Vu.", by=REGISSEUR, now=NOW)
    assert balance(engine, "billettique:penalties:to_give_back") == PAID


@pytest.mark.parametrize("secret", [SECRET, ""])
def test_a_telephone_that_is_found_again_changes_nothing(engine: Engine, database_config: Config, secret: str) -> None:
    """And the traveller's own secret opens the case from then on, whatever the paper said."""
    till = opened(engine)
    carry(engine)
    lose(engine, till)
    case_id = write_in(engine, database_config, till, secret=secret)
    with reading(engine) as session:
        if secret:
            assert cases.open_by_secret(session, constat(till, 2).reference, SECRET).id == case_id
        else:
            for guess in ("", "0" * 12, SECRET):
                with pytest.raises(NotFound):
                    cases.open_by_secret(session, constat(till, 2).reference, guess)
    found = replace(constat(till, 2), secret_digest=digest(SECRET))
    for _ in range(2):
        send(engine, database_config, found)
    assert receipts(engine, till) == [(2, PAID, False, [])]
    assert held(engine) == (PAID, 0, 0)
    with reading(engine) as session:
        assert cases.open_by_secret(session, found.reference, SECRET).id == case_id
    with pytest.raises(Conflict) as other:  # another receipt under that reference is another constat
        send(engine, database_config, replace(constat(till, 3), reference=found.reference))
    assert code_of(other) == "billettique.other_constat"


@pytest.mark.parametrize(
    ("differs", "error", "code"),
    [
        ({"by": INSPECTOR}, Refused, "billettique.round_own"),
        ({"ground": "unknown"}, InvalidInput, "billettique.unknown_ground"),
        ({"reference": "AB"}, InvalidInput, "billettique.bad_constat"),
        ({"means": "card"}, InvalidInput, "billettique.bad_constat"),
        ({"number": 0}, InvalidInput, "billettique.bad_constat"),
        ({"found_at": NOW - timedelta(days=367)}, InvalidInput, "billettique.bad_constat"),
        ({"found_at": NOW + timedelta(hours=1)}, InvalidInput, "billettique.bad_constat"),
    ],
)
def test_what_is_written_in_is_checked_as_what_a_telephone_sends(
    engine: Engine, database_config: Config, differs: dict[str, object], error: type[Exception], code: str
) -> None:
    till = opened(engine)
    carry(engine)
    lose(engine, till)
    with pytest.raises(error) as wrong:
        write_in(engine, database_config, till, **differs)
    assert code_of(wrong) == code  # type: ignore[arg-type]
    assert receipts(engine, till) == []


def test_a_paper_counts_beyond_the_month_in_which_a_telephone_may_send(engine: Engine, database_config: Config) -> None:
    till = opened(engine)
    carry(engine)
    lose(engine, till)
    write_in(engine, database_config, till, now=NOW + timedelta(days=60))
    assert [each[0] for each in receipts(engine, till)] == [2]


def test_while_its_telephone_may_send_nothing_is_written_in(engine: Engine, database_config: Config) -> None:
    till = opened(engine)
    with pytest.raises(Refused) as nobody:
        lose(engine, till)
    assert code_of(nobody) == "billettique.round_not_carried"
    carry(engine)
    with pytest.raises(Refused) as may_send:
        write_in(engine, database_config, till)
    assert code_of(may_send) == "billettique.round_may_send"
    assert close(engine, 1_000 + PAID, 2, "Rien ne part.") == PAID
    write_in(engine, database_config, till)  # it was missing at the count
    with pytest.raises(Refused):
        write_in(engine, database_config, till, number=3)
    lose(engine, till, by=REGISSEUR)
    with pytest.raises(Conflict) as twice:
        lose(engine, till)
    assert code_of(twice) == "billettique.round_lost"


def test_a_lost_telephone_is_signed_out_and_the_one_in_hand_is_not(engine: Engine) -> None:
    with transaction(engine) as session:
        agent = accounts.create(session, NOW, email="a@example.org", name="A", password_hash=None)
        lost, kept = (sessions.open_session(session, agent, NOW, None, None) for _ in range(2))
    in_hand = sessions.identify(engine, kept, NOW)
    assert in_hand is not None
    with transaction(engine) as session:
        row = rounds.open_round(session, agent=agent, regie="controle", opening=Money(0), home=None, now=NOW)
        rounds.claim(session, agent=agent, device=DEVICE, home=None, now=NOW)
        lost_telephones.declare(session, row.id, by=agent, now=NOW, keep=in_hand.session_id)
    assert sessions.identify(engine, lost, NOW) is None
    assert sessions.identify(engine, kept, NOW) is not None


def test_the_bearer_says_it_and_the_regisseur_writes_the_paper_in(database_config: Config) -> None:
    app = create_app(replace(database_config, environment="development", base_url="http://localhost"))
    app.config["WTF_CSRF_ENABLED"] = False
    services, roles = (
        app.extensions["mobigo"],
        {"bearer": (Role.INSPECTOR, Role.MANDATAIRE), "regie": (Role.REGISSEUR,)},
    )
    at, clients, subjects = now(), {}, {}
    with transaction(services.engine) as session:
        for name, held_roles in roles.items():
            subjects[name] = accounts.create(session, at, email=f"{name}@example.org", name=name, password_hash=None)
            for role in held_roles:
                grants.give(session, subjects[name], Grant(role), at, by=None)
            clients[name] = app.test_client()
            clients[name].set_cookie("mobigo", sessions.open_session(session, subjects[name], at, None, None))
        row = rounds.open_round(
            session, agent=subjects["bearer"], regie="controle", opening=Money(0), home=None, now=at
        )
        till = row.id
        rounds.claim(session, agent=subjects["bearer"], device=DEVICE, home=None, now=at)
    assert "Déclarer ce téléphone perdu" in clients["bearer"].get("/controle/tournee").text
    assert clients["bearer"].post("/controle/tournee/perdu").status_code == 303
    assert "Téléphone déclaré perdu" in clients["bearer"].get("/controle/tournee").text  # and still signed in
    page, here = f"/guichet/caisses/{till}", local(at)
    paper = {"number": "1", "reference": "abcd efgh", "secret": SECRET, "day": f"{here:%Y-%m-%d}",
             "hour": f"{here:%H:%M}", "ground": "no_ticket", "fare": "1,50", "means": "cash"}  # fmt: skip
    assert "Noter la quittance" not in clients["bearer"].get(page).text
    assert clients["bearer"].post(f"/guichet/tournees/{till}/quittances", data=paper).status_code == 403
    assert "Noter la quittance" in clients["regie"].get(page).text
    wrong = clients["regie"].post(f"/guichet/tournees/{till}/quittances", data=paper | {"hour": "midi"})
    assert wrong.status_code == 422
    assert 'value="abcd efgh"' in wrong.text  # what was typed is kept
    assert clients["regie"].post(f"/guichet/tournees/{till}/quittances", data=paper).status_code == 303
    assert "Payé" in app.test_client().get(f"/constat/ABCDEFGH/{SECRET}").text
    services.engine.dispose()
