"""A ticket in the hand: seen without scripts, kept in a telephone and signed by it, shown without a network, moved; and
the agents' pages. What the browser draws is read by another reader (zxing-cpp) and judged by the rules."""

import io
import json
from base64 import b64encode
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pytest
import zxingcpp
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature
from PIL import Image
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import select

from billettique.model.ticket import Data
from billettique.rules import fdc1, u2
from billettique.rules.entitlements import spoken
from billettique.rules.issuing import parts_of, sign_ticket
from billettique.rules.uper import encode
from billettique.service import inspection, tickets
from mobigo.app import jobs_registry, schema
from mobigo.infra import accounts, grants, sessions
from mobigo.infra.clock import now
from mobigo.infra.config import load_config
from mobigo.infra.db import reading, transaction
from mobigo.infra.jobs import JobFilter, list_jobs, run_inline
from mobigo.infra.outbox import MessageRow
from mobigo.infra.roles import Grant, Role
from mobigo.infra.web import Services
from tests.browser import DESKTOP, Visitor, everywhere, nothing_amiss, visitor, weight_bytes
from tests.holder_world import CARNET, PASS, SINGLE, TO_ACTIVATE, shown, sold
from tests.live import Site, site
from tests.paper import READ, drawn, photograph
from tests.ticket_world import KEY, NOW, SELLER, TELEPHONE, TICKET, static_code
from tests.ticket_world import PASS as PASS_TICKET

KEEP, MOVE = "Garder dans ce téléphone", "Le mettre dans ce téléphone"


@dataclass
class World:
    """One site, its tickets by name, and whoever looks."""

    site: Site
    services: Services
    browser: Browser
    tickets: dict[str, str]
    token: str
    visitors: list[Visitor] = field(default_factory=list)
    stack: ExitStack = field(default_factory=ExitStack)

    def path(self, name: str) -> str:
        return tickets.path_of(self.services.config, shown(self.services, self.tickets[name]))

    def visitor(self, agent: bool = False, **options: Any) -> Visitor:
        visiting = self.stack.enter_context(visitor(self.browser, self.site.url, **options))
        self.visitors.append(visiting)
        if agent:
            visiting.context.add_cookies([{"name": "mobigo", "value": self.token, "url": self.site.url}])
        return visiting

    def open(self, name: str, **options: Any) -> Page:
        return self.visitor(**options).open(self.path(name))

    def sell(self, name: str, offer: Any, **more: Any) -> str:
        self.tickets[name] = sold(self.services, offer, item=name, now=now(), **more)
        return name

    def verdict(self, octets: bytes) -> Any:
        with reading(self.services.engine) as session:
            return inspection.check(session, self.services, octets, now()).verdict


@pytest.fixture(scope="module")
def tickets_site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Site, Services, str]]:
    home = tmp_path_factory.mktemp("tickets") / "home"
    services = Services(load_config({"MOBIGO_HOME": str(home), "MOBIGO_ENV": "demo"}))
    schema.migrate(services.engine)
    instant = now()
    with transaction(services.engine) as session:
        subject = accounts.create(session, instant, email="a@example.org", name="Agent", password_hash=None)
        for role in (Role.ADMINISTRATOR, Role.COUNTER_AGENT):
            grants.give(session, subject, Grant(role), instant, by=None)
        token = sessions.open_session(session, subject, instant, None, None)
    with site(home) as answering:
        yield answering, services, token
    services.engine.dispose()


@pytest.fixture
def world(tickets_site: tuple[Site, Services, str], browser: Browser) -> Iterator[World]:
    answering, services, token = tickets_site
    made = World(answering, services, browser, {}, token)
    yield made
    nothing_amiss(made.visitors, made.stack.close)


def month(offer: Any) -> Any:
    instant = now()
    return replace(offer, first_at=instant, last_at=instant + timedelta(days=30))


def read(page: Page) -> bytes:
    """What a reader sees of the code on the screen, with the white around it."""
    picture = np.array(Image.open(io.BytesIO(page.locator("[data-picture]").screenshot(caret="initial"))).convert("L"))
    found = zxingcpp.read_barcodes(picture, formats=zxingcpp.BarcodeFormat.QRCode)
    assert len(found) == 1, f"{len(found)} codes on the screen"
    return found[0].bytes


def is_in(page: Page, state: str) -> None:
    expect(page.locator("[data-ticket]")).to_have_attribute("data-state", state)


def settled(page: Page) -> None:
    """The page has heard of its ticket and is not about to be read anew."""
    expect(page.locator("[data-ticket][data-kept]")).to_have_count(1)


# ---------------------------------------------------------------- the page


@pytest.mark.parametrize("dark", [False, True])
def test_a_ticket_is_shown_without_scripts_in_the_dark_too(world: World, dark: bool) -> None:
    name = world.sell(f"single {dark}", SINGLE)
    page = world.open(name, scripts=False, dark=dark, height=900)
    assert world.verdict(read(page)).answer == "OK"
    reference = shown(world.services, world.tickets[name]).reference
    assert page.get_by_role("img", name=spoken(reference)).count() == 1
    expect(page.get_by_text("Spécimen")).to_be_visible()
    expect(page.get_by_role("button", name=KEEP)).to_be_hidden()
    pdf = page.context.request.get(world.site.url + world.path(name) + "billet.pdf")
    assert pdf.body().startswith(b"%PDF")
    text = page.context.request.get(world.site.url + world.path(name) + "billet.txt").text()
    assert spoken(reference) in text
    assert world.path(name) in text


def test_every_kind_of_ticket_is_for_everybody_and_light(world: World) -> None:
    for name, offer in (("pass", month(PASS)), ("carnet", month(CARNET)), ("wait", month(TO_ACTIVATE))):
        page = world.open(world.sell(name, offer, holder="Zoé ESSAI" if name == "pass" else None))
        page.wait_for_load_state("networkidle")
        assert weight_bytes(page) <= 60_000
        assert everywhere(page) == []
    page = world.open("pass", language="en-GB")
    expect(page.get_by_role("heading", name="Keep it in this phone")).to_be_visible()


def test_a_ticket_kept_in_a_telephone_is_signed_by_it_and_shown_without_a_network(world: World) -> None:
    name = world.sell("kept", month(PASS))
    paper = shown(world.services, world.tickets[name]).code
    page = world.open(name, dark=True, height=900)
    page.get_by_role("button", name=KEEP).click()
    is_in(page, "here")
    settled(page)
    first = read(page)
    assert world.verdict(first).answer == "OK"
    assert world.verdict(paper).reason.code == "billettique.code_replaced"
    assert everywhere(page) == []
    page.set_viewport_size({"width": 360, "height": 900})
    page.context.set_offline(True)
    page.reload()
    is_in(page, "here")
    expect(page.locator("[data-picture] svg")).to_be_visible()
    later = read(page)
    assert later != first
    verdict = world.verdict(later)
    assert (verdict.answer, verdict.ticket.reference) == ("OK", shown(world.services, world.tickets[name]).reference)
    expect(page.get_by_text("Une photo ou une copie est refusée.")).to_be_visible()


def test_the_picture_is_signed_anew_by_itself(world: World) -> None:
    page = world.visitor().context.new_page()
    page.clock.install()
    page.goto(world.site.url + world.path(world.sell("renewed", month(PASS))))
    page.get_by_role("button", name=KEEP).click()
    is_in(page, "here")
    first = page.locator("[data-ticket]").get_attribute("data-shown")
    assert first is not None
    page.clock.fast_forward(21_000)
    expect(page.locator("[data-ticket]")).not_to_have_attribute("data-shown", first)


def test_an_answer_older_than_the_binding_does_not_undo_it(world: World) -> None:
    page = world.visitor().context.new_page()
    late: list[Any] = []
    page.route("**/code.json", lambda route: late.append((route, route.fetch())))  # asked before, told afterwards
    page.goto(world.site.url + world.path(world.sell("slow", month(PASS))))
    expect(page.get_by_role("button", name=KEEP)).to_be_visible()
    page.get_by_role("button", name=KEEP).click()
    page.wait_for_timeout(500)  # a page that does not wait for its turn is bound by now
    for route, told in late:
        route.fulfill(response=told)
    page.unroute("**/code.json")
    is_in(page, "here")
    page.reload()
    is_in(page, "here")
    assert world.verdict(read(page)).answer == "OK"


def test_a_binding_whose_answer_is_lost_is_found_again(world: World) -> None:
    page = world.visitor().context.new_page()
    page.goto(world.site.url + world.path(world.sell("unheard", month(PASS))))
    page.wait_for_load_state("networkidle")  # else it hears of the binding by itself

    def lose(route: Any) -> None:
        route.fetch()
        route.abort()

    page.route("**/telephone", lose)
    page.get_by_role("button", name=KEEP).click()
    expect(page.get_by_text("Sans réseau, cela ne peut pas se faire maintenant.")).to_be_visible()
    page.unroute("**/telephone")
    page.get_by_role("button", name=KEEP).click()  # the same key again: no move is counted
    is_in(page, "here")
    assert world.verdict(read(page)).answer == "OK"


def test_a_ticket_moves_to_another_telephone_and_leaves_the_first(world: World) -> None:
    name = world.sell("moved", month(PASS))
    old = world.open(name)
    old.get_by_role("button", name=KEEP).click()
    is_in(old, "here")
    new = world.open(name)
    is_in(new, "elsewhere")
    assert new.locator("[data-picture] svg").count() == 0
    assert everywhere(new) == []
    new.get_by_role("button", name=MOVE).click()
    is_in(new, "here")
    old.reload()
    is_in(old, "elsewhere")
    assert world.verdict(read(new)).answer == "OK"
    old.get_by_role("button", name="Revenir à un code à imprimer").click()  # a plain form
    expect(old.get_by_text("Le code est de nouveau fixe")).to_be_visible()
    is_in(old, "fixed")
    new.reload()
    is_in(new, "fixed")
    settled(new)  # it forgets its key and reads itself anew
    assert world.verdict(read(new)).answer == "OK"


def test_a_wrong_clock_is_told(world: World) -> None:
    page = world.visitor().context.new_page()
    page.clock.set_fixed_time(datetime.now(UTC) + timedelta(minutes=7))
    page.goto(world.site.url + world.path(world.sell("clock", month(PASS))))
    expect(page.locator("[data-clock]")).to_be_visible()
    page.get_by_role("button", name=KEEP).click()
    is_in(page, "here")  # put right by our clock while there is a network
    assert world.verdict(read(page)).answer == "OK"


def test_a_carnet_is_used_and_a_ticket_activated_without_scripts(world: World) -> None:
    page = world.open(world.sell("used carnet", month(CARNET)), scripts=False, height=900)
    page.get_by_role("button", name="Prendre un billet").click()
    expect(page.get_by_text("Un billet est sorti du carnet.")).to_be_visible()
    assert world.verdict(read(page)).answer == "OK"
    page = world.open("used carnet", scripts=False)
    expect(page.get_by_text("2 / 3")).to_be_visible()
    page = world.open(world.sell("activated", month(TO_ACTIVATE)), scripts=False, height=900)
    assert world.verdict(read(page)).reason.code == "billettique.not_activated"
    page.get_by_role("button", name="Activer le billet").click()
    expect(page.get_by_text("Le billet est valable à partir de maintenant.")).to_be_visible()
    assert world.verdict(read(page)).answer == "OK"


def test_a_ticket_that_is_taken_away_shows_no_code(world: World) -> None:
    name = world.sell("gone", month(PASS))
    with transaction(world.services.engine) as session:
        tickets.refunded(session, world.tickets[name], now())
    page = world.open(name)
    expect(page.get_by_text("Ce titre est remboursé")).to_be_visible()
    assert page.locator("[data-picture] svg").count() == 0
    assert everywhere(page) == []


def test_another_address_is_no_ticket(world: World) -> None:
    name = world.sell("address", SINGLE)
    path = world.path(name)
    answer = world.visitor().context.request.get(world.site.url + path[:-2] + ("A/" if path[-2] != "A" else "B/"))
    assert answer.status == 404
    page = world.visitor().context.request.get(world.site.url + path)
    assert "no-store" in page.headers["cache-control"]
    assert "noindex" in page.headers["x-robots-tag"]


# ---------------------------------------------------------------- the script and the rules, bit for bit

SHOW = """async ({origin, parts, at, raw}) => {
  const {showCode, partsOf, fromHex, hex} = await import(origin + "/static/billet/code.mjs");
  let asked = "";
  const sign = async (octets) => {
    asked = hex(octets);
    return fromHex(raw);
  };
  const octets = await showCode(partsOf(parts), new Date(at), sign);
  return {octets: hex(octets), asked};
}"""


def test_the_script_shows_the_same_bits_as_the_rules(world: World) -> None:
    """Tickets of every length, so that the signature begins at each place of an octet; every kind of instant."""
    page = world.open(world.sell("bits", SINGLE))
    instants = [
        datetime(2026, 1, 1, tzinfo=UTC), datetime(2028, 12, 31, 23, 59, 59, tzinfo=UTC), NOW,
        datetime(2026, 7, 4, 12, 34, 56, 789_000, tzinfo=UTC),
    ]  # fmt: skip
    places = set()
    for number in range(40):
        issuer = "s" * (1 + number)  # seven bits a letter
        ticket = replace(
            TICKET if number % 2 else PASS_TICKET,
            issuer=issuer,
            reference="R" * (1 + number),
            words="x" * (number % 11),
        )
        key, point = replace(KEY, provider=issuer), TELEPHONE.public_key
        signed = sign_ticket(ticket, key, SELLER, production=False, bound_key=point)
        at = instants[number % len(instants)]
        parts, code = parts_of(signed), u2.read_code(signed)
        places.add(parts.bits % 8)
        stamp = Data(fdc1.FORMAT, encode(fdc1.DYNAMIC, fdc1.stamp_record(at)))
        asked = u2.level_2_octets(code.header, parts.signature_1, stamp)
        signature = TELEPHONE.sign(asked)
        r, s = decode_dss_signature(signature)
        told = {"level_1": parts.level_1.hex(), "bits": parts.bits, "signature_1": parts.signature_1.hex()}
        found = page.evaluate(
            SHOW,
            {"origin": world.site.url, "parts": told, "at": int(at.timestamp() * 1000),
             "raw": (r.to_bytes(32) + s.to_bytes(32)).hex()},
        )  # fmt: skip
        assert found["asked"] == asked.hex()
        assert found["octets"] == u2.write_code(code.header, parts.signature_1, stamp, signature).hex()
    assert places == set(range(8))


def test_the_script_writes_signatures_as_der_does(world: World) -> None:
    page = world.open(world.sell("der", SINGLE))
    numbers = [1, 127, 128, 255, 256, 2**247, 2**248 - 1, 2**255 - 1, 2**255, 2**256 - 2**32]
    pairs = [(r, s) for r in numbers for s in numbers]
    found = page.evaluate(
        """async ({origin, raws}) => {
          const {der, fromHex, hex} = await import(origin + "/static/billet/code.mjs");
          return raws.map((raw) => hex(der(fromHex(raw))));
        }""",
        {"origin": world.site.url, "raws": [(r.to_bytes(32) + s.to_bytes(32)).hex() for r, s in pairs]},
    )
    assert found == [encode_dss_signature(r, s).hex() for r, s in pairs]


# ---------------------------------------------------------------- zxing-wasm, as inspectors' devices have it

READER = """async ({origin, pictures}) => {
  await new Promise((done) => {
    const script = document.createElement("script");
    script.src = origin + "/static/vendor/zxing/reader.js";
    script.onload = done;
    document.head.append(script);
  });
  ZXingWASM.prepareZXingModule({overrides: {locateFile: () => origin + "/static/vendor/zxing/zxing_reader.wasm"}});
  const found = [];
  for (const {width, height, grey} of pictures) {
    const levels = Uint8Array.from(atob(grey), (letter) => letter.charCodeAt(0));
    const image = new ImageData(width, height);
    levels.forEach((level, at) => image.data.set([level, level, level, 255], at * 4));
    const read = await ZXingWASM.readBarcodes(image, {formats: ["QRCode"], tryHarder: true, maxNumberOfSymbols: 1});
    found.push(read.length ? [...read[0].bytes].map((each) => each.toString(16).padStart(2, "0")).join("") : null);
  }
  return found;
}"""


def test_inspectors_devices_read_our_codes_from_screens_and_papers(world: World) -> None:
    codes = {"single": static_code(), "pass": static_code(PASS_TICKET)}
    papers = {
        (name, taken): photograph(drawn(octets), how) for name, octets in codes.items() for taken, how in READ.items()
    }
    page = world.visitor().context.new_page()
    page.route(
        "**/empty", lambda route: route.fulfill(body="<!doctype html><title>-</title>", content_type="text/html")
    )
    page.goto(world.site.url + "/empty")
    told = [
        {"width": each.shape[1], "height": each.shape[0], "grey": b64encode(each.tobytes()).decode()}
        for each in papers.values()
    ]
    found = page.evaluate(READER, {"origin": world.site.url, "pictures": told})
    read_of = dict(zip(papers, found, strict=True))
    missed = [name for name, octets in read_of.items() if octets != codes[name[0]].hex()]
    assert missed == [], json.dumps(missed, ensure_ascii=False)


# ---------------------------------------------------------------- agents


def test_an_agent_sees_keys_revokes_one_and_buyers_get_new_codes_by_a_job(world: World) -> None:
    name = world.sell("drill", replace(month(PASS), seller="drill"))
    before = shown(world.services, world.tickets[name]).code
    page = world.visitor(agent=True, width=DESKTOP).open("/billettique/agents/cles")
    assert everywhere(page) == []
    section = page.get_by_role("region", name="drill")
    section.get_by_text("Révoquer la clé 1").first.click()
    section.get_by_label("Recopiez le numéro").fill("2")
    section.get_by_label("Pourquoi").fill("ordinateur volé")
    section.get_by_role("button", name="Révoquer la clé 1").click()
    expect(
        page.get_by_text("Recopiez le numéro de la clé à révoquer : 1.".replace(" :", "\N{NARROW NO-BREAK SPACE}:"))
    ).to_be_visible()
    section = page.get_by_role("region", name="drill")
    section.get_by_label("Recopiez le numéro").fill("1")
    section.get_by_label("Pourquoi").fill("ordinateur volé")
    section.get_by_role("button", name="Révoquer la clé 1").click()
    expect(page.get_by_text("La clé 1 est révoquée.")).to_be_visible()
    assert world.verdict(before).reason.code == "billettique.key_revoked"
    with reading(world.services.engine) as session:
        (job,) = [each for each in list_jobs(session, JobFilter()) if each.name == "billettique.reissue"]
    jobs_registry.install()
    done = run_inline(world.services.engine, world.services.config, job.id)
    assert done.outcome is not None
    assert done.outcome.params["codes"] == 1
    assert world.verdict(shown(world.services, world.tickets[name]).code).answer == "OK"


def test_an_agent_takes_a_ticket_off_a_lost_telephone_and_prints_it(world: World) -> None:
    name = world.sell("lost", month(PASS))
    phone = world.open(name)
    phone.get_by_role("button", name=KEEP).click()
    is_in(phone, "here")
    visiting = world.visitor(agent=True, width=DESKTOP)
    page = visiting.open("/billettique/agents/billets")
    assert everywhere(page) == []
    page.get_by_label("Référence du titre").fill(spoken(shown(world.services, world.tickets[name]).reference).lower())
    page.get_by_role("button", name="Chercher").click()
    page.get_by_role("button", name="Retirer du téléphone").click()
    expect(page.get_by_text("Le code est de nouveau fixe")).to_be_visible()
    assert everywhere(page) == []
    href = page.get_by_role("link", name="Imprimer ce titre").get_attribute("href")
    assert visiting.context.request.get(world.site.url + str(href)).body().startswith(b"%PDF")
    page.get_by_label("Adresse électronique").fill("zoe@exemple.fr")
    page.get_by_role("button", name="Envoyer le titre").click()
    expect(page.get_by_text("Le titre est envoyé.")).to_be_visible()
    with reading(world.services.engine) as session:
        (message,) = session.scalars(select(MessageRow).where(MessageRow.recipient == "zoe@exemple.fr")).all()
    assert world.path(name) in message.body
    page.get_by_role("button", name="Changer l’adresse").click()
    expect(page.get_by_text("a une nouvelle adresse")).to_be_visible()
    phone.reload()
    expect(phone.get_by_text("Aucun titre à cette adresse")).to_be_visible()
    page.get_by_label("Référence du titre").fill("ZZZ")
    page.get_by_role("button", name="Chercher").click()
    expect(page.get_by_text("Aucun titre n’a la référence")).to_be_visible()


def test_an_agent_revokes_one_ticket_for_a_reason(world: World) -> None:
    name = world.sell("bad", month(PASS))
    ticket = shown(world.services, world.tickets[name])
    page = world.visitor(agent=True, width=DESKTOP).open("/billettique/agents/cles")
    form = page.get_by_role("form", name="Révoquer un titre")
    form.get_by_label("Référence du titre").fill(ticket.reference)
    form.get_by_label("Pourquoi").fill("vendu par erreur")
    form.get_by_role("button", name="Révoquer le titre").click()
    expect(page.get_by_text("est révoqué.")).to_be_visible()
    assert world.verdict(ticket.code).reason.code == "billettique.ticket_revoked"
