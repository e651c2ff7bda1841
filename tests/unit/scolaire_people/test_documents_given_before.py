"""Which documents given before may be given again: both sides of the last day, what was refused, each content once."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from scolaire.model.documents import Earlier
from scolaire.model.rights import Proof
from scolaire.rules.documents import refused, usable

AT = datetime(2026, 6, 15, 8, 0, tzinfo=UTC)
TODAY = date(2026, 9, 1)
BILL = Earlier("scolaire.a", "Justificatif de domicile", "aa", "application/pdf", 8, AT, Proof.HOME)
PHOTO = Earlier("requests.b", "photo.jpg", "bb", "image/jpeg", 8, AT + timedelta(hours=1))


def refs(found: list[Earlier]) -> list[str]:
    return [each.ref for each in found]


def test_the_latest_stands_first() -> None:
    assert refs(usable([BILL, PHOTO], (), TODAY)) == ["requests.b", "scolaire.a"]
    assert usable([], (), TODAY) == []


@pytest.mark.parametrize(
    ("last_day", "there"),
    [(TODAY - timedelta(days=1), False), (TODAY, True), (TODAY + timedelta(days=1), True), (None, True)],
)
def test_a_document_serves_until_the_last_day_it_is_kept(last_day: date | None, there: bool) -> None:
    assert bool(usable([replace(BILL, last_day=last_day)], (), TODAY)) is there


def test_what_is_erased_or_barred_is_not_given_again() -> None:
    assert refs(usable([replace(BILL, kept=False), PHOTO], {"bb"}, TODAY)) == []
    assert refs(usable([BILL, PHOTO], {"bb"}, TODAY)) == ["scolaire.a"]


def test_the_last_look_at_a_content_decides() -> None:
    no = replace(BILL, state="refused", looked_at=AT + timedelta(days=1))
    yes = replace(BILL, ref="scolaire.c", state="accepted", looked_at=AT + timedelta(days=2))
    assert refused([BILL, PHOTO]) == set()
    assert refused([no, BILL, PHOTO]) == {"aa"}
    assert refused([yes, no]) == set()
    assert refused([no, replace(yes, looked_at=AT)]) == {"aa"}
    # the same file, joined to a request too, was refused all the same
    assert usable([replace(PHOTO, sha256="aa")], refused([no]), TODAY) == []


def test_each_content_stands_once_as_what_it_was_said_to_prove() -> None:
    joined = replace(PHOTO, sha256="aa")
    again = replace(BILL, ref="scolaire.c", given_at=AT + timedelta(minutes=1))
    for order in ([BILL, again, joined], [joined, again, BILL]):
        assert refs(usable(order, (), TODAY)) == ["scolaire.c"]
    # what is past its keeping does not hide what is not
    assert refs(usable([BILL, replace(again, last_day=date(2026, 8, 31))], (), TODAY)) == ["scolaire.a"]
