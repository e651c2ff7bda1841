"""The canonical form, byte by byte: hashes in acts and ledgers cite it, so it never changes."""

import hashlib
from datetime import UTC, date, datetime

import pytest

from mobigo.base.canonical import canonical_json, content_hash
from mobigo.base.decisions import Decision
from mobigo.base.money import Money


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ({"b": 1, "a": "barème"}, '{"a":"barème","b":1}'),
        ([True, None, 0, 1.5], "[true,null,0,1.5]"),
        ({"day": date(2026, 3, 1)}, '{"day":"2026-03-01"}'),
        (datetime(2026, 3, 1, 8, 30, tzinfo=UTC), '"2026-03-01T08:30:00+00:00"'),
        ({"amount": Money(-135)}, '{"amount":-135}'),
        (Decision("covoit.too_short", limit_m=2000), '{"code":"covoit.too_short","params":{"limit_m":2000}}'),
    ],
)
def test_one_value_has_one_sequence_of_bytes(value: object, text: str) -> None:
    assert canonical_json(value) == text.encode()
    assert content_hash(value) == hashlib.sha256(text.encode()).hexdigest()


@pytest.mark.parametrize("value", [{1, 2}, object(), b"octets"])
def test_what_has_no_canonical_form_is_said(value: object) -> None:
    with pytest.raises(TypeError, match="no canonical form"):
        canonical_json(value)


def test_a_number_that_is_none_has_no_form() -> None:
    with pytest.raises(ValueError, match="JSON compliant"):
        canonical_json(float("nan"))
