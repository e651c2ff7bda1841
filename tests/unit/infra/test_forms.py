"""What is typed in a form; what a form that is refused says, and beside which field."""

from datetime import UTC, date, datetime

import pytest

from mobigo.base.decisions import Decision
from mobigo.base.errors import Conflict, InvalidInput, NotFound, Refused
from mobigo.infra import forms


class Faults(forms.Faults):
    fields = {"account.bad_email": "email", "account.exists": "email"}  # noqa: RUF012 - as a package declares its own

    def said(self, decision: Decision) -> str:
        return f"<{decision.code}>"


class Passing(Faults):
    passing = (NotFound,)


def test_a_fault_stands_beside_its_field_and_the_first_one_stays() -> None:
    faults = Faults()
    assert not faults
    for error in (InvalidInput("account.bad_email"), Conflict("account.exists"), Refused("request.too_many")):
        with faults.caught():
            raise error
    assert faults.by_field == {"email": "<account.bad_email>", "form": "<request.too_many>"}
    assert faults.codes == ["account.bad_email", "account.exists", "request.too_many"]
    assert faults.status == 403  # that of the last


def test_a_fault_may_name_its_field_itself() -> None:
    faults = Faults()
    faults.add(Decision("account.bad_email"), "form", status=403)
    assert (faults.by_field, faults.status) == ({"form": "<account.bad_email>"}, 403)
    faults.add(Decision("account.bad_email"))
    assert (list(faults.by_field), faults.status) == (["form", "email"], 422)


def test_what_goes_on_is_no_fault() -> None:
    faults = Faults()
    with faults.caught():
        raise NotFound("requests.unknown")
    assert faults.status == 404
    passing = Passing()
    with pytest.raises(NotFound), passing.caught():
        raise NotFound("requests.unknown")
    assert not passing


def test_a_defect_is_no_fault_of_a_form() -> None:
    faults = Faults()
    with pytest.raises(ValueError, match="ours"), faults.caught():
        raise ValueError("ours")
    assert not faults


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("", ""),
        (" \t\r\n ", ""),
        ("  Gare   de\u00a0Dijon \n", "Gare de Dijon"),
        ("Mont\u00adbard", "Montbard"),  # a hyphen that no screen shows, of a text copied
        ("Dijon\x00", "Dijon"),
        ("a\u202etnuocca", "atnuocca"),  # what turns the direction of writing
        ("\u200b\ufeff", ""),
        ("Été 🚌", "Été 🚌"),
        ("123456789", "12345678"),
    ],
)
def test_what_is_typed_in_one_line_is_read_as_it_is_shown(typed: str, read: str) -> None:
    assert forms.one_line(typed, 8 if typed.isdigit() else 40) == read


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ("0", datetime(1970, 1, 1, tzinfo=UTC)),
        ("1795824000500", datetime(2026, 11, 28, 0, 0, 0, 500_000, UTC)),
        ("99999999999999", datetime(5138, 11, 16, 9, 46, 39, 999_000, UTC)),
        ("100000000000000", None),
        ("", None),
        ("-1", None),
        ("1.5", None),
        ("²", None),
        ("\u0661", None),  # a digit, of another script
        ("yesterday", None),
    ],
)
def test_an_instant_that_a_telephone_tells_is_milliseconds_or_nothing(given: str, told: datetime | None) -> None:
    assert forms.told_instant(given) == told


@pytest.mark.parametrize(
    ("given", "day"),
    [
        ("2026-11-28", date(2026, 11, 28)),
        ("1900-01-01", date(1900, 1, 1)),
        ("2999-12-31", date(2999, 12, 31)),
        *((each, None) for each in ("1899-12-31", "3000-01-01", "9999-12-31", "0001-01-01")),
        *((each, None) for each in ("20261128", "2026-W48-6", "2026-11-28x", "2026-02-30", "", "demain", "x" * 9_000)),
    ],
)
def test_a_day_is_written_in_one_way_and_has_days_around_it(given: str, day: date | None) -> None:
    assert forms.one_day(given) == day
