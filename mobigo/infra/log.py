"""Logs: one JSON object a line (or a readable line on a terminal), with the request's reference, without personal data.

A line about a request carries the route's template, never the address asked: addresses and queries say where people
travel and who they are. Visitors appear as a network (the first 24 or 48 bits), never as an address. Whatever is
written, values under a name that may hold personal data or a secret are withheld.
"""

import ipaddress
import logging
import re
import secrets
import sys
from collections.abc import MutableMapping
from typing import Any, Final

import structlog
from flask import Flask, Response, g, has_request_context, request

from mobigo.infra.clock import monotonic_s, thread_cpu_s
from mobigo.infra.config import Config

WITHHELD: Final = "…"
_PRIVATE: Final = re.compile(
    r"pass(word|wd)?|secret|token|cookie|authorization|api_?key|e?mail|phone|iban|name|address|query|birth|lat|lon",
    re.IGNORECASE,
)
_EMAIL: Final = re.compile(r"[\w.+-]+@[\w-]+(\.[\w-]+)+")
_QUERY: Final = re.compile(r"\?[^\s\"']+")
_ALPHABET: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
# Names that look private and are not: fields of the log record itself and of ours.
_PLAIN: Final = frozenset({"logger", "job_name", "filename", "hostname"})
_log = logging.getLogger("mobigo.request")
_STANDARD: Final = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName", "color_message"}


def configure(config: Config) -> None:
    """Send what the whole process logs to stderr, in the configured form. Calling it again changes the form."""
    shared: list[Any] = [
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.stdlib.PositionalArgumentsFormatter(),
        _take_extra,
        _add_reference,
        structlog.processors.format_exc_info,
        withhold,
    ]
    drawn: Any = (
        structlog.processors.JSONRenderer(ensure_ascii=False, default=str)
        if config.log_format == "json"
        else structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    )
    handler = logging.StreamHandler()
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, drawn],
        )
    )
    handler.set_name("mobigo")
    root = logging.getLogger()
    for old in [each for each in root.handlers if each.get_name() == "mobigo"]:
        root.removeHandler(old)
    root.addHandler(handler)
    root.setLevel(config.log_level.upper())
    for talkative in ("_granian", "alembic.runtime.migration"):  # the latter at every `/readyz`
        logging.getLogger(talkative).setLevel(logging.WARNING)


def withhold(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Values under a private name are replaced; e-mail addresses and query strings are cut out of any text."""
    for name, value in event.items():
        if name not in _PLAIN and _PRIVATE.search(name):
            event[name] = WITHHELD
        elif isinstance(value, str):
            event[name] = _QUERY.sub("?" + WITHHELD, _EMAIL.sub(WITHHELD, value))
    return event


def network_of(address: str | None) -> str:
    """The network of a visitor: enough to see an attack, not enough to know a person."""
    try:
        ip = ipaddress.ip_address(address or "")
    except ValueError:
        return "—"
    return str(ipaddress.ip_network((ip, 24 if ip.version == 4 else 48), strict=False))


def new_reference() -> str:
    """Ten letters a person can read over the telephone: "7F3K9-QXMB2"."""
    letters = "".join(secrets.choice(_ALPHABET) for _ in range(10))
    return f"{letters[:5]}-{letters[5:]}"


def init_app(app: Flask) -> None:
    """Give every request a reference, and write one line when it has been answered."""

    @app.before_request
    def begin() -> None:
        g.request_id = new_reference()
        g.began_s, g.began_cpu_s = monotonic_s(), thread_cpu_s()

    @app.after_request
    def end(response: Response) -> Response:
        response.headers["X-Request-Id"] = g.get("request_id", "—")
        if request.endpoint == "static" or (request.endpoint or "").startswith("shell.health"):
            return response
        _log.info(
            "answered",
            extra={
                "method": request.method,
                "route": request.url_rule.rule if request.url_rule is not None else "—",
                "status": response.status_code,
                "took_ms": round((monotonic_s() - g.get("began_s", monotonic_s())) * 1000, 1),
                "cpu_ms": round((thread_cpu_s() - g.get("began_cpu_s", thread_cpu_s())) * 1000, 1),
                "network": network_of(request.remote_addr),
            },
        )
        return response


def _take_extra(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    record = event.get("_record")
    if record is not None:
        event.update({name: value for name, value in vars(record).items() if name not in _STANDARD and name[0] != "_"})
    return event


def _add_reference(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    if has_request_context() and "request_id" in g:
        event.setdefault("reference", g.request_id)
    return event
