"""A reason that a row keeps is the same reason when it is read, and is said in the same words."""

import json
from datetime import UTC, date, datetime

from hypothesis import given
from hypothesis import strategies as st

from billettique.store.reasons import told, written
from mobigo.base.decisions import Decision
from mobigo.base.money import Money

VALUES = st.one_of(
    st.none(), st.booleans(), st.integers(), st.text(), st.dates(), st.datetimes(timezones=st.just(UTC)),
    st.integers(-10**9, 10**9).map(Money),
)  # fmt: skip


@given(st.dictionaries(st.sampled_from(["amount", "day", "at", "name"]), VALUES))
def test_a_reason_goes_through_a_document_unchanged(params: dict[str, object]) -> None:
    reason = Decision("billettique.step_ticket", **params)
    assert told(json.loads(json.dumps(written(reason)))) == reason


def test_a_day_stays_a_day_and_an_instant_an_instant() -> None:
    reason = Decision("x", day=date(2026, 11, 26), at=datetime(2026, 11, 26, tzinfo=UTC), amount=Money(150))
    assert written(reason) == {
        "code": "x",
        "params": {
            "day": {"day": "2026-11-26"},
            "at": {"instant": "2026-11-26T00:00:00+00:00"},
            "amount": {"cents": 150},
        },
    }


def test_no_reason_is_none() -> None:
    assert written(None) is None
    assert told(None) is None
    assert told({}) is None
