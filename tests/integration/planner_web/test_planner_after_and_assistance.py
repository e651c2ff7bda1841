"""Terms of assistance entered by two people, and opinions counted without anybody's name."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine

from mobigo.base.errors import Conflict, NotFound, Refused
from mobigo.infra.db import reading, transaction
from mobigo.planner.gateway.assistance import terms_known
from mobigo.planner.rules.assistance import Days, Kind, Terms, in_force
from mobigo.planner.store import assistance, opinions
from mobigo.planner.web.assistance import read_terms

NOW = datetime(2026, 11, 26, 9, tzinfo=UTC)
TERMS = Terms(
    Kind.ASSISTANCE, "Cars du Morvan", frozenset({"cars du morvan"}), "03 80 11 29 29", "", 24, Days.WEEKDAYS, time(8),
    time(18), date(2026, 12, 1), None, "courrier",
)  # fmt: skip
FORM = {
    "kind": "assistance", "operator": "Cars du Morvan", "agencies": "Cars du Morvan", "phone": "03 80 11 29 29",
    "link": "", "notice_h": "24", "days": "weekdays", "opens": "8:00", "closes": "18 h", "first_day": "2026-12-01",
    "last_day": "", "source": "courrier",
}  # fmt: skip


def test_what_one_wrote_another_approves_and_then_nobody_changes(engine: Engine, tmp_path: Path) -> None:
    with transaction(engine) as session:
        made = assistance.draft(session, TERMS, ("Cars du Morvan",), "una", NOW)
    assert terms_known(engine, tmp_path) == (), "a draft is told to nobody"
    with pytest.raises(Refused, match="terms_own_draft"), transaction(engine) as session:
        assistance.approve(session, made, "una", NOW)
    with transaction(engine) as session:
        assistance.approve(session, made, "duo", NOW)
    assert terms_known(engine, tmp_path) == (TERMS,)
    with pytest.raises(Conflict, match="terms_approved"), transaction(engine) as session:
        assistance.approve(session, made, "tria", NOW)
    with pytest.raises(Conflict, match="terms_approved"), transaction(engine) as session:
        assistance.drop(session, made)
    with pytest.raises(NotFound, match="no_such_terms"), transaction(engine) as session:
        assistance.approve(session, "nobody-s", "duo", NOW)


def test_a_later_version_takes_the_place_of_the_one_before_from_its_first_day() -> None:
    later = replace(TERMS, notice_h=48, first_day=date(2027, 1, 1))
    other = replace(TERMS, kind=Kind.SUBSTITUTION)
    known = [TERMS, later, other]
    assert in_force(known, date(2026, 11, 30)) == []
    assert in_force(known, date(2026, 12, 31)) == [TERMS, other]
    assert in_force(known, date(2027, 1, 1)) == [later, other]
    assert in_force([TERMS, replace(TERMS, notice_h=1)], date(2026, 12, 1)) == [replace(TERMS, notice_h=1)]


def test_the_form_is_read_as_it_was_meant() -> None:
    errors: dict[str, str] = {}
    assert read_terms(FORM, errors) == (TERMS, ("Cars du Morvan",))
    assert not errors


@pytest.mark.parametrize(
    ("changed", "wrong"),
    [
        ({"operator": " "}, "operator"), ({"agencies": ""}, "agencies"), ({"agencies": "(vide)"}, "agencies"),
        ({"agencies": "a\n" * 3 + "\n".join(map(str, range(21)))}, "agencies"), ({"phone": ""}, "phone"),
        ({"phone": "<script>"}, "phone"), ({"link": "http://a.example"}, "link"), ({"link": "https://x"}, "link"),
        ({"link": "javascript:alert(1)"}, "link"), ({"notice_h": "-1"}, "notice_h"), ({"notice_h": "337"}, "notice_h"),
        ({"notice_h": "\u0663"}, "notice_h"), ({"notice_h": "9" * 5_000}, "notice_h"), ({"opens": "19:00"}, "opens"),
        ({"closes": "25:00"}, "opens"), ({"first_day": "2026-02-30"}, "first_day"), ({"first_day": ""}, "first_day"),
        ({"last_day": "2026-11-30"}, "last_day"), ({"last_day": "demain"}, "last_day"), ({"source": ""}, "source"),
        ({"kind": "other"}, "kind"), ({"days": "\x00"}, "kind"),
    ],
)  # fmt: skip
def test_each_fault_is_said_beside_its_field(changed: dict[str, str], wrong: str) -> None:
    errors: dict[str, str] = {}
    assert read_terms(FORM | changed, errors)[0] is None
    assert list(errors) == [wrong]
    assert read_terms({}, errors)[0] is None


def test_an_answer_counts_once_and_few_answers_name_no_line(engine: Engine) -> None:
    month = date(2026, 11, 1)
    with transaction(engine) as session:
        for n in range(4):
            opinions.put(session, f"a{n}", month, "LR1", "good", NOW)
        assert opinions.counts(session) == [], "four answers of one month are told of no line, nor together"
        opinions.put(session, "b0", month, "LR2", "bad", NOW)
        opinions.put(session, "b0", month, "LR2", "fair", NOW + timedelta(minutes=1))
    with reading(engine) as session:
        assert opinions.find(session, "b0") == "fair"
        assert opinions.counts(session) == [(month, "", {"good": 4, "fair": 1, "bad": 0})]
    with transaction(engine) as session:
        opinions.put(session, "a4", month, "LR1", "bad", NOW)
        assert opinions.counts(session) == [(month, "LR1", {"good": 4, "fair": 0, "bad": 1})]
