"""The table of the months and lines, for a spreadsheet."""

import csv
import io
from collections.abc import Mapping, Sequence

from covoit.export.accounts import euros
from covoit.model.figures import MonthFigures, per_passenger
from mobigo.base.sheets import neutral

COLUMNS = (
    "mois", "ligne", "voyages", "passagers", "kilometres", "aides_eur", "garanties_eur", "recettes_eur", "cout_net_eur",
    "cout_net_par_passager_eur",
)  # fmt: skip


def figures_table(series: Sequence[MonthFigures], names: Mapping[str | None, str]) -> bytes:
    """One row a month and line, in UTF-8 with its mark, so that a spreadsheet reads the accents; amounts in euros."""
    text = io.StringIO()
    out = csv.writer(text, delimiter=";", lineterminator="\r\n")
    out.writerow(COLUMNS)
    for month in series:
        for each in month.lines:
            net = per_passenger(each, each.net_cost)
            out.writerow(
                (
                    f"{month.month:%Y-%m}", neutral(names.get(each.line, each.line or "")), each.trips, each.passengers,
                    f"{each.distance_m / 1000:.3f}", euros(each.subsidy), euros(each.guarantee), euros(each.fares),
                    euros(each.net_cost), "" if net is None else euros(net),
                )
            )  # fmt: skip
    return b"\xef\xbb\xbf" + text.getvalue().encode()
