"""A declared journey as it is read: each limit of each field, the digest, the lines of a file."""

import io
import json
from datetime import timedelta
from typing import Any

import pytest

from covoit.gateway import ndjson
from covoit.gateway.ndjson import ErrorFile, Fault, Unreadable
from mobigo.base.decisions import Decision
from tests.covoit_registry_world import NOW, START, declared, iso


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("unknown", 1),
        ("driver.identity.unknown", 1),
        ("distance", 0),
        ("distance", 1_000_001),
        ("distance", 2_000.5),
        ("distance", "33000"),
        ("distance", True),
        ("distance", float("nan")),
        ("distance", float("inf")),
        ("distance", 10**400),
        ("operator_class", "D"),
        ("operator_journey_id", ""),
        ("operator_journey_id", "a" * 257),
        ("operator_journey_id", "../x"),
        ("operator_trip_id", "a\u0000b"),
        ("operator_trip_id", "\ud800"),
        ("start.lat", 90.1),
        ("start.lon", -180.1),
        ("start.datetime", "2026-11-03"),
        ("start.datetime", "2026-11-03T07:00:00"),
        ("start.datetime", 1_793_000_000),
        ("start.datetime", "0001-01-01T00:00:00+14:00"),
        ("end.datetime", "9999-12-31T23:59:59-14:00"),
        ("end.datetime", iso(NOW + timedelta(seconds=1))),  # in the future
        ("end.datetime", "2020-01-01T00:00:00Z"),  # before the start
        ("passenger.seats", 0),
        ("passenger.seats", 9),
        ("passenger.contribution", -1),
        ("driver.revenue", 1_000_001),
        ("driver.identity.identity_key", "A" * 64),
        ("driver.identity.identity_key", "a" * 63),
        ("driver.identity.phone_trunc", "336010203"),
        ("driver.identity.over_18", "true"),
        ("incentives", [{"index": 0, "siret": "1", "amount": 1}]),
        ("incentives", [{"index": 0, "siret": "11000101300017", "amount": 100_001}]),
        ("incentives", [{"index": 0, "siret": "11000101300017", "amount": 1}] * 21),
    ],
)
def test_each_limit_of_a_field_is_held_and_named(path: str, value: Any) -> None:
    whole = declared()
    *parents, name = path.split(".")
    place = whole
    for parent in parents:
        place = place[parent]
    place[name] = value
    with pytest.raises(Unreadable) as found:
        ndjson.read_declared(json.dumps(whole).encode(), NOW)
    fault = found.value.faults[0]
    if value == "2020-01-01T00:00:00Z":
        assert fault.reason.code == "covoit.start_after_end"
    else:
        assert fault.reason.code == "covoit.not_json" or fault.field.startswith(path)


def read(document: Any) -> ndjson.Declared:
    return ndjson.read_declared(json.dumps(document).encode(), NOW)[0]


@pytest.mark.parametrize("value", [1, 1.0, 1_000_000])
def test_a_whole_number_may_be_written_with_a_point(value: float) -> None:
    assert read({**declared(), "distance": value}).distance == value


@pytest.mark.parametrize("written", ["2026-11-03T08:30:00+02:00", "2026-11-03T06:30:00Z", "2026-11-03T06:30:00.000Z"])
def test_an_instant_is_one_instant_however_it_is_written(written: str) -> None:
    whole = declared()
    whole["end"]["datetime"] = written
    assert ndjson.instant(read(whole).end) == START + timedelta(minutes=30)


def test_a_journey_may_last_no_time_and_end_now() -> None:
    assert read(declared(start=NOW, minutes=0)).start.datetime == NOW


def test_the_digest_is_of_the_content() -> None:
    whole = declared()
    written = json.dumps(whole).encode()
    otherwise = json.dumps(dict(reversed(whole.items())), indent=3).encode()
    assert ndjson.digest_of(written) == ndjson.digest_of(otherwise)
    assert ndjson.digest_of(written) != ndjson.digest_of(json.dumps({**whole, "distance": 33_001}).encode())


@pytest.mark.parametrize("text", [b"", b"[" * 60_000, b'{"a":' * 5_000, b"\xff\xfe{}", b"null", b'{"a":1e999}', b"NaN"])
def test_what_is_no_document_is_unreadable(text: bytes) -> None:
    with pytest.raises(Unreadable):
        ndjson.read_declared(text, NOW)


def test_lines_are_numbered_and_none_fills_the_memory() -> None:
    longest = b"a" * (3 * ndjson.LINE_BYTES_MAX)
    file = io.BytesIO(b"\xef\xbb\xbf{}\r\n\n  \n" + longest + b"\n{}")
    found = list(ndjson.lines(file))
    assert [(number, min(len(line), 3)) for number, line in found] == [(1, 2), (4, 3), (5, 2)]
    assert len(found[1][1]) == ndjson.LINE_BYTES_MAX + 1
    with pytest.raises(Unreadable) as refused:
        ndjson.read_declared(found[1][1], NOW)
    assert refused.value.faults[0].reason.code == "covoit.line_too_long"


def test_a_spreadsheet_runs_nothing_of_the_error_file() -> None:
    target = io.BytesIO()
    rows = ErrorFile(target)
    rows.add(3, Fault("distance", "=1+1", Decision("covoit.field_bad")), "Le champ ne convient pas.")
    rows.close()
    assert target.getvalue().decode("utf-8-sig").splitlines() == [
        "ligne;champ;valeur;raison",
        "3;distance;'=1+1;Le champ ne convient pas.",
    ]
