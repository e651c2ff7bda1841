"""Sixty-four writers at once; alterations found; what the driver and the operators are shown."""

import csv
import io
import shutil
import zipfile
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from openpyxl import load_workbook
from sqlalchemy import Engine, text

from covoit.export.certificate import certificate_pdf
from covoit.export.statement import statement_csv, statement_pdf
from covoit.service import awards, closing, statements, verification
from covoit.store import awards as store
from mobigo.base.errors import Refused
from mobigo.base.money import Money
from mobigo.infra.db import open_engine, reading
from mobigo.infra.i18n import use_language
from tests.covoit_money_world import (
    CLOSING,
    MONTH_CAP,
    NOW,
    TRIPS_CAP,
    cancel,
    driver,
    fund,
    home_with,
    net,
    record,
    ride,
)

AT = datetime(2026, 11, 23, 6, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("caps", "budget", "paid"),
    [
        ((MONTH_CAP,), 1_000_000, 15_000),  # 64 × 430 asked by one driver, 150 € a month
        ((), 10_001, 10_001),  # by 64 drivers of one budget
    ],
)
def test_sixty_four_writers_give_all_that_is_left_and_not_a_cent_more(
    engine: Engine, tmp_path: Path, caps: tuple[str, ...], budget: int, paid: int
) -> None:
    home = home_with(tmp_path / "home", *caps)
    fund(engine, budget, home)
    days = [AT - timedelta(days=number % 20, minutes=number) for number in range(64)]
    trips = [ride("driver" if caps else f"d{at}", at=day, trip_id=f"t{at:02d}") for at, day in enumerate(days)]

    def write(at: int) -> None:
        mine = open_engine(engine.url.render_as_string(hide_password=False))
        record(mine, [trips[at]])
        awards.award_ready(mine, NOW, home=home)
        mine.dispose()

    with ThreadPoolExecutor(16) as pool:
        list(pool.map(write, range(64)))
    assert net(engine, "covoit:budget:essai") == budget - paid
    with reading(engine) as session:
        whole = {head.key[1]: head.whole.cents for head in store.open_heads(session)}
    assert sum(whole.values()) == paid
    # And the very amounts of one run over all of them, in order.
    left, expected = paid, {}
    for trip in sorted(trips, key=lambda each: (each.started_at, each.operator_trip_id)):
        expected[trip.operator_trip_id] = min(430, left)
        left -= expected[trip.operator_trip_id]
    assert whole == expected


# ---------------------------------------------------------------- alterations


@pytest.fixture
def closed(sqlite_template: Path, tmp_path: Path) -> tuple[Path, Path]:
    """A SQLite file with a closed month and an open one, and its home."""
    path = tmp_path / "test.sqlite"
    shutil.copyfile(sqlite_template, path)
    engine, home = open_engine(f"sqlite:///{path}"), home_with(tmp_path / "home")
    fund(engine, 1_000_000, home)
    trips = [ride(f"d{at % 3}", at=AT - timedelta(days=at), trip_id=f"t{at}", passengers=1 + at % 2) for at in range(6)]
    record(engine, trips)
    awards.award_ready(engine, NOW, home=home)
    cancel(engine, trips[0].journeys[0])
    closing.close_month(engine, "2026-11", CLOSING, home=home)
    record(engine, [ride("d0", at=AT + timedelta(days=10), trip_id="open")])
    awards.award_ready(engine, CLOSING, home=home)
    assert verification.verify(engine, home=home).ok
    engine.dispose()
    return path, home


@pytest.mark.parametrize(
    ("table", "change", "kind", "code"),
    [
        ("covoit_award", "UPDATE covoit_award SET whole_cents = whole_cents + 1 WHERE {one}", "award", "fault_columns"),
        ("covoit_award", "UPDATE covoit_award SET line_cents = line_cents + 1 WHERE {one}", "award", "fault_sums"),
        ("covoit_award", "UPDATE covoit_award SET document = document || ' ' WHERE {one}", "award", "fault_digest"),
        ("covoit_award", "UPDATE covoit_award SET driver = 'thief' WHERE {one}", "award", "fault_columns"),
        ("covoit_award", "DELETE FROM covoit_award WHERE {one}", "award", "fault_transfer_without_award"),
        (
            "covoit_award_head",
            "UPDATE covoit_award_head SET award = 'x' WHERE operator_trip_id = 't3'",
            "head",
            "fault_head",
        ),
        ("covoit_statement", "UPDATE covoit_statement SET cents = cents + 1", "statement", "fault_statement"),
        ("covoit_statement", "DELETE FROM covoit_statement WHERE person = 'd1'", "statement", "fault_statement"),
        (
            "covoit_statement_line",
            "UPDATE covoit_statement_line SET line_cents = line_cents + 1 WHERE person = 'd1'",
            "statement",
            "fault_statement",
        ),
    ],
)
def test_an_alteration_is_found_and_named(
    closed: tuple[Path, Path], table: str, change: str, kind: str, code: str
) -> None:
    path, home = closed
    engine = open_engine(f"sqlite:///{path}")
    one = "id = (SELECT award FROM covoit_award_head WHERE operator_trip_id = 't3')"
    with engine.begin() as connection:
        for verb in ("update", "delete"):
            connection.execute(text(f"DROP TRIGGER IF EXISTS {table}_no_{verb}"))
        connection.execute(text(change.format(one=one)))
    found = verification.verify(engine, home=home)
    assert not found.ok
    assert f"covoit.{code}" in {each.reason.code for each in found.findings if each.kind == kind}, found.findings
    engine.dispose()


def test_a_forged_document_with_its_hash_is_found_by_computing_again(closed: tuple[Path, Path]) -> None:
    from hashlib import sha256

    path, home = closed
    engine = open_engine(f"sqlite:///{path}")
    where = "operator_trip_id = 't3'"
    with engine.begin() as connection:
        connection.execute(text("DROP TRIGGER covoit_award_no_update"))
        document = connection.execute(text(f"SELECT document FROM covoit_award WHERE {where}")).scalar_one()
        forged = document.replace('"distance_m":33000,"driver"', '"distance_m":43000,"driver"', 1)
        assert forged != document
        connection.execute(
            text(f"UPDATE covoit_award SET document = :d, digest = :h, distance_m = 43000 WHERE {where}"),
            {"d": forged, "h": sha256(forged.encode()).hexdigest()},
        )
    found = verification.verify(engine, home=home)
    assert "covoit.fault_recomputed" in {each.reason.code for each in found.findings}
    engine.dispose()


# ---------------------------------------------------------------- what people see


def test_a_statement_says_each_trip_and_why(engine: Engine, tmp_path: Path) -> None:
    home = home_with(tmp_path / "home", MONTH_CAP, TRIPS_CAP)
    fund(engine, 1_000_000, home)
    anna = driver(engine, "anna")
    record(
        engine, [ride(anna, at=AT, metres=80_000, trip_id="long"), ride(anna, at=AT - timedelta(days=1), trip_id="b")]
    )
    awards.award_ready(engine, NOW, home=home)
    with reading(engine) as session:
        before = statements.statement(session, anna, "2026-11")
        room = statements.room_left(session, anna, AT.date(), home=home)
        proofs = statements.proofs_of_day(session, anna, AT.date())
    assert (before.closed_at, before.total) == (None, Money(900 + 430))
    assert (room.left_this_month, room.trips_left_today, room.beyond_cost_trips_left) == (Money(15_000 - 1_330), 3, 1)
    assert [trip.operator_trip_id for trip in proofs] == ["long"]
    closing.close_month(engine, "2026-11", CLOSING, home=home)
    with reading(engine) as session:
        after = statements.statement(session, anna, "2026-11")
        certificate = statements.certificate(session, anna, 2026, now=CLOSING)
    assert after.closed_at is not None
    assert [line.amount for line in after.lines] == [Money(430), Money(900)]
    rows = list(csv.DictReader(io.StringIO(statement_csv(after).decode())))
    assert [row["amount"] for row in rows] == ["4.30", "9.00"]
    assert (certificate.days, certificate.trips, certificate.distance_m) == (2, 2, 113_000)
    for language in ("fr", "en"):
        with use_language(language):
            for made in (statement_pdf(after, "Anna Essai"), certificate_pdf(certificate)):
                assert made.startswith(b"%PDF-")
    from pypdf import PdfReader

    with use_language("fr"):
        paper = PdfReader(io.BytesIO(statement_pdf(after, "Anna Essai")))
        attested = PdfReader(io.BytesIO(certificate_pdf(certificate)))
    words = "".join("".join(page.extract_text() for page in paper.pages).split())
    assert "Total13,30€" in words.replace("\u202f", "")
    assert "novembre2026" in words
    assert "C6Baume-les-Dames–Avoudrey" in words  # the line by its name, not by our code for it
    assert paper.trailer["/Root"]["/MarkInfo"]["/Marked"]
    assert "€" not in " ".join(page.extract_text() for page in attested.pages)


def test_the_payment_call_adds_up_to_the_ledger_and_is_the_same_each_time(engine: Engine, tmp_path: Path) -> None:
    home = home_with(tmp_path / "home")
    fund(engine, 1_000_000, home)
    trips = [ride("d", at=AT - timedelta(hours=at), passengers=1 + at % 3, trip_id=f"t{at}") for at in range(9)]
    record(engine, trips)
    with reading(engine) as session, pytest.raises(Refused, match="month_open"):
        statements.payment_call(session, "mobigo", "2026-11")
    closing.close_month(engine, "2026-11", CLOSING, home=home)
    cancel(engine, trips[2].journeys[0], CLOSING)  # a withdrawal on the next call
    closing.close_month(engine, "2026-12", datetime(2027, 1, 6, 8, tzinfo=UTC), home=home)
    with reading(engine) as session:
        november = statements.payment_call(session, "mobigo", "2026-11")
        assert november == statements.payment_call(session, "mobigo", "2026-11")
        december = statements.payment_call(session, "mobigo", "2026-12")
    book = load_workbook(io.BytesIO(november))
    assert book.sheetnames == ["Trajets", "Synthèse par tranche"]
    assert [cell.value for cell in book["Trajets"][1]][:3] == [
        "rpc_journey_id",
        "operator_journey_id",
        "operator_trip_id",
    ]
    assert len(book["Trajets"][1]) == 19
    cents = sum(round(row[17] * 100) for row in book["Trajets"].iter_rows(min_row=2, values_only=True))
    assert cents == net(engine, "covoit:payable:d") + 100  # 1.00: one of three passengers less
    taken = sum(
        round(row[17] * 100)
        for row in load_workbook(io.BytesIO(december))["Trajets"].iter_rows(min_row=2, values_only=True)
    )
    assert cents + taken == net(engine, "covoit:payable:d")
    assert str(book["Synthèse par tranche"]["C3"].value).startswith("=ROUND(SUMIFS(Trajets!")
    with zipfile.ZipFile(io.BytesIO(november)) as archive:
        assert {info.date_time for info in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}


def test_the_certificate_counts_days_and_kilometres_of_a_year(engine: Engine, tmp_path: Path) -> None:
    anna = driver(engine, "anna")
    record(
        engine,
        [
            ride(anna, at=AT),
            ride(anna, at=AT + timedelta(hours=9)),
            ride(anna, at=datetime(2025, 12, 31, 23, 30, tzinfo=UTC)),
        ],
    )
    with reading(engine) as session:
        this_year = statements.certificate(session, anna, 2026, now=CLOSING)
    # 31 December 23:30 UTC is 1 January in France.
    assert (this_year.days, this_year.trips, this_year.distance_m) == (2, 3, 99_000)
    assert this_year.by_month == (("2026-01", 1, 1, 33_000), ("2026-11", 1, 2, 66_000))
    assert date(2026, 11, 23) == AT.date()
