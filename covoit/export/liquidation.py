"""The papers of a batch: the état liquidatif nominatif and the bordereau, as an Excel workbook and as a tagged PDF."""

from datetime import datetime
from typing import Final

from covoit.export.workbook import saved, text
from covoit.model.payments import Bordereau
from mobigo.base.instants import paris_day
from mobigo.infra.formats import amount, day, instant, number
from mobigo.infra.pdf import compiled, escaped, table

_STEPS: Final = {
    "prepare": "préparé par",
    "check": "vérifié par",
    "order": "ordonné par",
    "accept": "reçu par le comptable public",
}
# The names of accounting codes as their file writes them, and as a paper does.
_CODES: Final = {"nature": "Nature", "fonction": "Fonction", "piece": "Pièces justificatives"}


def _in_order(batch: Bordereau) -> list[tuple[str, str, datetime]]:
    """The signatures in the order of the steps, whatever the clock said."""
    order = list(_STEPS)
    return sorted(batch.signatures, key=lambda each: order.index(each[0]) if each[0] in order else len(order))


def _by_four(iban: str) -> str:
    """An IBAN as people read it: "FR76 2004 1010 …"."""
    return " ".join(iban[at : at + 4] for at in range(0, len(iban), 4))


def _months(first: str, last: str) -> str:
    """ "08/2026 – 09/2026", "09/2026" for one month."""
    shown = [f"{each[5:7]}/{each[:4]}" for each in (first, last)]
    return shown[0] if first == last else " – ".join(shown)


def workbook(batch: Bordereau) -> bytes:
    """Two sheets: "Bordereau" (totals by formulas) and "État liquidatif" (one line a beneficiary)."""
    from openpyxl import Workbook
    from openpyxl.styles import Font

    book = Workbook()
    front = book.active
    front.title = "Bordereau"
    state = book.create_sheet("État liquidatif")
    state.append(["n°", "référence", "bénéficiaire", "IBAN", "de", "à", "trajets", "barème", "acte", "montant (€)"])
    for line in batch.lines:
        row = (
            line.number, line.end_to_end_id, line.name, line.iban, line.first_month, line.last_month, line.trips,
            line.scale, line.act, line.amount.cents / 100,
        )  # fmt: skip
        state.append([text(value) for value in row])
    last = len(batch.lines) + 1
    state.append(["total", *[None] * 8, f"=ROUND(SUM(J2:J{last}),2)"])
    for cells in state.iter_rows(min_row=2, min_col=10, max_col=10):
        cells[0].number_format = "0.00"
    front.append([text(batch.payer)])
    front.append([text(f"Bordereau n° {batch.batch}"), text(batch.title)])
    front.append(["établi le", f"{paris_day(batch.drawn_at):%d/%m/%Y}"])
    front.append(["lignes", f"=COUNT('État liquidatif'!A2:A{last})"])
    front.append(["montant total (€)", f"=ROUND(SUM('État liquidatif'!J2:J{last}),2)"])
    for name, code in sorted(batch.codes.items()):
        front.append([text(name), text(code)])
    for step, name, at in _in_order(batch):
        front.append([_STEPS.get(step, step), text(f"{name}, {instant(at)}")])
    for sheet in (front, state):
        for cell in sheet[1]:
            cell.font = Font(bold=True)
        sheet.column_dimensions["A"].width = 22
    for column, width in (("B", 40), ("C", 30), ("D", 32), ("H", 20), ("I", 26), ("J", 14)):
        state.column_dimensions[column].width = width
    front.column_dimensions["B"].width = 60
    return saved(book, batch.drawn_at)


def pdf(batch: Bordereau) -> bytes:
    """The same as a tagged PDF (PDF/UA-1): bordereau first, then the état liquidatif."""
    facts = [
        ("Établi le", day(paris_day(batch.drawn_at), year=True)),
        ("Lignes", number(len(batch.lines))),
        ("Montant total", amount(batch.total)),
        *((_CODES.get(name, name), code) for name, code in sorted(batch.codes.items())),
        *((_STEPS.get(step, step).capitalize(), f"{name}, {instant(at)}") for step, name, at in _in_order(batch)),
    ]
    lines = [
        [
            str(line.number), line.name, _by_four(line.iban), _months(line.first_month, line.last_month),
            str(line.trips),
            f"{line.scale} — {line.act}", amount(line.amount),
        ]
        for line in batch.lines
    ]  # fmt: skip
    source = "\n".join(
        [
            f"= Bordereau n° {escaped(batch.batch)}",
            escaped(f"{batch.payer} — {batch.title}"),
            table(["", ""], [list(pair) for pair in facts], wide=1),
            "= État liquidatif nominatif",
            table(
                ["N°", "Bénéficiaire", "IBAN", "Mois", "Trajets", "Barème et acte", "Montant"],
                lines,
                right=(4, 6),
                wide=1,
                foot=["", "Total", "", "", "", "", amount(batch.total)],
            ),
        ]
    )
    return compiled(f"Bordereau {batch.batch}", source, batch.drawn_at, landscape=True)
