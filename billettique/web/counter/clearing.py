"""Clearing for those who decide and those who pay: the statements of a month, and what nobody could be named for."""

import csv
import io
from datetime import date

from flask import Response, render_template, request
from flask.typing import ResponseReturnValue

from billettique.service import clearing as service
from billettique.service import served_lines
from billettique.store import clearing as store
from billettique.web import bp
from billettique.web.counter.regie import month_typed
from billettique.web.selling.shared import private
from mobigo.base.money import ZERO, Money
from mobigo.base.sheets import neutral
from mobigo.infra.auth import Permission, requires
from mobigo.infra.db import reading
from mobigo.infra.web import services


@bp.get("/titres/compensation")
@requires(Permission.SALES_READ)
def clearing() -> ResponseReturnValue:
    """The month (`mois`, as 2026-11): statements where it is closed, else what they would say today."""
    first = month_typed(request.args.get("mois", ""))
    with reading(services().engine) as session:
        made = store.statements_of(session, f"{first:%Y-%m}")
        cleared = service.month_of(first, session, _lines(first), services().config.home)
    page = render_template(
        "billettique/clearing.html", month=f"{first:%Y-%m}", statements=made, Money=Money, unshared=cleared.unshared,
        expected=sorted((party, amount) for party, amount in service.by_party(cleared).items() if party is not None),
        total=sum(service.by_party(cleared).values(), ZERO), source=cleared.source, names=cleared.names,
    )  # fmt: skip
    return private(page)


@bp.get("/titres/compensation.csv")
@requires(Permission.SALES_READ)
def clearing_csv() -> ResponseReturnValue:
    """The statements of a closed month, line by line."""
    first = month_typed(request.args.get("mois", ""))
    out = io.StringIO()
    rows = csv.writer(out)
    rows.writerow(["party", "number", "month", "product", "net_cents"])
    with reading(services().engine) as session:
        for each in store.statements_of(session, f"{first:%Y-%m}"):
            rows.writerows(
                [neutral(each.party), each.number, each.month, neutral(str(line["product"])), line["net"]]
                for line in each.lines
            )
    headers = {"Content-Disposition": f'attachment; filename="compensation-{first:%Y-%m}.csv"'}
    return private(Response(out.getvalue(), content_type="text/csv; charset=utf-8", headers=headers))


def _lines(first: date) -> dict[str, str]:
    return served_lines.network_of_lines(services().networks, first, services().config.home)
