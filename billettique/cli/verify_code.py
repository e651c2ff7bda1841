"""`mobigo billettique verify-code F|HEX`: the verdict on a code, by this instance's keys, revocations and uses.

Exits 0 for a good ticket, 3 for a refused one.
"""

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from billettique.cli.issue import _instant
from mobigo.base.errors import InvalidInput
from mobigo.infra import console
from mobigo.infra.i18n import gettext as _
from mobigo.infra.i18n import sentence

if TYPE_CHECKING:
    from billettique.model.ticket import Verdict
    from mobigo.infra.web import Services


@click.command()
@click.argument("code", metavar="F|HEX")
@click.option("--at", help="Instant du contrôle, AAAA-MM-JJTHH:MM (heure de France) ; maintenant par défaut.")
@click.option("--line", default="", help="Ligne où l'on contrôle, offre:route_id.")
@click.option("--stop", default="", help="Arrêt où l'on contrôle : son code, ou son lieu stable.")
@console.json_option
def verify_code(code: str, at: str | None, line: str, stop: str, as_json: bool) -> int:
    """Vérifier un code : un fichier de ses octets, ou ses octets en hexadécimal. Sort avec 3 s'il est refusé."""
    from billettique.model.ticket import Answer
    from billettique.rules.fares import operating_day
    from billettique.service import inspection, served_lines
    from mobigo.infra import clock
    from mobigo.infra.db import reading

    octets = octets_of(code)
    services: Services = click.get_current_context().find_root().obj()
    try:
        when = _instant(at) or clock.now()
        here = served_lines.here_of(services.networks, line, stop, operating_day(when), services.config.home)
        with reading(services.engine) as session:
            verdict = inspection.check(session, services, octets, when, here=here).verdict
        console.emit(document_of(verdict), as_json, lambda: _text(verdict))
        return console.DONE if verdict.answer is Answer.OK else console.REFUSED
    finally:
        services.engine.dispose()


def octets_of(code: str) -> bytes:
    """The octets given: a file's, or written in hexadecimal. Raises InvalidInput("billettique.bad_code_given")."""
    try:
        path = Path(code)
        if path.is_file():
            return path.read_bytes()
    except OSError:  # a name too long for a file is hexadecimal
        pass
    try:
        return bytes.fromhex(code)
    except ValueError as wrong:
        raise InvalidInput("billettique.bad_code_given", given=code[:40]) from wrong


def document_of(verdict: "Verdict") -> dict[str, Any]:
    """The verdict as JSON; nothing of a ticket whose signature is not good."""
    ticket = verdict.ticket
    said: dict[str, Any] = {
        "answer": str(verdict.answer), "reason": verdict.reason, "message": sentence(verdict.reason),
        "keys_s": verdict.keys_s, "revocations_s": verdict.revocations_s, "ticket": None,
    }  # fmt: skip
    if ticket is not None:
        said["ticket"] = {
            "issuer": ticket.issuer, "reference": ticket.reference, "kind": str(ticket.kind), "words": ticket.words,
            "product": ticket.product, "area": ticket.area.words, "first": ticket.first_minute,
            "last": ticket.last_minute, "specimen": ticket.specimen, "holder": ticket.holder,
            "passengers": [{"count": each.count, "category": each.category} for each in ticket.passengers],
        }  # fmt: skip
    return said


def _text(verdict: "Verdict") -> str:
    lines = [f"{verdict.answer} : {sentence(verdict.reason)}"]
    if verdict.ticket is not None:
        ticket = verdict.ticket
        lines += [f"  {each}" for each in (ticket.words, ticket.area.words) if each]
        lines += [f"  {_shown(ticket.first_minute)} – {_shown(ticket.last_minute)}"]
        lines += [f"  {_('Référence')} : {ticket.reference}"]
    return "\n".join(lines)


def _shown(instant: datetime) -> str:
    from mobigo.infra.formats import instant as written
    from mobigo.infra.i18n import current_language

    return written(instant, current_language())
