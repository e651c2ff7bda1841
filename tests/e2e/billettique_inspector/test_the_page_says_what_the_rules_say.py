"""The inspector's page decides in the browser, without a network: its verdicts are held, code by code, against those of
`billettique.rules.verify` — answer, reason, parameters, mark and all that is shown of the ticket.

Good codes of many kinds, every single-bit mutant of several codes, cut and lengthened ones, foreign keys, wrong clocks
and places, noise, and the specimens of French networks.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, seed, settings
from playwright.sync_api import Browser, Page, Route

from billettique.model.ticket import Area, Here, Line, RevocationList, Station, Ticket, TravelClass, Verdict, Zone
from billettique.rules import u2
from billettique.rules.areas import station_of
from billettique.rules.keys import KeptSigner, write_key_list, write_revocations
from billettique.rules.tickets import mark_of, mark_of_code
from billettique.rules.verify import Keyring, Policy, verify
from tests.ticket_world import (
    DAY,
    KEY,
    KEYS,
    NO_REVOCATION,
    NOW,
    PASS,
    ROOT,
    SELLER,
    TICKET,
    TRIAL,
    bound_code,
    dynamic_code,
    signer,
    static_code,
    tickets,
)

STATIC = Path(__file__).parents[3] / "mobigo" / "app" / "static" / "billettique"
SITE = "https://verdicts.test"
CHUNK = 500
FIXED = static_code()


@dataclass(frozen=True)
class World:
    """All that a verdict rests on."""

    keys: Any = KEYS
    revocations: RevocationList = NO_REVOCATION
    used: tuple[tuple[bytes, datetime], ...] = ()
    now: datetime = NOW
    here: Here | None = None
    policy: Policy = TRIAL

    def said_by_the_rules(self, octets: bytes, ring: Keyring) -> dict[str, Any]:
        verdict = verify(
            octets, keys=ring, revocations=self.revocations, used=dict(self.used), now=self.now,
            here=self.here, policy=self.policy,
        )  # fmt: skip
        return _verdict(verdict)

    def document(self) -> dict[str, Any]:
        return {
            "keys": {
                "issuedAt": _ms(self.keys.issued_at),
                "expiresAt": _ms(self.keys.expires_at),
                "keys": [
                    {
                        "provider": each.provider, "key": each.key_id, "point": each.public_key.hex(),
                        "first": _ms(each.first_at), "last": _ms(each.last_at), "accepted": _ms(each.accepted_until),
                        "revoked": None if each.revoked_at is None else _ms(each.revoked_at),
                    }
                    for each in self.keys.keys
                ],
            },
            "issuedAt": _ms(self.revocations.issued_at),
            "expiresAt": _ms(self.revocations.expires_at),
            "marks": [mark.hex() for mark in self.revocations.marks],
            "used": [[mark.hex(), _ms(at)] for mark, at in self.used],
            "now": _ms(self.now),
            "here": None if self.here is None else _here(self.here),
            "policy": {
                "specimensGood": self.policy.specimens_good, "skewMs": int(self.policy.skew.total_seconds() * 1000)
            },
        }  # fmt: skip


def _ms(at: datetime) -> int:
    return round(at.timestamp() * 1000)


def _here(here: Here) -> dict[str, Any]:
    return {
        "stations": [[each.code, each.table] for each in here.stations],
        "zones": [[each.carrier, _text(each.city), _text(each.number)] for each in here.zones],
        "line": None if here.line is None else [here.line.carrier, _text(here.line.number)],
        "travelClass": str(here.travel_class),
        "stop": here.stop and list(here.stop),
        "ways": [[list(each) for each in way] for way in here.ways],
        "known": None if here.known is None else [list(each) for each in here.known],
        "carriers": None if here.carriers is None else list(here.carriers),
        "vague": here.vague,
    }


def _text(number: int | None) -> str | None:
    return None if number is None else str(number)


def _verdict(verdict: Verdict) -> dict[str, Any]:
    params = {
        name: _ms(value) if isinstance(value, datetime) else value for name, value in verdict.reason.params.items()
    }
    ticket = verdict.ticket
    return {
        "answer": str(verdict.answer), "code": verdict.reason.code, "params": params,
        "keysS": verdict.keys_s, "revocationsS": verdict.revocations_s,
        "mark": None if ticket is None else mark_of(ticket).hex(),
        "ticket": None if ticket is None else _ticket(ticket),
    }  # fmt: skip


def _ticket(ticket: Ticket) -> dict[str, Any]:
    area = ticket.area
    return {
        "issuer": ticket.issuer, "reference": ticket.reference, "kind": str(ticket.kind), "product": ticket.product,
        "words": ticket.words, "issuedAt": _ms(ticket.issued_at), "firstAt": _ms(ticket.first_minute),
        "lastAt": _ms(ticket.last_minute), "specimen": ticket.specimen, "productOwner": ticket.product_owner,
        "travelClass": str(ticket.travel_class),
        "area": {
            "stations": [list(each) for each in area.stations],
            "zones": [[each.carrier, _text(each.city), _text(each.number)] for each in area.zones],
            "lines": [[each.carrier, _text(each.number)] for each in area.lines],
            "words": area.words, "opaque": area.opaque,
        },
        "passengers": [[each.count, each.category, each.tariff] for each in ticket.passengers],
        "priceCents": None if ticket.price is None else str(ticket.price.cents),
        "holder": None if ticket.holder is None else list(ticket.holder),
        "checks": {
            "identity": ticket.checks.identity, "age": ticket.checks.age,
            "reductionCard": ticket.checks.reduction_card, "words": ticket.checks.words,
        },
        "carriers": list(ticket.carriers), "activated": ticket.activated,
    }  # fmt: skip


@pytest.fixture(scope="module")
def judge(browser: Browser) -> Iterator[Page]:
    """A page that holds nothing but the module of the verdicts."""
    context = browser.new_context()

    def serve(route: Route) -> None:
        name = route.request.url.rpartition("/")[2]
        if name.endswith(".mjs"):
            route.fulfill(body=(STATIC / name).read_text(encoding="utf-8"), content_type="text/javascript")
        else:
            route.fulfill(body="<!doctype html><title>verdicts</title>", content_type="text/html")

    context.route("**/*", serve)
    page = context.new_page()
    page.goto(SITE + "/")
    page.evaluate(
        """async () => {
          const { verify, keyring, octetsOf } = await import("/verify.mjs");
          const { readLists } = await import("/lists.mjs");
          window.take = async (carried, newest, now) => {
            try {
              const lists = await readLists(carried, newest, now);
              return { keys: lists.keys.byName.size, marks: [...lists.revocations.marks].sort(),
                sequences: lists.sequences, issuedAt: lists.keys.issuedAt, expiresAt: lists.revocations.expiresAt };
            } catch (wrong) { return wrong.message; }
          };
          window.judge = async (world, codes) => {
            const keys = await keyring(world.keys);
            const revocations = { issuedAt: world.issuedAt, expiresAt: world.expiresAt, marks: new Set(world.marks) };
            const common = { keys, revocations, used: new Map(world.used), now: world.now, here: world.here,
              policy: world.policy };
            const verdicts = [];
            for (const code of codes) verdicts.push(await verify(octetsOf(code), common));
            return JSON.stringify(verdicts);
          };
        }"""
    )
    yield page
    context.close()


def same(judge: Page, world: World, codes: list[bytes]) -> dict[str, int]:
    """Fails at the first code that the page judges otherwise than the rules; how often each answer was given."""
    answers: dict[str, int] = {}
    ring = Keyring(world.keys)
    for start in range(0, len(codes), CHUNK):
        chunk = codes[start : start + CHUNK]
        theirs = json.loads(
            judge.evaluate(
                "([world, codes]) => judge(world, codes)", [world.document(), [each.hex() for each in chunk]]
            )
        )
        for octets, said in zip(chunk, theirs, strict=True):
            ours = world.said_by_the_rules(octets, ring)
            assert said == ours, octets.hex()
            answers[ours["answer"]] = answers.get(ours["answer"], 0) + 1
    return answers


def bit_mutants(octets: bytes) -> list[bytes]:
    number = int.from_bytes(octets)
    return [(number ^ 1 << bit).to_bytes(len(octets)) for bit in range(len(octets) * 8)]


def test_good_codes_are_good_and_shown_alike(judge: Page) -> None:
    codes = [static_code(), static_code(PASS), dynamic_code(), dynamic_code(PASS)]
    assert same(judge, World(), codes) == {"OK": 4}


def test_every_bit_of_several_codes_changed_gets_the_same_refusal(judge: Page) -> None:
    for octets in (static_code(), dynamic_code(PASS)):
        answers = same(judge, World(), bit_mutants(octets))
        assert "OK" not in answers, answers


def test_bytes_changed_cut_or_added_get_the_same_refusal(judge: Page) -> None:
    random = Random(20261124)
    codes = []
    for octets in (static_code(PASS), dynamic_code()):
        for _ in range(1_000):
            changed = bytearray(octets)
            for _again in range(random.choice((1, 1, 2, 5))):
                changed[random.randrange(len(changed))] = random.randrange(256)
            if changed != octets:
                codes.append(bytes(changed))
        codes += [octets[:length] for length in range(len(octets))]
        codes += [octets + b"\0", octets + octets, b"\0" + octets, octets.ljust(1025, b"\0")]
    assert "OK" not in same(judge, World(), codes)


def test_noise_is_unreadable_for_both(judge: Page) -> None:
    random = Random(7)
    noise = [random.randbytes(random.randrange(0, 400)) for _ in range(500)] + [random.randbytes(4096)]
    assert same(judge, World(), noise) == {"UNREADABLE": 501}


@pytest.mark.parametrize(
    "world",
    [
        World(keys=replace(KEYS, keys=())),
        World(keys=replace(KEYS, keys=(replace(KEY, public_key=signer("thief").public_key),))),
        World(keys=replace(KEYS, keys=(replace(KEY, public_key=b"\x02" + b"\xff" * 32),))),
        World(keys=replace(KEYS, keys=(replace(KEY, revoked_at=NOW - DAY),))),
        World(keys=replace(KEYS, keys=(replace(KEY, first_at=NOW + DAY),))),
        World(keys=replace(KEYS, keys=(replace(KEY, last_at=NOW - DAY),))),
        World(keys=replace(KEYS, keys=(replace(KEY, accepted_until=NOW - DAY),))),
        World(keys=replace(KEYS, expires_at=NOW - timedelta(seconds=1))),
        World(revocations=replace(NO_REVOCATION, expires_at=NOW - DAY)),
        World(revocations=replace(NO_REVOCATION, marks=frozenset({mark_of(TICKET)}))),
        World(revocations=replace(NO_REVOCATION, marks=frozenset({mark_of_code(u2.read_code(FIXED))}))),
        World(used=((mark_of(TICKET), NOW - timedelta(minutes=3)),)),
        World(policy=Policy()),
        World(now=NOW - DAY),
        World(now=NOW + DAY),
        World(now=datetime(2026, 11, 30, 22, 59, 59, tzinfo=UTC)),
        World(now=datetime(2026, 11, 30, 23, 0, 0, tzinfo=UTC)),
        World(now=NOW + timedelta(seconds=180)),
        World(now=NOW + timedelta(seconds=181)),
        World(now=NOW - timedelta(seconds=60)),
        World(now=NOW - timedelta(seconds=61)),
        World(here=Here(stations=frozenset({Station("8771800")}))),
        World(here=Here(stations=frozenset({Station("8700000")}))),
        World(here=Here(stations=frozenset({Station("8771800", "stationERA")}))),
        World(here=Here(zones=frozenset({Zone("3999", 90010, 2)}))),
        World(here=Here(zones=frozenset({Zone("3999", 90010, 3)}))),
        World(here=Here(line=Line("3999", 204))),
        World(here=Here(line=Line("3999", 205), zones=frozenset({Zone("3999", 90010, 9)}))),
        World(here=Here(travel_class=TravelClass.FIRST)),
    ],
    ids=lambda world: None,
)  # fmt: skip
def test_other_lists_clocks_places_and_classes_get_the_same_verdict(judge: Page, world: World) -> None:
    codes = [
        FIXED, static_code(), static_code(PASS), dynamic_code(), dynamic_code(PASS), bound_code(),
        static_code(replace(TICKET, travel_class=TravelClass.FIRST)), static_code(replace(TICKET, activated=False)),
        bound_code(end_at=NOW + timedelta(minutes=1)), static_code(replace(PASS, checks=TICKET.checks)),
    ]  # fmt: skip
    same(judge, world, codes)


STATIONS = tuple(map(station_of, "ABCDE"))
AREAS = (
    Area(), Area(words="Dole"), Area(stations=STATIONS[1:3]), Area(stations=(STATIONS[1], STATIONS[4])),
    Area(stations=STATIONS[:2], lines=(Line("car", None),)), Area(lines=(Line("car", None), Line("ter", None))),
    Area(stations=(Station("8771800"), *STATIONS[1:3], Station("8771801"))),
    Area(stations=(Station("8771800"), Station("8771801"))), Area(lines=(Line("1187", None),)),
    Area(lines=(Line("car", 7),)), Area(zones=(Zone("car", None, 3),)),
    TICKET.area, PASS.area,
)  # fmt: skip


def test_any_ticket_anywhere_on_a_line_gets_the_same_verdict(judge: Page) -> None:
    codes = [static_code(replace(each, area=area)) for area in AREAS for each in (TICKET, PASS)]
    random = Random(42)
    answers: dict[str, int] = {}
    for _ in range(40):
        way = tuple(random.sample(STATIONS, random.randint(0, 4)))
        here = Here(
            frozenset([*way, *random.choice([(), (Station("8771800"),)])]),
            frozenset(random.choice([[], [Zone("car", None, 3)], [Zone("car", None, 4)]])),
            random.choice([None, Line("car", None), Line("ter", 7), Line("car", 7)]),
            stop=random.choice([None, *way]), ways=random.choice([(), (way,), (way, way[::-1])]),
            known=random.choice([None, frozenset(STATIONS[:4])]),
            carriers=random.choice([None, frozenset({"car", "ter"})]), vague=random.random() < 0.3,
        )  # fmt: skip
        for answer, times in same(judge, World(here=here), codes).items():
            answers[answer] = answers.get(answer, 0) + times
    assert min(answers["OK"], answers["WRONG_AREA"]) > 100, answers


def test_a_telephone_that_is_not_the_one_bound_is_refused_by_both(judge: Page) -> None:
    stolen = bound_code()
    swapped = dynamic_code(telephone=signer("another"))
    assert same(judge, World(), [stolen, swapped, dynamic_code(at=NOW - DAY), dynamic_code(at=NOW + DAY)])


def test_twins_and_other_writings_of_a_signature_are_told_alike(judge: Page) -> None:
    """(r, n − s) is as good; DER with a length or a zero too many is not."""
    from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature

    from tests.ticket_world import ORDER

    code = u2.read_code(static_code())
    assert code.signature_1 is not None
    r, s = decode_dss_signature(code.signature_1)
    der = code.signature_1
    forms = [
        encode_dss_signature(r, ORDER - s), encode_dss_signature(r, 0), encode_dss_signature(0, s),
        encode_dss_signature(r + ORDER, s), der + b"\0", b"\x30\x81" + der[1:], der[:-1], b"", b"\x30\0",
    ]  # fmt: skip
    codes = [u2.write_code(code.header, form) for form in forms]
    assert same(judge, World(), codes) == {"OK": 1, "BAD_SIGNATURE": len(forms) - 1}


def test_any_ticket_that_we_sell_is_read_alike(judge: Page) -> None:
    """Passes and singles of any area, on any minute of two years, both changes of clock included."""
    drawn: list[bytes] = []

    @seed(4)
    @settings(max_examples=150, database=None, suppress_health_check=list(HealthCheck))
    @given(ticket=tickets())
    def draw(ticket: Ticket) -> None:
        listed = replace(KEY, first_at=ticket.issued_at - DAY, last_at=ticket.issued_at + DAY)
        drawn.append(static_code(ticket, key=listed))

    draw()
    always = replace(KEY, first_at=NOW - 900 * DAY, last_at=NOW + 900 * DAY, accepted_until=NOW + 999 * DAY)
    answers = same(judge, World(keys=replace(KEYS, keys=(always,))), drawn)
    assert answers.keys() >= {"EXPIRED", "NOT_YET"}


@pytest.mark.realdata
def test_specimens_of_french_networks_are_judged_alike(judge: Page, realdata: Path) -> None:
    codes = [path.read_bytes() for path in sorted((realdata / "tickets").glob("*.bin"))]
    answers = same(judge, World(), codes)
    assert answers["UNKNOWN_KEY"] >= 3  # whole and readable, of sellers we do not list
    assert answers["UNREADABLE"] >= 2  # other formats


@pytest.mark.realdata
def test_specimens_under_a_key_we_list_are_shown_alike(judge: Page, realdata: Path) -> None:
    """The tickets of the field, signed again by a key of the tests in their sellers' names."""
    from mobigo.base.errors import InvalidInput

    by: KeptSigner = ROOT
    codes, listed = [], {}
    for path in sorted((realdata / "tickets").glob("*.bin")):
        try:
            header = u2.read_code(path.read_bytes()).header
        except InvalidInput:
            continue
        header = replace(header, bound_key=None, duration_s=None, other_algorithm=False)
        codes.append(u2.write_code(header, by.sign(u2.level_1_octets(header))))
        listed[header.provider, header.key_id] = replace(
            KEY, provider=header.provider, key_id=header.key_id, public_key=by.public_key,
            first_at=NOW - 9_999 * DAY, last_at=NOW + 9_999 * DAY, accepted_until=NOW + 9_999 * DAY,
        )  # fmt: skip
    answers = same(judge, World(keys=replace(KEYS, keys=tuple(listed.values()))), codes)
    assert answers["EXPIRED"] >= 3


def test_signed_lists_are_taken_and_no_others(judge: Page) -> None:
    marks = frozenset({mark_of(TICKET), mark_of(PASS)})
    keys = write_key_list(KEYS, ROOT).decode()
    revocations = write_revocations(replace(NO_REVOCATION, marks=marks), ROOT).decode()
    carried = {"keys": keys, "revocations": revocations, "roots": [ROOT.public_key.hex()]}

    def take(newest: int = 0, now: datetime = NOW, **changed: Any) -> Any:
        numbers = {"keys": newest, "revocations": newest}
        return judge.evaluate("([c, n, at]) => take(c, n, at)", [{**carried, **changed}, numbers, _ms(now)])

    assert take() == {
        "keys": 1, "marks": sorted(mark.hex() for mark in marks), "sequences": {"keys": 3, "revocations": 5},
        "issuedAt": _ms(KEYS.issued_at), "expiresAt": _ms(NO_REVOCATION.expires_at),
    }  # fmt: skip
    assert take(newest=3) != "older"
    assert take(newest=4) == "older"
    assert take(roots=[SELLER.public_key.hex()]) == "not signed"
    assert take(keys=write_key_list(KEYS, SELLER).decode()) == "not signed"
    assert take(keys=revocations) == "not signed"  # signed for another purpose
    assert take(keys=keys.replace("3999", "3998")) == "not signed"
    assert take(keys="{") == "malformed"
    assert take(now=KEYS.expires_at + timedelta(seconds=1)) == "expired"
    assert take(now=KEYS.issued_at - timedelta(minutes=11)) == "from the future"
