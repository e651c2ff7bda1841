"""Taking a payment provider's notices: verified, told apart from those known, stored with the work they ask, committed.

    python -m tests.benchmarks.billettique_webhooks [--events N] [--cap-s N]

One process, 16 web threads, each waiting for its answer before it takes the next notice: the service function, from
the raw body to the commit. `stored` is new notices, `again` the same ones sent a second time; on SQLite, and on
PostgreSQL where MOBIGO_TEST_POSTGRES names a server. `verify` is the signature and the reading alone, beside Stripe's
own library. At the end every notice is counted: one row each, and one piece of work.
"""

import argparse
import json
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import stripe
from sqlalchemy import func, select

from billettique.gateway.psp import Providers, signing
from billettique.gateway.psp.intents import Intents
from billettique.gateway.psp.stripe import StripeApi
from billettique.service import webhooks
from billettique.store.notices import ProviderEventRow, WorkRow
from mobigo.infra import clock
from mobigo.infra.config import Config, load_config
from mobigo.infra.db import reading
from mobigo.infra.web import Services
from tests.benchmarks.measures import Measure, line
from tests.conftest import postgres_database

LEAST, AIM = 500.0, 1_500.0  # notices a second
SECRET = "whsec_benchmark"
ROUNDS = 3
THREADS = 16


def bodies(n: int, first: int) -> list[bytes]:
    """Notices as Stripe sends them (an intent of some forty fields), each of another payment."""
    made = []
    for number in range(first, first + n):
        intent = {
            "id": f"pi_{number:024d}", "object": "payment_intent", "amount": 300, "amount_received": 300,
            "currency": "eur", "livemode": False, "status": "succeeded", "customer": None, "description": None,
            "client_secret": f"pi_{number:024d}_secret_x", "metadata": {"mobigo_order": f"o{number}"},
            "latest_charge": f"ch_{number:024d}", "payment_method": f"pm_{number:024d}",
            "payment_method_options": {"card": {"request_three_d_secure": "automatic", "installments": None}},
            **{f"field_{each}": None for each in range(24)},
        }  # fmt: skip
        event = {
            "id": f"evt_{number:024d}", "object": "event", "api_version": "2026-10-28.endive", "livemode": False,
            "created": int(clock.now().timestamp()), "type": "payment_intent.succeeded", "pending_webhooks": 1,
            "data": {"object": intent}, "request": {"id": None, "idempotency_key": None},
        }  # fmt: skip
        made.append(json.dumps(event, indent=2).encode())
    return made


@contextmanager
def databases() -> Iterator[dict[str, Config]]:
    """A configuration on each database at hand, every table made."""
    from mobigo.app import schema
    from mobigo.infra.db import open_engine

    with tempfile.TemporaryDirectory() as folder:
        config = load_config({"MOBIGO_HOME": folder})
        found = {"sqlite": config}
        schema.create(open_engine(config.database_url))
        if not os.environ.get("MOBIGO_TEST_POSTGRES"):
            yield found
            return
        with postgres_database() as url:
            found["postgresql"] = replace(config, database_url=url)
            engine = open_engine(url)
            schema.create(engine)
            engine.dispose()
            yield found


def services_on(config: Config) -> Services:
    """Services whose provider `stripe` is ours, asked of nobody."""
    services = Services(config)
    providers = Providers(config)
    providers.opened["stripe"] = Intents(
        "stripe", StripeApi("sk_test_x"), site=config.base_url, live=False, secrets=["whsec_before", SECRET],
        language="fr",
    )  # fmt: skip
    services._parts[Providers] = providers
    return services


def rate(take: Callable[[bytes, dict[str, str]], object], sent: list[bytes], threads: int = THREADS) -> float:
    """Notices a second, each signed just before."""
    signed = [(body, {signing.HEADER: signing.sign(body, SECRET, clock.now())}) for body in sent]
    with ThreadPoolExecutor(threads) as web:
        list(web.map(lambda _: None, range(threads)))
        start = time.perf_counter()
        list(web.map(lambda each: take(*each), signed))
        return len(sent) / (time.perf_counter() - start)


def measures(n: int, cap_s: float) -> Iterator[Measure]:
    from mobigo.app import jobs_registry

    jobs_registry.install()
    with databases() as found:
        for name, config in found.items():
            yield from intake(name, services_on(config), n, cap_s)
    yield verifying(n)


def intake(name: str, services: Services, n: int, cap_s: float) -> Iterator[Measure]:
    """The whole intake on one database."""

    def take(body: bytes, headers: dict[str, str]) -> object:
        return webhooks.receive(services, "stripe", body, headers, clock.now())

    started, best, again, first = time.perf_counter(), 0.0, 0.0, 0
    while first < ROUNDS * n and (first == 0 or time.perf_counter() - started < cap_s):
        sent = bodies(n, first)
        best = max(best, rate(take, sent))
        again = max(again, rate(take, sent))
        first += n
    with reading(services.engine) as session:
        stored = session.scalar(select(func.count()).select_from(ProviderEventRow))
        asked = session.scalar(select(func.count()).select_from(WorkRow))
    if (stored, asked) != (first, first):
        raise SystemExit(f"{first} notices sent, {stored} stored, {asked} asked")
    services.engine.dispose()
    note = f"{n} notices a round, best of {first // n}; 16 threads"
    for bench, goal, said in ((f"stored-{name}", LEAST, note), (f"stored-{name}-aim", AIM, f"aim; {note}")):
        yield Measure(f"billettique_webhooks/{bench}", best, "notices/s", goal, higher_is_better=True, note=said)
    yield Measure(f"billettique_webhooks/again-{name}", again, "notices/s", LEAST, higher_is_better=True, note=note)


def verifying(n: int) -> Measure:
    """The signature and the reading alone, beside the library's own."""
    services = services_on(load_config({"MOBIGO_HOME": tempfile.gettempdir()}))
    provider = services.part(Providers, lambda made: Providers(made.config)).get("stripe")
    sent = bodies(n, 0)

    def theirs(body: bytes, headers: dict[str, str]) -> object:
        return stripe.Webhook.construct_event(body, headers[signing.HEADER], SECRET)

    mine = max(rate(lambda body, headers: provider.notice(body, headers, clock.now()), sent, 1) for _ in range(ROUNDS))
    other = max(rate(theirs, sent, 1) for _ in range(ROUNDS))
    return Measure(
        "billettique_webhooks/verify", mine, "notices/s", 1.0, other, "stripe.Webhook.construct_event", True,
        "ours tries two secrets and bounds the time on both sides",
    )  # fmt: skip


def main() -> int:
    parser = argparse.ArgumentParser(description="Taking a payment provider's notices.")
    parser.add_argument("--events", type=int, default=1_000)
    parser.add_argument("--cap-s", type=float, default=60.0, help="seconds of the rounds of each database")
    parser.add_argument("--seed", type=int, default=1, help="not used: the notices are always the same")
    parser.add_argument("--data", type=Path, help="not used")
    options = parser.parse_args()
    ok = True
    for measure in measures(options.events, options.cap_s):
        print(line(measure), flush=True)
        ok = ok and measure.ok
    return 0 if ok else 3


if __name__ == "__main__":
    sys.exit(main())
