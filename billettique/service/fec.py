"""Writing the FEC of a financial year from the ledger: an option of private operators alone (see `gateway.fec`)."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import BinaryIO

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from billettique.export import fec as export
from billettique.gateway.fec import read_operator
from billettique.model.fec import Chart, Entry, Operator
from billettique.rules import fec as rules
from mobigo.base.errors import Refused
from mobigo.base.instants import PARIS, paris_day
from mobigo.base.money import ZERO, Money
from mobigo.infra.blobs import write_whole
from mobigo.infra.config import Config
from mobigo.infra.db import reading
from mobigo.ledger import service as ledger

_EVER = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Made:
    """A file that was written: where, its entries and lines, and what they add up to, debit and credit alike."""

    path: Path
    description: Path
    closing: date
    lines: int
    total: Money


def write(engine: Engine, config: Config, year: int, folder: Path, now: datetime) -> Made:
    """Write the FEC of the financial year that closes in `year`, and its description, into a folder.

    Raises Refused("billettique.fec_not_private", "billettique.fec_year_open" before its last day is over,
    "billettique.fec_other_collector"), InvalidInput("billettique.bad_fec_file", "billettique.fec_account_unknown");
    then nothing is written.
    """
    operator, chart = read_operator(config.home)
    first, closing = rules.year_closing(operator, year)
    if paris_day(now) <= closing:
        raise Refused("billettique.fec_year_open", day=closing)
    path = folder / export.name_of(operator, closing)
    about = path.with_name(f"{path.stem}-description.txt")
    sums = _Sums()

    def pour(out: BinaryIO) -> None:
        out.write(export.header())
        with reading(engine) as session:
            for entry in entries(session, operator, chart, first, closing):
                sums.add(entry)
                out.write(export.line(entry))
        if sums.debit != sums.credit:
            raise AssertionError("the entries of the FEC are not balanced")

    folder.mkdir(parents=True, exist_ok=True)
    write_whole(path, pour)
    write_whole(about, lambda out: out.write(export.description(operator, closing, chart.source)))
    return Made(path, about, closing, sums.lines, sums.debit)


def entries(session: Session, operator: Operator, chart: Chart, first: date, closing: date) -> Iterator[Entry]:
    """The lines of a year in the order they were recorded, after the entry that opens it."""
    begins, ends = (datetime.combine(each, time(), PARIS) for each in (first, closing + timedelta(days=1)))
    numbers = rules.Numbers()
    before = rules.balances_of(ledger.recorded(session, _EVER, begins), chart, operator)
    yield from rules.opening(before, chart, first, numbers)
    for posted in ledger.recorded(session, begins, ends):
        if rules.concerns(posted):
            yield from rules.entries_of(posted, chart, operator, numbers)


@dataclass
class _Sums:
    lines: int = 0
    debit: Money = ZERO
    credit: Money = ZERO

    def add(self, entry: Entry) -> None:
        self.lines += 1
        self.debit += entry.debit
        self.credit += entry.credit
