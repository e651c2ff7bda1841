"""What an inspector needs: the lists to carry, the check of a code on the server (a validator that is in contact, a
page without scripts), and a reference that somebody says."""

from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy.orm import Session

from billettique.gateway.penalties import penalties_on
from billettique.model.ticket import Answer, Here, Verdict
from billettique.rules import tickets as ticket_rules
from billettique.rules.areas import station_of
from billettique.rules.fares import operating_day
from billettique.rules.verify import Policy, verify
from billettique.service import keys, served_lines, tickets
from billettique.service.sync import FORGET_AFTER, service_day
from billettique.store import tickets as ticket_store
from billettique.store import validations as store
from mobigo.base.decisions import Decision
from mobigo.base.errors import InvalidInput
from mobigo.base.instants import paris_day
from mobigo.infra.db import reading

if TYPE_CHECKING:
    from mobigo.infra.web import Services

GOOD: Final = Decision("billettique.ticket_good")
HEX_MAX: Final = 2_100
# Every reason a verdict may bear, for a page that has to say it without a network.
REASONS: Final = (
    "billettique.ticket_good",
    "billettique.ticket_good_old_list",
    "billettique.ticket_good_place_untold",
    "billettique.code_too_long",
    "billettique.code_malformed",
    "billettique.code_of_another_format",
    "billettique.code_without_key",
    "billettique.not_one_document",
    "billettique.key_list_expired",
    "billettique.key_not_listed",
    "billettique.key_revoked",
    "billettique.key_not_in_its_time",
    "billettique.key_of_another_algorithm",
    "billettique.key_of_another_seller",
    "billettique.signature_1_bad",
    "billettique.signature_2_bad",
    "billettique.signature_2_missing",
    "billettique.unsigned_part",
    "billettique.dynamic_without_stamp",
    "billettique.dynamic_from_the_future",
    "billettique.dynamic_too_old",
    "billettique.specimen",
    "billettique.not_activated",
    "billettique.good_from",
    "billettique.good_until",
    "billettique.code_to_be_renewed",
    "billettique.not_good_here",
    "billettique.not_good_at_this_stop",
    "billettique.not_good_in_first_class",
    "billettique.ticket_revoked",
    "billettique.code_replaced",
    "billettique.ticket_used",
    "billettique.ticket_used_before",
)


@dataclass(frozen=True, slots=True)
class Checked:
    """A verdict, and the ticket's mark once it is signed."""

    verdict: Verdict
    mark: bytes | None


def policy_of(services: "Services") -> Policy:
    """Outside production every ticket is a specimen, and good to be tried."""
    return Policy(specimens_good=not services.config.production)


def lists(services: "Services", now: datetime) -> dict[str, Any]:
    """What a telephone carries for a shift: signed lists, who may sign them, tickets used, lines, amounts of constats.

    Nothing in it says where a ticket was used.
    """
    signed_keys = keys.published_keys(services, now)
    revocations = keys.published_revocations(services, now)
    with reading(services.engine) as session:
        roots = sorted(point.hex() for point in keys.roots(session, now))
        used = store.used_since(session, now - FORGET_AFTER)
        before = store.used_before(session, service_day(now))
    return {
        "now": _ms(now),
        "keys": signed_keys.octets.decode(),
        "revocations": revocations.octets.decode(),
        "roots": roots,
        "used": [[mark.hex(), _ms(at)] for mark, at in used],
        "used_before": b64encode(b"".join(before)).decode(),
        "specimens_good": policy_of(services).specimens_good,
        "lines": _lines(services, operating_day(now)),
        "carriers": sorted(served_lines.carriers_on(operating_day(now), services.config.home)),
        "penalties": _penalties(services, now),
    }


def _lines(services: "Services", day: date) -> list[dict[str, Any]]:
    """The lines, with the number of each stop in our tickets and its UIC code, and the ways they run as rows of
    `stops`."""
    networks = served_lines.network_of_lines(services.networks, day, services.config.home)
    found = []
    for line in served_lines.lines_of(services.networks).values():
        stops = line.stops()
        row = {stop.place: at for at, stop in enumerate(stops)}
        found.append(
            {
                "code": line.code,
                "name": line.name,
                "network": networks.get(line.code),
                "stops": [[stop.place, stop.name, stop.code, station_of(stop.place).code, stop.uic] for stop in stops],
                "ways": [[row[stop.place] for stop in way] for way in line.directions] if line.ordered else [],
            }
        )
    return found


def _penalties(services: "Services", now: datetime) -> dict[str, Any]:
    found = penalties_on(paris_day(now), services.config.home)
    return {
        "code": found.code,
        "source": found.source,
        "act": found.act,
        "grounds": {code: ground.indemnity.cents for code, ground in found.grounds.items()},
        "file_fee": found.file_fee.cents,
        "term_months": found.term_months,
        "forgotten_days": found.forgotten_days,
        "forgotten_fee": found.forgotten_fee.cents,
        "usable": found.act is not None or not services.config.production,
    }


def check(session: Session, services: "Services", octets: bytes, now: datetime, *, here: Here | None = None) -> Checked:
    """The verdict on a code, with what the server knows at this instant."""
    ring, revoked = keys.keyring(session, now), keys.revocation_list(session, now)
    policy = policy_of(services)
    verdict = verify(octets, keys=ring, revocations=revoked, used={}, now=now, here=here, policy=policy)
    if verdict.ticket is None:
        return Checked(verdict, None)
    mark = ticket_rules.mark_of(verdict.ticket)
    if verdict.answer is not Answer.OK:
        return Checked(verdict, mark)
    return Checked(_with_uses(verdict, store.used_among(session, [mark]), mark), mark)


def _with_uses(verdict: Verdict, used: Mapping[bytes, datetime | None], mark: bytes) -> Verdict:
    if mark not in used:
        return verdict
    return Verdict(Answer.USED, used_reason(used[mark]), verdict.ticket, verdict.keys_s, verdict.revocations_s)


def used_reason(at: datetime | None) -> Decision:
    """Why a used ticket is refused; None: it is longer ago than we may remember."""
    if at is None:
        return Decision("billettique.ticket_used_before", hours=int(store.IDENTIFIABLE / timedelta(hours=1)))
    return Decision("billettique.ticket_used", at=at)


def check_said(
    session: Session, services: "Services", text: str, now: datetime, *, here: Here | None = None
) -> Checked:
    """The verdict on what somebody typed: the octets of a code in hexadecimal, or the reference of a ticket.

    Of a reference the code is looked up, and a dynamic part is not asked for: the inspector sees the person.
    Raises NotFound("billettique.no_such_reference"), InvalidInput("billettique.nothing_typed").
    """
    typed = "".join(text.split())
    if not typed:
        raise InvalidInput("billettique.nothing_typed")
    if len(typed) >= 40 and len(typed) <= HEX_MAX and len(typed) % 2 == 0 and _is_hex(typed):
        return check(session, services, bytes.fromhex(typed), now, here=here)
    row = tickets.named(session, text)
    code = ticket_store.current_code(session, row.id)
    if code is None:
        raise InvalidInput("billettique.no_code_yet")
    checked = check(session, services, code.octets, now, here=here)
    if checked.verdict.reason.code != "billettique.signature_2_missing":
        return checked
    return _without_telephone(session, services, code.octets, now, here)


def _without_telephone(
    session: Session, services: "Services", octets: bytes, now: datetime, here: Here | None
) -> Checked:
    """The verdict on our own copy of a code that a telephone is bound to: all but the telephone's signature."""
    from billettique.rules import u2
    from billettique.rules import verify as verdicts
    from billettique.service.issuing import ticket_in

    code, ticket = u2.read_code(octets), ticket_in(octets)
    ring, revoked = keys.keyring(session, now), keys.revocation_list(session, now)
    policy, mark = policy_of(services), ticket_rules.mark_of(ticket)
    ages = _age(now, ring.listed.issued_at), _age(now, revoked.issued_at)
    refusal = verdicts.refusal_of_seller(code, ticket, ring, now, policy)
    if refusal is not None:
        return Checked(Verdict(*refusal, None, *ages), None)
    refusal = verdicts.refusal_of_ticket(code, ticket, revoked, {}, now, here, policy)
    if refusal is not None:
        return Checked(Verdict(*refusal, ticket, *ages), mark)
    good = Verdict(Answer.OK, verdicts.good_reason(ticket, revoked, now, here), ticket, *ages)
    return Checked(_with_uses(good, store.used_among(session, [mark]), mark), mark)


def _age(now: datetime, issued_at: datetime) -> int:
    return max(0, int((now - issued_at).total_seconds()))


def _is_hex(text: str) -> bool:
    return all(each in "0123456789abcdefABCDEF" for each in text)


def _ms(at: datetime) -> int:
    return round(at.timestamp() * 1000)
