"""A process that writes to the ledger until it is killed: `python -m tests.integration.ledger.writer_main URL RUN`.

It says `done N` once call N is committed. A call is twenty lines: transfers, a group, holds and their settlements."""

import sys

from mobigo.infra.db import open_engine, transaction
from mobigo.ledger import service
from mobigo.ledger.model import Hold, Order, Settle
from tests.integration.ledger.books import BUDGET, NOW, move

LINES = 20


def orders(run: str, call: int) -> list[Order]:
    """The twenty orders of one call."""
    name = f"{run}:{call}"
    moves = [move(f"{name}:{i}", 1 + i) for i in range(12)]
    linked = [move(f"{name}:g{i}", 5, group=name) for i in range(4)]
    return [*moves, *linked, Hold(move(f"{name}:h1", 3)), Hold(move(f"{name}:h2", 3)), Settle(f"{name}:s", f"{name}:h1")
            , move(f"{name}:last", 1)]  # fmt: skip


def main() -> None:
    url, run = sys.argv[1:]
    engine = open_engine(url)
    call = 0
    while True:
        with transaction(engine) as session:
            service.available(session, BUDGET)
            service.give(session, orders(run, call), now=NOW)
        print(f"done {call}", flush=True)
        call += 1


if __name__ == "__main__":
    main()
