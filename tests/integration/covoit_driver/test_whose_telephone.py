"""A number counts once its code came back; what operators declared under it becomes its holder's, and nobody else's."""

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from covoit.model.claims import Kind, Outcome
from covoit.model.journeys import Journey
from covoit.rules.bookings import TERMS
from covoit.rules.identity import identity_key
from covoit.service import bans, identities, offers, telephones
from covoit.service.ibans import ask_iban, confirm_iban_at_counter
from covoit.store import claims as claim_store
from covoit.store import journeys as journey_store
from covoit.store import telephones as store
from covoit.store.people import PersonRow, find_person, get_person, person_of, who_answers
from mobigo.base.errors import Conflict, InvalidInput, NotFound, Refused
from mobigo.infra import accounts
from mobigo.infra.db import reading, transaction
from mobigo.infra.outbox import MessageRow
from tests.covoit_lines_world import A, Z
from tests.covoit_money_world import DESK, IBANS, MANAGER
from tests.covoit_world import journey

NOW = datetime(2026, 11, 25, 8, 0, tzinfo=UTC)
PHONE, OTHER_PHONE = "+33639980101", "+33639980102"
GIVEN = telephones.Given(PHONE, "Anna", "Martin")
MINUTE = timedelta(minutes=1)


def account(session: Session, name: str) -> str:
    """Somebody with an account who carpools: their person id."""
    subject = accounts.create(session, NOW, email=f"{name}@example.org", name=name.title(), password_hash=None)
    return offers.person_here(session, subject, NOW)


def code(session: Session, phone: str = PHONE) -> str:
    """The latest code that came to a telephone."""
    check = store.PhoneCheckRow
    waits = session.scalars(select(check.id).where(check.phone == phone, check.state == store.WAITING)).one()
    body = session.scalars(select(MessageRow.body).where(MessageRow.key == f"covoit:phone:{waits}")).one()
    found = re.search(r"\d{6}", body)
    assert found
    return found[0]


def verified(session: Session, person: str, given: telephones.Given = GIVEN) -> Any:
    telephones.ask(session, person, given, now=NOW)
    return telephones.confirm(session, person, code(session, given.phone), now=NOW)


def declared(session: Session, given: telephones.Given = GIVEN, **change: Any) -> str:
    """Somebody whom an operator declared as the driver of a journey: their person id."""
    driver = person_of(session, identity_key(given.phone, given.last_name), phone=given.phone, now=NOW)
    made: Journey = replace(
        journey(0, 20_000), id=f"J{driver[-20:]}", operator="partner", operator_journey_id=driver,
        driver=driver, **change,
    )  # fmt: skip
    row = journey_store.row_of(made, digest=journey_store.facts_digest(made))
    journey_store.insert_many(session, [row], [])
    return driver


# ---------------------------------------------------------------- the code


def test_a_number_counts_once_its_code_came_back(engine: Engine) -> None:
    with transaction(engine) as session:
        anna = account(session, "anna")
        telephones.ask(session, anna, GIVEN, now=NOW)
        waits = get_person(session, anna)
        assert (waits.phone, waits.identity_key, waits.reach, who_answers(session, PHONE)) == (None, None, None, None)
        assert telephones.confirm(session, anna, code(session), now=NOW) is None
        has = get_person(session, anna)
        assert (has.phone, has.reach, has.phone_verified_at) == (PHONE, PHONE, NOW)
        assert (has.identity_key, has.last_name) == (identity_key(PHONE, "Martin"), "Martin")
        assert who_answers(session, PHONE) == anna


def test_a_code_is_good_for_fifteen_minutes_and_five_tries(engine: Engine) -> None:
    with transaction(engine) as session:
        anna = account(session, "anna")
        assert telephones.confirm(session, anna, "000000", now=NOW).code == "covoit.phone_nothing_waits"  # type: ignore[union-attr]
        telephones.ask(session, anna, GIVEN, now=NOW)
        right = code(session)
        wrong = f"{(int(right) + 1) % 1_000_000:06d}"
        assert telephones.confirm(session, anna, wrong, now=NOW).params == {"left": 4}  # type: ignore[union-attr]
        late = telephones.confirm(session, anna, right, now=NOW + 15 * MINUTE)
        assert late is not None
        assert late.code == "covoit.phone_code_over"
        telephones.ask(session, anna, GIVEN, now=NOW)
        right = code(session)
        wrong = f"{(int(right) + 1) % 1_000_000:06d}"
        for _ in range(5):
            telephones.confirm(session, anna, wrong, now=NOW)
        assert telephones.confirm(session, anna, right, now=NOW).code == "covoit.phone_code_over"  # type: ignore[union-attr]
        telephones.ask(session, anna, GIVEN, now=NOW)
        assert telephones.confirm(session, anna, code(session), now=NOW + 15 * MINUTE - timedelta(seconds=1)) is None


def test_an_earlier_code_is_worth_nothing_after_another_was_asked(engine: Engine) -> None:
    with transaction(engine) as session:
        anna = account(session, "anna")
        telephones.ask(session, anna, GIVEN, now=NOW)
        first = code(session)
        telephones.ask(session, anna, telephones.Given(OTHER_PHONE, None, "Martin"), now=NOW)
        if first != code(session, OTHER_PHONE):
            assert telephones.confirm(session, anna, first, now=NOW).code == "covoit.phone_wrong_code"  # type: ignore[union-attr]
        assert telephones.confirm(session, anna, code(session, OTHER_PHONE), now=NOW) is None
        assert get_person(session, anna).phone == OTHER_PHONE


def test_only_who_holds_the_telephone_learns_that_another_account_has_it(engine: Engine) -> None:
    with transaction(engine) as session:
        anna, thief = account(session, "anna"), account(session, "thief")
        assert verified(session, anna) is None
        telephones.ask(session, thief, GIVEN, now=NOW)  # the same answer as for any number: none
        refused = telephones.confirm(session, thief, code(session), now=NOW)
        assert refused is not None
        assert refused.code == "covoit.phone_of_another"
        assert get_person(session, thief).phone is None
        assert get_person(session, anna).phone == PHONE
        case = identities.ask_agent(session, thief, "C’est mon nouveau numéro.", now=NOW)
        assert identities.ask_agent(session, thief, "Encore.", now=NOW) == case  # it waits already
        assert claim_store.get_case(session, case).kind == Kind.IDENTITY


def test_an_agent_gives_a_number_that_changed_hands_and_the_other_is_told(engine: Engine) -> None:
    with transaction(engine) as session:
        before, after = account(session, "before"), account(session, "after")
        verified(session, before)
        verified(session, after)
        case = identities.ask_agent(session, after, "", now=NOW)
        asked = {"by": DESK, "name": "Guy", "capacity": "agent", "now": NOW}
        with pytest.raises(InvalidInput, match="decision_without_reason"):
            identities.decide(session, case, Outcome.GRANTED, reason=" ", **asked)
        with pytest.raises(InvalidInput, match="decision_without_outcome"):
            identities.decide(session, case, Outcome.PARTLY, reason="?", **asked)
        identities.decide(session, case, Outcome.GRANTED, reason="Facture d’opérateur vue.", **asked)
        assert get_person(session, before).phone is None
        assert get_person(session, after).reach == PHONE
        told = session.scalars(select(MessageRow.recipient).where(MessageRow.key.like("covoit:phone-released:%"))).all()
        assert told == ["before@example.org"]


def test_a_fixed_line_is_verified_at_the_counter_alone(engine: Engine) -> None:
    fixed = telephones.read("03 80 00 00 00", "Rose", "Fixe")
    with transaction(engine) as session:
        rose = account(session, "rose")
        with pytest.raises(Refused, match="phone_without_texts"):
            telephones.ask(session, rose, fixed, now=NOW)
        telephones.verify_at_counter(session, rose, fixed, by=DESK, now=NOW)
        assert get_person(session, rose).reach == "+33380000000"
        # somebody without account and without smartphone has a file made for them
        jean = telephones.person_at_counter(session, telephones.Given(OTHER_PHONE, None, "Jean"), "", by=DESK, now=NOW)
        telephones.verify_at_counter(session, jean, telephones.Given(OTHER_PHONE, None, "Jean"), by=DESK, now=NOW)
        assert get_person(session, jean).phone_verified_at == NOW
        with pytest.raises(NotFound, match="no_such_account"):
            telephones.person_at_counter(session, GIVEN, "nobody@example.org", by=DESK, now=NOW)
        with pytest.raises(Conflict, match="phone_of_another_account"):
            telephones.verify_at_counter(session, account(session, "late"), fixed, by=DESK, now=NOW)


def test_who_typed_a_number_without_proving_it_neither_drives_books_nor_confirms_an_account(engine: Engine) -> None:
    with transaction(engine) as session:
        anna = account(session, "anna")
        telephones.ask(session, anna, GIVEN, now=NOW)
        member = offers.declare(
            session, anna, adult=True, licence=True, insurance=True, terms=TERMS, alias=None, car=None, now=NOW
        )
        assert member.reachable is False
        with pytest.raises(Refused, match="phone_not_verified"):
            offers.publish(session, anna, from_stop=A, to_stop=Z, leaves_at=NOW + MINUTE, seats=1, now=NOW)
        assert ask_iban(session, anna, IBANS[0], "Anna Martin", now=NOW)[1] == "email"
        assert telephones.confirm(session, anna, code(session), now=NOW) is None
        assert ask_iban(session, anna, IBANS[0], "Anna Martin", now=NOW)[1] == "sms"
        offers.publish(session, anna, from_stop=A, to_stop=Z, leaves_at=NOW + MINUTE, seats=1, now=NOW)


# ---------------------------------------------------------------- journeys known before the account


def test_a_driver_known_through_an_operator_finds_their_journeys(engine: Engine) -> None:
    with transaction(engine) as session:
        known, anna = declared(session), account(session, "anna")
        subject = get_person(session, anna).subject
        offers.declare_rider(session, anna, adult=True, consent=False, now=NOW)
        assert identities.find(session, anna) is None  # nothing before the number is proven
        with pytest.raises(NotFound, match="nothing_to_find"):
            identities.take(session, anna, now=NOW)
        assert verified(session, anna) is None
        found = identities.find(session, anna)
        assert found is not None
        assert found.refusal is None
        assert (found.journeys.driven, found.journeys.operators) == (1, ("partner",))
        assert identities.take(session, anna, now=NOW) == known
    with reading(engine) as session:
        me = find_person(session, subject=subject or "")
        assert me is not None
        assert (me.id, me.reach, me.adult) == (known, PHONE, True)
        assert identities.find(session, known) is None


@pytest.mark.parametrize(
    "given", [telephones.Given(OTHER_PHONE, None, "Martin"), telephones.Given(PHONE, None, "Autre")]
)
def test_another_number_or_another_name_finds_nothing(engine: Engine, given: telephones.Given) -> None:
    with transaction(engine) as session:
        declared(session)
        thief = account(session, "thief")
        verified(session, thief, given)
        assert identities.find(session, thief) is None
        with pytest.raises(NotFound, match="nothing_to_find"):
            identities.ask_agent(session, thief, "donnez", now=NOW)


@pytest.mark.parametrize("why", ["account", "iban", "erased", "two_files"])
def test_what_would_take_from_somebody_goes_to_an_agent(engine: Engine, why: str) -> None:
    with transaction(engine) as session:
        known, anna = declared(session), account(session, "anna")
        row = session.get_one(PersonRow, known)
        if why == "account":
            row.subject = accounts.create(session, NOW, email="b@example.org", name="B", password_hash=None)
        elif why == "iban":
            confirm_iban_at_counter(session, known, IBANS[0], "Anna Martin", by=DESK, now=NOW)
        elif why == "erased":
            row.erased_at = NOW
        else:
            offers.report(session, anna, about=None, offer=None, kind="other", words="un mot", now=NOW)
        verified(session, anna)
        found = identities.find(session, anna)
        assert found is not None
        assert found.refusal is not None
        with pytest.raises(Refused, match="identity_"):
            identities.take(session, anna, now=NOW)
        case = identities.ask_agent(session, anna, "Ce sont les miens.", now=NOW)
        if why == "account":
            mine = replace(DESK, subject=row.subject)
            with pytest.raises(Refused, match="own_case"):  # the agent is the other person
                identities.decide(
                    session, case, Outcome.GRANTED, by=mine, name="G", capacity="agent", reason="x", now=NOW
                )
        identities.decide(
            session, case, Outcome.GRANTED, by=DESK, name="Guy", capacity="agent", reason="Pièce vue.", now=NOW
        )
        me = get_person(session, known)
        assert (me.reach, me.last_name) == (PHONE, "Martin")
        left = get_person(session, anna)
        assert (left.subject, left.phone) == (None, None)
        assert claim_store.get_case(session, case).person == known  # they still read their answer
        told = session.scalars(select(MessageRow.recipient).where(MessageRow.key.like("covoit:unlinked:%"))).all()
        assert told == (["b@example.org"] if why == "account" else [])


def test_a_refused_case_changes_nobody(engine: Engine) -> None:
    with transaction(engine) as session:
        known, anna = declared(session), account(session, "anna")
        offers.report(session, anna, about=None, offer=None, kind="other", words="un mot", now=NOW)
        verified(session, anna)
        case = identities.ask_agent(session, anna, "", now=NOW)
        identities.decide(
            session, case, Outcome.REFUSED, by=DESK, name="Guy", capacity="agent", reason="Pas la même.", now=NOW
        )
        assert get_person(session, known).subject is None
        assert get_person(session, anna).subject is not None


def test_a_ban_follows_the_journeys_and_holds_back_who_has_one(engine: Engine) -> None:
    with transaction(engine) as session:
        known, anna = declared(session), account(session, "anna")
        last = NOW.date() + timedelta(days=30)
        session.add(claim_store.BanRow(id="ban-1", person=known, first_day=NOW.date(), last_day=last, decision="d1"))
        session.flush()
        verified(session, anna)
        assert identities.take(session, anna, now=NOW) == known
        assert offers.refusal_now(session, known, NOW) is not None
        assert claim_store.banned(session, [known], NOW.date()) == {known}
        banned = account(session, "banned")
        session.add(claim_store.BanRow(id="ban-2", person=banned, first_day=NOW.date(), last_day=last, decision="d2"))
        session.flush()
        given = telephones.Given(OTHER_PHONE, None, "Exclu")
        declared(session, given)
        verified(session, banned, given)
        found = identities.find(session, banned)
        assert found is not None
        assert found.refusal is not None
        assert found.refusal.code == "covoit.identity_two_files"


def test_a_person_gets_the_numbers_they_gave_and_they_are_forgotten(engine: Engine) -> None:
    from covoit.store import riders

    with transaction(engine) as session:
        anna = account(session, "anna")
        subject = get_person(session, anna).subject or ""
        telephones.ask(session, anna, GIVEN, now=NOW)
        assert [row["phone"] for row in riders.export_subject(session, subject)["numbers"]] == [PHONE]  # type: ignore[attr-defined]
        riders.erase_subject(session, subject, NOW)
        assert store.of_person(session, anna) == []


# ---------------------------------------------------------------- lifting a ban


def test_a_ban_is_lifted_by_a_signed_decision_with_its_reason(engine: Engine) -> None:
    with transaction(engine) as session:
        anna = account(session, "anna")
        day = NOW.date()
        for name, last in (("one", day + timedelta(days=30)), ("two", day + timedelta(days=60)), ("past", day)):
            session.add(claim_store.BanRow(id=name, person=anna, first_day=day, last_day=last, decision=name))
        session.flush()
        signed = {"name": "Claire", "capacity": "gestionnaire", "now": NOW}
        with pytest.raises(Refused, match="not_allowed"):
            bans.lift(session, "one", by=DESK, reason="Preuves apportées.", **signed)
        with pytest.raises(InvalidInput, match="decision_without_reason"):
            bans.lift(session, "one", by=MANAGER, reason=" ", **signed)
        made = bans.lift(session, "one", by=MANAGER, reason="Preuves apportées.", **signed)
        assert claim_store.get_decision(session, made.id).kind == Kind.BAN_LIFT
        assert claim_store.banned(session, [anna], day) == {anna}  # the other one goes on
        with pytest.raises(Conflict, match="ban_over"):
            bans.lift(session, "one", by=MANAGER, reason="Encore.", **signed)
        bans.lift(session, "two", by=MANAGER, reason="De même.", **signed)
        with pytest.raises(Conflict, match="ban_over"):  # its last day is gone
            bans.lift(session, "past", by=MANAGER, reason="x", **{**signed, "now": NOW + timedelta(days=1)})
        assert claim_store.banned(session, [anna], day + timedelta(days=1)) == set()
        letter = session.scalars(select(MessageRow).where(MessageRow.key == f"covoit:decision:{made.id}")).one()
        assert "l’exclusion prend fin aujourd’hui" in letter.body
        assert "Preuves apportées." in letter.body
        assert "tribunal" in letter.body
