"""The poster of a stop and the pocket sheet of a line: every departure, in its column, with the days it runs; read back
from the PDF in the order in which it is read aloud."""

import re
from datetime import date, datetime, timedelta
from io import BytesIO
from pathlib import Path

import pytest
from apiflask import APIFlask
from flask.testing import FlaskClient
from pypdf import PdfReader

from mobigo.network.engine.boards import build_boards
from mobigo.network.model.live import LiveNetwork
from mobigo.planner.export import names, posters
from mobigo.planner.gateway.territory import load_school_holidays
from mobigo.planner.rules.periods import Calendar
from tests.builders import feed, trip
from tests.planner_adaptor import compiled

MONDAY = date(2025, 3, 17)
DAYS = tuple(MONDAY + timedelta(days=n) for n in range(28))
MADE_AT = datetime.fromisoformat("2025-03-17T08:00:00+01:00")
WEEK = [day for day in DAYS if day.weekday() < 5]
OFF = frozenset(DAYS[14:21])


def network(*trips: object, **others: object) -> LiveNetwork:
    stops = [
        {"stop_id": "SAU", "stop_name": "Saulieu", "stop_lat": "47.279", "stop_lon": "4.229"},
        {"stop_id": "SEM", "stop_name": "Semur", "stop_lat": "47.49", "stop_lon": "4.33"},
        {"stop_id": "MON", "stop_name": "Montbard", "stop_lat": "47.623", "stop_lon": "4.337"},
    ]
    services = {
        "week": WEEK, "wednesday": [day for day in WEEK if day.weekday() == 2], "saturday": DAYS[5::7],
        "term": [day for day in WEEK if day not in OFF], "all": DAYS,
    }  # fmt: skip
    table = compiled(feed(list(trips), stops=stops, **{"services": services, **others}), "demo")  # type: ignore[arg-type]
    return LiveNetwork(table, table.hash)


LIVE = network(
    trip("a", "SAU 6:05 SEM 6:30 MON 6:55", route="LR1", service="week"),
    trip("b", "SAU 6:35 SEM 7:00 MON 7:25", route="LR1", service="term"),
    trip("c", "SAU 12:10 SEM 12:35 MON 13:00", route="LR1", service="wednesday"),
    trip("d", "SAU 9:00 MON 9:45", route="LR1", service="saturday"),
    trip("e", "MON 18:00 SEM 18:25 SAU 18:50", route="LR1", service="all"),
    trip("n", "SAU 24:10 MON 24:50", route="LR2", service="saturday"),
)
CALENDAR = Calendar(DAYS, frozenset(), OFF)


def pages(body: bytes) -> list[str]:
    out = []
    for page in PdfReader(BytesIO(body)).pages:
        text = page.extract_text().replace("\u00a0", " ").replace("\u202f", " ")
        out.append(re.sub(r"\s+", " ", text))
    return out


def poster(live: LiveNetwork = LIVE, stop: str = "Saulieu", paper: str = "a4") -> bytes:
    row = list(live.timetable.stop_name).index(stop)
    return posters.stop_poster(live, build_boards(live.timetable), [row], stop, CALENDAR, MADE_AT, paper=paper)


def test_a_poster_has_every_departure_in_its_column_with_its_days() -> None:
    [text] = pages(poster())
    assert text.startswith("Saulieu Valable du lundi 17 mars 2025 au dimanche 13 avril 2025. Ligne LR1 vers Montbard")
    assert "Heure Lundi à vendredi Samedi 6 h 05 35 a – 9 h – 00 12 h 10 b –" in text
    assert "a : En période scolaire seulement." in text
    assert "b : Seulement : mercredi." in text
    # leaves ten past midnight of the night from Saturday to Sunday: it stands on the Sunday
    assert "Ligne LR2 vers Montbard" in text
    assert re.search(r"Heure Dimanche et jours fériés 0 h 10", text)
    assert "Semur" not in text


def test_two_trips_that_share_the_week_are_one_hour() -> None:
    live = network(
        trip("w", "SAU 7:24 MON 8:00", route="LR1", service="wednesday"),
        trip("o", "SAU 7:24 MON 8:05", route="LR1", service="others"),
        services={
            "wednesday": [day for day in WEEK if day.weekday() == 2],
            "others": [d for d in WEEK if d.weekday() != 2],
        },
    )
    [text] = pages(poster(live))
    assert "7 h 24 Les jours" in text


def test_the_document_is_tagged_and_in_french() -> None:
    reader = PdfReader(BytesIO(poster()))
    root = reader.trailer["/Root"]
    assert root["/Lang"] == "fr"
    assert root["/MarkInfo"]["/Marked"]
    assert reader.metadata is not None
    assert reader.metadata.title == "Horaires à Saulieu"


@pytest.mark.parametrize(("paper", "width_mm"), [("a4", 210), ("a3", 297)])
def test_a_poster_is_printed_on_the_paper_asked(paper: str, width_mm: int) -> None:
    box = PdfReader(BytesIO(poster(paper=paper))).pages[0].mediabox
    assert round(float(box.width) * 25.4 / 72) == width_mm


def test_a_stop_of_many_lines_goes_over_pages_and_loses_none() -> None:
    many = [
        trip(
            f"t{line}-{n}", f"SAU {5 + n // 4}:{n % 4 * 15:02d} MON {6 + n // 4}:{n % 4 * 15:02d}", route=f"L{line:02d}"
        )
        for line in range(40)
        for n in range(60)
    ]
    found = pages(poster(network(*many)))
    assert len(found) > 10
    whole = " ".join(found)
    assert all(f"Ligne L{line:02d} vers Montbard" in whole for line in range(40))


def test_the_sheet_of_a_line_has_both_directions_and_each_trip_once() -> None:
    line = next(each for each in names.lines_of(LIVE) if each.label == "LR1")
    text = " ".join(pages(posters.line_sheet(LIVE, build_boards(LIVE.timetable), line, CALENDAR, MADE_AT)))
    assert "De Saulieu à Montbard" in text
    assert "De Montbard à Saulieu" in text
    for hour in ("6 h 05", "6 h 35", "12 h 10", "9 h 00", "18 h 00", "18 h 50"):
        assert text.count(hour) == 1, hour
    assert "Tous les jours." in text
    assert "Le samedi." in text
    assert "Semur" in text


def test_the_pages_lead_to_papers(client: FlaskClient, known_site: APIFlask) -> None:
    board = client.get("/arrets/demo:SAU").text
    assert "/affiches/demo:SAU.pdf" in board
    answer = client.get("/affiches/demo:SAU.pdf?format=a3")
    assert (answer.status_code, answer.mimetype) == (200, "application/pdf")
    line = re.search(r"/fiches/[^\"]+\.pdf", client.get("/lignes/demo:LR119").text)
    assert line is not None
    assert client.get(line[0]).mimetype == "application/pdf"
    assert client.get("/affiches/demo:NONE.pdf").status_code == 404
    assert client.get("/fiches/demo:NONE.pdf").status_code == 404


@pytest.mark.parametrize(
    ("text", "known"),
    [
        (
            "first_day,last_day,name\n2025-01-01,2025-01-05,Noël\n2025-03-01,2025-03-16,Hiver\n2025-04-01,2025-04-30,P\n",
            14,
        ),
        ("first_day,last_day,name\n2025-01-01,2025-01-05,Noël\n2025-03-01,2025-03-16,Hiver\n", None),  # ends too soon
        ("first_day,last_day,name\n2025-03-18,2025-04-30,P\n", None),  # begins too late
        ("first_day,last_day,name\n2025-13-01,2025-04-30,P\n", None),
        ("jours\nx\n", None),
        ("", None),
    ],
)
def test_school_holidays_are_known_for_the_whole_period_or_not_at_all(
    tmp_path: Path, text: str, known: int | None
) -> None:
    (tmp_path / "territory").mkdir()
    (tmp_path / "territory" / "school-holidays.csv").write_text(text, "utf-8")
    found = load_school_holidays(tmp_path, date(2025, 3, 17), date(2025, 4, 14))
    assert (None if found is None else len(found)) == known
