"""Why one may be told of a dataset: the five reasons of the national access point, and two of ours."""

from typing import Final

from opendata.model.datasets import Slot

NEW: Final = "new"  # a dataset appears
CHANGED: Final = "changed"  # a version is put in force, or announced
EXPIRING: Final = "expiring"  # the timetable ends in 30 days, in 7 days
ERRORS: Final = "errors"  # a new version is held back by what was found in it
UNAVAILABLE: Final = "unavailable"  # files could not be read, and can again
CLOSED: Final = "closed"  # a version is withdrawn, a dataset closed or soon to be
LICENCE: Final = "licence"  # a dataset is under another licence
REASONS: Final = (NEW, CHANGED, EXPIRING, ERRORS, UNAVAILABLE, LICENCE, CLOSED)
_OF: Final = {
    "published": NEW,
    "updated": CHANGED,
    "rolled_back": CHANGED,
    "expiring": EXPIRING,
    "faulty": ERRORS,
    "unavailable": UNAVAILABLE,
    "available": UNAVAILABLE,
    "relicensed": LICENCE,
    "withdrawn": CLOSED,
    "removed": CLOSED,
    "deprecated": CLOSED,
}


def reason_of(kind: str, slot: Slot | None) -> str:
    """Under which reason an event is told; the first version of a period to come is a change of its dataset."""
    return CHANGED if kind == "published" and slot is Slot.NEXT else _OF[kind]
