"""The drill of a stolen key, and noise before the verdict.

    python -m tests.benchmarks.billettique_tickets [--tickets N] [--database URL]

`reissue`: N tickets (default 100,000; orders with an address, one in two on a telephone) signed with a revoked key are
signed anew, their buyers written to, in a database of their own; the seconds are of the wall clock, scaled to 100,000
tickets when fewer were made; the note has those of the processor. `noise`: the slowest verdict on 4 KB that are no code
(random, zeros, the beginning of a real code and then random), and on 1,024 octets, the longest that is looked at: time
of the thread, the least of three, so that what else the machine does is not measured.
"""

import argparse
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from random import Random

from sqlalchemy import insert

from billettique.model.entitlements import EntitlementState
from billettique.rules.issuing import sign_ticket
from billettique.service import issuing, keys, reissuing
from billettique.store.orders import OrderRow
from billettique.store.tickets import CodeRow, EntitlementRow
from mobigo.app import schema
from mobigo.infra.clock import new_id
from mobigo.infra.config import load_config
from mobigo.infra.db import table_of, transaction
from mobigo.infra.web import Services
from tests.benchmarks.measures import Measure, line
from tests.holder_world import NOW, PASS, SELLER, shown, sold
from tests.ticket_world import TELEPHONE, checked, dynamic_code, static_code

DRILL_S = 300.0  # for 100,000 tickets
NOISE_MS = 50.0
WHOLE = 100_000


def filled(services: Services, n: int) -> int:
    """N tickets to be used, each in an order of its own, all signed with one key; its number."""
    template = issuing.ticket_in(shown(services, sold(services, PASS)).code)
    with transaction(services.engine) as session:
        key, signer = keys.for_signing(session, services, SELLER, NOW)
    orders, rows, codes = [], [], []
    for at in range(n):
        entitlement, order, reference = new_id(NOW), f"order-{at:06d}", f"{at:010d}"
        bound_key = TELEPHONE.public_key if at % 2 else None
        ticket = replace(template, reference=reference)
        octets = sign_ticket(ticket, key, signer, production=False, bound_key=bound_key)
        orders.append(
            {"id": order, "reference": order, "channel": "online", "email": f"b{at}@example.org", "language": "fr",
             "created_at": NOW, "expires_at": NOW, "changed_at": NOW}
        )  # fmt: skip
        rows.append(
            {"id": entitlement, "item": f"item-{at}", "order_id": order, "provider": SELLER, "reference": reference,
             "kind": "pass", "product": "car-mois", "name": "Pass", "riders": ["adulte"], "promised": {},
             "gross_cents": 4800, "state": str(EntitlementState.ACTIVE), "first_at": NOW,
             "last_at": NOW + timedelta(days=30), "bound_key": bound_key, "created_at": NOW, "changed_at": NOW}
        )  # fmt: skip
        codes.append(
            {"id": new_id(NOW), "entitlement": entitlement, "provider": SELLER, "key_id": key.key_id, "octets": octets,
             "bound": bound_key is not None, "issued_at": ticket.issued_at}
        )  # fmt: skip
    with transaction(services.engine) as session:
        for owner, made in ((OrderRow, orders), (EntitlementRow, rows), (CodeRow, codes)):
            session.execute(insert(table_of(owner)), made)
    return key.key_id


def drill(n: int, url: str | None) -> Iterator[Measure]:
    with tempfile.TemporaryDirectory() as folder:
        environ = {"MOBIGO_HOME": folder, **({} if url is None else {"MOBIGO_DATABASE_URL": url})}
        services = Services(load_config(environ))
        schema.create(services.engine)
        key_id = filled(services, n)
        with transaction(services.engine) as session:
            keys.revoke(session, services, SELLER, key_id, reason="a drill", by="benchmark", now=NOW)
        start, start_cpu = time.perf_counter(), time.process_time()
        done = reissuing.reissue(services, SELLER, key_id, NOW)
        spent, spent_cpu = time.perf_counter() - start, time.process_time() - start_cpu
        if done.codes != n + 1 or done.messages != n or reissuing.waiting(services.engine, SELLER, key_id, NOW):
            raise SystemExit(f"{done} of {n + 1}")
        services.engine.dispose()
    note = f"{n} tickets in {spent:.1f} s, {spent_cpu:.1f} s of the processor, on {services.engine.dialect.name}"
    yield Measure("billettique/reissue-100000", spent * WHOLE / n, "s", DRILL_S, note=note)


def noise() -> Iterator[Measure]:
    random, real = Random(1), [static_code(), dynamic_code()]
    given = [bytes(4096), b"\xff" * 4096, *(random.randbytes(4096) for _ in range(20))]
    for size in (1024, 4096):
        given += [code[:cut] + random.randbytes(size - cut) for code in real for cut in range(1, 80)]
    checked(given[0])
    worst = 0.0
    for octets in given:
        worst = max(worst, min(_thread_ms(octets) for _ in range(3)))
    yield Measure("billettique/noise-worst", worst, "ms", NOISE_MS, note=f"slowest of {len(given)}; time of the thread")


def _thread_ms(octets: bytes) -> float:
    start = time.thread_time()
    checked(octets)
    return (time.thread_time() - start) * 1000


def main() -> int:
    parser = argparse.ArgumentParser(description="The drill of a stolen key; noise.")
    parser.add_argument("--tickets", type=int, default=WHOLE)
    parser.add_argument("--database", help="an empty PostgreSQL database; SQLite by default")
    parser.add_argument("--cap-s", type=float, default=0.0, help="not used: a drill is one piece")
    parser.add_argument("--seed", type=int, default=1, help="not used: the tickets are always the same")
    parser.add_argument("--data", type=Path, help="not used")
    options = parser.parse_args()
    ok = True
    for measure in (*noise(), *drill(options.tickets, options.database)):
        print(line(measure), flush=True)
        ok = ok and measure.ok
    return 0 if ok else 3


if __name__ == "__main__":
    sys.exit(main())
