"""Retried writes: same key and request, same answer and one effect; with real threads on both databases."""

from concurrent.futures import ThreadPoolExecutor
from copy import copy
from datetime import UTC, datetime
from functools import partial
from threading import Barrier
from typing import Any

import pytest
from sqlalchemy import Engine, func, select

from mobigo.base.errors import Conflict, InvalidInput
from mobigo.infra.audit import AuditEntry, record
from mobigo.infra.db import reading, transaction
from mobigo.infra.idempotency import Answered, once, request_hash

NOW = datetime(2026, 11, 24, 8, tzinfo=UTC)


def order(engine: Engine, key: str, request: object, *, scope: str = "orders", fail: bool = False) -> Answered:
    """An effect that counts: one audit entry for each time it really happens."""
    with transaction(engine) as session:

        def act() -> dict[str, object]:
            entry = record(session, "order.place", actor="s", object_kind="order", object_id=str(request), now=NOW)
            if fail:
                raise RuntimeError("halfway")
            return {"entry": entry, "cents": 150}

        return once(session, scope, key, request, act, now=NOW)


def effects(engine: Engine) -> int:
    with reading(engine) as session:
        return session.scalar(select(func.count()).select_from(AuditEntry)) or 0


def test_a_repeated_request_gets_the_same_answer_and_no_second_effect(engine: Engine) -> None:
    first = order(engine, "k1", {"b": 1, "a": [1, "é"]})
    again = order(engine, "k1", {"a": [1, "é"], "b": 1})
    assert not first.replayed
    assert again == Answered(first.answer, replayed=True)
    assert effects(engine) == 1


def test_another_request_under_the_same_key_is_a_conflict(engine: Engine) -> None:
    order(engine, "k1", {"seats": 1})
    with pytest.raises(Conflict, match=r"idempotency\.other_request"):
        order(engine, "k1", {"seats": 2})
    assert effects(engine) == 1


def test_keys_of_two_scopes_never_meet(engine: Engine) -> None:
    order(engine, "k1", {"seats": 1}, scope="alice")
    assert not order(engine, "k1", {"seats": 2}, scope="bob").replayed
    assert effects(engine) == 2


def test_a_request_that_failed_may_be_sent_again(engine: Engine) -> None:
    with pytest.raises(RuntimeError, match="halfway"):
        order(engine, "k1", {"seats": 1}, fail=True)
    assert effects(engine) == 0
    assert not order(engine, "k1", {"seats": 1}).replayed
    assert effects(engine) == 1


def test_an_answer_may_be_nothing_zero_or_a_list(engine: Engine) -> None:
    answers: list[Any] = [None, 0, [], "", False]
    for number, answer in enumerate(answers):
        for replayed in (False, True):
            with transaction(engine) as session:
                found = once(session, "s", f"k{number}", None, partial(copy, answer), now=NOW)
            assert found == Answered(answer, replayed)


@pytest.mark.parametrize("key", ["", "x" * 201, "a\nb", "a\x00b"])
def test_a_key_nobody_could_log_is_refused(engine: Engine, key: str) -> None:
    with pytest.raises(InvalidInput, match=r"idempotency\.bad_key"):
        order(engine, key, {})
    assert effects(engine) == 0


@pytest.mark.parametrize("key", ["x", "x" * 200, "clé d’été", "%s'; --"])
def test_any_printable_key_of_200_characters_serves(engine: Engine, key: str) -> None:
    assert order(engine, key, {}).answer == order(engine, key, {}).answer
    assert effects(engine) == 1


def test_twelve_threads_with_one_key_make_one_effect_and_read_one_answer(engine: Engine) -> None:
    start = Barrier(12)

    def ask(_number: int) -> Answered:
        start.wait()
        return order(engine, "k1", {"seats": 1})

    with ThreadPoolExecutor(12) as threads:
        answers = list(threads.map(ask, range(12)))
    assert effects(engine) == 1
    assert sum(not answer.replayed for answer in answers) == 1
    assert len({answer.answer["entry"] for answer in answers}) == 1


def test_threads_with_two_requests_under_one_key_make_one_effect_and_conflicts(engine: Engine) -> None:
    start = Barrier(8)

    def ask(number: int) -> str:
        start.wait()
        try:
            return f"answered {order(engine, 'k1', {'seats': number % 2}).answer['entry']}"
        except Conflict:
            return "conflict"

    with ThreadPoolExecutor(8) as threads:
        said = list(threads.map(ask, range(8)))
    assert effects(engine) == 1
    assert said.count("conflict") == 4
    assert len(set(said)) == 2


def test_when_the_first_of_two_fails_the_second_does_the_work(engine: Engine) -> None:
    start = Barrier(2)

    def ask(fail: bool) -> str:
        start.wait()
        try:
            return "replayed" if order(engine, "k1", {}, fail=fail).replayed else "done"
        except RuntimeError:
            return "failed"

    with ThreadPoolExecutor(2) as threads:
        said = set(threads.map(ask, [True, False]))
    assert effects(engine) == 1
    assert said <= {"failed", "done", "replayed"}
    assert "done" in said


def test_a_hash_is_of_the_document_not_of_its_writing() -> None:
    assert request_hash({"a": 1, "b": 2}) == request_hash({"b": 2, "a": 1})
    assert request_hash({"a": 1}) != request_hash({"a": "1"})
    assert request_hash(b"[]") != request_hash([])
