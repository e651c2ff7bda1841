"""The wake-up of a job: a Celery message carrying its id, sent after the commit. A hint, never a fact.

Which broker serves an engine is said once, by the composition root (`connect`); an engine nobody connected sends
nothing, and its jobs are found by the workers' next look at the table.
"""

import logging
from threading import Lock
from typing import TYPE_CHECKING, Any, Final
from weakref import WeakKeyDictionary

from sqlalchemy import Engine

from mobigo.infra import clock
from mobigo.infra.config import Config

if TYPE_CHECKING:
    from celery import Celery

TASK: Final = "mobigo.jobs.wake"
SEND_S_MAX: Final = 2
QUIET_S: Final = 30.0
_log = logging.getLogger(__name__)
_lock: Final = Lock()
_brokers: "Final[WeakKeyDictionary[Engine, Config]]" = WeakKeyDictionary()
_quiet_until_s: "Final[WeakKeyDictionary[Engine, float]]" = WeakKeyDictionary()
_apps: "Final[dict[tuple[str, str, str], Celery]]" = {}


def connect(engine: Engine, config: Config) -> None:
    """Send the wake-ups of the jobs enqueued on `engine` to the broker of `config`."""
    _brokers[engine] = config
    _quiet_until_s.pop(engine, None)


def disconnect(engine: Engine) -> None:
    """Send no more wake-ups for the jobs enqueued on `engine`."""
    _brokers.pop(engine, None)


def wake(engine: Engine, job_id: str) -> None:
    """Tell the workers that this job waits. A broker out of reach is logged, and left alone for half a minute, so that
    the person who waits for an answer does not wait for it each time: the workers find the job by themselves."""
    config = _brokers.get(engine)
    if config is None or clock.monotonic_s() < _quiet_until_s.get(engine, 0.0):
        return
    try:
        celery_app(config).send_task(TASK, args=[job_id], retry=False, ignore_result=True)
    except Exception as unreachable:
        _quiet_until_s[engine] = clock.monotonic_s() + QUIET_S
        _log.warning("the wake-up of job %s was not sent (%s)", job_id, type(unreachable).__name__)


def celery_app(config: Config) -> "Celery":
    """The Celery application of this configuration: one queue, small JSON messages, no results, no remote control."""
    known = (config.broker_url, str(config.home), config.jobs_queue)
    with _lock:
        if known not in _apps:
            _apps[known] = _make_app(config)
        return _apps[known]


def _make_app(config: Config) -> "Celery":
    from celery import Celery

    app = Celery("mobigo", set_as_current=False)
    app.conf.update(
        broker_connection_timeout=SEND_S_MAX,
        broker_connection_retry_on_startup=True,
        task_default_queue=config.jobs_queue,
        task_serializer="json",
        accept_content=["json"],
        task_ignore_result=True,
        task_store_errors_even_if_ignored=False,
        worker_enable_remote_control=False,
        worker_prefetch_multiplier=1,
        worker_hijack_root_logger=False,
        worker_redirect_stdouts=False,
        **_broker_settings(config),
    )
    return app


def _broker_settings(config: Config) -> dict[str, Any]:
    """Where the messages go. The filesystem broker lies wholly under home/broker."""
    scheme = config.broker_url.partition(":")[0]
    if scheme == "filesystem":
        folder = config.home / "broker"
        for name in ("messages", "taken", "control"):
            (folder / name).mkdir(parents=True, exist_ok=True, mode=0o700)
        return {
            "broker_url": "filesystem://localhost/",
            "broker_transport": "mobigo.infra.jobs.filesystem:Transport",
            "broker_transport_options": {
                "data_folder_in": str(folder / "messages"),
                "data_folder_out": str(folder / "messages"),
                "processed_folder": str(folder / "taken"),
                "control_folder": str(folder / "control"),
                "store_processed": True,
                "polling_interval": 0.2,
            },
        }
    if scheme in ("redis", "rediss"):
        waits = {"socket_connect_timeout": SEND_S_MAX, "socket_timeout": 10 * SEND_S_MAX}
        return {"broker_url": config.broker_url, "broker_transport_options": waits}
    return {"broker_url": config.broker_url}
