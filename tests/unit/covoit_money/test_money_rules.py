"""The pure rules of money: each edge from both sides."""

from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from covoit.export.accounts import euros, finance_import
from covoit.export.sepa import latin, pain001
from covoit.gateway.bank import cents_of
from covoit.model.claims import Kind, Outcome, Signatory
from covoit.model.payments import (
    Act,
    BatchState,
    Bordereau,
    Debtor,
    Event,
    PaperLine,
    Payment,
    PaymentFile,
    Stage,
    Step,
)
from covoit.rules import awards, claims, decisions, payments
from mobigo.base.decisions import Decision
from mobigo.base.errors import Conflict, InvalidInput, Refused
from mobigo.base.money import ZERO, Money
from mobigo.base.sheets import neutral

NOW = datetime(2026, 12, 6, 8, tzinfo=UTC)


@pytest.mark.parametrize("stage", list(Stage))
@pytest.mark.parametrize("event", list(Event))
def test_what_the_table_does_not_say_does_not_happen(stage: Stage, event: Event) -> None:
    if (stage, event) in payments.TABLE:
        assert payments.after(stage, event) is payments.TABLE[stage, event]
    else:
        with pytest.raises(Conflict, match="stage_forbids"):
            payments.after(stage, event)


def test_every_stage_is_reached_and_only_five_are_ends() -> None:
    reached = {Stage.ACCRUED}
    for _ in Stage:
        reached |= {after for (before, _event), after in payments.TABLE.items() if before in reached}
    assert reached == set(Stage)
    assert {
        Stage.REISSUED, Stage.REVERSED, Stage.NETTED, Stage.PRESCRIBED, Stage.WRITTEN_OFF,
    } == payments.ENDS  # fmt: skip


@given(st.lists(st.sampled_from(list(Event)), max_size=30))
def test_nothing_leads_from_paid_to_paid_without_coming_back(events: list[Event]) -> None:
    stage, log = Stage.ACCRUED, []
    for event in events:
        if (stage, event) in payments.TABLE:
            stage = payments.after(stage, event)
            log.append(stage)
    assert log.count(Stage.PAID) <= 1  # what comes back is paid under another name


@pytest.mark.parametrize(
    ("state", "done", "step", "who", "code"),
    [
        (None, (), Step.PREPARE, "a", None),
        (BatchState.PREPARED, ("a",), Step.CHECK, "b", None),
        (BatchState.PREPARED, ("a",), Step.CHECK, "a", "covoit.batch_same_person"),
        (BatchState.PREPARED, ("a",), Step.ORDER, "b", "covoit.batch_not_there"),
        (BatchState.CHECKED, ("a", "b"), Step.ORDER, "a", "covoit.batch_same_person"),
        (BatchState.ORDERED, ("a", "b", "c"), Step.ACCEPT, "d", None),
        (BatchState.ORDERED, ("a", "b", "c"), Step.ACCEPT, "c", "covoit.batch_same_person"),
        (BatchState.ACCEPTED, ("a", "b", "c", "d"), Step.ACCEPT, "e", "covoit.batch_not_there"),
        (BatchState.REJECTED, ("a", "b", "c", "d"), Step.CHECK, "e", "covoit.batch_not_there"),
    ],
)
def test_four_hands_in_order(
    state: BatchState | None, done: tuple[str, ...], step: Step, who: str, code: str | None
) -> None:
    acts = [Act(each, person, NOW) for each, person in zip(Step, done, strict=False)]
    found = payments.refusal_of_act(state, acts, step, who)
    assert (None if found is None else found.code) == code


@pytest.mark.parametrize(
    ("right", "interrupted", "last"),
    [(2026, None, date(2030, 12, 31)), (2026, 2026, date(2030, 12, 31)), (2026, 2028, date(2032, 12, 31))],
)
def test_four_years_from_the_first_of_january_after(right: int, interrupted: int | None, last: date) -> None:
    assert payments.last_payable_day(right, interrupted) == last


@pytest.mark.parametrize(
    ("paid", "today", "lost"),
    [
        (0, date(2030, 12, 31), 0),
        (0, date(2031, 1, 1), 500),  # 2026's
        (200, date(2031, 1, 1), 300),  # the oldest were paid first
        (500, date(2031, 1, 1), 0),
        (0, date(2032, 1, 1), 800),  # 2027's too
    ],
)
def test_the_oldest_amounts_are_prescribed_first(paid: int, today: date, lost: int) -> None:
    years = {2026: Money(500), 2027: Money(300)}
    assert payments.prescribed(years, Money(paid), None, today) == Money(lost)


@pytest.mark.parametrize(("cents", "order"), [(1_499, False), (1_500, True)])
def test_no_recovery_order_under_fifteen_euros(cents: int, order: bool) -> None:
    assert payments.recovery_by_order(Money(cents)) is order


@given(st.integers(-10_000, 10_000), st.integers(-10_000, 10_000))
def test_netting_takes_no_more_than_either(owed: int, payable: int) -> None:
    taken = payments.netted(Money(owed), Money(payable))
    assert ZERO <= taken <= max(ZERO, Money(owed))
    assert taken <= max(ZERO, Money(payable))


@pytest.mark.parametrize(
    ("today", "answered", "may"),
    [(date(2027, 1, 21), False, False), (date(2027, 1, 22), False, True), (date(2027, 1, 7), True, True)],
)
def test_fifteen_whole_days_to_answer(today: date, answered: bool, may: bool) -> None:
    assert payments.may_decide_recovery(date(2027, 1, 6), today, answered=answered) is may


@pytest.mark.parametrize(
    ("made", "by"),
    [
        (date(2026, 12, 6), date(2027, 2, 6)),
        (date(2026, 12, 31), date(2027, 2, 28)),
        (date(2027, 12, 30), date(2028, 2, 29)),
        (date(2026, 6, 30), date(2026, 8, 30)),
    ],
)
def test_an_answer_is_due_two_months_later(made: date, by: date) -> None:
    assert claims.answer_by(made) == by


@pytest.mark.parametrize(
    ("payable", "iban", "banned", "code"),
    [
        (1, True, False, None),
        (0, True, False, "covoit.claim_nothing_due"),
        (1, False, False, "covoit.claim_without_iban"),
        (1, True, True, "covoit.claim_banned"),
    ],
)
def test_when_one_may_ask(payable: int, iban: bool, banned: bool, code: str | None) -> None:
    found = claims.refusal_of_claim(Money(payable), iban=iban, banned=banned, open_claim=False)
    assert (None if found is None else found.code) == code


@pytest.mark.parametrize(
    ("outcome", "reason", "name", "code"),
    [
        (Outcome.GRANTED, "", "Guy", None),
        (Outcome.REFUSED, "", "Guy", "covoit.decision_without_reason"),
        (Outcome.REFUSED, "trop tard", "Guy", None),
        (Outcome.GRANTED, "", " ", "covoit.decision_unsigned"),
    ],
)
def test_a_decision_is_reasoned_and_signed(outcome: Outcome, reason: str, name: str, code: str | None) -> None:
    def decided() -> object:
        return decisions.decide(
            id="d", kind=Kind.COMPLAINT, outcome=outcome, proposed=outcome, person="p", object_id="o",
            facts=Decision("x"), rule=Decision("y"), reason=reason, algorithmic=False,
            signatory=Signatory("s", name, "agent"), now=NOW, today=NOW.date(),
        )  # fmt: skip

    if code is None:
        assert decided()
    else:
        with pytest.raises(InvalidInput, match=code):
            decided()


@given(
    st.recursive(
        st.one_of(
            st.integers(-(2**53), 2**53), st.text(max_size=5), st.booleans(), st.none(), st.dates(),
            st.integers(-(10**9), 10**9).map(Money),
        ),
        lambda inner: st.builds(lambda value: Decision("covoit.inner", value=value), inner),
        max_leaves=4,
    )
)  # fmt: skip
def test_a_reason_kept_as_text_comes_back_the_same(value: object) -> None:
    reason = Decision("covoit.x", value=value)
    assert awards.reasons_from(awards.reasons_text([reason])) == (reason,)


# ---------------------------------------------------------------- files

PAYMENT = Payment("MOBIGO-1", "Élodie Œuvré", "FR7630006000011234567890189", Money(430), "Covoiturage 2026-11")
FILE = PaymentFile("MOBIGO-A", NOW, date(2026, 12, 9), Debtor("Région d'essai", PAYMENT.iban, "AGRIFRPP"), (PAYMENT,))


def test_the_payment_file_is_valid_exact_and_the_same_each_time() -> None:
    from dataclasses import replace

    from lxml import etree

    two = replace(FILE, payments=(PAYMENT, replace(PAYMENT, end_to_end_id="MOBIGO-2", amount=Money(1))))
    made = pain001(two)
    assert made == pain001(two)
    root = etree.fromstring(made)
    assert root.xpath("//*[local-name()='CtrlSum']/text()") == ["4.31", "4.31"]
    assert root.xpath("//*[local-name()='NbOfTxs']/text()") == ["2", "2"]
    assert root.xpath("//*[local-name()='InstdAmt']/text()") == ["4.30", "0.01"]
    assert root.xpath("//*[local-name()='Nm']/text()")[-1] == "Elodie OEuvre"
    assert not root.xpath("//*[local-name()='PstlAdr' or local-name()='AdrLine']")


@pytest.mark.parametrize(
    "wrong",
    [{"amount": ZERO}, {"amount": Money(-1)}, {"end_to_end_id": ""}, {"end_to_end_id": "x" * 36}],
)
def test_a_payment_that_cannot_be_is_refused(wrong: dict[str, object]) -> None:
    from dataclasses import replace

    with pytest.raises(InvalidInput, match="payment_not_possible"):
        pain001(replace(FILE, payments=(replace(PAYMENT, **wrong),)))  # type: ignore[arg-type]


def test_the_same_name_twice_or_an_impossible_account_never_leaves() -> None:
    from dataclasses import replace

    with pytest.raises(InvalidInput, match="payment_not_possible"):
        pain001(replace(FILE, payments=(PAYMENT, PAYMENT)))
    with pytest.raises(Refused, match="payment_file_invalid"):
        pain001(replace(FILE, payments=(replace(PAYMENT, iban="not an iban"),)))
    with pytest.raises(Refused, match="payment_file_empty"):
        pain001(replace(FILE, payments=()))


@given(st.text(max_size=200))
def test_a_name_becomes_what_every_bank_takes(text: str) -> None:
    made = latin(text, 70)
    assert 1 <= len(made) <= 70
    assert made.isascii()
    assert made == made.strip()


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@x", "\t=1", " =1", "\r\n=cmd|' /C calc'!A0"])
def test_no_text_becomes_a_formula(text: str) -> None:
    assert neutral(text).startswith("'")


def test_an_ordinary_text_stays_as_it_is() -> None:
    assert neutral("Élodie d'Essai - 2") == "Élodie d'Essai - 2"


@pytest.mark.parametrize(
    ("cents", "shown"), [(0, "0.00"), (5, "0.05"), (430, "4.30"), (-7, "-0.07"), (100_000, "1000.00")]
)
def test_euros_are_exact(cents: int, shown: str) -> None:
    assert euros(Money(cents)) == shown
    if cents >= 0:
        assert cents_of(shown) == Money(cents)


def test_a_column_nobody_knows_is_named() -> None:
    batch = Bordereau(
        "0001", "t", "p", NOW, (PaperLine(1, "e", "n", "i", Money(1), "2026-11", "2026-11", 1, "s", "a"),)
    )
    assert finance_import(batch, [("M", "amount"), ("N", "name")], ";", ",", "utf-8") == b"M;N\r\n0,01;n\r\n"
    with pytest.raises(InvalidInput, match="bad_accounts_file"):
        finance_import(batch, [("X", "code.nothing")], ";", ",", "utf-8")


def test_the_fast_document_is_the_canonical_one_to_the_byte() -> None:
    from covoit.gateway.scales import load_scale
    from covoit.rules import subsidy
    from tests.covoit_world import generate_trips

    scale = load_scale("BFC-from-first")
    for trip in generate_trips(300, 5, faults=0.4):
        priced = subsidy.price(trip, scale, rank_of_day=1)
        assert awards.document_of(priced) == subsidy.canonical_bytes(priced)
        short = awards.within_budget(priced, Money(100), Money(40))
        assert short.amount == min(priced.amount, Money(60))
        assert awards.document_of(short) == subsidy.canonical_bytes(short)
        assert sum((share for share in short.shares.values()), ZERO) == short.amount
        assert awards.recomputed(short.inputs, scale) == short
