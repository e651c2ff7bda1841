"""Finds out how a text file is written, and gives it in UTF-8."""

import codecs

from mobigo.base.errors import Refused
from mobigo.network.rules.collect import Collector

_UTF16 = {codecs.BOM_UTF16_LE: "utf-16-le", codecs.BOM_UTF16_BE: "utf-16-be"}


def to_utf8(data: bytes, file: str, found: Collector) -> bytes:
    """The same text in UTF-8 without byte-order mark.

    UTF-16 is told (`mobigo_other_encoding`); what is not UTF-8 is read as Windows-1252, or Latin-1, and told
    (`mobigo_not_utf8`). Raises Refused for NUL bytes: no text has them.
    """
    while data.startswith(codecs.BOM_UTF8):  # some producers add one to a file that has one
        data = data[len(codecs.BOM_UTF8) :]
    encoding = _UTF16.get(data[:2]) or _unmarked_utf16(data)
    if encoding is not None:
        try:
            text = data.decode(encoding).lstrip("\ufeff")
        except UnicodeDecodeError as error:
            raise Refused("network.unknown_encoding", file=file) from error
        found.add("mobigo_other_encoding", file, encoding="UTF-16")
        data = text.encode()
    if b"\0" in data:
        raise Refused("network.nul_byte", file=file, line=data.count(b"\n", 0, data.index(b"\0")) + 1)
    if data.isascii():
        return data
    try:
        data.decode()
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        try:
            text, name = data.decode("cp1252"), "Windows-1252"
        except UnicodeDecodeError:
            text, name = data.decode("latin-1"), "ISO-8859-1"
        found.add("mobigo_not_utf8", file, line, encoding=name)
        return text.encode()
    return data


def _unmarked_utf16(data: bytes) -> str | None:
    """UTF-16 without its mark: in a text of mostly ASCII every other byte is NUL."""
    head = data[:4096]
    if len(head) < 4 or len(data) % 2:
        return None
    if head[1::2].count(0) > len(head) * 0.4 and head[::2].count(0) == 0:
        return "utf-16-le"
    if head[::2].count(0) > len(head) * 0.4 and head[1::2].count(0) == 0:
        return "utf-16-be"
    return None
