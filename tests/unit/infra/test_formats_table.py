"""How hours, days, amounts, durations and distances are written, in both languages, both sides of each edge."""

from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from fractions import Fraction
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mobigo.base.money import Money
from mobigo.infra import formats

NB, TH, MI = "\u00a0", "\u202f", "\u2212"
MONTREAL = ZoneInfo("America/Montreal")


@pytest.mark.parametrize(
    ("moment", "french", "english"),
    [
        (time(0, 0), f"0{NB}h{NB}00", "0:00"),
        (time(8, 5), f"8{NB}h{NB}05", "8:05"),
        (time(23, 59, 59), f"23{NB}h{NB}59", "23:59"),
        # an instant in UTC is shown as in France, summer and winter
        (datetime(2026, 11, 24, 7, 5, tzinfo=UTC), f"8{NB}h{NB}05", "8:05"),
        (datetime(2026, 7, 14, 7, 5, tzinfo=UTC), f"9{NB}h{NB}05", "9:05"),
        # any other zone is the one to show
        (datetime(2026, 7, 14, 7, 5, tzinfo=MONTREAL), f"7{NB}h{NB}05", "7:05"),
        (datetime(2026, 7, 14, 7, 5, tzinfo=timezone(timedelta(hours=9))), f"7{NB}h{NB}05", "7:05"),
    ],
)
def test_an_hour(moment: datetime | time, french: str, english: str) -> None:
    assert formats.hour(moment) == french
    assert formats.hour(moment, "en") == english


def test_an_hour_in_a_sentence_drops_its_idle_minutes() -> None:
    assert formats.hour(time(8, 0), short=True) == f"8{NB}h"
    assert formats.hour(time(8, 1), short=True) == f"8{NB}h{NB}01"
    assert formats.hour(time(8, 0), "en", short=True) == "8:00"


def test_an_instant_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="zone"):
        formats.hour(datetime(2026, 1, 1))  # noqa: DTZ001  # that is the point


@pytest.mark.parametrize(
    ("moment", "french", "english"),
    [
        (date(2026, 11, 24), f"mardi 24{NB}novembre", f"Tuesday 24{NB}November"),
        (date(2026, 11, 1), f"dimanche 1er{NB}novembre", f"Sunday 1{NB}November"),
        (date(2026, 8, 31), f"lundi 31{NB}août", f"Monday 31{NB}August"),
        # 23:30 UTC on the 24th is already the 25th in France
        (datetime(2026, 11, 24, 23, 30, tzinfo=UTC), f"mercredi 25{NB}novembre", f"Wednesday 25{NB}November"),
    ],
)
def test_a_day(moment: date, french: str, english: str) -> None:
    assert formats.day(moment) == french
    assert formats.day(moment, "en") == english
    assert formats.day(moment, year=True) == f"{french} 2026"


def test_an_instant_says_its_day_and_hour() -> None:
    assert formats.instant(datetime(2026, 11, 24, 7, 5, tzinfo=UTC)) == f"mardi 24{NB}novembre 2026, 8{NB}h{NB}05"


@pytest.mark.parametrize(
    ("cents", "french", "english"),
    [
        (0, f"0,00{NB}€", "€0.00"),
        (1, f"0,01{NB}€", "€0.01"),
        (150, f"1,50{NB}€", "€1.50"),
        (-300, f"{MI}3,00{NB}€", f"{MI}€3.00"),
        (99_999, f"999,99{NB}€", "€999.99"),
        (100_000, f"1{TH}000,00{NB}€", "€1,000.00"),
        (123_456_789, f"1{TH}234{TH}567,89{NB}€", "€1,234,567.89"),
    ],
)
def test_an_amount(cents: int, french: str, english: str) -> None:
    assert formats.amount(Money(cents)) == french
    assert formats.amount(Money(cents), "en") == english


@given(st.integers(-(10**12), 10**12))
def test_an_amount_reads_back_to_the_cent(cents: int) -> None:
    digits = formats.amount(Money(cents)).replace(TH, "").replace(f"{NB}€", "").replace(",", "").replace(MI, "-")
    assert int(digits) == cents


@pytest.mark.parametrize(
    ("value", "decimals", "french"),
    [
        (0, None, "0"),
        (1234.5, None, f"1{TH}234,5"),
        (0.125, None, "0,13"),  # half up
        (0.124, None, "0,12"),
        (-0.001, None, "0"),  # no minus before nothing
        (Decimal("11.25"), 1, "11,3"),
        (Fraction(1, 3), 2, "0,33"),
        (999.5, 0, f"1{TH}000"),
        (12, 2, "12,00"),
    ],
)
def test_a_number(value: float | Decimal | Fraction, decimals: int | None, french: str) -> None:
    assert formats.number(value, "fr", decimals) == french


@pytest.mark.parametrize(
    ("seconds", "french", "english"),
    [
        (29, "moins d’une minute", "less than a minute"),
        (30, f"1{NB}min", f"1{NB}min"),
        (89, f"1{NB}min", f"1{NB}min"),
        (90, f"2{NB}min", f"2{NB}min"),
        (59 * 60 + 29, f"59{NB}min", f"59{NB}min"),
        (59 * 60 + 30, f"1{NB}h", f"1{NB}h"),
        (83 * 60, f"1{NB}h{NB}23", f"1{NB}h{NB}23{NB}min"),
        (65 * 60, f"1{NB}h{NB}05", f"1{NB}h{NB}5{NB}min"),
        (25 * 3600, f"25{NB}h", f"25{NB}h"),
    ],
)
def test_a_duration(seconds: int, french: str, english: str) -> None:
    assert formats.duration(seconds) == french
    assert formats.duration(seconds, "en") == english


@pytest.mark.parametrize(
    ("metres", "french"),
    [
        (0, f"0{NB}m"),
        (4, f"0{NB}m"),
        (5, f"10{NB}m"),
        (994, f"990{NB}m"),
        (995, f"1,0{NB}km"),
        (1249, f"1,2{NB}km"),
        (1250, f"1,3{NB}km"),
        (9949, f"9,9{NB}km"),
        (9950, f"10{NB}km"),
        (37_499, f"37{NB}km"),
        (37_500, f"38{NB}km"),
    ],
)
def test_a_distance(metres: int, french: str) -> None:
    assert formats.distance(metres) == french


@pytest.mark.parametrize(
    ("size", "french", "english"),
    [
        (999, f"999{NB}o", f"999{NB}B"),
        (1_000, f"1,0{NB}ko", f"1.0{NB}kB"),
        (12_300, f"12{NB}ko", f"12{NB}kB"),
        (3_400_000, f"3,4{NB}Mo", f"3.4{NB}MB"),
        (2_000_000_000, f"2,0{NB}Go", f"2.0{NB}GB"),
    ],
)
def test_the_size_of_a_file(size: int, french: str, english: str) -> None:
    assert formats.file_size(size) == french
    assert formats.file_size(size, "en") == english


@pytest.mark.parametrize(
    ("plain", "french", "english"),
    [
        ("+33639989514", "06 39 98 95 14", "+33 6 39 98 95 14"),
        ("0339980021", "03 39 98 00 21", "+33 3 39 98 00 21"),
        *((each, each, each) for each in ("+3363998951", "+336399895141", "+41221234567", "3989", "", "0x39989514")),
    ],
)
def test_a_telephone_is_written_in_pairs_and_what_is_no_french_number_stays(plain, french, english) -> None:
    assert formats.telephone(plain) == french.replace(" ", NB)
    assert formats.telephone(plain, "en") == english.replace(" ", NB)
