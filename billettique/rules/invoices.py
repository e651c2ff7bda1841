"""Lines of invoices: net, tax and gross of each, tax by difference, so that the three always add up."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from mobigo.base.money import ZERO, Money


@dataclass(frozen=True, slots=True)
class Line:
    """One line. `item` is what it is about, `vat_pct` the rate in percent."""

    item: str
    name: str
    vat_pct: Decimal
    net: Money
    tax: Money

    @property
    def gross(self) -> Money:
        return self.net + self.tax


def series_of(day: date, *, credit: bool) -> str:
    """The series of a day: F2026 for invoices, A2026 for credit notes (avoirs)."""
    return f"{'A' if credit else 'F'}{day.year}"


def number_text(series: str, number: int) -> str:
    """How a number is written: F2026-000123."""
    return f"{series}-{number:06d}"


def totals(lines: Iterable[Line]) -> tuple[Money, Money, Money]:
    """(net, tax, gross): the sums of the lines, which is what the ledger holds."""
    known = list(lines)
    net = sum((each.net for each in known), ZERO)
    tax = sum((each.tax for each in known), ZERO)
    return net, tax, net + tax


def by_rate(lines: Iterable[Line]) -> dict[Decimal, tuple[Money, Money]]:
    """(net, tax) of each rate, the lowest first."""
    found: dict[Decimal, tuple[Money, Money]] = {}
    for each in lines:
        net, tax = found.get(each.vat_pct, (ZERO, ZERO))
        found[each.vat_pct] = (net + each.net, tax + each.tax)
    return dict(sorted(found.items()))


def written(line: Line) -> dict[str, Any]:
    """A line as it is stored."""
    return {
        "item": line.item, "name": line.name, "vat_pct": format(line.vat_pct, "f"), "net": line.net.cents,
        "tax": line.tax.cents,
    }  # fmt: skip


def read(stored: Mapping[str, Any]) -> Line:
    """A line as it was stored."""
    return Line(stored["item"], stored["name"], Decimal(stored["vat_pct"]), Money(stored["net"]), Money(stored["tax"]))
