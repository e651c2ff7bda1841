"""From a payment request to the bank and back: four hands, one file, each sum once."""

import re
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from lxml import etree
from sqlalchemy import Engine, select, text
from sqlalchemy.exc import DBAPIError, IntegrityError

from covoit.model.claims import Kind, Outcome
from covoit.service import claims, closing, payments, returns
from covoit.store import claims as claim_store
from covoit.store import payments as store
from mobigo.base.errors import Conflict, InvalidInput, NotFound, Refused
from mobigo.base.money import Money
from mobigo.infra.blobs import Blobs
from mobigo.infra.db import reading, transaction
from mobigo.infra.outbox import MessageRow
from mobigo.infra.roles import Grant, Identity, Role
from mobigo.ledger import service as ledger
from tests.covoit_money_world import (
    CLOSING,
    COMPTABLE,
    DESK,
    FINANCE,
    IBANS,
    MANAGER,
    NOW,
    ORDONNATEUR,
    accepted,
    camt054,
    cancel,
    claim,
    driver,
    fund,
    home_with,
    net,
    pain002,
    payer,
    record,
    ride,
    stage,
)

AT = datetime(2026, 11, 23, 6, 30, tzinfo=UTC)
JANUARY = datetime(2027, 1, 6, 8, tzinfo=UTC)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return payer(home_with(tmp_path / "money-home"))


@pytest.fixture
def blobs(tmp_path: Path) -> Blobs:
    return Blobs(tmp_path / "blobs")


@pytest.fixture
def anna(engine: Engine, home: Path) -> str:
    """A driver with one closed trip of 4.30 €."""
    fund(engine, 1_000_000, home)
    person = driver(engine, "anna")
    record(engine, [ride(person, at=AT, trip_id="a")])
    closing.close_month(engine, "2026-11", CLOSING, home=home)
    return person


def send(engine: Engine, blobs: Blobs, batch: str, home: Path) -> payments.Sent:
    return payments.send(engine, blobs, batch, by=COMPTABLE, home=home, now=CLOSING)


def test_a_request_goes_through_four_hands_and_is_paid_once(
    engine: Engine, blobs: Blobs, home: Path, anna: str
) -> None:
    asked = claim(engine, anna)
    assert claim(engine, anna) == asked  # the same request
    batch = accepted(engine, home)
    assert (net(engine, f"covoit:payable:{anna}"), net(engine, f"covoit:in_payment:{batch}")) == (0, 430)
    sent = send(engine, blobs, batch, home)
    assert (sent.payments, sent.total, sent.blocked) == (1, Money(430), ())
    content = blobs.read(sent.file)
    with reading(engine) as session:
        assert payments.payment_file(session, batch, home) == content
    assert send(engine, blobs, batch, home) == sent
    names = etree.fromstring(content).xpath("//*[local-name()='EndToEndId']/text()")
    assert names == [f"MOBIGO-{asked}"]
    said = pain002((names[0], "ACSC", ""))
    done = returns.apply_bank_file(engine, blobs, said, by=COMPTABLE, now=CLOSING)
    assert (done.paid, done.returned, done.faults) == (1, 0, ())
    again = returns.apply_bank_file(engine, blobs, said, by=COMPTABLE, now=CLOSING)
    assert (again.paid, again.repeated) == (0, 1)
    assert (stage(engine, asked), net(engine, "bank"), net(engine, f"covoit:in_payment:{batch}")) == ("paid", 430, 0)
    with pytest.raises(Refused, match="nothing_due"):
        claim(engine, anna)
    assert ledger.verify(engine).ok


@pytest.mark.parametrize(
    ("who", "code"),
    [
        (replace(FINANCE, subject=MANAGER.subject), "batch_same_person"),  # another role, the same person
        (MANAGER, "not_allowed"),
        (ORDONNATEUR, "not_allowed"),
        (Identity("x", (Grant(Role.FINANCE_AGENT, "org"),)), "not_allowed"),  # inside one organisation only
    ],
)
def test_the_second_hand_is_another_person_of_its_own_role(
    engine: Engine, home: Path, anna: str, who: Identity, code: str
) -> None:
    claim(engine, anna)
    batch = payments.prepare(engine, "2026-11", by=MANAGER, home=home, now=CLOSING).batch
    with pytest.raises(Refused, match=code):
        payments.check(engine, batch, by=who, now=CLOSING)


def test_no_step_is_skipped_or_done_twice(engine: Engine, home: Path, anna: str) -> None:
    claim(engine, anna)
    batch = payments.prepare(engine, "2026-11", by=MANAGER, home=home, now=CLOSING).batch
    with pytest.raises(Refused, match="batch_not_there"):
        payments.order(engine, batch, by=ORDONNATEUR, now=CLOSING)
    payments.check(engine, batch, by=FINANCE, now=CLOSING)
    with pytest.raises(Refused, match="batch_not_there"):
        payments.check(engine, batch, by=replace(FINANCE, subject="other"), now=CLOSING)
    with pytest.raises(Refused, match="batch_not_there"):
        payments.accept(engine, batch, by=COMPTABLE, now=CLOSING)


@pytest.mark.parametrize(
    "act",
    [
        {"step": "check", "subject": MANAGER.subject, "role": "finance_agent"},  # one person twice
        {"step": "check", "subject": "other", "role": "ordonnateur"},  # a role that is not the step's
        {"step": "prepare", "subject": "other", "role": "carpool_manager"},  # a step twice
    ],
)
def test_the_database_itself_refuses_what_the_rule_refuses(
    engine: Engine, home: Path, anna: str, act: dict[str, str]
) -> None:
    claim(engine, anna)
    batch = payments.prepare(engine, "2026-11", by=MANAGER, home=home, now=CLOSING).batch
    with pytest.raises(IntegrityError), transaction(engine) as session:
        session.add(store.ActRow(batch=batch, at=CLOSING, **act))


def test_nothing_is_paid_under_a_scale_without_an_act(engine: Engine, tmp_path: Path) -> None:
    home = payer(home_with(tmp_path / "no-act", act=False))
    fund(engine, 10_000, home)
    person = driver(engine, "bob")
    record(engine, [ride(person, at=AT)])
    closing.close_month(engine, "2026-11", CLOSING, home=home)
    claim(engine, person)
    with pytest.raises(Refused, match="scale_without_act"):
        payments.prepare(engine, "2026-11", by=MANAGER, home=home, now=CLOSING)


def test_an_account_changed_between_approval_and_sending_blocks_the_line(
    engine: Engine, blobs: Blobs, home: Path, anna: str
) -> None:
    other = driver(engine, "zoe", IBANS[1])
    record(engine, [ride(other, at=AT, trip_id="z", metres=20_000)])
    closing.close_month(engine, "2026-12", JANUARY, home=home)
    kept, moved = claim(engine, anna), claim(engine, other)
    batch = accepted(engine, home, "2026-12")
    with transaction(engine) as session:
        claims.confirm_iban_at_counter(session, other, IBANS[2], "Zoe Essai", by=DESK, now=CLOSING)
    sent = send(engine, blobs, batch, home)
    assert (sent.payments, sent.total, sent.blocked) == (1, Money(430), (moved,))
    assert (stage(engine, kept), stage(engine, moved)) == ("sent", "claimed")
    assert net(engine, f"covoit:payable:{other}") == 300
    assert IBANS[1].encode() not in blobs.read(sent.file).split(b"<CdtTrfTxInf>", 1)[1]
    second = accepted(engine, home, "2026-12", CLOSING + timedelta(days=1))
    assert send(engine, blobs, second, home).payments == 1
    assert stage(engine, moved) == "sent"


@pytest.mark.parametrize("booked_first", [False, True])
def test_what_comes_back_is_asked_for_again_once_under_a_new_name(
    engine: Engine, blobs: Blobs, home: Path, anna: str, booked_first: bool
) -> None:
    first = claim(engine, anna)
    batch = accepted(engine, home)
    send(engine, blobs, batch, home)
    if booked_first:
        returns.apply_bank_file(engine, blobs, camt054((f"MOBIGO-{first}", "4.30", "")), by=COMPTABLE, now=CLOSING)
    back = camt054((f"MOBIGO-{first}", "4.30", "AC04"))
    for _ in range(3):
        returns.apply_bank_file(engine, blobs, back, by=COMPTABLE, now=CLOSING)
    assert (net(engine, f"covoit:payable:{anna}"), net(engine, "bank")) == (430, 0)
    with pytest.raises(Refused, match="claim_without_iban"):  # the closed account no longer counts
        claim(engine, anna)
    with transaction(engine) as session:
        claims.confirm_iban_at_counter(session, anna, IBANS[1], "Anna Essai", by=DESK, now=CLOSING)
    second = claim(engine, anna)
    assert (stage(engine, first), second != first) == ("reissued", True)
    with reading(engine) as session:
        assert claim_store.get_claim(session, second).reissue_of == first
    sent = send(engine, blobs, accepted(engine, home, now=CLOSING + timedelta(days=1)), home)
    assert f"MOBIGO-{second}".encode() in blobs.read(sent.file)
    late = returns.apply_bank_file(engine, blobs, pain002((f"MOBIGO-{first}", "ACSC", "")), by=COMPTABLE, now=CLOSING)
    assert late.paid == 0
    assert len(late.faults) + late.repeated == 1  # the first payment is over: nothing more happens under its name
    returns.apply_bank_file(engine, blobs, pain002((f"MOBIGO-{second}", "ACSC", "")), by=COMPTABLE, now=CLOSING)
    assert net(engine, "bank") == 430
    assert ledger.verify(engine).ok


def test_a_bank_line_that_fits_nothing_is_left_to_a_person(engine: Engine, blobs: Blobs, home: Path, anna: str) -> None:
    asked = claim(engine, anna)
    send(engine, blobs, accepted(engine, home), home)
    done = returns.apply_bank_file(
        engine,
        blobs,
        camt054(("MOBIGO-NOBODY", "4.30", ""), (f"MOBIGO-{asked}", "4.31", "")),
        by=COMPTABLE,
        now=CLOSING,
    )
    assert [reason.code for _name, reason in done.faults] == ["covoit.bank_unknown", "covoit.bank_other_amount"]
    assert net(engine, "bank") == 0


def test_a_whole_file_refused_by_the_bank_comes_back_whole(engine: Engine, blobs: Blobs, home: Path, anna: str) -> None:
    asked = claim(engine, anna)
    batch = accepted(engine, home)
    send(engine, blobs, batch, home)
    said = pain002(whole="RJCT", message=f"MOBIGO-{batch}")
    assert returns.apply_bank_file(engine, blobs, said, by=COMPTABLE, now=CLOSING).returned == 1
    assert (stage(engine, asked), net(engine, f"covoit:payable:{anna}")) == ("returned", 430)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"<a/>",
        b"not xml",
        b'<!DOCTYPE a [<!ENTITY x "y">]><D xmlns="urn:iso:std:iso:20022:tech:xsd:pain.002.001.10">&x;</D>',
        b'<!DOCTYPE a SYSTEM "file:///etc/passwd"><Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.054.001.08"/>',
        camt054(("MOBIGO-X", "4.305", "")),
        camt054(("MOBIGO-X", "-4.30", "")),
    ],
)
def test_a_hostile_or_broken_bank_file_is_refused(engine: Engine, blobs: Blobs, content: bytes) -> None:
    with pytest.raises(InvalidInput, match="bank_file_"):
        returns.apply_bank_file(engine, blobs, content, by=COMPTABLE, now=CLOSING)


def test_the_accountant_rejects_with_a_reason_and_the_requests_wait_again(
    engine: Engine, blobs: Blobs, home: Path, anna: str
) -> None:
    asked = claim(engine, anna)
    batch = payments.prepare(engine, "2026-11", by=MANAGER, home=home, now=CLOSING).batch
    payments.check(engine, batch, by=FINANCE, now=CLOSING)
    payments.order(engine, batch, by=ORDONNATEUR, now=CLOSING)
    with pytest.raises(InvalidInput, match="without_reason"):
        payments.reject(engine, batch, by=COMPTABLE, reason=" ", now=CLOSING)
    payments.reject(engine, batch, by=COMPTABLE, reason="pièce manquante", now=CLOSING)
    assert (stage(engine, asked), net(engine, f"covoit:payable:{anna}")) == ("claimed", 430)
    with pytest.raises(Conflict):
        send(engine, blobs, batch, home)
    sent = send(engine, blobs, accepted(engine, home), home)
    assert f"MOBIGO-{asked}".encode() in blobs.read(sent.file)


def test_a_batch_is_sent_back_and_prepared_again(engine: Engine, home: Path, anna: str) -> None:
    asked = claim(engine, anna)
    batch = payments.prepare(engine, "2026-11", by=MANAGER, home=home, now=CLOSING).batch
    with pytest.raises(Refused, match="nothing_to_pay"):
        payments.prepare(engine, "2026-11", by=MANAGER, home=home, now=CLOSING)
    payments.send_back(engine, batch, by=FINANCE, reason="un nom à vérifier", now=CLOSING)
    assert payments.prepare(engine, "2026-11", by=MANAGER, home=home, now=CLOSING).batch != batch
    assert stage(engine, asked) == "claimed"


def test_the_accountants_file_carries_columns_and_codes_and_no_formula(
    engine: Engine, blobs: Blobs, tmp_path: Path
) -> None:
    home = payer(home_with(tmp_path / "accountant"), "accountant")
    fund(engine, 10_000, home)
    person = driver(engine, "carl", None)
    with transaction(engine) as session:
        claims.confirm_iban_at_counter(session, person, IBANS[0], "=1+1 Carl", by=DESK, now=NOW)
    record(engine, [ride(person, at=AT)])
    closing.close_month(engine, "2026-11", CLOSING, home=home)
    claim(engine, person)
    batch = accepted(engine, home)
    sent = send(engine, blobs, batch, home)
    rows = blobs.read(sent.file).decode().splitlines()
    assert rows[0].startswith("BORDEREAU;LIGNE;DATE;NATURE")
    assert rows[1].split(";")[:8] == ["0001", "1", "06/12/2026", "6518", "821", "'=1+1 Carl", IBANS[0], "4,30"]
    assert returns.confirm_batch(engine, batch, by=COMPTABLE, now=CLOSING).paid == 1
    assert returns.confirm_batch(engine, batch, by=COMPTABLE, now=CLOSING).paid == 0
    assert net(engine, "bank") == 430


# ---------------------------------------------------------------- accounts for payment


def code_sent(engine: Engine) -> str:
    with reading(engine) as session:
        rows = session.scalars(select(MessageRow).where(MessageRow.key.like("covoit:iban:%")).order_by(MessageRow.id))
        body = list(rows)[-1].body
    return re.search(r"\b\d{6}\b", body)[0]  # type: ignore[index]


def test_an_account_counts_once_its_code_came_back(engine: Engine) -> None:
    person = driver(engine, "dora", None)
    with transaction(engine) as session:
        assert claims.ask_iban(session, person, IBANS[0].lower(), "Dora Essai", now=NOW)[1] == "sms"
        assert claims.find_iban(session, person) is None
    code = code_sent(engine)
    wrong = f"{(int(code) + 1) % 1_000_000:06d}"
    with transaction(engine) as session:
        said = claims.confirm_iban(session, person, wrong, now=NOW)
        assert said is not None
        assert (said.code, said.params["left"]) == ("covoit.iban_wrong_code", 4)
    with transaction(engine) as session:
        assert claims.confirm_iban(session, person, code, now=NOW + timedelta(minutes=14)) is None
        found = claims.find_iban(session, person)
    assert found is not None
    assert (found.shown, found.holder) == ("FR14 … 2606", "Dora Essai")


@pytest.mark.parametrize(
    ("minutes", "tries", "code"), [(15, 0, "covoit.iban_code_over"), (0, 5, "covoit.iban_code_over")]
)
def test_a_code_ends_after_a_quarter_of_an_hour_or_five_tries(
    engine: Engine, minutes: int, tries: int, code: str
) -> None:
    person = driver(engine, "eve", None)
    with transaction(engine) as session:
        claims.ask_iban(session, person, IBANS[0], "Eve Essai", now=NOW)
    for _ in range(tries):
        with transaction(engine) as session:
            claims.confirm_iban(session, person, "bad", now=NOW)
    with transaction(engine) as session:
        said = claims.confirm_iban(session, person, code_sent(engine), now=NOW + timedelta(minutes=minutes))
    assert said is not None
    assert said.code == code


@pytest.mark.parametrize(
    "iban",
    [
        "",
        "FR14",
        "FR1420041010050500013M02607",
        "FR7630006000011234567890188",
        "FR1220041010050500013M02505",  # the key of the IBAN is right, that of the RIB is not
        "GB00",
        "x" * 40,
    ],
)
def test_a_wrong_iban_is_refused_and_never_repeated(engine: Engine, iban: str) -> None:
    person = driver(engine, "fred", None)
    with transaction(engine) as session, pytest.raises(InvalidInput) as refused:
        claims.ask_iban(session, person, iban, "Fred Essai", now=NOW)
    assert refused.value.decision.code == "covoit.bad_iban"
    assert not refused.value.decision.params


# ---------------------------------------------------------------- owed back, recovery, decisions


def test_what_was_paid_too_much_is_taken_back_after_a_decision_only(
    engine: Engine, blobs: Blobs, home: Path, anna: str
) -> None:
    asked = claim(engine, anna)
    send(engine, blobs, accepted(engine, home), home)
    returns.apply_bank_file(engine, blobs, pain002((f"MOBIGO-{asked}", "ACSC", "")), by=COMPTABLE, now=CLOSING)
    cancel(engine, ride(anna, at=AT, trip_id="a").journeys[0], CLOSING)
    record(engine, [ride(anna, at=AT + timedelta(days=12), trip_id="later", metres=30_000)])  # 5 December
    closing.close_month(engine, "2026-12", JANUARY, home=home)
    # The statement adds 4.00 and takes 4.30 back: 4.00 is not paid out yet and goes; 0.30 was paid, and is a recovery.
    assert net(engine, f"covoit:payable:{anna}") == 0
    assert net(engine, f"covoit:overpaid:{anna}") == -30
    with reading(engine) as session:
        case = claim_store.cases_to_answer(session, Kind.RECOVERY)[0]
    assert (case.person, case.cents) == (anna, 30)
    signed = {"by": MANAGER, "name": "Claire", "capacity": "gestionnaire", "reason": "trajet annulé"}
    with pytest.raises(Refused, match="case_not_heard"), transaction(engine) as session:
        claims.decide_case(session, case.id, Outcome.GRANTED, now=JANUARY, **signed)
    with transaction(engine) as session:
        claims.notify_case(session, case.id, by=MANAGER, now=JANUARY)
    with pytest.raises(Refused, match="case_not_heard"), transaction(engine) as session:
        claims.decide_case(session, case.id, Outcome.GRANTED, now=JANUARY + timedelta(days=15), **signed)
    with transaction(engine) as session:
        decided = claims.decide_case(session, case.id, Outcome.GRANTED, now=JANUARY + timedelta(days=16), **signed)
    assert decided.algorithmic
    record(engine, [ride(anna, at=datetime(2027, 1, 4, 8, tzinfo=UTC), trip_id="next", metres=30_000)])
    home_february = datetime(2027, 2, 6, 8, tzinfo=UTC)
    (home / "scales" / "essai.toml").write_text(
        (home / "scales" / "essai.toml").read_text(encoding="utf-8"), encoding="utf-8"
    )
    closing.close_month(engine, "2027-01", home_february, home=home)
    again = claim(engine, anna, home_february)
    batch = payments.prepare(engine, "2027-01", by=MANAGER, home=home, now=home_february)
    assert batch.total == Money(370)  # 4.00 less the 0.30 owed
    assert net(engine, f"covoit:overpaid:{anna}") == 0
    assert stage(engine, again) == "claimed"


@pytest.mark.parametrize(("cents", "given_up"), [(1_499, True), (1_500, False)])
def test_a_small_debt_may_be_given_up_a_larger_one_is_recovered(engine: Engine, cents: int, given_up: bool) -> None:
    from mobigo.ledger.model import Transfer

    with transaction(engine) as session:
        for code in ("covoit:overpaid:x", "world"):
            ledger.open_account(session, code, floor=None, now=NOW)
        ledger.post(session, [Transfer("k", "covoit:overpaid:x", "world", Money(cents), NOW, "t", "t")], now=NOW)
    if given_up:
        with transaction(engine) as session:
            assert claims.write_off(session, "x", by=ORDONNATEUR, reason="D1611-1", now=NOW) == Money(cents)
        assert net(engine, "covoit:overpaid:x") == 0
    else:
        with pytest.raises(Refused, match="write_off_too_much"), transaction(engine) as session:
            claims.write_off(session, "x", by=ORDONNATEUR, reason="D1611-1", now=NOW)


@pytest.mark.parametrize(
    ("at", "lost"),
    [(datetime(2030, 12, 31, 12, tzinfo=UTC), 0), (datetime(2031, 1, 1, 12, tzinfo=UTC), 430)],
)
def test_what_nobody_asks_for_in_four_years_is_prescribed(engine: Engine, anna: str, at: datetime, lost: int) -> None:
    with transaction(engine) as session:
        assert claims.prescribe(session, anna, now=at) == Money(lost)
    with transaction(engine) as session:
        assert claims.prescribe(session, anna, now=at) == Money(0)
    assert net(engine, f"covoit:payable:{anna}") == 430 - lost


def test_a_complaint_is_answered_by_a_lawful_decision(engine: Engine, anna: str) -> None:
    with transaction(engine) as session:
        case = claims.complain(session, anna, "a", "Le trajet fait 34 km.", now=CLOSING)
    assert case.answer_by == date(2027, 2, 6)
    with pytest.raises(InvalidInput, match="without_reason"), transaction(engine) as session:
        claims.decide_case(
            session, case.id, Outcome.REFUSED, by=DESK, name="Guy", capacity="agent", reason="", now=CLOSING
        )
    with transaction(engine) as session:
        claims.decide_case(
            session,
            case.id,
            Outcome.REFUSED,
            by=DESK,
            name="Guy Guichetier",
            capacity="agent de guichet, par délégation",
            reason="La table kilométrique de la ligne dit 33 km.",
            now=CLOSING,
        )
    with reading(engine) as session:
        row = session.scalars(select(MessageRow).where(MessageRow.key.like("covoit:decision:%"))).one()
    for words in (
        "33 km",
        "Guy Guichetier, agent de guichet",
        "tribunal administratif",
        "7\N{NO-BREAK SPACE}février 2027",
    ):
        assert words in row.body, words
    with pytest.raises(Conflict, match="case_answered"), transaction(engine) as session:
        claims.decide_case(
            session, case.id, Outcome.GRANTED, by=DESK, name="Guy", capacity="agent", reason="x", now=CLOSING
        )


def test_someone_kept_out_is_not_paid_until_it_is_over(engine: Engine, home: Path, anna: str) -> None:
    claim(engine, anna)
    with transaction(engine) as session:
        case = claims.propose_ban(session, anna, "fraude", by=MANAGER, now=CLOSING)
        claims.notify_case(session, case.id, by=MANAGER, now=CLOSING)
        claims.hear(session, case.id, anna, "Non.", now=CLOSING)
        with pytest.raises(NotFound):
            claims.hear(session, case.id, "someone else", "…", now=CLOSING)
        claims.decide_case(
            session,
            case.id,
            Outcome.GRANTED,
            by=MANAGER,
            name="Claire",
            capacity="gestionnaire",
            reason="deux comptes",
            last_day=date(2026, 12, 31),
            now=CLOSING,
        )
    with pytest.raises(Refused, match="nothing_to_pay"):
        payments.prepare(engine, "2026-11", by=MANAGER, home=home, now=CLOSING)
    assert payments.prepare(engine, "2026-11", by=MANAGER, home=home, now=JANUARY).lines == 1


def test_a_refused_request_leaves_its_amount_payable(engine: Engine, anna: str) -> None:
    asked = claim(engine, anna)
    with transaction(engine) as session:
        decision = claims.refuse_claim(
            session, asked, by=MANAGER, name="Claire", capacity="gestionnaire", reason="compte à vérifier", now=CLOSING
        )
    assert decision.overrides  # the rule proposed to pay
    assert claim(engine, anna) != asked


def test_a_person_is_forgotten_except_while_a_payment_is_under_way(
    engine: Engine, blobs: Blobs, home: Path, anna: str
) -> None:
    asked = claim(engine, anna)
    send(engine, blobs, accepted(engine, home), home)
    with transaction(engine) as session:
        claims.erase_money(session, anna, CLOSING)
        assert claims.find_iban(session, anna) is not None
    returns.apply_bank_file(engine, blobs, pain002((f"MOBIGO-{asked}", "ACSC", "")), by=COMPTABLE, now=CLOSING)
    with transaction(engine) as session:
        claims.erase_money(session, anna, CLOSING)
        assert claims.export_money(session, anna)["accounts"] == []


@pytest.mark.parametrize("table", ["covoit_award", "covoit_statement", "covoit_payment", "covoit_batch_act"])
def test_what_was_written_cannot_be_changed(engine: Engine, blobs: Blobs, home: Path, anna: str, table: str) -> None:
    claim(engine, anna)
    send(engine, blobs, accepted(engine, home), home)
    for statement in (f"UPDATE {table} SET {_column(table)} = {_column(table)}", f"DELETE FROM {table}"):
        with pytest.raises(DBAPIError), engine.begin() as connection:
            connection.execute(text(statement))


def _column(table: str) -> str:
    return {"covoit_batch_act": "subject", "covoit_award": "whole_cents"}.get(table, "cents")
