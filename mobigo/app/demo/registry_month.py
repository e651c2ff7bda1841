"""A month of the registry's open data, made up for the demonstration: 27 columns, national shapes (short trips, few
passengers a car), so that a scale can be tried on others' trips than ours. Its name says that it is invented.
"""

import csv
import io
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from random import Random
from typing import Final

from mobigo.base.instants import PARIS

TRIPS: Final = 12_000
NAME: Final = "demonstration-{month:%Y-%m}.csv"
ENDS: Final = (  # département, commune, name, about where
    ("21", "21231", "Dijon", 47.32, 5.04), ("25", "25056", "Besançon", 47.24, 6.02),
    ("39", "39198", "Dole", 47.09, 5.49),
    ("58", "58194", "Nevers", 46.99, 3.16), ("70", "70550", "Vesoul", 47.62, 6.16),
    ("71", "71076", "Chalon-sur-Saône", 46.78, 4.85),
    ("89", "89024", "Auxerre", 47.80, 3.57), ("90", "90010", "Belfort", 47.64, 6.86),
)  # fmt: skip


def write(home: Path, today: date) -> Path:
    """The file of the month before, unless it is there."""
    from covoit.export.opendata import TRIP_COLUMNS
    from covoit.service.figures import REGISTRY_FOLDER
    from mobigo.infra.blobs import write_whole

    month = (today.replace(day=1) - timedelta(days=1)).replace(day=1)
    path = home / REGISTRY_FOLDER / NAME.format(month=month)
    if not path.exists():
        text = io.StringIO()
        out = csv.writer(text, delimiter=";", quoting=csv.QUOTE_ALL, lineterminator="\r\n")
        out.writerow([column.name for column in TRIP_COLUMNS])
        out.writerows(_rows(month))
        path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(path, lambda file: file.write(text.getvalue().encode()))
    return path


def _rows(month: date) -> list[list[object]]:
    random = Random(f"registry {month}")  # noqa: S311 - a story, not a secret
    rows = []
    for number in range(TRIPS):
        day = month + timedelta(days=random.randrange(28))
        minute = random.choice((430, 460, 490, 1020, 1050, 1080)) + random.randrange(-40, 41)
        start = datetime(day.year, day.month, day.day, tzinfo=PARIS) + timedelta(minutes=minute // 10 * 10)
        metres = round(min(80_000, max(2_000, random.lognormvariate(9.7, 0.7))))
        minutes = max(3, round(metres / 1000 / 52 * 60))
        here = random.choice(ENDS)
        for seat in range(random.choice((1, 1, 1, 1, 2, 3))):
            journey = sha256(f"{month}{number}-{seat}".encode()).hexdigest()
            trip = sha256(f"{month}{number}".encode()).hexdigest()
            ends = [*_end(start, here), *_end(start + timedelta(minutes=minutes), random.choice(ENDS))]
            letter = random.choice("CCCCCCCCB")
            rows.append([journey, trip, *ends, 1, letter, metres, minutes, random.choice(("OUI", "OUI", "NON"))])
    return rows


def _end(at: datetime, place: tuple[str, str, str, float, float]) -> list[object]:
    department, insee, name, lat, lon = place
    local = at.astimezone(UTC).astimezone(PARIS)
    return [local.isoformat(), local.date(), f"{local:%H:%M:%S}", lon, lat, insee, department, name, "", "France"]
