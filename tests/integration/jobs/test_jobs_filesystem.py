"""The filesystem broker: every message is taken once, none half written, and all of it lies under the home."""

import threading
from collections.abc import Iterator
from pathlib import Path
from queue import Empty
from typing import Any

import pytest

from mobigo.infra.config import Config
from mobigo.infra.jobs.wakeups import celery_app


@pytest.fixture
def connection(config: Config) -> Iterator[Any]:
    with celery_app(config).connection_for_write() as opened:
        yield opened


def test_messages_sent_and_taken_by_many_at_once_arrive_once_each(connection: Any) -> None:
    taken: list[int] = []
    sending = threading.Event()

    def take() -> None:
        with connection.clone() as own, own.channel() as channel:
            while True:
                done = sending.is_set()
                try:
                    taken.append(channel._get("q")["n"])
                except Empty:
                    if done:
                        return

    takers = [threading.Thread(target=take) for _ in range(4)]
    for taker in takers:
        taker.start()
    with connection.channel() as channel:
        for number in range(200):
            channel._put("q", {"n": number, "body": "x" * 5_000})
    sending.set()
    for taker in takers:
        taker.join()
    assert sorted(taken) == list(range(200))


def test_an_unreadable_message_is_dropped_and_the_next_one_taken(connection: Any, config: Config) -> None:
    (config.home / "broker/messages" / "0_a.q.msg").write_text('{"half":')
    (config.home / "broker/messages" / "0_b.other.msg").write_text("{}")
    with connection.channel() as channel:
        channel._put("q", {"n": 1})
        assert channel._get("q") == {"n": 1}
        with pytest.raises(Empty):
            channel._get("q")
    left = [path.relative_to(config.home).as_posix() for path in config.home.rglob("*") if path.is_file()]
    assert left == ["broker/messages/0_b.other.msg"]


def test_what_is_sent_lies_under_the_home_alone(
    config: Config, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    before = {path for path in tmp_path.rglob("*") if not path.is_relative_to(config.home)}
    celery_app(config).send_task("mobigo.jobs.wake", args=["x"])
    assert {path for path in tmp_path.rglob("*") if not path.is_relative_to(config.home)} <= before | {config.home}
    assert len(list((config.home / "broker/messages").glob("*.msg"))) == 1
