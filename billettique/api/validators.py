"""On-board validators: the batch of records of a day, and the online check of one code. By API key, with the scope
"tickets.validate"; a device belongs to the organisation of its key."""

from typing import Any, Final

from flask import jsonify, request
from flask.typing import ResponseReturnValue

from billettique.api import bp
from billettique.model.ticket import Answer
from billettique.model.use import DeviceKind, Place, Record
from billettique.rules.fares import operating_day
from billettique.rules.verify import uses_up
from billettique.service import inspection, served_lines, sync
from billettique.service.records import device_of, read_record
from mobigo.base.errors import InvalidInput
from mobigo.base.instants import paris_day
from mobigo.infra import auth
from mobigo.infra.auth import Permission, requires
from mobigo.infra.clock import now
from mobigo.infra.db import reading, transaction
from mobigo.infra.i18n import sentence
from mobigo.infra.web import services

BODY_MAX: Final = 2_000_000


def _long(view: Any) -> Any:
    view.body_limit_bytes = BODY_MAX
    return view


@bp.post("/validations")
@requires(Permission.TICKETS_VALIDATE)
@_long
def send_validations() -> ResponseReturnValue:
    """Records of a device, at most 2,000: `{"device": "…", "sent_at": instant, "records": [{"nonce", "at", "answer",
    "ticket": [issuer, reference], "product", "uses", "until", "line", "stop", "trip"}]}`. Instants are written out
    with their zone, or milliseconds since 1970.

    A record is known by (device, nonce): the same batch again changes nothing, and gets the same `firsts` and `repeats`
    only for what is new. `repeats` are tickets that were accepted elsewhere before. `refused` says which records could
    not be taken, and why; the others are.
    """
    said = _document()
    device = device_of(said, _identity(), DeviceKind.ONBOARD)
    records, sent_at = read_batch(said)
    with transaction(services().engine) as session:
        received = sync.receive(session, device, records, now(), sent_at=sent_at)
    return jsonify(
        {
            "new": received.new,
            "known": received.known,
            "firsts": received.firsts,
            "repeats": received.repeats,
            "refused": [{"nonce": nonce, "code": code} for nonce, code in received.refused],
        }
    )


@bp.post("/checks")
@requires(Permission.TICKETS_VALIDATE)
def check_online() -> ResponseReturnValue:
    """Check one code and use it up if it is a single ticket: `{"device", "nonce", "code": hexadecimal, "line", "stop",
    "trip"}`. Of several validators at once exactly one is answered OK; the same nonce again gets the same answer."""
    said = _document()
    device = device_of(said, _identity(), DeviceKind.ONBOARD)
    try:
        octets = bytes.fromhex(str(said["code"]))
        nonce = str(said["nonce"])
    except (KeyError, ValueError) as wrong:
        raise InvalidInput("billettique.batch_unreadable") from wrong
    place = Place(str(said.get("line", "")), str(said.get("stop", "")), str(said.get("trip", "")))
    instant = now()
    here = served_lines.here_of(
        services().networks, place.line, place.stop, operating_day(instant), services().config.home
    )  # fmt: skip
    with reading(services().engine) as session:
        checked = inspection.check(session, services(), octets, instant, here=here)
    verdict, ticket = checked.verdict, checked.verdict.ticket
    answer, reason = verdict.answer, sentence(verdict.reason)
    if ticket is not None:
        single = uses_up(ticket)
        record = Record(
            nonce, instant, answer, checked.mark, ticket.product, single and answer is Answer.OK,
            paris_day(ticket.last_minute), place, (ticket.issuer, ticket.reference),
        )  # fmt: skip
        with transaction(services().engine) as session:
            if single and answer in (Answer.OK, Answer.USED):
                won, since = sync.claim(session, device, record, instant)
                answer = Answer.OK if won else Answer.USED
                if not won:
                    reason = sentence(inspection.used_reason(since))
                elif verdict.answer is Answer.USED:
                    reason = sentence(inspection.GOOD)  # by this very request, sent before
            else:
                sync.receive(session, device, [record], instant)
    return jsonify(
        {"answer": str(answer), "reason": reason, "keys_s": verdict.keys_s, "revocations_s": verdict.revocations_s}
    )


def read_batch(said: dict[str, Any]) -> tuple[list[Record], Any]:
    """The records of a batch, and when it was sent. Raises InvalidInput("billettique.batch_unreadable")."""
    from billettique.service.records import read_instant

    try:
        records = [read_record(each) for each in said.get("records", [])]
        return records, read_instant(said["sent_at"]) if "sent_at" in said else None
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError, IndexError) as wrong:
        raise InvalidInput("billettique.batch_unreadable") from wrong


def _document() -> dict[str, Any]:
    said = request.get_json(silent=True)
    if not isinstance(said, dict):
        raise InvalidInput("billettique.batch_unreadable")
    return said


def _identity() -> tuple[str, str | None]:
    """Who asks, and in the name of which organisation."""
    identity = auth.signed_in()
    where = identity.organisations(Permission.TICKETS_VALIDATE)
    return identity.subject, None if where is None else sorted(where)[0]
