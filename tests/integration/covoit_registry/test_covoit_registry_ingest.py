"""Files of journeys: all or nothing, the good part, the same receipt; faults at named points."""

import csv
import io
import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, func, select

from covoit.model.registry import Terms
from covoit.service import ingest as service
from covoit.service import journeys as receiving
from covoit.service import registry as checks
from covoit.store import journeys, people, registry
from covoit.store.journeys import JourneyRow, PositionRow
from covoit.store.registry import IntakeRow
from mobigo.app import cli
from mobigo.infra.config import Config
from mobigo.infra.db import reading
from mobigo.infra.web import Services
from tests.covoit_registry_world import NOW, START, declared, line, many

ANY_TIME = Terms(deadline=None)
OPERATOR = "mobigo"


@pytest.fixture
def services(database_config: Config) -> Iterator[Services]:
    made = Services(database_config)
    yield made
    made.engine.dispose()


def written(folder: Path, *rows: bytes, name: str = "f.ndjson") -> Path:
    file = folder / name
    file.write_bytes(b"".join(rows))
    return file


def take(
    services: Services, file: Path, good_part: bool = False, rules: Terms = ANY_TIME
) -> tuple[service.Outcome, list[list[str]]]:
    errors = io.BytesIO()
    outcome = service.ingest(services, file, OPERATOR, errors=errors, rules=rules, now=NOW, good_part=good_part)
    return outcome, list(csv.reader(io.StringIO(errors.getvalue().decode("utf-8-sig")), delimiter=";"))[1:]


def count(services: Services, table: Any = JourneyRow) -> int:
    with reading(services.engine) as session:
        return session.scalar(select(func.count()).select_from(table)) or 0


class Fault(Exception):
    """The disk, the network, the process: whatever ends the work here."""


GOOD = [line(document) for document in many(40)]
BAD = line({**declared("bad"), "distance": 0})


def test_a_file_is_received_with_a_receipt_that_tells_it_and_cannot_be_altered(
    services: Services, tmp_path: Path
) -> None:
    outcome, errors = take(services, written(tmp_path, *GOOD))
    receipt = outcome.receipt
    assert receipt is not None
    assert errors == []
    assert (receipt["lines"], receipt["new"], receipt["known"], receipt["refused"]) == (40, 40, 0, 0)
    assert (receipt["first_day"], receipt["last_day"]) == ("2026-11-01", "2026-11-02")
    assert count(services) == count(services, PositionRow) == 40
    assert service.genuine(receipt, receipt["key"])
    assert not service.genuine({**receipt, "new": 41}, receipt["key"])
    assert not service.genuine(receipt, service.signed(receipt, replace(services.config, secret_key="x" * 40))["key"])


def test_the_same_file_twice_gets_the_same_receipt_and_is_kept_once(services: Services, tmp_path: Path) -> None:
    file = written(tmp_path, *GOOD)
    first, _ = take(services, file)
    second, _ = take(services, file, good_part=True)
    assert (second.receipt, second.repeated) == (first.receipt, True)
    more, _ = take(services, written(tmp_path, *GOOD, line(declared("more")), name="g"))
    assert more.receipt is not None
    assert (more.receipt["new"], more.receipt["known"]) == (1, 40)
    assert count(services) == 41


def test_a_bad_row_keeps_the_whole_file_out_and_comes_back_with_its_reason(services: Services, tmp_path: Path) -> None:
    file = written(tmp_path, *GOOD[:3], BAD, b"not json\n", *GOOD[3:])
    outcome, errors = take(services, file)
    assert (outcome.receipt, outcome.refused, count(services), count(services, IntakeRow)) == (None, 2, 0, 0)
    assert errors[0] == ["4", "distance", "0", "Le champ distance ne convient pas\u202f; attendu\u202f: ≥ 1."]
    assert (errors[1][0], errors[1][3][:22]) == ("5", "Ce n’est pas du JSON\u202f:")
    good, errors = take(services, file, good_part=True)
    assert good.receipt is not None
    assert (good.receipt["new"], good.receipt["refused"], count(services), len(errors)) == (40, 2, 40, 2)


def test_other_content_under_a_known_id_is_a_bad_row_and_its_repetition_is_not(
    services: Services, tmp_path: Path
) -> None:
    one, other = declared("same"), {**declared("same"), "distance": 30_000}
    outcome, errors = take(services, written(tmp_path, *GOOD, line(one), line(one), line(other)))
    assert (outcome.receipt, outcome.refused, count(services)) == (None, 1, 0)
    assert errors[0][:3] == ["43", "operator_journey_id", "same"]
    assert "avec un autre contenu" in errors[0][3]
    kept, _ = take(services, written(tmp_path, line(one), line(one), name="g"))
    assert kept.receipt is not None
    assert (kept.receipt["new"], kept.receipt["known"]) == (1, 1)
    outcome, _ = take(services, written(tmp_path, line(other), name="h"))
    assert outcome.refused == 1
    with reading(services.engine) as session:
        assert journeys.journey_of(session, OPERATOR, "same").distance_m == 33_000


def test_terms_are_judged_in_the_order_of_the_file_and_counted(services: Services, tmp_path: Path) -> None:
    """Five trips of one driver in a day, in one file; and a trip that contains another of the same pair (defect 5)."""
    five = [
        declared(f"j{n}", f"t{n}", passenger=f"p{n}", start=START + timedelta(hours=n), minutes=20) for n in range(5)
    ]
    inner = declared("in", "tin", "d2", "q", start=START + timedelta(minutes=60), minutes=20)
    outer = declared("out", "tout", "d2", "q", start=START, minutes=180)
    late = declared("late", "tlate", "d3", "r", start=START - timedelta(days=2))
    file = written(tmp_path, *map(line, [*five, inner, outer, late]))
    outcome, _ = take(services, file, rules=Terms())
    assert outcome.receipt is not None
    assert outcome.receipt["violations"] == {"expired": 1, "too_close_trips": 1, "too_many_trips_by_day": 1}
    with reading(services.engine) as session:
        refused = session.scalars(
            select(JourneyRow.operator_journey_id).where(JourneyRow.status == "terms_violation_error")
        )
        assert set(refused) == {"j4", "out", "late"}


def test_one_by_one_or_by_file_the_same_is_kept(services: Services, tmp_path: Path, engine: Engine) -> None:
    from covoit.gateway import ndjson

    rows = [
        line(
            declared(
                f"j{n:02}", f"t{n % 7}", f"d{n % 3}", f"p{n % 5}", START + timedelta(minutes=17 * n), 15, 1_900 + n * 9
            )
        )
        for n in range(20)
    ]  # fmt: skip
    take(services, written(tmp_path, *rows), rules=Terms())
    for number, row in enumerate(rows):
        declared_row, digest = ndjson.read_declared(row, NOW)
        at = NOW + timedelta(microseconds=number)
        receiving.receive(services.engine, "other", declared_row, digest, Terms(), at)
    with reading(services.engine) as session:
        columns = (
            JourneyRow.operator_journey_id, JourneyRow.status, JourneyRow.findings, JourneyRow.driver,
            JourneyRow.started_at, JourneyRow.digest, JourneyRow.received_at,
        )  # fmt: skip
        ordered = select(*columns).order_by(columns[0])
        by_operator = [
            [tuple(row) for row in session.execute(ordered.where(JourneyRow.operator == code))]
            for code in (OPERATOR, "other")
        ]
    assert by_operator[0] == by_operator[1]
    assert {row[1] for row in by_operator[0]} == {"pending", "terms_violation_error"}


def test_the_checks_find_what_overlaps_and_freeze_at_their_time(services: Services, tmp_path: Path) -> None:
    cloned = declared("c2", "t9", "other driver", "passenger", START + timedelta(minutes=2), 33)
    take(services, written(tmp_path, line(declared("c1")), line(cloned)))
    assert checks.check(services.engine, NOW) == 2
    assert checks.check(services.engine, NOW) == 0
    end = START + timedelta(minutes=35)
    for now, frozen in ((end + timedelta(hours=48, seconds=-1), 0), (end + timedelta(hours=48), 2)):
        assert checks.freeze(services.engine, now) == frozen
    with reading(services.engine) as session:
        first, second = (journeys.get_stored(session, OPERATOR, name) for name in ("c1", "c2"))
        assert (first.status, second.status) == ("ok", "anomaly_error")
        assert second.findings[0]["conflicting_journey_id"] == "c1"
        (ready,) = journeys.trips_ready(session)
        assert ready.key == (OPERATOR, "t1")


def test_when_the_checker_is_down_journeys_become_good_in_time(
    services: Services, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    take(services, written(tmp_path, *GOOD))

    def down(*_: Any) -> Any:
        raise Fault

    monkeypatch.setattr(checks, "judge", down)
    with pytest.raises(Fault):
        checks.check(services.engine, NOW + timedelta(days=3))
    with reading(services.engine) as session:
        assert {row.status for row in session.scalars(select(JourneyRow))} == {"ok"}


# ---------------------------------------------------------------- faults at named points


POINTS: list[tuple[Any, str]] = [
    (people, "people_of"),
    (people, "note_operator_users"),
    (registry, "known"),
    (registry, "near"),
    (journeys, "insert_many"),
    (registry, "keep_receipt"),
    (registry, "find_receipt"),
]


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize(("module", "name"), POINTS, ids=[name for _, name in POINTS])
def test_a_fault_anywhere_loses_nothing_acknowledged_and_doubles_nothing(
    services: Services, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, module: Any, name: str, after: bool
) -> None:
    file = written(tmp_path, *GOOD)
    true: Callable[..., Any] = getattr(module, name)

    def broken(*args: Any, **values: Any) -> Any:
        if after:
            true(*args, **values)
        raise Fault

    for good_part in (False, True):
        with monkeypatch.context() as patch:
            patch.setattr(service, "BATCH", 15)
            patch.setattr(module, name, broken)
            with pytest.raises(Fault):
                take(services, file, good_part)
        services.engine.dispose()
        kept = count(services)
        assert kept == 0 if not good_part else kept <= 40
        assert count(services, IntakeRow) == 0  # no receipt: nothing was acknowledged
    outcome, _ = take(services, file)
    assert outcome.receipt is not None
    assert (count(services), count(services, PositionRow)) == (40, 40)
    assert outcome.receipt["new"] + outcome.receipt["known"] == 40


# ---------------------------------------------------------------- the command


def test_the_command_writes_a_receipt_or_an_error_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("MOBIGO_HOME", str(tmp_path / "home"))
    good, bad = written(tmp_path, *GOOD), written(tmp_path, *GOOD[:2], BAD, name="bad.ndjson")
    assert cli.run(["covoit", "ingest", str(bad), "--catch-up", "--json"]) == 3
    told = json.loads(capsys.readouterr().out)
    assert (told["receipt"], told["refused"]) == (None, 1)
    assert "3;distance;0" in (tmp_path / "bad.ndjson.erreurs.csv").read_text("utf-8-sig")
    assert not (tmp_path / "bad.ndjson.recu.json").exists()
    for repeated in (False, True):
        assert cli.run(["covoit", "ingest", str(good), "--catch-up", "--json"]) == 0
        told = json.loads(capsys.readouterr().out)
        assert (told["repeated"], told["receipt"]["new"]) == (repeated, 40)
        assert json.loads((tmp_path / "f.ndjson.recu.json").read_text("utf-8")) == told["receipt"]
    assert cli.run(["covoit", "ingest", str(tmp_path / "none"), "--json"]) == 2
    assert cli.run(["covoit", "ingest", str(good), "--operator", "nobody", "--json"]) == 2
    assert sorted(each.name for each in tmp_path.iterdir()) == [
        "bad.ndjson", "bad.ndjson.erreurs.csv", "f.ndjson", "f.ndjson.recu.json", "home",
    ]  # fmt: skip
