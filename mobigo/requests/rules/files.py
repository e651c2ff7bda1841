"""Which files may be joined to a request: what a file begins with says what it is, whatever its name says."""

from typing import Final

from mobigo.base import pictures
from mobigo.base.errors import InvalidInput
from mobigo.requests.rules import writing

BYTES_MAX: Final = 10_000_000  # a photograph of a telephone
FORM_MAX: Final = 3  # files sent at once
REQUEST_MAX: Final = 12  # files of one request
NAME_MAX: Final = 80
TYPES: Final = {"application/pdf": "pdf", "image/jpeg": "jpg", "image/png": "png"}


def taken(name: str, content: bytes) -> tuple[bytes, str]:
    """(the content as it is kept, its type). Photographs lose what they tell beside the picture. `name` is for whoever
    reads the refusal.

    Raises InvalidInput("requests.file_empty" | "requests.file_large" | "requests.file_kind" | "requests.file_broken" |
    "requests.file_pixels").
    """
    if not content:
        raise InvalidInput("requests.file_empty", name=name)
    if len(content) > BYTES_MAX:
        raise InvalidInput("requests.file_large", name=name, megabytes=BYTES_MAX // 1_000_000)
    try:
        if content.startswith(pictures.JPEG):
            return pictures.bare_jpeg(content), "image/jpeg"
        if content.startswith(pictures.PNG):
            return pictures.bare_png(content), "image/png"
    except pictures.TooManyPixels:
        raise InvalidInput("requests.file_pixels", name=name, millions=pictures.PIXELS_MAX // 1_000_000) from None
    except pictures.Broken:
        raise InvalidInput("requests.file_broken", name=name) from None
    if not content.startswith(b"%PDF-"):
        raise InvalidInput("requests.file_kind", name=name)
    if b"%%EOF" not in content[-4_096:]:
        raise InvalidInput("requests.file_broken", name=name)
    return content, "application/pdf"


def named(name: str, media: str) -> str:
    """The name a file is shown by: the one it came with, without its folder, ending as its type does."""
    last = writing.clean_line(name.replace("\\", "/").rsplit("/", 1)[-1])
    stem = last.rsplit(".", 1)[0].strip(". ")[: NAME_MAX - 4]
    return f"{stem or 'document'}.{TYPES[media]}"
