"""The inspector's page without a network, on a telephone four times slower than this machine, before a camera.

    python -m tests.benchmarks.billettique_inspector [--codes N] [--rate R] [--cap-s N]

A site answers, an inspector opens the page once, then the network is cut and the page reloaded from what it kept. The
camera is a film of different tickets (printed, and shown by a telephone) on a noisy ground; the processor is slowed
down by the browser itself. Measured: from the frame in which a code is read to its verdict on the screen; from the
reload to a page that is ready; and the sending of a shift of 2,000 checks at its end. Every verdict is checked.
"""

import argparse
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from playwright.sync_api import BrowserContext, Page, sync_playwright

from billettique.model.ticket import Data, Header, Ticket
from billettique.rules import fcb3, fdc1, u2
from billettique.rules.issuing import sign_ticket
from billettique.rules.keys import Signer
from billettique.rules.tickets import ticket_octets
from billettique.rules.uper import encode
from billettique.service import keys
from mobigo.app import schema
from mobigo.infra import accounts, grants, sessions
from mobigo.infra.clock import now
from mobigo.infra.config import load_config
from mobigo.infra.db import transaction
from mobigo.infra.roles import Grant, Role
from mobigo.infra.web import Services
from tests.benchmarks.measures import Measure, line, percentile
from tests.conftest import chromium_path
from tests.fake_camera import browser_that_sees, film
from tests.live import site
from tests.ticket_world import PASS, TELEPHONE, TICKET

SELLER = "mobigo"
P95_MS, AIM_MS, COLD_MS, SEND_MS, SENT = 500.0, 300.0, 2000.0, 5000.0, 2000
WAIT_MS = 120_000


def codes_of(services: Services, count: int) -> list[bytes]:
    """Singles and passes of now, printed and shown by a telephone in turn (whose stamp is good for an hour here)."""
    minute = now().replace(second=0, microsecond=0)
    with transaction(services.engine) as session:
        key, signer = keys.for_signing(session, services, SELLER, now())
    codes = []
    for at in range(count):
        ticket = replace(
            TICKET if at % 2 else PASS, issuer=SELLER, reference=f"BENCH{at:05}", issued_at=minute,
            first_minute=minute - timedelta(hours=1), last_minute=minute + timedelta(hours=20),
        )  # fmt: skip
        if at % 4 < 2:
            codes.append(sign_ticket(ticket, key, signer, production=False))
        else:
            codes.append(_shown(ticket, key.key_id, signer))
    return codes


def _shown(ticket: Ticket, key_id: int, signer: Signer) -> bytes:
    data = (Data(fcb3.FORMAT, ticket_octets(ticket)),)
    header = Header(SELLER, key_id, data, TELEPHONE.public_key, None, 3600)
    signature_1 = signer.sign(u2.level_1_octets(header))
    stamp = Data(fdc1.FORMAT, encode(fdc1.DYNAMIC, fdc1.stamp_record(now())))
    return u2.write_code(header, signature_1, stamp, TELEPHONE.sign(u2.level_2_octets(header, signature_1, stamp)))


def ready(page: Page) -> None:
    page.wait_for_selector("#control[data-ready=yes]", timeout=WAIT_MS)


def verdicts(page: Page, count: int, cap_s: float) -> list[dict[str, Any]]:
    """The verdicts of so many codes read one after the other; the next is looked at as soon as one is seen."""
    page.evaluate(
        """() => { window.seen = []; document.addEventListener("verdict", (event) => {
             window.seen.push(event.detail);
             setTimeout(() => document.getElementById("next").click(), 50); }); }"""
    )
    page.click("#camera")
    limit = time.monotonic() + cap_s
    while time.monotonic() < limit:
        seen: list[dict[str, Any]] = page.evaluate("() => window.seen")
        if len(seen) >= count:
            break
        page.wait_for_timeout(250)
    return list(page.evaluate("() => window.seen"))


def send_shift(page: Page, context: BrowserContext) -> float:
    """How long a shift of 2,000 checks takes to leave."""
    page.evaluate(
        """(count) => new Promise((done, failed) => {
             const asked = indexedDB.open("mobigo-controle", 1);
             asked.onsuccess = () => {
               const filling = asked.result.transaction("records", "readwrite");
               for (let at = 0; at < count; at += 1) filling.objectStore("records").put({
                 nonce: `bench-${String(at).padStart(8, "0")}`, at: Date.now() - at * 1000, answer: "OK", uses: true,
                 ticket: ["mobigo", `sent${at}`], product: "car-unite", until: "2099-01-01", line: "", stop: "" });
               filling.oncomplete = () => done(null);
               filling.onerror = () => failed(filling.error);
             };
           })""",
        SENT,
    )
    page.evaluate("() => { const camera = document.getElementById('camera'); if (window.seen) camera.click(); }")
    page.wait_for_timeout(1000)
    context.set_offline(False)
    started = time.perf_counter()
    page.click("#send")
    page.wait_for_selector("#state:has-text('Envoyé')", timeout=WAIT_MS)
    return (time.perf_counter() - started) * 1000


def measures(count: int, rate: int, cap_s: float) -> Iterator[Measure]:
    chromium = chromium_path()
    if chromium is None:
        raise SystemExit("no Chromium on this machine")
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / "home"
        services = Services(load_config({"MOBIGO_HOME": str(home), "MOBIGO_ENV": "demo"}))
        schema.migrate(services.engine)
        with transaction(services.engine) as session:
            subject = accounts.create(session, now(), email="i@example.org", name="Inspector", password_hash=None)
            grants.give(session, subject, Grant(Role.INSPECTOR), now(), by=None)
            token = sessions.open_session(session, subject, now(), None, None)
        shown = film(Path(folder) / "film.y4m", codes_of(services, min(count, 24)), frames_each=10)
        with (
            site(home) as answering,
            sync_playwright() as playwright,
            browser_that_sees(playwright.chromium, chromium, shown) as browser,
        ):
            context = browser.new_context(viewport={"width": 360, "height": 740}, locale="fr-FR")
            context.set_default_timeout(WAIT_MS)
            context.add_cookies([{"name": "mobigo", "value": token, "url": answering.url}])
            page = context.new_page()
            page.goto(answering.url + "/controle")
            ready(page)
            page.evaluate("() => navigator.serviceWorker.ready.then(() => 1)")
            page.click("#shift-form button")
            context.set_offline(True)
            context.new_cdp_session(page).send("Emulation.setCPUThrottlingRate", {"rate": rate})
            started = time.perf_counter()
            page.reload()
            ready(page)
            cold_ms = (time.perf_counter() - started) * 1000
            seen = verdicts(page, count, cap_s)
            sent_ms = send_shift(page, context)
        services.engine.dispose()
    if not seen or any(each["answer"] not in ("OK", "USED") for each in seen):
        raise SystemExit(f"{len(seen)} verdicts, not all of them good")  # USED: the film came round again
    took = [float(each["tookMs"]) for each in seen]
    note = f"{len(took)} verdicts offline, processor {rate} times slower, fake camera 640 × 480"
    yield Measure(
        "billettique_inspector/verdict-p95", percentile(took, 0.95), "ms", P95_MS, note=f"{note}; aim {AIM_MS:.0f}"
    )
    yield Measure("billettique_inspector/verdict-p50", percentile(took, 0.50), "ms", AIM_MS, note=note)
    yield Measure(
        "billettique_inspector/cold-start", cold_ms, "ms", COLD_MS, note=f"reload offline, {rate} times slower"
    )
    yield Measure(
        "billettique_inspector/send-2000", sent_ms, "ms", SEND_MS, note=f"{SENT} checks at the end, {rate} times slower"
    )


def main() -> int:
    parser = argparse.ArgumentParser(description="The inspector's page without a network.")
    parser.add_argument("--codes", type=int, default=100)
    parser.add_argument("--rate", type=int, default=4, help="how many times slower the processor")
    parser.add_argument("--cap-s", type=float, default=60.0, help="seconds of reading codes")
    parser.add_argument("--seed", type=int, default=1, help="not used: the tickets are always the same")
    parser.add_argument("--data", type=Path, help="not used")
    options = parser.parse_args()
    ok = True
    for measure in measures(options.codes, options.rate, options.cap_s):
        print(line(measure), flush=True)
        ok = ok and measure.ok
    return 0 if ok else 3


if __name__ == "__main__":
    sys.exit(main())
