"""Workbooks made the same to the byte: no clock, no author of the machine; texts never become formulas."""

import io
import zipfile
from datetime import datetime
from typing import Any, Final

from mobigo.base.sheets import neutral

_THEN: Final = (1980, 1, 1, 0, 0, 0)


def text(value: object) -> object:
    """A cell's value: texts neutralised, the rest as it is."""
    return neutral(value) if isinstance(value, str) else value


def saved(book: Any, made_at: datetime) -> bytes:
    """The bytes of an openpyxl workbook, its instants those given, its archive in one order and of one date."""
    naive = made_at.replace(tzinfo=None, microsecond=0)
    book.properties.creator, book.properties.created, book.properties.modified = "Mobigo", naive, naive
    raw = io.BytesIO()
    book.save(raw)
    out = io.BytesIO()
    with zipfile.ZipFile(raw) as drawn, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as settled:
        for name in sorted(drawn.namelist()):
            content = drawn.read(name)
            if name == "docProps/core.xml":
                content = _settled(content, naive)
            info = zipfile.ZipInfo(name, _THEN)
            info.compress_type = zipfile.ZIP_DEFLATED
            settled.writestr(info, content)
    return out.getvalue()


def _settled(content: bytes, naive: datetime) -> bytes:
    """openpyxl writes the clock as the time of the last change."""
    import re

    stamp = f"{naive:%Y-%m-%dT%H:%M:%SZ}".encode()
    return re.sub(rb"(<dcterms:modified[^>]*>)[^<]*(</dcterms:modified>)", rb"\g<1>" + stamp + rb"\g<2>", content)
