"""National address files (Base Adresse Nationale): CSV with semicolons, UTF-8, plain or compressed (.csv.gz), read line
by line in little memory, however long the file."""

import csv
import gzip
import zlib
from collections.abc import Callable, Iterator
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, cast

from mobigo.base.decisions import Decision
from mobigo.base.errors import InvalidInput, NotFound
from mobigo.network.model.addresses import Address, AddressFault
from mobigo.network.rules.addresses import address_of, missing_columns

if TYPE_CHECKING:
    from hashlib import _Hash

LINE_BYTES_MAX = 8_192
DELIMITERS = (";", ",")  # as published, and as spreadsheets may save it
Read = tuple[list[str], Address | AddressFault | None]


def read_ban(path: Path, digest: "_Hash | None" = None, seen: Callable[[int], None] | None = None) -> Iterator[Read]:
    """The header's cells with None, then each row with its address or its fault, in order. `digest` is fed every
    byte; `seen` is told how many were read, now and then.

    Raises NotFound when there is no such file, InvalidInput when it is no such file at all: not text, without a
    required column, a line without end, a broken archive.
    """
    if not path.is_file():
        raise NotFound("network.addresses_no_file", file=path.name)
    with gzip.open(path, "rb") if path.suffix == ".gz" else path.open("rb") as opened:
        try:
            yield from _rows(path.name, cast("BinaryIO", opened), digest or sha256(), seen)
        except (EOFError, OSError, zlib.error, csv.Error) as broken:
            raise InvalidInput("network.addresses_broken", file=path.name, reason=str(broken)[:100]) from None


def _rows(name: str, stream: BinaryIO, digest: "_Hash", seen: Callable[[int], None] | None) -> Iterator[Read]:
    lines = _Lines(name, stream, digest, seen)
    first = next(lines, "")
    delimiter = max(DELIMITERS, key=first.count)
    header = [cell.strip() for cell in next(csv.reader([first], delimiter=delimiter), [])]
    missing = missing_columns(header)
    if missing:
        raise InvalidInput("network.addresses_columns", file=name, columns=", ".join(missing))
    yield header, None
    for cells in csv.reader(lines, delimiter=delimiter):
        if not any(cell.strip() for cell in cells):
            continue
        if len(cells) != len(header):
            reason = Decision("network.address_wrong_columns", cells=len(cells), columns=len(header))
            yield cells, AddressFault(name, lines.number, "", "", reason)
            continue
        found = address_of(dict(zip(header, cells, strict=True)))
        if isinstance(found, Address):
            yield cells, found
        else:
            column, reason = found
            value = cells[header.index(column)] if column in header else ""
            yield cells, AddressFault(name, lines.number, column, value[:80], reason)


class _Lines:
    """The lines of a stream as text, each bounded; `number` is that of the last one given."""

    def __init__(self, name: str, stream: BinaryIO, digest: "_Hash", seen: Callable[[int], None] | None) -> None:
        self.number = 0
        self._name, self._stream, self._digest, self._seen = name, stream, digest, seen
        self._read = 0

    def __iter__(self) -> "_Lines":
        return self

    def __next__(self) -> str:
        raw = self._stream.readline(LINE_BYTES_MAX + 1)
        if not raw:
            raise StopIteration
        if len(raw) > LINE_BYTES_MAX:
            raise InvalidInput(
                "network.addresses_long_line", file=self._name, line=self.number + 1, most=LINE_BYTES_MAX
            )
        self._digest.update(raw)
        self._read += len(raw)
        self.number += 1
        if self._seen is not None and self.number % 20_000 == 0:
            self._seen(self._read)
        return raw.decode("utf-8-sig" if self.number == 1 else "utf-8", "replace")
