"""What can be done when no journey is known as step-free: assistance on board, or a vehicle that replaces the line, how
it is booked and until when. By dated terms of each operator, as somebody entered them; without terms it is said whom to
ask, and nothing is made up.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from mobigo.base.decisions import Decision

NOTICE_H_MAX = 24 * 14
BACK_DAYS_MAX = 14  # an office that does not open in so many days takes no booking


class Kind(StrEnum):
    """Somebody helps to board and to alight; or another vehicle comes instead."""

    ASSISTANCE = "assistance"
    SUBSTITUTION = "substitution"


class Days(StrEnum):
    """When an office is open."""

    EVERY_DAY = "every_day"
    WEEKDAYS = "weekdays"
    MONDAY_TO_SATURDAY = "monday_to_saturday"

    def opens(self, day: date) -> bool:
        return day.weekday() < {Days.EVERY_DAY: 7, Days.WEEKDAYS: 5, Days.MONDAY_TO_SATURDAY: 6}[self]


@dataclass(frozen=True, slots=True)
class Terms:
    """The terms of an operator from `first_day` to `last_day` (None: until others begin), `agencies` being its folded
    names. One books `notice_h` hours before the departure at the latest, while the office is open."""

    kind: Kind
    operator: str
    agencies: frozenset[str]
    phone: str
    link: str
    notice_h: int
    days: Days
    opens: time
    closes: time
    first_day: date
    last_day: date | None
    source: str

    def holds_on(self, day: date) -> bool:
        return self.first_day <= day and (self.last_day is None or day <= self.last_day)


@dataclass(frozen=True, slots=True)
class Operator:
    """Who runs a vehicle, as the timetable names them; `plain` is the folded name."""

    name: str
    plain: str
    phone: str = ""
    link: str = ""


def book_by(terms: Terms, departs_at: datetime, zone: ZoneInfo) -> datetime | None:
    """The last instant to book for a departure: the notice before it, or when the office closed before that. None for
    an office that never opens."""
    limit = (departs_at.astimezone(ZoneInfo("UTC")) - timedelta(hours=terms.notice_h)).astimezone(zone)
    for back in range(BACK_DAYS_MAX):
        day = limit.date() - timedelta(days=back)
        if not terms.days.opens(day):
            continue
        opens, closes = (datetime.combine(day, at, zone) for at in (terms.opens, terms.closes))
        if back == 0 and limit < opens:
            continue
        return min(limit, closes) if back == 0 else closes
    return None


def assistance(
    terms: Iterable[Terms], operators: Iterable[Operator], departs_at: datetime, now: datetime, zone: ZoneInfo
) -> Iterator[Decision]:
    """What is said for each operator of a journey that leaves at an instant: how to book and until when, that it is too
    late, or whom to ask."""
    known = list(terms)
    day = departs_at.astimezone(zone).date()
    for operator in operators:
        own = in_force((each for each in known if operator.plain in each.agencies), day)
        for each in own:
            yield _said(each, departs_at, now, zone)
        if not own and (operator.phone or operator.link):
            yield Decision("planner.assistance_ask", operator=operator.name, **_contact(operator.phone, operator.link))
        elif not own:
            yield Decision("planner.assistance_unknown", operator=operator.name)


def in_force(terms: Iterable[Terms], day: date) -> list[Terms]:
    """Those that hold on a day: of one operator and kind, the last that began; of two that began together, the later
    in order."""
    found: dict[tuple[str, Kind], Terms] = {}
    for each in terms:
        before = found.get((each.operator, each.kind))
        if each.holds_on(day) and (before is None or before.first_day <= each.first_day):
            found[each.operator, each.kind] = each
    return list(found.values())


def _said(terms: Terms, departs_at: datetime, now: datetime, zone: ZoneInfo) -> Decision:
    until = book_by(terms, departs_at, zone)
    code = f"planner.{terms.kind}_book" if until is not None and now <= until else f"planner.{terms.kind}_too_late"
    return Decision(
        code,
        operator=terms.operator,
        **_contact(terms.phone, terms.link),
        until=departs_at if until is None else until,
        hours=Decision(f"planner.office_{terms.days}", opens=terms.opens, closes=terms.closes),
        notice_h=terms.notice_h,
    )


def _contact(phone: str, link: str) -> dict[str, object]:
    """Telephone and address, and both in one phrase."""
    how = "phone_or_link" if phone and link else "phone" if phone else "link"
    return {"phone": phone, "link": link, "contact": Decision(f"planner.contact_{how}", phone=phone, link=link)}
