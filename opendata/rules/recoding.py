"""Coarser words for what would single someone out: times, places, products."""

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final

from mobigo.base.datasets import Cell, Row

SLOT_MIN: Final = 10  # the national registry's: the end of the slot
DECIMALS_DENSE: Final = 3  # about 100 m
DECIMALS_SPARSE: Final = 2  # about 1 km: communes under 40 inhabitants per km², or whose density is not known
DISTANCE_STEP_M: Final = 100

# The parts of the day that ticketing counts its journeys by: from (included) to (excluded), in hours.
PARTS: Final = ((0, 6, "nuit"), (6, 9, "matin"), (9, 16, "journee"), (16, 19, "soir"), (19, 24, "nuit"))
# The first beginning that fits names the family.
FAMILIES: Final = (
    ("abonnement-scolaire", "scolaire"),
    ("abonnement", "abonnement"),
    ("pass", "abonnement"),
    ("carte", "carte de réduction"),
    ("solidaire", "tarif solidaire"),
    ("ter-", "billet"),
    ("car-", "billet"),
    ("nfc-", "billet"),
)


def up_to_slot(text: str, minutes: int = SLOT_MIN) -> str:
    """An instant in ISO 8601 put to the end of its slot, as the registry does; an instant on the edge stays.

    Raises ValueError for what is no instant with its offset.
    """
    at = datetime.fromisoformat(text)
    if at.tzinfo is None:
        raise ValueError(f"{text} has no offset")
    start = at.replace(minute=0, second=0, microsecond=0)
    slots = -(-(at - start) // timedelta(minutes=minutes))
    return (start + slots * timedelta(minutes=minutes)).isoformat(timespec="seconds")


def truncated(degrees: float, decimals: int) -> float:
    """Degrees cut (not rounded) after so many decimals, towards 0 as the registry does."""
    scale = float(10**decimals)
    return int(degrees * scale) / scale


def day_part(hour: Cell) -> str:
    """The part of the day an hour (0 to 23) is in; "" where the hour is not known. Raises ValueError for another."""
    if hour is None or hour == "":
        return ""
    for first, after, name in PARTS:
        if first <= int(hour) < after:
            return name
    raise ValueError(f"{hour} is no hour of the day")


def family(product: Cell) -> str:
    """The family of a product, by the beginning of its code."""
    code = "" if product is None else str(product)
    return next((name for start, name in FAMILIES if code.startswith(start)), "autre")


def month_of(day: Cell) -> str:
    """ "2026-03-14" → "2026-03"."""
    return str(day)[:7]


RECODINGS: Final[Mapping[str, Callable[[Cell], str]]] = {"day_part": day_part, "family": family, "month": month_of}


def registry_trips(names: Sequence[str], rows: Sequence[Row], dense: Collection[str] = ()) -> list[Row]:
    """Journeys in the registry's dialect, coarser: times at the end of their ten minutes, positions cut after 3
    decimals in the communes of `dense` and 2 elsewhere, distances to 100 m, the duration that is left between the two
    slots. Sorted by what is left, so that the order tells nothing more."""
    at = {name: place for place, name in enumerate(names)}
    coarse = []
    for row in rows:
        cells = list(row)
        for end in ("start", "end"):
            instant = up_to_slot(str(row[at[f"journey_{end}_datetime"]]))
            cells[at[f"journey_{end}_datetime"]] = instant
            cells[at[f"journey_{end}_date"]], cells[at[f"journey_{end}_time"]] = instant[:10], instant[11:19]
            decimals = DECIMALS_DENSE if row[at[f"journey_{end}_insee"]] in dense else DECIMALS_SPARSE
            for axis in ("lon", "lat"):
                place = at[f"journey_{end}_{axis}"]
                cells[place] = truncated(float(row[place] or 0), decimals)
        started, ended = (datetime.fromisoformat(str(cells[at[f"journey_{end}_datetime"]])) for end in ("start", "end"))
        cells[at["journey_duration"]] = int((ended - started).total_seconds()) // 60
        metres = int(row[at["journey_distance"]] or 0)
        cells[at["journey_distance"]] = (metres + DISTANCE_STEP_M // 2) // DISTANCE_STEP_M * DISTANCE_STEP_M
        coarse.append(tuple(cells))
    ids = {at["journey_id"], at["trip_id"]}
    return sorted(
        coarse,
        key=lambda row: ([str(cell) for place, cell in enumerate(row) if place not in ids], str(row[at["journey_id"]])),
    )
