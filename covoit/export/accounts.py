"""The file that the authority's finance software reads: one line a payment, columns and codes from dated data.

Every text that a spreadsheet could take for a formula is neutralised.
"""

import csv
import io
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from covoit.model.payments import Bordereau, PaperLine
from mobigo.base.errors import InvalidInput
from mobigo.base.instants import paris_day
from mobigo.base.money import Money
from mobigo.base.sheets import neutral


def euros(amount: Money, decimal: str = ".") -> str:
    """ "12.30": whole euros, the decimal mark, two figures."""
    sign = "-" if amount.cents < 0 else ""
    return f"{sign}{abs(amount.cents) // 100}{decimal}{abs(amount.cents) % 100:02d}"


_VALUES: Final[Mapping[str, Callable[[Bordereau, PaperLine, str], str]]] = {
    "batch_number": lambda batch, _line, _decimal: batch.batch,
    "line_number": lambda _batch, line, _decimal: str(line.number),
    "day": lambda batch, _line, _decimal: f"{paris_day(batch.drawn_at):%d/%m/%Y}",
    "name": lambda _batch, line, _decimal: neutral(line.name),
    "iban": lambda _batch, line, _decimal: line.iban,
    "amount": lambda _batch, line, decimal: euros(line.amount, decimal),
    "amount_cents": lambda _batch, line, _decimal: str(line.amount.cents),
    "text": lambda batch, _line, _decimal: neutral(batch.title),
    "months": lambda _batch, line, _decimal: f"{line.first_month} {line.last_month}",
    "trips": lambda _batch, line, _decimal: str(line.trips),
    "scale": lambda _batch, line, _decimal: neutral(line.scale),
    "act": lambda _batch, line, _decimal: neutral(line.act),
    "end_to_end_id": lambda _batch, line, _decimal: line.end_to_end_id,
}


def finance_import(
    batch: Bordereau, columns: Sequence[tuple[str, str]], separator: str, decimal: str, encoding: str
) -> bytes:
    """The file, titles first. `columns`: (title, name of the value), `code.nature` for an accounting code.

    Raises InvalidInput("covoit.bad_accounts_file") for a value nobody knows, a code that is not there, or a text that
    the encoding cannot write.
    """
    out = io.StringIO()
    writer = csv.writer(out, delimiter=separator, lineterminator="\r\n")
    writer.writerow([title for title, _value in columns])
    for line in batch.lines:
        row = []
        for title, value in columns:
            kind, _dot, name = value.partition(".")
            if kind == "code" and name in batch.codes:
                row.append(neutral(batch.codes[name]))
            elif value in _VALUES:
                row.append(_VALUES[value](batch, line, decimal))
            else:
                raise InvalidInput("covoit.bad_accounts_file", file=title, reason=value)
        writer.writerow(row)
    try:
        return out.getvalue().encode(encoding)
    except (UnicodeEncodeError, LookupError) as wrong:
        raise InvalidInput("covoit.bad_accounts_file", file=encoding, reason=str(wrong)[:200]) from wrong
