"""A driver's statement: as CSV, and as a tagged PDF that says, line by line, why each trip gets what it gets."""

import csv
import io
from datetime import UTC, datetime

from covoit.export.accounts import euros
from covoit.gateway.lines import get_line
from covoit.model.claims import Statement, StatementLine
from mobigo.base.errors import NotFound
from mobigo.base.instants import PARIS, paris_day
from mobigo.base.sheets import neutral
from mobigo.infra.formats import NBSP, amount, day, instant, month, number
from mobigo.infra.i18n import current_language, sentence
from mobigo.infra.i18n import gettext as _
from mobigo.infra.pdf import compiled, escaped, table


def statement_csv(statement: Statement) -> bytes:
    """One line a trip; amounts in euros with a decimal point, instants in France, reasons in the language spoken."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(
        ["month", "started_at", "operator", "trip", "line", "distance_m", "passengers", "amount", "trip_amount", "late",
         "reasons", "scale", "scale_hash", "award_hash"]
    )  # fmt: skip
    for line in statement.lines:
        writer.writerow(
            [
                statement.month, line.started_at.astimezone(PARIS).isoformat(), neutral(line.operator),
                neutral(line.operator_trip_id), neutral(line.line or ""), line.distance_m, line.passengers,
                euros(line.amount), euros(line.whole), int(line.late), neutral(" ".join(reasons(line))),
                line.scale_code, line.scale_hash, line.award_hash,
            ]
        )  # fmt: skip
    return out.getvalue().encode("utf-8")


def reasons(line: StatementLine) -> list[str]:
    """The steps and reasons of a line as sentences."""
    return [sentence(reason) for reason in line.reasons]


def _why(line: StatementLine) -> list[str]:
    return reasons(line) + ([_("Trajet d’un mois déjà clos.")] if line.late else [])


def _line_name(line: StatementLine) -> str:
    """The line as its page calls it; who declared the trip, off the lines."""
    if line.line is None:
        return line.operator
    try:
        found = get_line(line.line, paris_day(line.started_at))
    except NotFound:
        return line.line
    return f"{found.number} {found.name}"


def statement_pdf(statement: Statement, name: str) -> bytes:
    """The statement as a PDF, in the language spoken."""
    language = current_language()
    title = _("Relevé de covoiturage : %(month)s", month=month(statement.month, language))
    rows = [
        [
            instant(line.started_at, language), _line_name(line), f"{number(line.distance_m / 1000, language)}{NBSP}km",
            str(line.passengers), " · ".join(_why(line)), amount(line.amount, language),
        ]
        for line in statement.lines
    ]  # fmt: skip
    state = (
        _("Mois en cours : les montants peuvent changer jusqu’à la clôture.")
        if statement.closed_at is None
        else _("Mois clos le %(day)s.", day=day(statement.closed_at, language, year=True))
    )
    source = "\n\n".join(
        [
            f"= {escaped(title)}",
            escaped(name),
            escaped(state),
            table(
                [_("Départ"), _("Ligne"), _("Distance"), _("Passagers"), _("Pourquoi"), _("Montant")],
                rows,
                right=(2, 3, 5),
                wide=4,
                foot=[_("Total"), "", "", "", "", amount(statement.total, language)],
            ),
            escaped(_("Pour contester une ligne : une réclamation reçoit une réponse dans les deux mois.")),
        ]
    )
    made_at = statement.closed_at or (statement.lines[-1].started_at if statement.lines else None)
    return compiled(title, source, made_at or datetime(2020, 1, 1, tzinfo=UTC), language=language, landscape=True)
