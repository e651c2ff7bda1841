"""The ledger beside plain inserts: transfers in batches, the check of a long chain, balances of the past.

    python -m tests.benchmarks.ledger [--transfers N] [--lines N] [--cap-s S] [--whole] [--only transfers,check,past]

Each rival writes through SQLAlchemy Core, `execute(statement, list of rows)`, on a database of its own with the very
same settings (SQLite: WAL, synchronous FULL), one commit a batch, turn about with us so that both meet the same
machine. They check nothing, hash nothing, number nothing: what they write was computed before the clock starts.

- *same rows*: our own tables with our own indexes and triggers, the same line rows, one update for each account touched
  in the batch, one update of the head: what is left of our work when all thinking is taken out.
- *transfer and postings*: the common shape of a ledger: a transfer row (unique key, previous hash, hash), two postings
  of it (indexed by account), two updates of balances for each transfer.
"""

import argparse
import os
import random
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any
from uuid import uuid4

from sqlalchemy import (
    BigInteger,
    Column,
    Engine,
    ForeignKey,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    bindparam,
    insert,
    text,
    update,
)
from sqlalchemy.engine import make_url

from mobigo.base.money import Money
from mobigo.infra.db import Base, open_engine, reading, table_of, transaction
from mobigo.ledger import service, store
from mobigo.ledger.model import Line, Transfer
from mobigo.ledger.rules.chain import GENESIS
from mobigo.ledger.rules.orders import Book, Known, extend
from tests.benchmarks.measures import Measure, line, percentile

BATCH = 1_000
DRIVERS = 20_000
START = datetime(2026, 1, 1, tzinfo=UTC)
BUDGET = "covoit:budget:bench"
PARTS = ("transfers", "check", "past")
Row = dict[str, Any]


def driver(number: int) -> str:
    return f"covoit:accrued:{number:026d}"


def transfers(batch: int, size: int, chance: random.Random) -> list[Transfer]:
    """The awards of some trips: one budget pays many drivers; an event is recorded up to two days after it happened."""
    now = START + batch * timedelta(minutes=90)
    return [
        Transfer(
            f"award:mobigo:{batch}:{number}",
            BUDGET,
            driver(chance.randrange(DRIVERS)),
            Money(chance.randrange(100, 900)),
            now - timedelta(seconds=chance.randrange(172_800)),
            "award",
            f"mobigo:{batch}:{number}",
            {"scale": "BFC-from-first", "km": 33},
        )
        for number in range(size)
    ]


# ---------------------------------------------------------------- databases


@contextmanager
def database(kind: str) -> Iterator[Engine]:
    """A new database of this kind, removed at the end."""
    if kind == "sqlite":
        with tempfile.TemporaryDirectory() as folder:
            engine = open_engine(f"sqlite:///{folder}/ledger.sqlite")
            yield engine
            engine.dispose()
        return
    server = make_url(os.environ["MOBIGO_TEST_POSTGRES"])
    name = f"mobigo_bench_{uuid4().hex[:12]}"
    admin = open_engine(server.render_as_string(hide_password=False)).execution_options(isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    engine = open_engine(server.set(database=name).render_as_string(hide_password=False))
    try:
        yield engine
    finally:
        engine.dispose()
        with admin.connect() as connection:
            connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
        admin.dispose()


def make_ledger(engine: Engine) -> None:
    """Our tables with their triggers, and the accounts."""
    rows = (store.AccountRow, store.LineRow, store.HeadRow, store.MarkRow, store.SignedHeadRow)
    Base.metadata.create_all(engine, tables=[table_of(row) for row in rows])
    with transaction(engine) as session:
        service.open_account(session, BUDGET, floor=None, now=START)
        empty = {"debits_cents": 0, "credits_cents": 0, "held_debits_cents": 0, "held_credits_cents": 0}
        accounts = [{"code": driver(n), "floor_cents": 0, "opened_us": 0, **empty} for n in range(DRIVERS)]
        session.execute(insert(table_of(store.AccountRow)), accounts)


# ---------------------------------------------------------------- the rivals


class SameRows:
    """Plain inserts of our very rows."""

    name, slug = "same rows", "same-rows"

    def __init__(self, engine: Engine) -> None:
        make_ledger(engine)
        self.engine = engine
        account = table_of(store.AccountRow)
        sums = ("debits_cents", "credits_cents", "held_debits_cents", "held_credits_cents")
        self.add = insert(table_of(store.LineRow))
        self.sum = (
            update(account).where(account.c.code == bindparam("at")).values({c: bindparam(f"new_{c}") for c in sums})
        )
        self.head = update(table_of(store.HeadRow)).where(table_of(store.HeadRow).c.id == 1)
        with transaction(engine) as session:
            store.lock_head(session)

    def prepare(self, lines: Sequence[Line], books: dict[str, Book]) -> Callable[[], None]:
        rows: list[Row] = [one._asdict() for one in lines]
        touched = sorted({one.debit for one in lines} | {one.credit for one in lines})
        sums: list[Row] = [
            {
                "at": code,
                "new_debits_cents": books[code].debits,
                "new_credits_cents": books[code].credits,
                "new_held_debits_cents": books[code].held_debits,
                "new_held_credits_cents": books[code].held_credits,
            }
            for code in touched
        ]
        last = {"n": lines[-1].n, "hash": lines[-1].hash, "recorded_us": lines[-1].recorded_us}

        def write() -> None:
            with self.engine.begin() as connection:
                connection.execute(self.add, rows)
                connection.execute(self.sum, sums)
                connection.execute(self.head.values(**last))

        return write


class TransferAndPostings:
    """Plain inserts in the common shape: a transfer, its two postings, two updates of balances."""

    name, slug = "transfer and postings", "postings"

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        whole = BigInteger().with_variant(Integer, "sqlite")
        meta = MetaData()
        self.account = Table(
            "plain_account", meta, Column("code", String(120), primary_key=True), Column("balance", BigInteger)
        )
        self.transfer = Table(
            "plain_transfer",
            meta,
            Column("id", whole, primary_key=True, autoincrement=False),
            Column("key", String(200), unique=True),
            Column("happened_us", BigInteger),
            Column("recorded_us", BigInteger),
            Column("kind", String(60)),
            Column("ref", String(200)),
            Column("memo", String(2000)),
            Column("previous_hash", LargeBinary),
            Column("hash", LargeBinary),
        )
        self.posting = Table(
            "plain_posting",
            meta,
            Column("id", whole, primary_key=True, autoincrement=False),
            Column("transfer", ForeignKey("plain_transfer.id")),
            Column("account", ForeignKey("plain_account.code"), index=True),
            Column("cents", BigInteger),
        )
        meta.create_all(engine)
        with engine.begin() as connection:
            codes = [BUDGET, *map(driver, range(DRIVERS))]
            connection.execute(insert(self.account), [{"code": code, "balance": 0} for code in codes])
        account = self.account
        self.sum = (
            update(account)
            .where(account.c.code == bindparam("at"))
            .values(balance=account.c.balance + bindparam("change"))
        )

    def prepare(self, lines: Sequence[Line], _books: dict[str, Book]) -> Callable[[], None]:
        names = ("key", "happened_us", "recorded_us", "kind", "ref", "memo", "previous_hash", "hash")
        moves: list[Row] = [{"id": one.n, **{name: getattr(one, name) for name in names}} for one in lines]
        sides = [
            (one.n, account, cents)
            for one in lines
            for account, cents in ((one.debit, -one.moved_cents), (one.credit, one.moved_cents))
        ]
        postings: list[Row] = [
            {"id": 2 * n + (cents > 0), "transfer": n, "account": account, "cents": cents}
            for n, account, cents in sides
        ]
        sums: list[Row] = [{"at": account, "change": cents} for _, account, cents in sides]

        def write() -> None:
            with self.engine.begin() as connection:
                connection.execute(insert(self.transfer), moves)
                connection.execute(insert(self.posting), postings)
                connection.execute(self.sum, sums)

        return write


# ---------------------------------------------------------------- measures


def race(kind: str, transfers_max: int, seed: int, cap_s: float) -> Iterator[Measure]:
    """Batches of 1,000, ours and each rival's turn about."""
    chance = random.Random(seed)
    with database(kind) as ours, database(kind) as same, database(kind) as plain:
        make_ledger(ours)
        rivals: list[SameRows | TransferAndPostings] = [SameRows(same), TransferAndPostings(plain)]
        head = GENESIS
        books = {BUDGET: Book(None), **{driver(n): Book(0) for n in range(DRIVERS)}}
        spent = {"ours": 0.0, **{rival.name: 0.0 for rival in rivals}}
        busy = dict(spent)
        done, until = 0, time.monotonic() + cap_s
        for batch in count():
            if done >= transfers_max or time.monotonic() > until:
                break
            asked = transfers(batch, BATCH, chance)
            now = START + batch * timedelta(minutes=90)
            _, lines, head = extend(head, asked, Known({}, {}), books, now=now)
            writes = {rival.name: rival.prepare(lines, books) for rival in rivals}

            def post(asked: list[Transfer] = asked, now: datetime = now) -> None:
                with transaction(ours) as session:
                    service.post(session, asked, now=now)

            turns = [("ours", post), *writes.items()]
            chance.shuffle(turns)
            for name, act in turns:
                clock, cpu = time.perf_counter(), time.thread_time()
                act()
                if batch:  # the first one opens connections and compiles statements
                    spent[name] += time.perf_counter() - clock
                    busy[name] += time.thread_time() - cpu
            done += BATCH
        verdict = service.verify(ours)
        if (verdict.ok, verdict.head, verdict.lines) != (True, head.hash, done):
            raise RuntimeError(f"the book is not what was posted: {asdict(verdict)}")
        timed = done - BATCH
        for rival in rivals:
            yield Measure(
                f"ledger/{kind}/transfers-beside-{rival.slug}",
                timed / spent["ours"],
                "transfers/s",
                0.6,
                timed / spent[rival.name],
                f"SQLAlchemy Core, {rival.name}",
                higher_is_better=True,
                note=f"{timed} transfers in batches of {BATCH}, wall clock, turn about; "
                f"by CPU of this thread the ratio is {busy[rival.name] / busy['ours']:.2f}",
            )


def long_book(engine: Engine, lines: int, seed: int, cap_s: float) -> int:
    """Fill a book; how many lines it got before the cap."""
    make_ledger(engine)
    chance, until, done = random.Random(seed), time.monotonic() + cap_s, 0
    for batch in count():
        if done >= lines or time.monotonic() > until:
            return done
        size = min(5_000, lines - done)
        with transaction(engine) as session:
            service.post(session, transfers(batch, size, chance), now=START + batch * timedelta(minutes=90))
        done += size
    return done


def check(kind: str, engine: Engine, lines: int) -> Measure:
    """Every line, every sum, every mark; in seconds a million lines."""
    clock, cpu = time.perf_counter(), time.process_time()
    verdict = service.verify(engine)
    wall, busy = time.perf_counter() - clock, time.process_time() - cpu
    if not verdict.ok or verdict.lines != lines:
        raise RuntimeError(f"the book is faulty: {asdict(verdict)}")
    # On SQLite the whole check is in this process, so its CPU time is what it takes on a machine left alone.
    told, unit = (busy, "CPU s per million lines") if kind == "sqlite" else (wall, "s per million lines")
    note = f"{lines} lines: {wall:.1f} s of wall clock, {busy:.1f} s of CPU in this process"
    return Measure(f"ledger/{kind}/check", told * 1e6 / lines, unit, 20.0, note=note)


def past(kind: str, engine: Engine, lines: int, seed: int) -> Measure:
    """The balance of the busiest account at random pairs of past moments."""
    chance, clock = random.Random(seed), time.thread_time if kind == "sqlite" else time.perf_counter
    span_s = int(lines / 5_000 * 90 * 60)
    took = []
    with reading(engine) as session:
        for _ in range(200):
            event, record = (START + timedelta(seconds=chance.randrange(span_s)) for _ in range(2))
            start = clock()
            service.balance(session, BUDGET, event_before=event, recorded_before=record)
            took.append((clock() - start) * 1e3)
    note = f"busiest account of {lines} lines, 200 pairs of moments, mean {sum(took) / len(took):.1f}"
    unit = "CPU ms, 99th of 100" if kind == "sqlite" else "ms, 99th of 100"
    return Measure(f"ledger/{kind}/past-balance", percentile(took, 0.99), unit, 50.0, note=note)


def run(kind: str, only: Sequence[str], options: argparse.Namespace) -> Iterator[Measure]:
    """Every measure on one kind of database."""
    if "transfers" in only:
        yield from race(kind, options.transfers, options.seed, options.cap_s)
    if {"check", "past"} & set(only):
        with database(kind) as engine:
            lines = long_book(engine, options.lines, options.seed, float("inf") if options.whole else options.cap_s)
            if kind == "postgresql":
                with engine.begin() as connection:
                    connection.execute(text("ANALYZE ledger_line"))
            if "check" in only:
                yield check(kind, engine, lines)
            if "past" in only:
                yield past(kind, engine, lines, options.seed)


def main() -> int:
    parser = argparse.ArgumentParser(description="The ledger beside plain inserts.")
    parser.add_argument("--only", default=",".join(PARTS), help=f"parts, of {','.join(PARTS)}")
    parser.add_argument("--transfers", type=int, default=100_000)
    parser.add_argument("--lines", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--data", type=Path, help="not used: the transfers are made from the seed")
    parser.add_argument(
        "--cap-s", type=float, default=120.0, help="no case goes on longer; how many it did is in its note"
    )
    parser.add_argument("--whole", action="store_true", help="make the whole book of --lines, however long it takes")
    parser.add_argument("--kinds", default="sqlite,postgresql", help="databases; PostgreSQL needs MOBIGO_TEST_POSTGRES")
    options = parser.parse_args()
    failed = False
    for kind in options.kinds.split(","):
        if kind == "postgresql" and not os.environ.get("MOBIGO_TEST_POSTGRES"):
            print("no PostgreSQL: MOBIGO_TEST_POSTGRES is not set", file=sys.stderr)
            continue
        for measure in run(kind, options.only.split(","), options):
            print(line(measure), flush=True)
            failed |= not measure.ok
    return 3 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
