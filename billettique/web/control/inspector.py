"""The inspector's page: it works without a network once opened, sends what it kept when there is one, and, without
scripts, checks a code typed in."""

from hashlib import sha256
from typing import Any, Final

import orjson
from flask import Response, make_response, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_wtf.csrf import generate_csrf
from markupsafe import Markup

from billettique.model.ticket import Here
from billettique.model.use import DeviceKind
from billettique.rules.fares import operating_day
from billettique.service import cases, inspection, served_lines, sync
from billettique.service.records import device_of, read_constat, read_instant, read_record
from billettique.web import bp
from billettique.web.control import words
from mobigo.base.errors import InvalidInput, MobigoError
from mobigo.base.instants import PARIS
from mobigo.infra import auth, csp
from mobigo.infra.auth import Permission, requires
from mobigo.infra.clock import now
from mobigo.infra.db import reading, transaction
from mobigo.infra.http_errors import status_of
from mobigo.infra.i18n import current_language, sentence, template_of
from mobigo.infra.i18n import gettext as _
from mobigo.infra.web import services

BODY_MAX: Final = 2_000_000
SCRIPT: Final = "billettique/inspector.mjs"
FILES: Final = (
    "mobigo.css",
    "mobigo.js",
    "icon.svg",
    "billettique/control.css",
    "billettique/inspector.mjs",
    "billettique/constat.mjs",
    "billettique/round.mjs",
    "billettique/keep.mjs",
    "billettique/lists.mjs",
    "billettique/signs.mjs",
    "billettique/uper.mjs",
    "billettique/norm.mjs",
    "billettique/ticket.mjs",
    "billettique/verify.mjs",
    "scan/scan.mjs",
    "vendor/zxing/reader.js",
    "vendor/zxing/zxing_reader.wasm",
)


@bp.get("/controle")
@requires(Permission.TICKETS_INSPECT)
@csp.policy(script_src=("'wasm-unsafe-eval'",))
def control() -> ResponseReturnValue:
    """The page."""
    return _page(None, "")


@bp.post("/controle")
@requires(Permission.TICKETS_INSPECT)
@csp.policy(script_src=("'wasm-unsafe-eval'",))
def control_typed() -> ResponseReturnValue:
    """A code typed in, checked here: where there is no camera, and where scripts do not run."""
    typed, line = request.form.get("typed", "")[:3_000], request.form.get("line", "")[:60]
    try:
        with reading(services().engine) as session:
            checked = inspection.check_said(session, services(), typed, now(), here=_here(line))
    except MobigoError as wrong:
        return _page(None, typed, line, error=sentence(wrong.decision)), status_of(wrong)
    return _page(_shown(checked), "", line)


@bp.get("/controle/listes.json")
@requires(Permission.TICKETS_INSPECT)
def control_lists() -> ResponseReturnValue:
    """All that the page carries for a shift, and a fresh token for what it will send."""
    return _json({**inspection.lists(services(), now()), "csrf": generate_csrf()})


def control_body(view: Any) -> Any:
    """Marks a view that takes a day's records."""
    view.body_limit_bytes = BODY_MAX
    return view


@bp.post("/controle/verification")
@requires(Permission.TICKETS_INSPECT)
def control_said() -> ResponseReturnValue:
    """The same as a code typed in, for the page with scripts: the verdict as a document."""
    said = _document()
    with reading(services().engine) as session:
        checked = inspection.check_said(
            session,
            services(),
            str(said.get("typed", ""))[:3_000],
            now(),
            here=_here(str(said.get("line", ""))[:60], str(said.get("stop", ""))[:60]),
        )
    shown = _shown(checked)
    return _json({**shown, "answer": str(shown["answer"])})


@bp.post("/controle/envoi")
@requires(Permission.TICKETS_INSPECT)
@control_body
def control_send() -> ResponseReturnValue:
    """What a telephone kept: records and constats. Each is answered by name, so that it can be forgotten there."""
    said, who = _document(), auth.signed_in().subject
    device = device_of(said, (who, None), DeviceKind.INSPECTOR)
    try:
        records = [read_record(each) for each in said.get("records", [])]
        sent_at = read_instant(said["sent_at"]) if "sent_at" in said else None
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError, IndexError) as wrong:
        raise InvalidInput("billettique.batch_unreadable") from wrong
    with transaction(services().engine) as session:
        received = sync.receive(session, device, records, now(), sent_at=sent_at)
    answers = [_take_constat(each, who, device.id) for each in said.get("constats", [])[:200]]
    return _json(
        {
            "records": [each.nonce for each in records],
            "refused": [list(each) for each in received.refused],
            "firsts": received.firsts,
            "repeats": received.repeats,
            "constats": answers,
        }
    )


@bp.get("/controle/sw.js")
@requires(Permission.TICKETS_INSPECT)
def control_worker() -> ResponseReturnValue:
    """What keeps the page and its files. Its version is that of all of them, and of the language."""
    addresses = {name: url_for("static", filename=name) for name in FILES}
    # Modules name each other by their plain address: the entry alone has its version in its own.
    files = [
        f"/static/{name}" if name.endswith(".mjs") and name != SCRIPT else address
        for name, address in addresses.items()
    ]
    version = sha256("\n".join([*addresses.values(), current_language()]).encode()).hexdigest()[:16]
    code = url_for("static", filename="billettique/sw.js")
    lines = [
        f"const FILES = {orjson.dumps(files).decode()};",
        f"const VERSION = {orjson.dumps(version).decode()};",
        f"importScripts({orjson.dumps(code).decode()});",
    ]
    response = make_response("\n".join(lines) + "\n")
    response.headers["Content-Type"] = "text/javascript; charset=utf-8"
    response.headers["Service-Worker-Allowed"] = "/controle"
    return response


@bp.get("/controle/manifest.webmanifest")
@requires(Permission.TICKETS_INSPECT)
def control_manifest() -> ResponseReturnValue:
    """What an installed page is called and looks like."""
    said = {
        "name": _("Contrôle Mobigo"),
        "short_name": _("Contrôle"),
        "start_url": "/controle",
        "scope": "/controle",
        "display": "standalone",
        "lang": current_language(),
        "background_color": "#fbf8f3",
        "theme_color": "#7b1e3b",
        "icons": [{"src": url_for("static", filename="icon.svg"), "sizes": "any", "type": "image/svg+xml"}],
    }
    response = _json(said)
    response.headers["Content-Type"] = "application/manifest+json"
    return response


# ---------------------------------------------------------------- reading what is sent


def _take_constat(said: Any, who: str, device: str) -> dict[str, Any]:
    """One constat, in a transaction of its own: what is wrong with one keeps none of the others back."""
    name = str(said.get("id", ""))[:40]
    try:
        constat = read_constat(said)
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError, IndexError):
        return {"id": name, "ok": False, "why": sentence(InvalidInput("billettique.bad_constat", field="").decision)}
    try:
        with transaction(services().engine) as session:
            cases.draw_up(session, services().config, constat, by=who, device=device, now=now())
    except MobigoError as wrong:
        return {"id": name, "ok": False, "why": sentence(wrong.decision)}
    return {"id": name, "ok": True}


def _document() -> dict[str, Any]:
    said = request.get_json(silent=True)
    if not isinstance(said, dict):
        raise InvalidInput("billettique.batch_unreadable")
    return said


# ---------------------------------------------------------------- showing


def _here(line: str, stop: str = "") -> Here | None:
    return served_lines.here_of(services().networks, line, stop, operating_day(now()), services().config.home)


def _shown(checked: inspection.Checked) -> dict[str, Any]:
    verdict, ticket = checked.verdict, checked.verdict.ticket
    tone = words.TONES[verdict.answer]
    return {
        "answer": verdict.answer,
        "title": words.answers()[verdict.answer],
        "tone": tone,
        "symbol": words.SYMBOLS[tone],
        "reason": sentence(verdict.reason),
        "words": None if ticket is None else ticket.words,
        "area": None if ticket is None else ticket.area.words,
        "holder": None if ticket is None or ticket.holder is None else " ".join(ticket.holder).strip(),
        "until": None if ticket is None else ticket.last_minute.astimezone(PARIS).strftime("%d/%m/%Y %H:%M"),
    }


def _page(verdict: dict[str, Any] | None, typed: str, line: str = "", error: str = "") -> str:
    tones = {str(answer): tone for answer, tone in words.TONES.items()}
    said = {
        "language": current_language(),
        "answers": {str(answer): title for answer, title in words.answers().items()},
        "tones": tones,
        "symbols": words.SYMBOLS,
        "reasons": {code: template_of(code) or code for code in inspection.REASONS},
        "grounds": words.grounds(),
        "means": words.means(),
        "ui": _interface(),
    }
    return render_template(
        "billettique/control.html",
        said=_data(said),
        verdict=verdict,
        typed=typed,
        line=line,
        error=error,
        lines=[(line.code, line.name) for line in served_lines.lines_of(services().networks).values()],
        grounds=words.grounds(),
        means=words.means(),
    )


def _interface() -> dict[str, str]:
    """What the page says by itself; ‹name› stands for what is put in."""
    return {
        "no_camera": _("La caméra n’est pas disponible. Saisissez le code, ou autorisez la caméra pour ce site."),
        "lists_age": _("Listes reçues il y a ‹age›."),
        "lists_missing": _("Aucune liste sur ce téléphone : connectez-vous au réseau une fois avant de contrôler."),
        "lists_bad": _("Les listes reçues ne sont pas signées comme il faut : elles ne sont pas prises. Signalez-le."),
        "lists_over": _("Les listes sont trop anciennes pour accepter un titre. Trouvez du réseau."),
        "offline": _("Pas de réseau : le contrôle continue, l’envoi attendra."),
        "to_send": _("À envoyer : contrôles ‹records›, constats ‹constats›."),
        "nothing_to_send": _("Tout est envoyé."),
        "sent": _("Envoyé : contrôles ‹records›, constats ‹constats›."),
        "repeats": _("Titres qui avaient déjà servi ailleurs : ‹count›. L’alerte est donnée."),
        "not_taken": _("Un constat n’a pas été pris : ‹why›"),
        "signed_out": _("Votre session est finie : reconnectez-vous, rien n’est perdu."),
        "minutes": _("‹count› min"),
        "hours": _("‹count› h"),
        "days": _("‹count› j"),
        "for_one": _("1 personne"),
        "for_many": _("‹count› personnes"),
        "first_class": _("1re classe"),
        "identity": _("Demander une pièce d’identité."),
        "age": _("Vérifier l’âge."),
        "reduction": _("Demander la carte de réduction."),
        "until": _("Jusqu’au ‹at›"),
        "specimen": _("Spécimen : simulation, ce n’est pas un titre de transport."),
        "dynamic": _("Le téléphone du voyageur signe ce code."),
        "amount_now": _("À payer maintenant : ‹amount›"),
        "amount_later": _("À payer plus tard : ‹amount›, frais de dossier compris, dans les ‹months› mois."),
        "to_confirm": _("Montants à confirmer par un acte de l’autorité : simulation."),
        "not_decided": _("Aucun acte n’a fixé les montants : aucun constat ne peut être dressé."),
        "kept": _("Constat gardé sur ce téléphone. Il partira au prochain envoi."),
        "missing": _("Il manque : nom, prénom et adresse, ou un paiement sur place."),
        "checked_later": _("Sans réseau, une référence ne peut pas être vérifiée. Scannez le code."),
        "round_none": _("Pour encaisser sur place, ouvrez une tournée avant de partir."),
        "round_elsewhere": _("Votre tournée est sur un autre téléphone : celui-ci ne peut pas encaisser."),
        "round_open": _("Tournée ‹round› : dernière quittance n° ‹last›, espèces encore possibles ‹cash›."),
        "round_full": _("Vous portez le maximum d’espèces : proposez la carte, ou un paiement plus tard."),
        "payment_max": _("Au plus ‹most› en espèces par personne : proposez la carte, ou un paiement plus tard."),
        "scanning": _("Placez le code dans le cadre."),
    }


def _data(said: dict[str, Any]) -> Markup:
    """A document for a block of data in the page: `<` is written so that nothing in it ends the block."""
    return Markup(orjson.dumps(said).decode().replace("<", "\\u003c"))


def _json(said: dict[str, Any]) -> Response:
    response = make_response(orjson.dumps(said))
    response.headers["Content-Type"] = "application/json"
    response.headers["Cache-Control"] = "private, no-store"
    return response
