"""A ticket's page, at a secret address: no account, and everything but the moving code without scripts.

The page may be kept by the telephone (service worker, manifest). Whoever has the address has the ticket: no cache
between us keeps it, and no search engine.
"""

from typing import Any, Final

from flask import Response, current_app, flash, jsonify, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from billettique.export import ticket as paper
from billettique.model.entitlements import Entitlement, EntitlementState
from billettique.rules.entitlements import MOVES_MAX, spoken
from billettique.rules.issuing import parts_of
from billettique.rules.u2 import read_code
from billettique.service import telling, tickets
from billettique.store import tickets as store
from billettique.web import bp
from mobigo.base.errors import InvalidInput, MobigoError
from mobigo.infra import competence, ratelimit
from mobigo.infra.auth import public
from mobigo.infra.clock import now
from mobigo.infra.db import reading, transaction
from mobigo.infra.i18n import gettext as _
from mobigo.infra.i18n import sentence
from mobigo.infra.web import services

PAGE: Final = "/billet/<entitlement_id>/<token>/"
CHANGES: Final = "30 per hour"  # of one ticket: binding, moving, activating


def looked_at(entitlement_id: str, token: str) -> Entitlement:
    """The ticket of this address. Raises NotFound."""
    with reading(services().engine) as session:
        return tickets.shown(session, tickets.opened(session, services().config, entitlement_id, token))


def kept_by_nobody(answer: ResponseReturnValue) -> Response:
    """The same answer, kept by no cache but the telephone's own, and found by no search engine."""
    response = make_response(answer)
    response.headers["Cache-Control"] = "private, no-store"
    response.headers["X-Robots-Tag"] = "noindex, nofollow"
    return response


def contact() -> str:
    """The telephone number of those who help without a screen."""
    region = competence.table().authorities["region"].shown(production=services().config.production)
    return region.phone or ""


@bp.get(PAGE)
@public
def ticket(entitlement_id: str, token: str) -> ResponseReturnValue:
    """The ticket: its code, what it says, how to print it, how to do without a telephone."""
    return _page(looked_at(entitlement_id, token), token)


def _page(shown: Entitlement, token: str, fault: str = "", status: int = 200) -> ResponseReturnValue:
    with reading(services().engine) as session:
        units = [each for each in store.of_item(session, shown.item) if each.place] if shown.units else []
        links = [
            (spoken(each.reference), each.activated_at, tickets.path_of(services().config, each)) for each in units
        ]
    drawn = None
    if shown.code is not None and not shown.bound and shown.state is EntitlementState.ACTIVE:
        drawn = paper.qr_path(shown.code)
    page = render_template(
        "billettique/ticket.html", shown=shown, token=token, drawn=drawn, lines=paper.lines_of(shown)[:-1],
        warnings=paper.warnings_of(shown), reference=spoken(shown.reference),
        moves_left=max(0, MOVES_MAX - shown.moves),
        state="away" if shown.state is not EntitlementState.ACTIVE else "elsewhere" if shown.bound else "fixed",
        units=links, fault=fault, now=now(), code_at=_stamp(shown),
    )  # fmt: skip
    return kept_by_nobody((page, status))


def _stamp(shown: Entitlement) -> str:
    return "" if shown.code_at is None else shown.code_at.isoformat()


@bp.get(PAGE + "code.json")
@public
def ticket_code(entitlement_id: str, token: str) -> ResponseReturnValue:
    """What the page's script asks: how the ticket stands, and the parts of the code that a telephone completes."""
    return _told(looked_at(entitlement_id, token))


def _told(shown: Entitlement) -> Response:
    told: dict[str, Any] = {
        "state": str(shown.state), "code_at": _stamp(shown), "now_ms": int(now().timestamp() * 1000), "point": None,
    }  # fmt: skip
    if shown.bound and shown.code is not None:
        parts, bound_key = parts_of(shown.code), read_code(shown.code).header.bound_key
        told |= {
            "point": "" if bound_key is None else bound_key.hex(), "level_1": parts.level_1.hex(), "bits": parts.bits,
            "signature_1": parts.signature_1.hex(),
        }  # fmt: skip
    return kept_by_nobody(jsonify(told))


@bp.post(PAGE + "telephone")
@public
def ticket_bind(entitlement_id: str, token: str) -> ResponseReturnValue:
    """Binds the ticket to the key of this telephone, by script: the first one."""
    return _bind(entitlement_id, token, move=False)


@bp.post(PAGE + "autre-telephone")
@public
def ticket_move(entitlement_id: str, token: str) -> ResponseReturnValue:
    """Puts the ticket on this telephone instead of the one it is on, by script."""
    return _bind(entitlement_id, token, move=True)


def _bind(entitlement_id: str, token: str, *, move: bool) -> ResponseReturnValue:
    point = request.form.get("point", "")
    try:
        octets = bytes.fromhex(point)
    except ValueError:
        raise InvalidInput("billettique.key_not_p256") from None
    with transaction(services().engine) as session:
        row = tickets.opened(session, services().config, entitlement_id, token, change_at=now())
        ratelimit.attempts().count("billet", CHANGES, entitlement_id)
        shown = tickets.bind(session, services(), row, octets, now(), move=move)
    return _told(shown)


@bp.post(PAGE + "papier")
@public
def ticket_paper(entitlement_id: str, token: str) -> ResponseReturnValue:
    """Makes it a fixed code again, which may be printed. Works without scripts."""
    return _changed(entitlement_id, token, "papier")


@bp.post(PAGE + "activer")
@public
def ticket_activate(entitlement_id: str, token: str) -> ResponseReturnValue:
    """The ticket is good from now on."""
    return _changed(entitlement_id, token, "activer")


@bp.post(PAGE + "carnet")
@public
def ticket_unit(entitlement_id: str, token: str) -> ResponseReturnValue:
    """Takes a ticket out of a carnet, good from now on, and shows it."""
    return _changed(entitlement_id, token, "carnet")


def _changed(entitlement_id: str, token: str, act: str) -> ResponseReturnValue:
    config, instant = services().config, now()
    try:
        with transaction(services().engine) as session:
            row = tickets.opened(session, config, entitlement_id, token, change_at=instant)
            ratelimit.attempts().count("billet", CHANGES, entitlement_id)
            if act == "papier":
                tickets.back_to_paper(session, services(), row, instant)
                flash(_("Le code est de nouveau fixe : vous pouvez l’imprimer. Celui du téléphone est refusé."), "good")
            elif act == "activer":
                tickets.activate(session, services(), row.id, instant)
                flash(_("Le billet est valable à partir de maintenant."), "good")
            else:
                row = store.get(session, tickets.take_unit(session, services(), row.id, instant))
                flash(_("Un billet est sorti du carnet. Il est valable à partir de maintenant."), "good")
            after = row.id, tickets.token_of(config, row.id, row.link)
    except MobigoError as error:
        return _page(looked_at(entitlement_id, token), token, sentence(error.decision), 409)
    return redirect(url_for("billettique.ticket", entitlement_id=after[0], token=after[1]), 303)


@bp.get(PAGE + "billet.pdf")
@public
def ticket_pdf(entitlement_id: str, token: str) -> ResponseReturnValue:
    """The ticket on a sheet, tagged (PDF/UA-1)."""
    shown = looked_at(entitlement_id, token)
    response = kept_by_nobody(paper.tickets_pdf([shown], now(), contact=contact()))
    response.mimetype = "application/pdf"
    response.headers["Content-Disposition"] = f'inline; filename="billet-{shown.reference}.pdf"'
    return response


@bp.get(PAGE + "billet.txt")
@public
def ticket_text(entitlement_id: str, token: str) -> ResponseReturnValue:
    """The ticket as plain text."""
    shown = looked_at(entitlement_id, token)
    response = kept_by_nobody(telling.text_of(services().config, shown, contact()))
    response.mimetype = "text/plain"
    return response


@bp.get(PAGE + "billet.webmanifest")
@public
def ticket_manifest(entitlement_id: str, token: str) -> ResponseReturnValue:
    """What a telephone needs to put the ticket among its applications."""
    shown = looked_at(entitlement_id, token)
    here = url_for("billettique.ticket", entitlement_id=entitlement_id, token=token)
    icon = {"src": url_for("static", filename="icon.svg"), "sizes": "any", "type": "image/svg+xml", "purpose": "any"}
    told = {
        "id": here, "start_url": here, "scope": "/billet/", "display": "standalone", "name": shown.name,
        "short_name": _("Mon billet"), "lang": "fr", "background_color": "#fbf8f3", "theme_color": "#7b1e3b",
        "icons": [icon],
    }  # fmt: skip
    response = kept_by_nobody(jsonify(told))
    response.mimetype = "application/manifest+json"
    return response


@bp.get("/billet/service.js")
@public
def ticket_service() -> ResponseReturnValue:
    """The worker that keeps ticket pages for when there is no network; from this address, since it reaches no further
    than the folder it comes from."""
    response = make_response(current_app.view_functions["static"](filename="billet/service.js"))
    response.headers["Cache-Control"] = "no-cache"
    return response
