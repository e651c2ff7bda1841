"""Until when an answer comes, by the dated table of the day the request is received."""

import calendar
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from mobigo.requests.model import Kind, Promise


@dataclass(frozen=True, slots=True)
class Term:
    """The deadline of one kind. `legal_months` None: no text sets one."""

    promised_days: int
    legal_months: int | None
    source: str
    to_confirm: bool


@dataclass(frozen=True, slots=True)
class Table:
    """The deadlines in force from a day on, one for each kind."""

    code: str
    first_day: date
    terms: Mapping[Kind, Term]


def table_on(tables: Sequence[Table], day: date) -> Table:
    """The table in force that day; before the first one, the first."""
    ordered = sorted(tables, key=lambda table: table.first_day)
    return [ordered[0], *(table for table in ordered if table.first_day <= day)][-1]


def promise(table: Table, kind: Kind, received: date) -> Promise:
    """The days of a request received that day; the day promised is never later than the day of the law."""
    term = table.terms[kind]
    legal = None if term.legal_months is None else months_after(received, term.legal_months)
    promised = received + timedelta(days=term.promised_days)
    return Promise(promised if legal is None else min(promised, legal), legal, term.source, term.to_confirm)


def months_after(day: date, months: int) -> date:
    """The same day that many months later; the last day of a month that has no such day."""
    index = day.year * 12 + day.month - 1 + months
    year, month = index // 12, index % 12 + 1
    return date(year, month, min(day.day, calendar.monthrange(year, month)[1]))
