"""Is this code a good ticket, here and now? Every step in order, no early yes; one of ten answers, with its reason.

length · shape · "U2" to the letter · the canonical form · key known, not revoked, in its time · the seller's signature
· if a telephone's key is bound, its signature has to be there · the telephone's signature and stamp · time, area, class
· revoked · used. Everything it needs is an argument: it works as well without a network, on lists of a known age.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from cryptography.hazmat.primitives.asymmetric import ec

from billettique.model.ticket import (
    Answer,
    Code,
    Fit,
    Here,
    KeyList,
    RevocationList,
    SellerKey,
    Ticket,
    TicketKind,
    Verdict,
)
from billettique.rules import fcb3, fdc1, u2
from billettique.rules.areas import fit_of
from billettique.rules.issuing import DYNAMIC_S
from billettique.rules.keys import is_signed, public_key_of, signs_at
from billettique.rules.tickets import class_suffices, mark_of, mark_of_code, read_ticket
from billettique.rules.uper import decode
from mobigo.base.decisions import Decision
from mobigo.base.errors import InvalidInput

_MINUTE: Final = timedelta(minutes=1)
_GOOD: Final = Decision("billettique.ticket_good")
Refusal = tuple[Answer, Decision]


@dataclass(frozen=True, slots=True)
class Policy:
    """`specimens_good`: outside production, where every ticket is a specimen. `skew`: how far apart the clocks of a
    telephone and of an inspector may be."""

    specimens_good: bool = False
    skew: timedelta = timedelta(seconds=60)


class Keyring:
    """A key list made ready: every point is read once. What is no point of the curve is as if it were not listed."""

    def __init__(self, listed: KeyList) -> None:
        self.listed = listed
        self._keys: dict[tuple[str, int], tuple[SellerKey, ec.EllipticCurvePublicKey]] = {}
        for each in listed.keys:
            try:
                self._keys[each.provider, each.key_id] = (each, public_key_of(each.public_key))
            except ValueError:
                continue

    def find(self, provider: str, key_id: int) -> tuple[SellerKey, ec.EllipticCurvePublicKey] | None:
        return self._keys.get((provider, key_id))


def verify(
    octets: bytes,
    *,
    keys: Keyring,
    revocations: RevocationList,
    used: Mapping[bytes, datetime],
    now: datetime,
    here: Here | None = None,
    policy: Policy = Policy(),
) -> Verdict:
    """The verdict on what a camera read. `used` says by mark (`tickets.mark_of`) when a single ticket was used up."""
    ages = _seconds(now - keys.listed.issued_at), _seconds(now - revocations.issued_at)
    try:
        code = u2.read_code(octets)
        ticket = _the_ticket(code)
        shown_at = _shown_at(code, now)
    except InvalidInput as wrong:
        return Verdict(Answer.UNREADABLE, wrong.decision, None, *ages)
    unsigned = refusal_of_seller(code, ticket, keys, now, policy) or refusal_of_telephone(code, shown_at, now, policy)
    if unsigned is not None:
        return Verdict(*unsigned, None, *ages)
    refusal = refusal_of_ticket(code, ticket, revocations, used, now, here, policy)
    if refusal is not None:
        return Verdict(*refusal, ticket, *ages)
    return Verdict(Answer.OK, good_reason(ticket, revocations, now, here), ticket, *ages)


def good_reason(ticket: Ticket, revocations: RevocationList, now: datetime, here: Here | None) -> Decision:
    """What is said of a ticket that is good: that its place could not be compared, that the list is old, or nothing."""
    if here is not None and fit_of(ticket.area, here) is Fit.UNTOLD:
        return Decision("billettique.ticket_good_place_untold")
    if now > revocations.expires_at:
        return Decision("billettique.ticket_good_old_list", at=revocations.issued_at)
    return _GOOD


def uses_up(ticket: Ticket) -> bool:
    """Whether checking this ticket uses it up."""
    return ticket.kind is TicketKind.SINGLE


def _seconds(age: timedelta) -> int:
    return max(0, age.days * 86_400 + age.seconds)


def _the_ticket(code: Code) -> Ticket:
    tickets = [each.octets for each in code.header.data if each.format == fcb3.FORMAT]
    if len(tickets) != 1:
        raise InvalidInput("billettique.not_one_document", documents=len(tickets))
    ticket = read_ticket(tickets[0])
    # The norm lets a ticket leave out who issued it: then it is whoever signed it.
    return ticket if ticket.issuer else replace(ticket, issuer=code.header.provider)


def _shown_at(code: Code, now: datetime) -> datetime | None:
    """The telephone's stamp, if there is a dynamic part: it has to be FDC1, in its canonical form."""
    if code.dynamic is None:
        return None
    if code.dynamic.format != fdc1.FORMAT:
        raise InvalidInput("billettique.code_of_another_format")
    try:
        record = decode(fdc1.DYNAMIC, code.dynamic.octets)
    except ValueError as wrong:
        raise InvalidInput("billettique.code_malformed") from wrong
    return fdc1.stamped_at(record, now)


def refusal_of_seller(code: Code, ticket: Ticket, keys: Keyring, now: datetime, policy: Policy) -> Refusal | None:
    """Why the seller's signature is worth nothing; None when it holds."""
    header = code.header
    named = {"provider": header.provider, "key_id": header.key_id}
    if now > keys.listed.expires_at:
        return Answer.UNKNOWN_KEY, Decision("billettique.key_list_expired", at=keys.listed.expires_at)
    found = keys.find(header.provider, header.key_id)
    if found is None:
        return Answer.UNKNOWN_KEY, Decision("billettique.key_not_listed", **named)
    key, public_key = found
    if key.revoked_at is not None:
        return Answer.UNKNOWN_KEY, Decision("billettique.key_revoked", at=key.revoked_at, **named)
    if not key.first_at - policy.skew <= now <= key.accepted_until:
        return Answer.UNKNOWN_KEY, Decision("billettique.key_not_in_its_time", **named)
    if header.other_algorithm:
        return Answer.UNKNOWN_KEY, Decision("billettique.key_of_another_algorithm", **named)
    if code.signature_1 is None or not is_signed(public_key, code.signed_1, code.signature_1):
        return Answer.BAD_SIGNATURE, Decision("billettique.signature_1_bad")
    # Now signed: what the ticket says of itself is compared with what its key may sign.
    if ticket.issuer != header.provider:
        return Answer.UNKNOWN_KEY, Decision("billettique.key_of_another_seller", issuer=ticket.issuer, **named)
    if not signs_at(key, ticket.issued_at):
        return Answer.UNKNOWN_KEY, Decision("billettique.key_not_in_its_time", **named)
    return None


def refusal_of_telephone(code: Code, shown_at: datetime | None, now: datetime, policy: Policy) -> Refusal | None:
    """Why the second level is missing, wrong or old; None when it holds, or when none is asked for."""
    bound = code.header.bound_key
    if bound is None:
        if code.dynamic is not None or code.signature_2 is not None:  # nobody vouches for it
            return Answer.BAD_SIGNATURE, Decision("billettique.unsigned_part")
        return None
    if code.dynamic is None or code.signature_2 is None:
        return Answer.BAD_SIGNATURE, Decision("billettique.signature_2_missing")
    try:
        telephone = public_key_of(bound)
    except ValueError:
        return Answer.BAD_SIGNATURE, Decision("billettique.signature_2_bad")
    if not is_signed(telephone, code.signed_2, code.signature_2):
        return Answer.BAD_SIGNATURE, Decision("billettique.signature_2_bad")
    if shown_at is None:
        return Answer.STALE_DYNAMIC, Decision("billettique.dynamic_without_stamp")
    if shown_at > now + policy.skew:
        return Answer.STALE_DYNAMIC, Decision("billettique.dynamic_from_the_future", at=shown_at)
    if now > shown_at + timedelta(seconds=code.header.duration_s or DYNAMIC_S) + policy.skew:
        return Answer.STALE_DYNAMIC, Decision("billettique.dynamic_too_old", at=shown_at)
    return None


def refusal_of_ticket(
    code: Code,
    ticket: Ticket,
    revocations: RevocationList,
    used: Mapping[bytes, datetime],
    now: datetime,
    here: Here | None,
    policy: Policy,
) -> Refusal | None:
    """Why a ticket that is truly signed is not good here and now; None when it is."""
    if ticket.specimen and not policy.specimens_good:
        return Answer.REVOKED, Decision("billettique.specimen")
    if not ticket.activated:
        return Answer.NOT_YET, Decision("billettique.not_activated")
    if now < ticket.first_minute:
        return Answer.NOT_YET, Decision("billettique.good_from", at=ticket.first_minute)
    if now >= ticket.last_minute + _MINUTE:
        return Answer.EXPIRED, Decision("billettique.good_until", at=ticket.last_minute)
    if code.header.end_at is not None and now >= code.header.end_at + _MINUTE:
        return Answer.EXPIRED, Decision("billettique.code_to_be_renewed", at=code.header.end_at)
    fit = Fit.GOOD if here is None else fit_of(ticket.area, here)
    if fit is Fit.ELSEWHERE:
        return Answer.WRONG_AREA, Decision("billettique.not_good_here")
    if fit is Fit.BEYOND:
        return Answer.WRONG_AREA, Decision("billettique.not_good_at_this_stop")
    if here is not None and not class_suffices(ticket.travel_class, here.travel_class):
        return Answer.WRONG_AREA, Decision("billettique.not_good_in_first_class")
    mark = mark_of(ticket)
    if mark in revocations.marks:
        return Answer.REVOKED, Decision("billettique.ticket_revoked")
    if mark_of_code(code) in revocations.marks:
        return Answer.REVOKED, Decision("billettique.code_replaced")
    if mark in used:
        return Answer.USED, Decision("billettique.ticket_used", at=used[mark])
    return None
