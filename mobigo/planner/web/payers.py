"""Who pays, of a request: what the address says, else what the device keeps; and the account, for who signed in. A page
for choosing it, kept on the device only when one asks for that.

A page priced for somebody is never kept by a cache that others read: `only_theirs`.
"""

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import parse_qs, urlencode

from flask import Response, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import MultiDict

from mobigo.base.instants import paris_day
from mobigo.infra import auth
from mobigo.infra.auth import public
from mobigo.infra.clock import now
from mobigo.infra.i18n import gettext as _
from mobigo.infra.web import services
from mobigo.planner.model import ANYBODY, FareKinds, Payer
from mobigo.planner.rules.payers import FIELDS, fields_of, said
from mobigo.planner.web import bp

COOKIE: Final = "mobigo_tarif"
KEPT_S: Final = 365 * 24 * 3600


def payer_here() -> Payer:
    """Who pays for what this request asks: by its address, else by the device; with the account that is signed in."""
    payer = said(request.args)
    if payer == ANYBODY:
        payer = said(MultiDict(parse_qs(request.cookies.get(COOKIE, "")[:1_000])))
    identity = auth.current_account()
    return Payer(payer.category, payer.holds, payer.proofs, None if identity is None else identity.subject)


def only_theirs(page: str, payer: Payer, status: int = 200) -> Response:
    """A page priced for a payer: no cache gives it to another, or keeps it where it says something of somebody."""
    response = make_response(page, status)
    response.vary.add("Cookie")
    if not payer.is_anybody:
        response.headers["Cache-Control"] = "private, no-store"
    return response


def payer_words(payer: Payer, kinds: FareKinds) -> str:
    """Who a price is for, in words: "De 12 à 25 ans, avec la carte …"."""
    riders, holds = dict(kinds.riders), dict(kinds.holds)
    default = next(iter(kinds.riders), ("", _("adulte")))[0]
    words = [riders.get(payer.category or default, payer.category or _("adulte"))]
    words += [holds.get(each, each) for each in payer.holds]
    words += [_("justificatif : %(proof)s", proof=each) for each in payer.proofs]
    if len(words) == 1:
        words.append(_("sans carte"))
    return ", ".join(words)


@bp.get("/trajets/tarif")
@public
def payer_form() -> ResponseReturnValue:
    """Who pays: kind of rider, cards and passes, as the tariff of today knows them."""
    payer = payer_here()
    page = render_template(
        "planner/payer.html", kinds=kinds_today(), payer=payer, back=_back(), kept=COOKIE in request.cookies
    )
    return only_theirs(page, payer)


@bp.post("/trajets/tarif")
@public
def payer_chosen() -> ResponseReturnValue:
    """Price for who was chosen: kept on the device when asked, else said in the address alone."""
    payer = said(request.form)
    forget = "forget" in request.form
    keep = request.form.get("keep") == "1" and not forget
    target = _back({} if keep or forget else fields_of(payer))
    response = redirect(target, 303)
    if keep:
        value = urlencode(fields_of(payer) or {"rider": ""}, doseq=True)
        response.set_cookie(
            COOKIE, value, max_age=KEPT_S, path="/", httponly=True, samesite="Lax", secure=request.is_secure
        )
    else:
        response.delete_cookie(COOKIE, path="/", httponly=True, samesite="Lax", secure=request.is_secure)
    return response


def kinds_today() -> FareKinds:
    """What the tariff of today lets one say; nothing where nobody knows fares."""
    fares: Any = services().fares
    found: FareKinds = FareKinds() if fares is None else fares.kinds(paris_day(now()))
    return found


def _back(fields: Mapping[str, str | list[str]] | None = None) -> str:
    """The search to go back to, by its own fields alone (never an address given to us), with those of who pays in the
    place of what it said."""
    given = parse_qs(request.values.get("back", "")[:4_000].lstrip("?"))
    kept: dict[str, Any] = {name: values for name, values in given.items() if fields is None or name not in FIELDS}
    kept |= fields or {}
    if "from" not in kept or "to" not in kept:
        return url_for("planner.search") + (f"?{urlencode(fields, doseq=True)}" if fields else "")
    return f"{url_for('planner.journeys')}?{urlencode(kept, doseq=True)}"
