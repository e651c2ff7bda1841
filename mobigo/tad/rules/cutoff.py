"""Until when one may book: the cut-off, applied at the moment asked, on the French clock.

"Before 17 h" excludes 17:00:00 (GTFS, `prior_notice_last_time`: "before 5PM"); "30 minutes before" includes the
thirtieth minute (`prior_notice_duration_min`: a minimum).
"""

from datetime import date, datetime, timedelta

from mobigo.base.instants import PARIS, to_utc
from mobigo.tad.model.services import Cutoff, CutoffKind


def book_by(cutoff: Cutoff, day: date, pickup_at: datetime) -> datetime | None:
    """The instant (UTC) of the cut-off for a pick-up at `pickup_at` on the service day `day`; None: no cut-off.

    Days are counted back among the `weekdays` of the cut-off: with Monday to Friday, Monday's is on Friday.
    """
    if cutoff.kind is CutoffKind.NONE:
        return None
    if cutoff.kind is CutoffKind.MINUTES:
        return to_utc(pickup_at) - timedelta(minutes=cutoff.minutes)
    last, left = day, cutoff.days
    while left > 0:
        last -= timedelta(days=1)
        left -= last.weekday() in cutoff.weekdays
    return to_utc(datetime.combine(last, cutoff.at, PARIS))


def in_time(cutoff: Cutoff, day: date, pickup_at: datetime, now: datetime) -> bool:
    """Whether one may still book at `now`."""
    last = book_by(cutoff, day, pickup_at)
    if last is None:
        return now < pickup_at
    return now < last if cutoff.kind is CutoffKind.DAYS else now <= last
