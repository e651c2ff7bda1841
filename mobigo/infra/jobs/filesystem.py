"""kombu's filesystem transport with messages that appear and are taken in one step.

The original writes a message in place, so that another process may take it half written and fail on it, and writes
its table of exchanges the same way. Here both are written beside and renamed, and an unreadable message is dropped:
it was only a wake-up.
"""

import json
import logging
import os
import secrets
import time
from pathlib import Path
from queue import Empty
from typing import Any

from kombu.transport import filesystem

_kombu: Any = filesystem  # typed by halves: as a whole it is easier to read
_log = logging.getLogger(__name__)


class Channel(_kombu.Channel):  # type: ignore[misc]  # kombu's classes count as untyped
    """Reads and writes the messages of one folder, shared by all processes of the host."""

    def _put(self, queue: str, payload: object, **_options: object) -> None:
        name = f"{time.time_ns():020d}_{secrets.token_hex(8)}.{queue}.msg"
        _write(Path(self.data_folder_out) / name, json.dumps(payload))

    def _get(self, queue: str) -> Any:
        folder, taken = Path(self.data_folder_in), Path(self.processed_folder)
        for name in sorted(entry.name for entry in folder.iterdir()):
            if name.partition(".")[2] != f"{queue}.msg":
                continue
            mine = taken / f"{name}.{os.getpid()}"
            try:
                (folder / name).rename(mine)
            except FileNotFoundError:
                continue  # another process took it first
            text = mine.read_text("utf-8")
            mine.unlink()
            try:
                return json.loads(text)
            except ValueError:
                _log.warning("an unreadable wake-up was dropped")
        raise Empty

    def _queue_bind(self, exchange: str, routing_key: str | None, pattern: str | None, queue: str | None) -> None:
        binding = [routing_key or "", pattern or "", queue or ""]
        bound = [list(known) for known in self.get_table(exchange)]
        if binding not in bound:
            _write(self._exchange_file(exchange), json.dumps([binding, *bound]))


class Transport(_kombu.Transport):  # type: ignore[misc]  # kombu's classes count as untyped
    """The transport of `broker_transport`."""

    Channel = Channel


def _write(path: Path, text: str) -> None:
    beside = path.with_name(f".{secrets.token_hex(8)}.new")
    beside.write_text(text, "utf-8")
    beside.rename(path)
