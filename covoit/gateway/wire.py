"""JSON over HTTP to one address: what another server answered, as a status and a value. Nothing is tried twice here."""

import http.client
import json
import ssl
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlsplit

from mobigo.base.errors import InvalidInput, Upstream

ANSWER_BYTES_MAX: Final = 4 << 20


class Wire:
    """One server. One connection a call: a call in minutes needs no pool; redirections are not followed."""

    def __init__(self, url: str, *, timeout_s: float = 20.0) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.username is not None:
            raise InvalidInput("covoit.rpc_bad_url", url=url[:200])
        self._secure = parts.scheme == "https"
        self._host, self._port, self._base = parts.hostname, parts.port, parts.path.rstrip("/")
        self._timeout_s = timeout_s

    def asked(
        self, method: str, path: str, body: Mapping[str, Any] | None = None, token: str | None = None
    ) -> tuple[int, Any]:
        """(status, what was answered); None for a status from 500 on. Raises Upstream("covoit.rpc_failed") when nobody
        answers, or something else than JSON."""
        connection: http.client.HTTPConnection
        if self._secure:
            context = ssl.create_default_context()
            connection = http.client.HTTPSConnection(self._host, self._port, timeout=self._timeout_s, context=context)
        else:
            connection = http.client.HTTPConnection(self._host, self._port, timeout=self._timeout_s)
        headers = {"Accept": "application/json"}
        if token is not None:
            headers["Authorization"] = f"Bearer {token}"
        content = None
        if body is not None:
            headers["Content-Type"] = "application/json"
            content = json.dumps(body).encode()
        try:
            connection.request(method, self._base + path, content, headers)
            response = connection.getresponse()
            text = response.read(ANSWER_BYTES_MAX)
            if response.status >= 500:
                return response.status, None
            return response.status, json.loads(text) if text.strip() else {}
        except (OSError, http.client.HTTPException, ValueError, RecursionError) as failure:
            raise Upstream("covoit.rpc_failed", reason=type(failure).__name__) from failure
        finally:
            connection.close()
