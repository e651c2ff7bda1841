"""Which documents are taken: what a file begins with says what it is, whatever its name says. Pure."""

from typing import Final

from mobigo.base.errors import InvalidInput
from scolaire.model.rights import Proof

BYTES_MAX: Final = 5_000_000
TYPES: Final = ("application/pdf", "image/jpeg", "image/png")
_BEGINS: Final = ((b"%PDF-", "application/pdf"), (b"\xff\xd8\xff", "image/jpeg"), (b"\x89PNG\r\n\x1a\n", "image/png"))


def media_of(content: bytes) -> str:
    """The type of a document. Raises InvalidInput("scolaire.empty_document" | "scolaire.document_too_large" |
    "scolaire.bad_document") for what is neither PDF, JPEG nor PNG."""
    if not content:
        raise InvalidInput("scolaire.empty_document")
    if len(content) > BYTES_MAX:
        raise InvalidInput("scolaire.document_too_large", megabytes=BYTES_MAX // 1_000_000)
    for begins, media in _BEGINS:
        if content.startswith(begins):
            return media
    raise InvalidInput("scolaire.bad_document")


def kind_of(text: str) -> Proof:
    """What the document proves. Raises InvalidInput("scolaire.bad_document_kind")."""
    try:
        return Proof(text)
    except ValueError:
        raise InvalidInput("scolaire.bad_document_kind") from None
