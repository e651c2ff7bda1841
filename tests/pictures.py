"""Photographs and papers as telephones and strangers send them, made byte by byte."""

import struct
import zlib

PLACE = b"GPS 47.2805 N 4.2297 E"


def jpeg(*, width: int = 4, height: int = 3, orientation: int = 0, place: bytes = b"", behind: bytes = b"") -> bytes:
    """A photograph (its compressed data are made up: nothing here decodes it). `place` stands in its Exif, in a comment
    and in an XMP segment; `behind` after its end."""

    def segment(marker: int, body: bytes) -> bytes:
        return bytes((0xFF, marker)) + struct.pack(">H", len(body) + 2) + body

    exif = b"Exif\0\0II*\0" + struct.pack("<IH", 8, 1) + struct.pack("<HHIHHI", 0x0112, 3, 1, orientation, 0, 0) + place
    frame = struct.pack(">BHHB", 8, height, width, 1) + b"\x01\x11\x00"
    return (
        b"\xff\xd8" + segment(0xE0, b"JFIF\0\x01\x01\0\0\x01\0\x01\0\0")
        + (segment(0xE1, exif) if orientation or place else b"")
        + (segment(0xE1, b"http://ns.adobe.com/xap/1.0/\0" + place) + segment(0xFE, place) if place else b"")
        + segment(0xE2, b"ICC_PROFILE\0\x01\x01colours") + segment(0xDB, bytes(65)) + segment(0xC0, frame)
        + segment(0xC4, bytes(20)) + segment(0xDA, b"\x01\x01\0\0\x3f\0") + b"\x12\xff\x00\x34\xff\xd0\x56"
        + b"\xff\xd9" + behind
    )  # fmt: skip


def png(*, width: int = 4, height: int = 3, place: bytes = b"", behind: bytes = b"") -> bytes:
    """A picture of one colour, `place` in a text and in an Exif chunk."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    rows = zlib.compress(b"".join(b"\0" + bytes(min(width, 10)) for _ in range(min(height, 10))))
    told = chunk(b"tEXt", b"Place\0" + place) + chunk(b"eXIf", b"MM" + place) if place else b""
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)) + told
        + chunk(b"IDAT", rows) + chunk(b"IEND", b"") + behind
    )  # fmt: skip


PDF = b"%PDF-1.7\n1 0 obj <</Type/Catalog/OpenAction<</S/JavaScript/JS(app.alert(1))>>>> endobj\ntrailer\n%%EOF\n"
