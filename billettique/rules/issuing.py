"""Making codes: what the seller signs once, and what the telephone signs each time it shows the code."""

from datetime import datetime
from typing import Final, NamedTuple

from billettique.model.ticket import Data, Header, SellerKey, Ticket
from billettique.rules import fcb3, fdc1, u2
from billettique.rules.keys import Signer, public_key_of, signs_at
from billettique.rules.tickets import ticket_octets
from billettique.rules.uper import encode
from mobigo.base.errors import InvalidInput, Refused

DYNAMIC_S: Final = 120  # how long a shown code is good, as SNCF's; telephones sign anew much sooner


def sign_ticket(
    ticket: Ticket,
    key: SellerKey,
    signer: Signer,
    *,
    production: bool,
    bound_key: bytes | None = None,
    end_at: datetime | None = None,
    others: tuple[Data, ...] = (),
) -> bytes:
    """The code of a ticket, signed by its seller. With `bound_key` it is the part that the telephone of that key
    completes by `show_code`, refused when shown alone; without, it is the code as printed. `others` are contents of
    other formats.

    Raises Refused("billettique.key_not_for_this_ticket") when the key is another seller's, another signer's, revoked,
    or does not sign at that time; Refused("billettique.specimen_only") outside production for anything but a specimen,
    Refused("billettique.no_specimen_in_production") the other way round; InvalidInput("billettique.key_not_p256").
    """
    if not (production or ticket.specimen):
        raise Refused("billettique.specimen_only")
    if production and ticket.specimen:
        raise Refused("billettique.no_specimen_in_production")
    mine = key.provider == ticket.issuer and key.public_key == signer.public_key and key.revoked_at is None
    if not (mine and signs_at(key, ticket.issued_at)):
        raise Refused("billettique.key_not_for_this_ticket", provider=key.provider, key_id=key.key_id)
    if bound_key is not None:
        _check_point(bound_key)
    header = Header(
        key.provider,
        key.key_id,
        (Data(fcb3.FORMAT, ticket_octets(ticket)), *others),
        bound_key,
        end_at,
        None if bound_key is None else DYNAMIC_S,
    )
    return u2.write_code(header, signer.sign(u2.level_1_octets(header)))


def _check_point(bound_key: bytes) -> None:
    try:
        public_key_of(bound_key)
    except ValueError as wrong:
        raise InvalidInput("billettique.key_not_p256") from wrong


class Parts(NamedTuple):
    """What a telephone's page needs to show a bound code: the seller's level, how many bits of it count, and the
    seller's signature. A page puts its stamp and its own signature around them (`static/billet/code.mjs`)."""

    level_1: bytes
    bits: int
    signature_1: bytes


def parts_of(signed: bytes) -> Parts:
    """The parts of a bound code of ours. Raises what `u2.read_code` raises, and
    Refused("billettique.not_this_telephone") for a code that binds no telephone."""
    code = u2.read_code(signed)
    if code.header.bound_key is None or code.signature_1 is None:
        raise Refused("billettique.not_this_telephone")
    return Parts(code.signed_1, u2.level_1_bits(code.header), code.signature_1)


def show_code(signed: bytes, telephone: Signer, at: datetime, app: str | None = None) -> bytes:
    """The code that a telephone shows at an instant: its stamp and its signature around what the seller signed.

    Raises what `u2.read_code` raises, and Refused("billettique.not_this_telephone") when the seller bound another key
    or none, or is another than us.
    """
    code = u2.read_code(signed)
    ours = u2.level_1_octets(code.header) == code.signed_1  # nothing in it that we would not write again
    if not ours or code.header.bound_key != telephone.public_key or code.signature_1 is None:
        raise Refused("billettique.not_this_telephone")
    stamp = Data(fdc1.FORMAT, encode(fdc1.DYNAMIC, fdc1.stamp_record(at, app)))
    signature_2 = telephone.sign(u2.level_2_octets(code.header, code.signature_1, stamp))
    return u2.write_code(code.header, code.signature_1, stamp, signature_2)
