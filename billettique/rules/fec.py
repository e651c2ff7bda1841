"""From lines of the ledger to entries of the FEC: accounts, journals, numbers without a gap in each journal, the
entries that open a year. Pure; amounts are those of the ledger and nothing is netted."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Final

from billettique.model.fec import OPENING, Account, Chart, Entry, Operator
from mobigo.base.errors import InvalidInput, Refused
from mobigo.base.instants import paris_day
from mobigo.base.money import ZERO, Money
from mobigo.ledger.model import Phase, Posted

OTHERS: Final = "OD"
MOVED: Final = frozenset({Phase.POST, Phase.SETTLE, Phase.REVERSE})  # a hold, its end, move nothing
_COLLECTOR = "billettique:collector:"


def concerns(posted: Posted) -> bool:
    """Whether a line of the ledger is of ticketing, and moved something."""
    sides = (posted.transfer.debit, posted.transfer.credit)
    return posted.phase in MOVED and any(each.startswith("billettique:") for each in sides)


def account_of(chart: Chart, operator: Operator, code: str) -> Account:
    """The account an account of the ledger is, by the longest rule that fits.

    Raises InvalidInput("billettique.fec_account_unknown") for one that no rule names: nothing is left out in silence;
    Refused("billettique.fec_other_collector") for the money of somebody else, whose accounts may be public.
    """
    if code.startswith(_COLLECTOR):
        collector = code.removeprefix(_COLLECTOR).split(":", 1)[0]
        if collector not in operator.collectors:
            raise Refused("billettique.fec_other_collector", collector=collector)
    found = max(
        (each for each in chart.rules if code == each.ledger or (each.auxiliary and code.startswith(each.ledger))),
        key=lambda each: len(each.ledger), default=None,
    )  # fmt: skip
    if found is None:
        raise InvalidInput("billettique.fec_account_unknown", account=code)
    rest = code.removeprefix(found.ledger) if found.auxiliary else ""
    return Account(found.number, found.label, rest, f"{found.label} {rest}" if rest else "")


def journal_of(chart: Chart, kind: str) -> tuple[str, str]:
    """The journal an entry of this kind stands in: its code and label."""
    plain = kind.removeprefix("billettique.")
    for code, (label, kinds) in chart.journals.items():
        if plain in kinds:
            return code, label
    return OTHERS, chart.journals[OTHERS][0]


@dataclass
class Numbers:
    """The next number of each journal."""

    last: dict[str, int] = field(default_factory=lambda: defaultdict(int))

    def next(self, journal: str) -> str:
        self.last[journal] += 1
        return f"{journal}{self.last[journal]:07d}"


def entries_of(posted: Posted, chart: Chart, operator: Operator, numbers: Numbers) -> tuple[Entry, Entry]:
    """The two lines of an entry. It is booked and validated the day it was recorded, which nobody can change; its piece
    is of the day of the event."""
    debit, credit = (account_of(chart, operator, each) for each in (posted.transfer.debit, posted.transfer.credit))
    code, label = journal_of(chart, posted.transfer.kind)
    number, day = numbers.next(code), paris_day(posted.recorded_at)
    piece, piece_on = posted.transfer.ref, min(day, paris_day(posted.transfer.happened_at))
    words = f"{label} {posted.key.removeprefix('billettique:')}"
    common = (code, label, number, day)
    return (
        Entry(*common, debit, piece, piece_on, words, posted.amount, ZERO, day),
        Entry(*common, credit, piece, piece_on, words, ZERO, posted.amount, day),
    )


def opening(balances: Mapping[Account, Money], chart: Chart, first_day: date, numbers: Numbers) -> Iterator[Entry]:
    """The entry that takes up, on the first day, what stood on the accounts of the balance sheet (classes 1 to 5);
    results of the years before (classes 6 and 7) are carried. Balances are debits less credits; nothing for nothing."""
    kept: dict[Account, Money] = defaultdict(lambda: ZERO)
    carried = Account(*chart.carried, "", "")
    for account, balance in balances.items():
        kept[account if account.number[0] in "12345" else carried] += balance
    lines = [(account, balance) for account, balance in sorted(kept.items()) if balance != ZERO]
    if not lines:
        return
    number = numbers.next(OPENING[0])
    for account, balance in lines:
        yield Entry(*OPENING, number, first_day, account, f"AN{first_day:%Y}", first_day, f"À-nouveau {account.label}",
                    max(balance, ZERO), max(-balance, ZERO), first_day)  # fmt: skip


def balances_of(lines: Iterable[Posted], chart: Chart, operator: Operator) -> dict[Account, Money]:
    """What stands on each account after these lines: debits less credits."""
    found: dict[Account, Money] = defaultdict(lambda: ZERO)
    for posted in lines:
        if concerns(posted):
            found[account_of(chart, operator, posted.transfer.debit)] += posted.amount
            found[account_of(chart, operator, posted.transfer.credit)] -= posted.amount
    return found


def year_closing(operator: Operator, year: int) -> tuple[date, date]:
    """(first day, last day) of the financial year that closes in this year."""
    month, day = operator.closing
    last = _day(year, month, day)
    before = _day(year - 1, month, day)
    return date.fromordinal(before.toordinal() + 1), last


def _day(year: int, month: int, day: int) -> date:
    """The day of a year; the last of February where the 29th is meant and there is none."""
    try:
        return date(year, month, day)
    except ValueError:
        return date(year, month, 28)
