"""The payment call of an operator for a month (appel de fonds, RPC): two sheets, the totals by formulas.

Sheet "Trajets": one line a journey with the registry's columns; sheet "Synthèse par tranche": slices of distance, by
formulas over the first. `total` is what the formulas give: it is compared with the ledger before the file leaves.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from covoit.export.workbook import saved, text
from mobigo.base.instants import PARIS
from mobigo.base.money import ZERO, Money

COLUMNS: Final = (
    "rpc_journey_id", "operator_journey_id", "operator_trip_id", "start_datetime", "end_datetime", "start_location",
    "start_epci", "start_insee", "end_location", "end_epci", "end_insee", "duration", "distance", "operator",
    "operator_class", "driver_operator_user_id", "passenger_operator_user_id", "rpc_incentive", "incentive_type",
)  # fmt: skip
NORMAL: Final = "normale"
# Metres from (included) and to (excluded): the slices of the summary.
SLICES: Final = ((0, 2_000), (2_000, 10_000), (10_000, 30_000), (30_000, 80_000), (80_000, 1_000_001))


@dataclass(frozen=True, slots=True)
class CallLine:
    """A journey of the call and its share of the aid."""

    journey: str
    operator_journey_id: str
    operator_trip_id: str
    started_at: datetime
    ended_at: datetime
    start_place: str
    start_epci: str
    start_insee: str
    end_place: str
    end_epci: str
    end_insee: str
    distance_m: int
    operator: str
    proof_class: str
    driver_user: str
    passenger_user: str
    amount: Money
    kind: str = NORMAL


def total(lines: Sequence[CallLine]) -> Money:
    """What the call adds up to."""
    return sum((line.amount for line in lines), ZERO)


def workbook(operator: str, month: str, lines: Sequence[CallLine], made_at: datetime) -> bytes:
    """The call, as an Excel workbook; the same lines make the same bytes."""
    from openpyxl import Workbook
    from openpyxl.styles import Font

    book = Workbook()
    trips = book.active
    trips.title = "Trajets"
    trips.append(list(COLUMNS))
    for line in lines:
        seconds = int((line.ended_at - line.started_at).total_seconds())
        row = (
            line.journey, line.operator_journey_id, line.operator_trip_id, _local(line.started_at),
            _local(line.ended_at), line.start_place, line.start_epci, line.start_insee, line.end_place, line.end_epci,
            line.end_insee, f"{seconds // 3600:02d}:{seconds % 3600 // 60:02d}:{seconds % 60:02d}", line.distance_m,
            line.operator, line.proof_class, line.driver_user, line.passenger_user, line.amount.cents / 100, line.kind,
        )  # fmt: skip
        trips.append([text(value) for value in row])
    for cell in trips[1]:
        cell.font = Font(bold=True)
    trips.freeze_panes = "A2"
    for row_cells in trips.iter_rows(min_row=2, min_col=18, max_col=18):
        row_cells[0].number_format = "0.00"
    _summary(book, operator, month, len(lines))
    return saved(book, made_at)


def _summary(book: object, operator: str, month: str, count: int) -> None:
    from openpyxl import Workbook
    from openpyxl.styles import Font

    assert isinstance(book, Workbook)  # noqa: S101
    sheet = book.create_sheet("Synthèse par tranche")
    sheet.append([text(f"Appel de fonds {operator} {month}")])
    sheet.append(["tranche de (m, inclus)", "à (m, exclu)", "montant (€)", "trajets", "trajets subventionnés"])
    last = max(2, count + 1)
    distance, amount = f"Trajets!$M$2:$M${last}", f"Trajets!$R$2:$R${last}"
    for start, end in SLICES:
        row = sheet.max_row + 1
        within = f'{distance},">="&$A{row},{distance},"<"&$B{row}'
        sheet.append(
            [
                start,
                end,
                f"=ROUND(SUMIFS({amount},{within}),2)",
                f"=COUNTIFS({within})",
                f'=COUNTIFS({within},{amount},">0")',
            ]
        )
    first, end_row = 3, 2 + len(SLICES)
    sheet.append(
        [
            "total", None, f"=ROUND(SUM(C{first}:C{end_row}),2)", f"=SUM(D{first}:D{end_row})",
            f"=SUM(E{first}:E{end_row})",
        ]
    )  # fmt: skip
    for row in (1, 2, end_row + 1):
        for cell in sheet[row]:
            cell.font = Font(bold=True)
    for column, width in (("A", 24), ("B", 14), ("C", 14), ("D", 10), ("E", 22)):
        sheet.column_dimensions[column].width = width


def _local(instant: datetime) -> str:
    return instant.astimezone(PARIS).isoformat(timespec="seconds")
