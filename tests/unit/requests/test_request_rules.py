"""The number one can say, the deadlines, the steps, what may be written: without a database."""

from datetime import UTC, date, datetime
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mobigo.base.decisions import Decision
from mobigo.base.errors import InvalidInput
from mobigo.base.money import Money
from mobigo.infra.roles import PERMISSIONS, Permission
from mobigo.requests.gateway import deadlines as files
from mobigo.requests.model import OPEN, Act, Contact, Kind, Service, Side, State, Way
from mobigo.requests.rules import deadlines, facts, numbers, steps, writing

DRAWN = st.integers(numbers.FIRST, numbers.PAST - 1)

# ---------------------------------------------------------------- numbers


@given(DRAWN)
def test_a_number_said_is_read_back(drawn: int) -> None:
    number = numbers.numbered(drawn)
    assert numbers.read(numbers.said(number)) == number
    assert numbers.read(f" {number[:2]}-{number[2:5]}.{number[5:]} ") == number


@given(DRAWN, st.integers(0, 8), st.integers(1, 9))
def test_one_figure_misheard_is_no_number(drawn: int, at: int, by: int) -> None:
    number = numbers.numbered(drawn)
    wrong = number[:at] + str((int(number[at]) + by) % 10) + number[at + 1 :]
    assert numbers.read(wrong) is None


@given(DRAWN)
def test_two_neighbours_the_other_way_round_are_no_number(drawn: int) -> None:
    number = numbers.numbered(drawn)
    for at, (one, other) in enumerate(pairwise(number)):
        if one != other:
            assert numbers.read(number[:at] + other + one + number[at + 2 :]) is None


def test_the_check_is_that_of_the_published_example() -> None:
    """H. M. Damm's own example: 572 is checked by 4."""
    assert numbers._check("572") == 4
    assert numbers._check("5724") == 0


@pytest.mark.parametrize(
    "text", ["", "12345678", "1234567890", "abcdefghi", "０１２３４５６７８", "012345678", "'; --", "9" * 500]
)
def test_what_is_no_number_is_none(text: str) -> None:
    assert numbers.read(text) is None


@pytest.mark.parametrize("drawn", [0, numbers.FIRST - 1, numbers.PAST])
def test_a_number_has_nine_figures(drawn: int) -> None:
    with pytest.raises(ValueError, match="eight figures"):
        numbers.numbered(drawn)


# ---------------------------------------------------------------- deadlines


def term(days: int, months: int | None) -> deadlines.Term:
    return deadlines.Term(days, months, "une source", True)


@pytest.mark.parametrize(
    ("days", "months", "received", "promised", "legal"),
    [
        (30, 2, date(2026, 11, 26), date(2026, 12, 26), date(2027, 1, 26)),
        (60, None, date(2026, 11, 26), date(2027, 1, 25), None),
        (30, 1, date(2027, 1, 31), date(2027, 2, 28), date(2027, 2, 28)),  # a month has no 31st: its last day
        (30, 1, date(2028, 1, 31), date(2028, 2, 29), date(2028, 2, 29)),
        (28, 1, date(2027, 1, 31), date(2027, 2, 28), date(2027, 2, 28)),
        (27, 1, date(2027, 1, 31), date(2027, 2, 27), date(2027, 2, 28)),
        (7, 2, date(2026, 12, 31), date(2027, 1, 7), date(2027, 2, 28)),
    ],
)
def test_the_days_of_a_request(
    days: int, months: int | None, received: date, promised: date, legal: date | None
) -> None:
    table = deadlines.Table("t", date(2026, 1, 1), {Kind.OTHER: term(days, months)})
    made = deadlines.promise(table, Kind.OTHER, received)
    assert (made.promised_on, made.legal_on) == (promised, legal)


@given(st.dates(date(2000, 1, 1), date(2090, 1, 1)), st.integers(1, 12))
def test_months_go_forward_and_never_skip_one(day: date, months: int) -> None:
    after = deadlines.months_after(day, months)
    assert (after.year * 12 + after.month) - (day.year * 12 + day.month) == months
    assert after.day <= day.day


def test_the_table_in_force_is_the_last_that_began() -> None:
    old, new = (deadlines.Table(code, day, {}) for code, day in (("a", date(2026, 1, 1)), ("b", date(2027, 1, 1))))
    for day, expected in ((date(2020, 1, 1), old), (date(2026, 12, 31), old), (date(2027, 1, 1), new)):
        assert deadlines.table_on([new, old], day) is expected


def test_the_published_tables_know_every_kind_with_a_source() -> None:
    for table in files.tables():
        assert set(table.terms) == set(Kind)
        assert all(each.source for each in table.terms.values())


@pytest.mark.parametrize(
    "text", ["", "code = 1", "not toml [", 'code = "x"\nfirst_day = 2026-01-01\n', 'code = "x"\nfirst_day = "soon"']
)
def test_a_table_that_forgets_something_is_refused_by_name(tmp_path, text: str) -> None:
    folder = tmp_path / "deadlines"
    folder.mkdir()
    (folder / "2027.toml").write_text(text, encoding="utf-8")
    with pytest.raises(InvalidInput) as refused:
        files.tables(tmp_path)
    assert refused.value.decision.params["file"] == "2027.toml"


# ---------------------------------------------------------------- steps


def test_every_act_leads_where_it_says() -> None:
    for state, acts in steps.MAY.items():
        for act in acts:
            for taken in (True, False):
                after = steps.after(state, act, taken=taken)
                assert (after in OPEN) == (act not in (Act.ANSWER, Act.CLOSE)), (state, act)


@pytest.mark.parametrize("side", list(Side))
def test_an_answer_is_given_once(side: Side) -> None:
    for state in (State.ANSWERED, State.CLOSED):
        for act in (Act.ANSWER, Act.ASK, Act.TAKE, Act.HAND, Act.SAY):
            assert steps.refusal(state, act, side) is not None


def test_only_agents_answer() -> None:
    for state in State:
        for act in (Act.ANSWER, Act.ASK, Act.TAKE, Act.HAND):
            assert steps.refusal(state, act, Side.PERSON) is not None


@pytest.mark.parametrize(
    ("today", "times", "code"),
    [
        (date(2027, 1, 25), 0, None),  # 60 days after 26 November
        (date(2027, 1, 26), 0, "requests.too_late_to_reopen"),
        (date(2026, 12, 1), 2, None),
        (date(2026, 12, 1), 3, "requests.reopened_often"),
    ],
)
def test_one_comes_back_within_sixty_days_three_times(today: date, times: int, code: str | None) -> None:
    why = steps.refusal_to_reopen(date(2026, 11, 26), times, today)
    assert (None if why is None else why.code) == code


def test_every_service_is_answered_by_somebody_who_enters_the_desk() -> None:
    for service in Service:
        holders = [
            role for role, held in PERMISSIONS.items() if {steps.NEEDS[service], Permission.REQUESTS_DESK} <= held
        ]
        assert holders, service
    assert set(steps.SERVICE_OF) == set(Kind)


# ---------------------------------------------------------------- writing


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("  Bonjour\r\n\r\n\r\n\r\nle car  \r", "Bonjour\n\nle car"),
        ("a\x00b\x1b[31mc", "a b [31mc"),
        ("\u202eévil", "évil"),  # a mark that turns text round is no letter
        ("", ""),
        ("\n\n", ""),
    ],
)
def test_a_text_is_kept_as_printable_lines(given: str, kept: str) -> None:
    assert writing.clean(given) == kept


@given(st.text(max_size=300))
def test_a_cleaned_text_stays_as_it_is_and_a_line_is_one(text: str) -> None:
    clean = writing.clean(text)
    assert writing.clean(clean) == clean
    assert "\n" not in writing.clean_line(text)
    assert "\r" not in clean


@pytest.mark.parametrize(("length", "code"), [(4, "short"), (5, None), (4_000, None), (4_001, "long")])
def test_a_text_has_5_to_4000_letters(length: int, code: str | None) -> None:
    why = writing.refusal_of_words("x" * length)
    assert (why.code if why else None) == (None if code is None else f"requests.words_{code}")


@pytest.mark.parametrize(
    ("contact", "code"),
    [
        (Contact(), None),
        (Contact("x" * 100), None),
        (Contact("x" * 101), "requests.bad_name"),
        (Contact(phone="+33612345678"), None),
        (Contact(phone="12345678"), "requests.bad_phone"),
        (Contact(phone="0612345678; DROP"), "requests.bad_phone"),
        (Contact(postal="x" * 301), "requests.bad_postal"),
        (Contact(way=Way.EMAIL), "requests.email_missing"),
        (Contact(way=Way.SMS), "requests.phone_missing"),
        (Contact(postal="1 rue", way=Way.LETTER), "requests.postal_missing"),
        (Contact("Anne", postal="1 rue", way=Way.LETTER), None),
    ],
)
def test_an_answer_needs_somewhere_to_go(contact: Contact, code: str | None) -> None:
    why = writing.refusal_of_contact(contact)
    assert (None if why is None else why.code) == code


@pytest.mark.parametrize(
    ("name", "shown"),
    [("Camille Moreau", "Camille M."), ("Anne de la Tour Neuve", "Anne D. L. T."), ("", ""), ("Zoé", "Zoé")],
)
def test_a_name_in_a_list_is_blurred(name: str, shown: str) -> None:
    assert writing.blurred(name) == shown


def test_facts_are_read_back_as_they_were() -> None:
    kept = (
        Decision("requests.fact_late", line="127", minutes=12),
        Decision("requests.fact_order", reference="ABC", at=datetime(2026, 11, 26, 7, tzinfo=UTC), total=Money(150)),
        Decision("x.y", day=date(2026, 11, 26), zero=0, empty=""),
    )
    assert facts.read(facts.document(kept)) == kept
    assert facts.read(None) == facts.read([]) == ()
