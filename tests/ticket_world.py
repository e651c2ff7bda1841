"""A small world of signed tickets: one seller, its key, a telephone, the lists, and a ticket with everything in it."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any, Final

from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import strategies as st

from billettique.model.ticket import (
    Area,
    Checks,
    KeyList,
    Line,
    Passengers,
    RevocationList,
    SellerKey,
    Station,
    Ticket,
    TicketKind,
    TravelClass,
    Verdict,
    Zone,
)
from billettique.rules.issuing import show_code, sign_ticket
from billettique.rules.keys import KeptSigner
from billettique.rules.verify import Keyring, Policy, verify
from mobigo.base.instants import PARIS
from mobigo.base.money import Money

ORDER: Final = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551  # of the group of P-256


def signer(name: str) -> KeptSigner:
    """A key of the tests, always the same one for a name."""
    secret = int.from_bytes(sha256(f"a key of the tests: {name}".encode()).digest()) % (ORDER - 1) + 1
    return KeptSigner(ec.derive_private_key(secret, ec.SECP256R1()))


SELLER, TELEPHONE, ROOT = signer("seller"), signer("telephone"), signer("root")
PROVIDER = "3999"
NOW = datetime(2026, 11, 24, 8, 30, 12, tzinfo=UTC)
DAY = timedelta(days=1)

KEY = SellerKey(PROVIDER, 7, SELLER.public_key, NOW - 10 * DAY, NOW + 80 * DAY, NOW + 446 * DAY)
KEYS = KeyList(3, NOW - DAY, NOW + 30 * DAY, (KEY,))
NO_REVOCATION = RevocationList(5, 0, NOW - timedelta(hours=2), NOW + 7 * DAY, frozenset())
RING = Keyring(KEYS)
TRIAL = Policy(specimens_good=True)

TICKET = Ticket(
    issuer=PROVIDER,
    reference="01KAVG5Y8Z4WQ2R7T9X3M6N0PB",
    kind=TicketKind.SINGLE,
    product="car-unite",
    words="Ticket unité car",
    issued_at=datetime(2026, 11, 24, 8, 0, tzinfo=UTC),
    first_minute=datetime(2026, 11, 24, 8, 0, tzinfo=UTC),
    last_minute=datetime(2026, 11, 24, 22, 59, tzinfo=UTC),
    specimen=True,
    area=Area(stations=(Station("8771800"), Station("8771513"))),
    price=Money(150),
)
PASS = replace(
    TICKET,
    kind=TicketKind.PASS,
    reference="90071992547409931",
    product="24472",
    words="Pass’OK mensuel",
    product_owner="1187",
    first_minute=datetime(2026, 11, 1, 0, 0, tzinfo=PARIS),
    last_minute=datetime(2026, 11, 30, 23, 59, tzinfo=PARIS),
    area=Area(zones=(Zone("3999", 90010, 1), Zone("3999", 90010, 2)), lines=(Line("3999", 204),), words="Belfort"),
    passengers=(Passengers(1, "youth", "-26 ans"),),
    price=Money(4800),
    holder=("Joëlle", "GÉNÉRAL"),
    checks=Checks(identity=True, words="Vérifier l’identité"),
    carriers=(1187, 3999),
)


def static_code(ticket: Ticket = TICKET, key: SellerKey = KEY, by: KeptSigner = SELLER) -> bytes:
    return sign_ticket(ticket, key, by, production=not ticket.specimen)


def bound_code(ticket: Ticket = TICKET, telephone: KeptSigner = TELEPHONE, **more: Any) -> bytes:
    """What the seller signs for a telephone; refused when shown as it is."""
    production = not ticket.specimen
    return sign_ticket(ticket, KEY, SELLER, production=production, bound_key=telephone.public_key, **more)


def dynamic_code(ticket: Ticket = TICKET, at: datetime = NOW, telephone: KeptSigner = TELEPHONE) -> bytes:
    return show_code(bound_code(ticket, telephone), telephone, at)


def checked(octets: bytes, **changed: Any) -> Verdict:
    """The verdict in this world, but for what is changed."""
    world = {
        "keys": RING,
        "revocations": NO_REVOCATION,
        "used": {},
        "now": NOW,
        "policy": TRIAL,
    }
    return verify(octets, **{**world, **changed})


# ---------------------------------------------------------------- any ticket

_words = st.text(st.characters(codec="utf-8", exclude_categories=("Cs", "Cc")), max_size=20)
_ascii = st.text(st.characters(min_codepoint=32, max_codepoint=126), min_size=1, max_size=12)
_rics = st.integers(1, 32000).map(str)
_whole = st.integers(-(2**40), 2**40)
_minutes = st.integers(0, 2 * 365 * 1440).map(
    lambda minute: datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=minute)
)


@st.composite
def tickets(draw: st.DrawFn) -> Ticket:
    """Any ticket that we may sell: single or pass, any area, any minutes, those of the two clock changes included."""
    first = draw(_minutes)
    last = first + timedelta(minutes=draw(st.integers(0, 365 * 1440)))
    zones = draw(st.lists(st.builds(Zone, st.none() | _rics, st.none() | _whole, _whole), max_size=4))
    lines = draw(st.lists(st.builds(Line, st.none() | _rics | _ascii, _whole), max_size=4))
    table = st.sampled_from(("stationUIC", "localCarrierStationCodeTable", "proprietaryIssuerStationCodeTable"))
    stations = draw(st.lists(st.builds(Station, _ascii | st.integers(1, 9999999).map(str), table), max_size=4))
    return Ticket(
        issuer=PROVIDER,
        reference=draw(_ascii | st.integers(0, 2**63 - 1).map(str)),
        kind=draw(st.sampled_from(TicketKind)),
        product=draw(_ascii | st.integers(0, 65535).map(str)),
        words=draw(_words),
        issued_at=first - timedelta(minutes=draw(st.integers(0, 300 * 1440))),
        first_minute=first,
        last_minute=last,
        specimen=draw(st.booleans()),
        product_owner=draw(st.none() | _rics | _ascii),
        travel_class=draw(st.sampled_from(TravelClass)),
        area=Area(tuple(stations), tuple(zones), tuple(lines), draw(_words)),
        passengers=tuple(
            draw(
                st.lists(
                    st.builds(Passengers, st.integers(1, 200), st.none() | st.sampled_from(("adult", "child")), _words),
                    max_size=3,
                )
            )
        ),
        price=draw(st.none() | st.integers(-(10**6), 10**6).map(Money)),
        holder=draw(st.none() | st.tuples(_words, _words)),
        checks=draw(st.builds(Checks, st.booleans(), st.booleans(), st.booleans(), _words)),
        carriers=tuple(draw(st.lists(st.integers(1, 32000), max_size=3))),
        activated=draw(st.booleans()),
    )
