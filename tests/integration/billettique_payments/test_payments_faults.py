"""A fault at every named point of every step, the database opened again each time: judged by an auditor who reads the
provider's file and nothing else.
"""

import json
import sqlite3
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from random import Random
from typing import Any

import pytest

from billettique.service import payments, reconcile
from mobigo.infra.config import Config
from mobigo.infra.db import transaction
from tests.counts import count
from tests.faults import Boom, Faults
from tests.payments_world import World, world


def provider_says(path: Path) -> list[tuple[str, int, int]]:
    """(order, received, given back) of every payment in the provider's own file."""
    with sqlite3.connect(path) as file:
        charges = [json.loads(row[0]) for row in file.execute("SELECT document FROM object WHERE kind = 'charge'")]
    return sorted(
        (each["metadata"]["mobigo_order"], each["amount"], each["amount_refunded"]) for each in charges
    )  # fmt: skip


def step_of(w: World, order: str, cents: int) -> list[Callable[[], Any]]:
    """The life of one payment, each step being what a page, the worker or an agent does; each may be done again."""
    made: dict[str, str] = {}

    def begin() -> None:
        made["payment"] = w.begin(order, cents)

    def pay() -> None:
        # The buyer: not ours to fail. A form sent before is not sent again.
        form = w.form(made["payment"])
        if w.sim.bank.look(form)["status"] == "open":
            w.sim.bank.pay(form, "pm_card_visa")

    def refund() -> None:
        made["refund"] = w.ask_refund(made["payment"], 100, f"k-{order}")

    return [
        begin,
        lambda: payments.call(w.services, made["payment"], w.at),
        pay,
        lambda: payments.refresh(w.services, made["payment"], w.at),
        w.drain,
        refund,
        w.drain,
        lambda: reconcile.reconcile(w.services, w.at, since=timedelta(days=30)),
    ]


def test_a_fault_at_any_point_loses_nothing_and_takes_nothing_twice(
    config: Config, sqlite_template: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import shutil

    config.home.mkdir(parents=True)
    shutil.copyfile(sqlite_template, config.home / "mobigo.sqlite")
    faults = Faults()
    with world(config) as w, faults.everywhere(monkeypatch):
        for number, step in enumerate(step_of(w, "o1", 300)):
            at = 1
            while True:
                faults.arm(at)
                try:
                    step()
                except Boom:
                    faults.arm(None)
                    w.engine.dispose()
                    w.later(minutes=3)  # leases run out
                    at += count(1, 3)
                    continue
                break
            faults.arm(None)
            assert number >= 0
        w.later(minutes=3)
        w.drain()
        done = reconcile.reconcile(w.services, w.at, since=timedelta(days=30))
        assert done.whole, done.unexplained
        assert w.heard.count((w.heard[0][0], "SUCCEEDED")) >= 1
    kinds = Counter(name.partition(" ")[2] for name in faults.struck)
    assert len(faults.struck) >= count(80, 25), len(faults.struck)
    assert {"SimApi._asked", "commit", "apply", "give_back", "store_events", "keep"} <= set(kinds), kinds
    assert provider_says(config.home / "sim" / "provider.sqlite") == [("o1", 300, 100)]


def test_faults_by_chance_through_many_lives(
    config: Config, sqlite_template: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import shutil

    config.home.mkdir(parents=True)
    shutil.copyfile(sqlite_template, config.home / "mobigo.sqlite")
    faults, chance, lives = Faults(), Random(11), count(12, 6)
    with world(config) as w, faults.everywhere(monkeypatch):
        for number in range(lives):
            for step in step_of(w, f"o{number:02}", 300 + number)[:-1]:
                for _ in range(chance.randrange(4)):
                    faults.arm(chance.randrange(1, 25))
                    try:
                        step()
                    except Boom:
                        w.engine.dispose()
                        w.later(minutes=3)
                faults.arm(None)
                step()
        for _ in range(3):
            w.later(minutes=3)
            w.drain()
        assert reconcile.reconcile(w.services, w.at, since=timedelta(days=30)).whole
    assert len(faults.struck) > lives
    assert provider_says(config.home / "sim" / "provider.sqlite") == [
        (f"o{number:02}", 300 + number, 100) for number in range(lives)
    ]


def test_whoever_listens_is_told_with_the_move_or_not_at_all(
    config: Config, sqlite_template: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import shutil

    from billettique.service import listening

    config.home.mkdir(parents=True)
    shutil.copyfile(sqlite_template, config.home / "mobigo.sqlite")
    with world(config) as w:
        payment = w.paid()

        def refuses(*_: object) -> None:
            raise Boom

        monkeypatch.setattr(listening, "payment_moved", refuses)
        with pytest.raises(Boom):
            payments.refresh(w.services, payment, w.at)
        assert w.state(payment) == "REQUIRES_ACTION"
        monkeypatch.undo()
        w.later(minutes=3)
        w.drain()
        assert w.state(payment) == "SUCCEEDED"
        with transaction(w.engine) as session:
            assert session is not None
