"""What decides of a publication, rule by rule; files that do not depend on the order of their facts."""

import csv
import random
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mobigo.base.datasets import COMMUNE, MONTH, SIRET, Column
from mobigo.network.model.notices import Severity
from opendata.export.schema import table_schema
from opendata.export.sketch import sketch
from opendata.export.tables import CSV, csv_bytes
from opendata.gateway import table_schema as table_schema_judge
from opendata.model.checks import Check, Finding, Verdict
from opendata.model.datasets import FileSpec, Gate, Period, Slot
from opendata.model.editions import State, Version
from opendata.rules import freshness
from opendata.rules.cells import fault
from opendata.rules.declared import from_json, to_json
from opendata.rules.following import REASONS, reason_of
from opendata.rules.publishing import (
    Approval,
    Step,
    Waiver,
    blocking,
    content_hash,
    missing_judges,
    refusal_to_approve,
    refusal_to_publish,
    slot_of,
)
from opendata.web import words
from tests.opendata_world import AUDITED, NOW, PEOPLE, PLACES

TODAY = date(2026, 11, 26)
DAY, WEEK = timedelta(days=1), timedelta(days=7)
CELLS = st.one_of(st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=8), st.integers(), st.none())
VERSION = Version(
    id="0" * 26, dataset="essai-personnes", number=1, content_hash="a" * 64, state=State.CHECKED, slot=Slot.LATEST,
    facts_at=NOW, made_by=None, files=(),
)  # fmt: skip


@given(st.lists(st.tuples(CELLS, CELLS), max_size=12), st.randoms(use_true_random=False))
def test_a_table_is_the_same_bytes_whatever_the_order_of_its_rows(rows: list[Any], chance: random.Random) -> None:
    columns = (Column("a", "string", "A"), Column("b", "string", "B"))
    shuffled = list(rows)
    chance.shuffle(shuffled)
    written = csv_bytes(columns, rows)
    assert csv_bytes(columns, shuffled) == written
    read = list(csv.reader(StringIO(written.decode(), newline="")))
    assert len(read) == len(rows) + 1


def test_cells_are_written_as_table_schema_reads_them() -> None:
    columns = tuple(Column(name, "string", name) for name in "abcdef")
    assert csv_bytes(columns, [("é, «x»", 3, 2.5, True, None, 4.0)]) == (
        'a,b,c,d,e,f\r\n"é, «x»",3,2.5,true,,4\r\n'.encode()
    )
    assert csv_bytes(columns[:1], [("=1+1",)]) == b"a\r\n'=1+1\r\n"  # no spreadsheet computes it
    with pytest.raises(ValueError, match="number that is none"):
        csv_bytes(columns[:1], [(float("nan"),)])


def test_the_name_of_a_content_depends_on_names_and_contents_and_nothing_else() -> None:
    one = content_hash([("a", "1"), ("b", "2")])
    assert one == content_hash([("b", "2"), ("a", "1")])
    assert len({one, content_hash([("a", "2"), ("b", "1")]), content_hash([("ab", "12")]), content_hash([])}) == 4


@pytest.mark.parametrize(
    ("first_day", "slot"),
    [(None, Slot.LATEST), (TODAY, Slot.LATEST), (TODAY + timedelta(days=1), Slot.NEXT)],
)
def test_an_edition_is_next_until_its_first_day(first_day: date | None, slot: Slot) -> None:
    assert slot_of(first_day, TODAY) is slot


FAULT = Check(
    judge="severe", judge_version="1", verdict=Verdict.FAILED, findings=(Finding("bad_stop", Severity.ERROR, 2),)
)
SILENT = Check(judge="severe", judge_version="—", verdict=Verdict.NOT_RUN)
WARNED = replace(FAULT, verdict=Verdict.PASSED, findings=(Finding("slow", Severity.WARNING, 2),))


@pytest.mark.parametrize(
    ("check", "required", "waivers", "codes"),
    [
        (WARNED, True, (), []),
        (FAULT, True, (), ["opendata.found_faulty"]),
        (FAULT, False, (), []),  # for information
        (SILENT, True, (), ["opendata.judge_silent"]),  # what did not run has not passed
        (SILENT, False, (), []),
        (FAULT, True, (Waiver("severe", "bad_stop", TODAY, TODAY),), []),
        (FAULT, True, (Waiver("severe", "bad_stop", TODAY - WEEK, TODAY - DAY),), ["opendata.found_faulty"]),
        (FAULT, True, (Waiver("severe", "other", TODAY, TODAY),), ["opendata.found_faulty"]),
        (FAULT, True, (Waiver("another", "bad_stop", TODAY, TODAY),), ["opendata.found_faulty"]),
        (replace(FAULT, findings=()), True, (), ["opendata.judge_refuses"]),
    ],
)  # fmt: skip
def test_what_stands_against_a_version(
    check: Check, required: bool, waivers: tuple[Waiver, ...], codes: list[str]
) -> None:
    assert [each.code for each in blocking([(check, required)], waivers, TODAY)] == codes


def test_nothing_about_people_leaves_without_the_audit() -> None:
    assert [each.code for each in missing_judges(PEOPLE, [FAULT])] == ["opendata.judge_silent"]
    assert missing_judges(PEOPLE, [AUDITED]) == []
    assert missing_judges(PLACES, []) == []


def _said(by: str | None) -> Approval:
    return Approval(Step.APPROVED, by, NOW)


@pytest.mark.parametrize(
    ("state", "approvals", "who", "code"),
    [
        (State.DRAFT, (), "anne", "opendata.not_to_publish"),
        (State.FAULTY, (), "anne", "opendata.not_to_publish"),
        (State.REJECTED, (), "anne", "opendata.not_to_publish"),
        (State.WITHDRAWN, (), "anne", "opendata.not_to_publish"),
        (State.CHECKED, (), "anne", "opendata.needs_approval"),
        (State.APPROVED, (), "anne", "opendata.needs_approval"),
        (State.APPROVED, (_said(None),), "anne", "opendata.needs_approval"),  # the system approves nobody's data
        (State.APPROVED, (_said("anne"),), "anne", "opendata.needs_second_person"),
        (State.APPROVED, (_said("anne"),), None, "opendata.needs_person"),
        (State.APPROVED, (_said("anne"),), "karim", None),
        (State.PUBLISHED, (), None, None),  # a content that was public may be shown again
    ],
)
def test_two_persons_stand_between_people_and_the_public(
    state: State, approvals: tuple[Approval, ...], who: str | None, code: str | None
) -> None:
    found = refusal_to_publish(replace(VERSION, state=state), PEOPLE, approvals, who)
    assert (found and found.code) == code


def test_nobody_approves_their_own_version_of_people_and_nothing_that_was_not_checked() -> None:
    mine = replace(VERSION, made_by="anne")
    refused = refusal_to_approve(mine, PEOPLE, "anne")
    assert refused is not None
    assert refused.code == "opendata.own_version"
    assert refusal_to_approve(mine, PEOPLE, "karim") is None
    assert refusal_to_approve(mine, PLACES, "anne") is None
    assert refusal_to_approve(replace(mine, state=State.FAULTY), PLACES, "karim") is not None


@pytest.mark.parametrize("declared", [PLACES, PEOPLE])
def test_a_declaration_comes_back_as_it_was_kept(declared: Any) -> None:
    assert from_json(to_json(declared)) == declared


@pytest.mark.parametrize(
    "changed",
    [
        {"code": "catalogue"},  # one word: could be a page's own address
        {"code": "Essai-Lieux"},
        {"code": "../x-y"},
        {"files": ()},
        {"files": (FileSpec("../x.csv", "text/csv", "x"),)},
        {"gate": Gate.PEOPLE},
        {"privacy": PEOPLE.privacy},
    ],
)
def test_a_declaration_that_could_not_be_served_is_refused(changed: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r".+"):
        replace(PLACES, **changed)


def test_the_schema_says_what_each_column_is() -> None:
    schema = table_schema(PLACES, PLACES.files[0])
    assert [field["name"] for field in schema["fields"]] == ["code", "places"]
    assert schema["fields"][1] == {
        "name": "places", "type": "integer", "description": "Nombre de places", "constraints": {"required": True},
    }  # fmt: skip


@pytest.mark.parametrize(("left", "step"), [(31, None), (30, 30), (8, 30), (7, 7), (0, 7), (-1, None), (None, None)])
def test_the_end_is_told_at_thirty_days_and_at_seven(left: int | None, step: int | None) -> None:
    assert freshness.warning_due(None if left is None else TODAY + timedelta(days=left), TODAY) == step


@pytest.mark.parametrize(
    ("good", "probes", "score"),
    [
        (0, 0, None),
        (995, 1000, 1),
        (994, 1000, 0.75),
        (975, 1000, 0.75),
        (974, 1000, 0.5),
        (950, 1000, 0.5),
        (949, 1000, 0),
    ],
)
def test_availability_is_scored_as_the_state_does(good: int, probes: int, score: float | None) -> None:
    assert freshness.availability_score(good, probes) == score


def test_scores_are_smoothed_and_forgotten_after_a_week() -> None:
    day = TODAY - timedelta(days=6)
    assert freshness.smoothed("compliance", 1.0, 0.0, day, TODAY) == pytest.approx(0.05)
    assert freshness.smoothed("freshness", 1.0, 0.0, day, TODAY) == pytest.approx(0.1)
    assert freshness.smoothed("freshness", 1.0, 0.0, day - timedelta(days=1), TODAY) == 1.0
    assert freshness.compliance_score([FAULT, AUDITED]) == 0.0
    assert freshness.compliance_score([SILENT]) is None
    assert freshness.freshness_score(TODAY - timedelta(days=1), None, TODAY) == 0.0
    assert freshness.freshness_score(TODAY, None, TODAY) == 1.0
    assert freshness.freshness_score(TODAY, TODAY + timedelta(days=1), TODAY) is None


@pytest.mark.parametrize(("period", "days"), [(Period.NIGHT, 2), (Period.MONTH, 45)])
def test_a_dataset_is_late_past_its_period(period: Period, days: int) -> None:
    now = datetime(2026, 11, 26, tzinfo=UTC)
    assert not freshness.is_late(period, now - timedelta(days=days), now)
    assert freshness.is_late(period, now - timedelta(days=days, seconds=1), now)


def test_every_event_has_a_reason_to_be_told_and_a_word() -> None:
    for kind in words.EVENTS:
        assert reason_of(kind, Slot.LATEST) in REASONS
    assert reason_of("published", Slot.NEXT) == "changed"
    assert set(words.REASONS) == set(REASONS)


@pytest.mark.parametrize(
    ("kind", "good", "bad"),
    [
        ("integer", ["0", "-12", "+3"], ["1.5", "x", "1 000", "٣"]),
        ("number", ["0", "1.5", "-.5", "1e3"], ["1,5", "nan", "inf", "1.5 €"]),
        ("boolean", ["true", "false"], ["oui", "1", "True"]),
        ("date", ["2026-11-26"], ["20261126", "2026-02-30", "26/11/2026"]),
        ("datetime", ["2026-11-26T02:40:00+01:00"], ["hier"]),
        ("time", ["08:05:00"], ["25:00:00", "8h05"]),
        ("string", ["n’importe quoi"], []),
    ],
)
def test_cells_of_each_kind(kind: Any, good: list[str], bad: list[str]) -> None:
    column = Column("c", kind, "C")
    assert [cell for cell in good if fault(column, cell)] == []
    assert [fault(column, cell) for cell in bad] == ["wrong_type"] * len(bad)
    assert fault(column, "") == "missing_value"
    assert fault(replace(column, required=False), "") is None


@pytest.mark.parametrize(
    ("column", "good", "bad"),
    [
        (Column("c", "string", "C", pattern=COMMUNE), ["21231", "2A004", "2B033", "01001", "97105"],
         ["2123", "2C001", "20001", "2a004", "21231 ", "2A04"]),
        (Column("c", "string", "C", pattern=MONTH), ["2026-01", "2026-12"], ["2026-13", "2026-00", "2026-1", "202601"]),
        (Column("c", "string", "C", pattern=SIRET), ["20005372600010"], ["2000537260001", "2000537260001X"]),
        (Column("c", "string", "C", allowed=("oui", "non")), ["oui", "non"], ["Oui", "peut-être"]),
    ],
    ids=["commune", "month", "siret", "allowed"],
)  # fmt: skip
def test_cells_of_a_form_or_of_a_list(column: Column, good: list[str], bad: list[str]) -> None:
    assert [cell for cell in good if fault(column, cell)] == []
    assert {fault(column, cell) for cell in bad} == {"wrong_value" if column.allowed else "wrong_pattern"}
    (field,) = table_schema(PLACES, FileSpec("t.csv", CSV, "T", "Table Schema", (column,)))["fields"]
    assert set(field["constraints"]) == {"required", "enum" if column.allowed else "pattern"}
    kept = replace(PLACES, files=(FileSpec("t.csv", CSV, "T", "Table Schema", (column,)),))
    assert from_json(to_json(kept)) == kept


def test_a_declaration_kept_before_columns_had_forms_is_read() -> None:
    kept = to_json(PLACES)
    for file in kept["files"]:
        file["columns"] = [column[:4] for column in file["columns"]]
    assert from_json(kept) == PLACES


@pytest.mark.parametrize(
    ("content", "codes"),
    [
        (b"code,places\r\ndijon,12\r\n", []),
        (b'code;places\r\n"dijon";"12"\r\n', []),  # the registry's dialect
        (b"places,code\r\n12,dijon\r\n", ["wrong_header"]),
        (b"", ["wrong_header"]),
        (b"code,places\r\ndijon\r\n,x\r\n", ["wrong_width", "missing_value", "wrong_type"]),
    ],
)
def test_a_table_is_held_to_its_schema(tmp_path: Path, content: bytes, codes: list[str]) -> None:
    (tmp_path / "t.csv").write_bytes(content)
    found = table_schema_judge.check(tmp_path / "t.csv", PLACES.files[0])
    assert [each.code for each in found.findings] == codes
    assert (found.verdict is Verdict.PASSED) == (codes == [])
    (tmp_path / "t.csv").write_bytes(b"code,places\r\n\xff\xfe,1\r\n")
    assert table_schema_judge.check(tmp_path / "t.csv", PLACES.files[0]).verdict is Verdict.FAILED


def test_a_drawing_keeps_north_up_and_shapes_in_proportion() -> None:
    def of(geometry: dict[str, Any]) -> dict[str, Any]:
        return {"type": "FeatureCollection", "features": [{"type": "Feature", "geometry": geometry}]}

    line = sketch(of({"type": "LineString", "coordinates": [[5.0, 47.0], [5.0, 47.1], [5.2, 47.1]]}))
    assert line is not None
    numbers = [float(each) for each in line.lines[0][1:].replace("L", " ").split()]
    (ax, ay), (bx, by), (cx, _cy) = zip(numbers[::2], numbers[1::2], strict=True)
    assert (ax, by < ay, by) == (bx, True, _cy)
    assert (cx - bx) / (ay - by) == pytest.approx(2 * 0.6815, rel=0.02)  # 0.2° of longitude at 47°, 0.1° of latitude
    points = sketch(of({"type": "MultiPoint", "coordinates": [[5, 47], [5.1, 47.1]]}))
    assert points is not None
    assert points.points.count("M") == 2
    assert sketch({"type": "FeatureCollection", "features": []}) is None
