"""Outboxes: an effect with its fact or not at all, delivered surely, once on our own database; messages to people."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.policy import default
from pathlib import Path
from threading import Barrier, Lock

import pytest
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from mobigo.infra import privacy
from mobigo.infra.audit import AuditEntry, record
from mobigo.infra.db import reading, transaction
from mobigo.infra.file_gateway import FileGateway
from mobigo.infra.outbox import (
    MAX_TRIES,
    Delivered,
    Effect,
    EffectRow,
    Message,
    MessageRow,
    deliver_effects,
    deliver_messages,
    emit,
    retry,
    send,
    wait_after,
    waiting,
)

NOW = datetime(2026, 11, 24, 8, tzinfo=UTC)
HELLO = Message("email", "zoe@exemple.fr", "Votre réservation", "Bonjour Zoé,\nà demain 8 h 05.", person="s1")


class Clock:
    """A clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now


def book(session: Session, effect: Effect) -> None:
    record(session, "booked", actor="system", object_kind="booking", object_id=effect.key, now=NOW)


def booked(engine: Engine) -> list[str]:
    with reading(engine) as session:
        return list(session.scalars(select(AuditEntry.object_id).order_by(AuditEntry.object_id)))


def emit_many(engine: Engine, *keys: str) -> None:
    with transaction(engine) as session:
        for key in keys:
            emit(session, "booking.placed", {"n": 1}, key=key, now=NOW)


# ---------------------------------------------------------------- effects


def test_an_effect_exists_only_with_the_fact_that_causes_it(engine: Engine) -> None:
    def rolled_back() -> None:
        with transaction(engine) as session:
            emit(session, "booking.placed", {}, key="b1", now=NOW)
            raise RuntimeError("halfway")

    with pytest.raises(RuntimeError, match="halfway"):
        rolled_back()
    assert deliver_effects(engine, {"booking.placed": book}, Clock()) == Delivered(0, 0)


def test_an_effect_is_delivered_once_and_its_key_is_written_once(engine: Engine) -> None:
    emit_many(engine, "b1", "b2")
    with transaction(engine) as session:
        assert not emit(session, "booking.placed", {"n": 2}, key="b1", now=NOW)
        assert emit(session, "booking.cancelled", {}, key="b1", now=NOW + timedelta(days=1))
    assert deliver_effects(engine, {"booking.placed": book}, Clock()) == Delivered(2, 0)
    assert deliver_effects(engine, {"booking.placed": book}, Clock()) == Delivered(0, 0)
    assert booked(engine) == ["b1", "b2"]


def test_a_handler_that_fails_leaves_nothing_and_is_tried_again_later(engine: Engine) -> None:
    emit_many(engine, "b1")
    clock, tries = Clock(), []

    def twice_broken(session: Session, effect: Effect) -> None:
        tries.append(clock.now)
        book(session, effect)
        if len(tries) < 3:
            raise RuntimeError("no")

    handlers = {"booking.placed": twice_broken}
    assert deliver_effects(engine, handlers, clock) == Delivered(0, 1)
    assert deliver_effects(engine, handlers, clock) == Delivered(0, 0)  # not before its time
    clock.now += timedelta(seconds=29)
    assert deliver_effects(engine, handlers, clock) == Delivered(0, 0)
    clock.now += timedelta(seconds=1)
    assert deliver_effects(engine, handlers, clock) == Delivered(0, 1)
    clock.now += timedelta(minutes=1)
    assert deliver_effects(engine, handlers, clock) == Delivered(1, 0)
    assert booked(engine) == ["b1"]


def test_an_effect_nobody_handles_waits_and_does_not_block_the_others(engine: Engine) -> None:
    with transaction(engine) as session:
        emit(session, "unknown.topic", {}, key="u", now=NOW)
    emit_many(engine, "b1")
    assert deliver_effects(engine, {"booking.placed": book}, Clock()) == Delivered(1, 1)
    with reading(engine) as session:
        assert session.scalars(select(EffectRow.error).where(EffectRow.key == "u")).one() == "KeyError"


def test_after_twelve_failures_an_effect_is_set_aside_for_a_person(engine: Engine) -> None:
    emit_many(engine, "b1")
    clock = Clock()
    for _ in range(MAX_TRIES):
        assert deliver_effects(engine, {}, clock) == Delivered(0, 1)
        clock.now += timedelta(hours=7)
    assert deliver_effects(engine, {}, clock) == Delivered(0, 0)
    assert waiting(engine, clock.now) == {
        "effects_due": 0,
        "effects_set_aside": 1,
        "messages_due": 0,
        "messages_set_aside": 0,
    }
    with transaction(engine) as session:
        row_id = session.scalars(select(EffectRow.id)).one()
        assert retry(session, row_id, clock.now)
        assert not retry(session, "0" * 26, clock.now)
    assert deliver_effects(engine, {"booking.placed": book}, clock) == Delivered(1, 0)
    with transaction(engine) as session:
        assert not retry(session, row_id, clock.now)


def test_eight_deliverers_at_once_deliver_each_effect_once(engine: Engine) -> None:
    keys = [f"b{number:02}" for number in range(40)]
    emit_many(engine, *keys)
    start = Barrier(8)

    def deliver(_number: int) -> Delivered:
        start.wait()
        return deliver_effects(engine, {"booking.placed": book}, Clock())

    with ThreadPoolExecutor(8) as threads:
        rounds = list(threads.map(deliver, range(8)))
    assert sum(each.done for each in rounds) == 40
    assert booked(engine) == keys


@pytest.mark.parametrize(
    ("tries", "wait"),
    [
        (1, timedelta(seconds=30)),
        (2, timedelta(minutes=1)),
        (9, timedelta(minutes=128)),
        (10, timedelta(minutes=256)),
        (11, timedelta(hours=6)),
        (500, timedelta(hours=6)),
    ],
)
def test_the_wait_doubles_up_to_six_hours(tries: int, wait: timedelta) -> None:
    assert wait_after(tries) == wait


# ---------------------------------------------------------------- messages


class Recorder:
    """A gateway that keeps what it is given, and fails when told."""

    def __init__(self, failures: int = 0) -> None:
        self.sent: list[str] = []
        self.failures = failures
        self.lock = Lock()

    def send(self, message_id: str, message: Message, now: datetime) -> None:
        with self.lock:
            if self.failures:
                self.failures -= 1
                raise ConnectionError(f"refused for {message.recipient}")
            self.sent.append(message.recipient)


def test_nobody_is_written_to_twice_under_one_key(engine: Engine) -> None:
    with transaction(engine) as session:
        assert send(session, HELLO, key="booking b1", now=NOW)
        assert not send(session, replace(HELLO, body="other"), key="booking b1", now=NOW)
    gateway = Recorder()
    assert deliver_messages(engine, {"email": gateway}, Clock()) == Delivered(1, 0)
    assert deliver_messages(engine, {"email": gateway}, Clock()) == Delivered(0, 0)
    assert gateway.sent == ["zoe@exemple.fr"]


def test_a_gateway_that_fails_is_asked_again_and_its_words_are_not_kept(engine: Engine) -> None:
    with transaction(engine) as session:
        send(session, HELLO, key="k", now=NOW)
    gateway, clock = Recorder(failures=1), Clock()
    assert deliver_messages(engine, {"email": gateway}, clock) == Delivered(0, 1)
    with reading(engine) as session:
        assert session.scalars(select(MessageRow.error)).one() == "ConnectionError"
    clock.now += timedelta(seconds=30)
    assert deliver_messages(engine, {"email": gateway}, clock) == Delivered(1, 0)


def test_a_sender_that_dies_leaves_its_message_to_the_next_one(engine: Engine) -> None:
    class Dies:
        def send(self, message_id: str, message: Message, now: datetime) -> None:
            raise SystemExit

    with transaction(engine) as session:
        send(session, HELLO, key="k", now=NOW)
    clock, gateway = Clock(), Recorder()
    with pytest.raises(SystemExit):
        deliver_messages(engine, {"email": Dies()}, clock)
    clock.now += timedelta(minutes=4, seconds=59)
    assert deliver_messages(engine, {"email": gateway}, clock) == Delivered(0, 0)
    clock.now += timedelta(seconds=1)
    assert deliver_messages(engine, {"email": gateway}, clock) == Delivered(1, 0)


def test_six_senders_at_once_send_each_message_once(engine: Engine) -> None:
    people = [f"p{number:02}@exemple.fr" for number in range(24)]
    with transaction(engine) as session:
        for person in people:
            send(session, replace(HELLO, recipient=person), key=person, now=NOW)
    gateway, start = Recorder(), Barrier(6)

    def deliver(_number: int) -> None:
        start.wait()
        deliver_messages(engine, {"email": gateway}, Clock())

    with ThreadPoolExecutor(6) as threads:
        list(threads.map(deliver, range(6)))
    assert sorted(gateway.sent) == people


def test_the_file_gateway_writes_what_a_mail_program_can_open(engine: Engine, tmp_path: Path) -> None:
    with transaction(engine) as session:
        send(session, HELLO, key="1", now=NOW)
        send(session, Message("sms", "+33600000000", "", "Votre car a 5 min de retard."), key="2", now=NOW)
        send(session, Message("letter", "Zoé Martin\n21210 Saulieu", "Votre dossier", "Madame,"), key="3", now=NOW)
    gateway = FileGateway(tmp_path / "outbox")
    done = deliver_messages(engine, {"email": gateway, "sms": gateway, "letter": gateway}, Clock())
    assert done == Delivered(3, 0)
    (eml,) = (tmp_path / "outbox" / "email").glob("*.eml")
    letter = message_from_bytes(eml.read_bytes(), policy=default)
    assert letter["To"] == "zoe@exemple.fr"
    assert letter["Subject"] == "Votre réservation"
    assert "à demain 8 h 05" in letter.get_content()
    (sms,) = (tmp_path / "outbox" / "sms").glob("*.txt")
    assert "5 min de retard" in sms.read_text()
    assert sms.stat().st_mode & 0o077 == 0


def test_the_same_message_sent_again_is_the_same_file(tmp_path: Path) -> None:
    gateway = FileGateway(tmp_path)
    for _ in range(2):
        gateway.send("id1", HELLO, NOW)
    assert [path.name for path in (tmp_path / "email").iterdir()] == ["id1.eml"]


@pytest.mark.parametrize("subject", ["Bonjour\nBcc: tous@exemple.fr", "Bonjour\r\nX: y"])
def test_a_subject_cannot_add_a_header(tmp_path: Path, subject: str) -> None:
    with pytest.raises(ValueError, match=r"linefeed|newline|carriage"):
        FileGateway(tmp_path).send("id1", replace(HELLO, subject=subject), NOW)


def test_messages_are_erased_after_ninety_days_delivered_or_not(engine: Engine) -> None:
    with transaction(engine) as session:
        send(session, HELLO, key="1", now=NOW)
        send(session, HELLO, key="2", now=NOW + timedelta(seconds=1))
    with transaction(engine) as session:
        assert privacy.erase_due(session, NOW + timedelta(days=90))["outbox_message"] == 1
        assert privacy.erase_due(session, NOW + timedelta(days=90))["outbox_message"] == 0
