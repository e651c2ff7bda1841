"""Which documents are taken: what a file begins with says what it is, whatever its name says; and which of those given
before may be given again. Pure."""

from collections.abc import Collection, Iterable
from datetime import date
from typing import Final

from mobigo.base import pictures
from mobigo.base.errors import InvalidInput
from scolaire.model.documents import Earlier
from scolaire.model.rights import Proof

BYTES_MAX: Final = 5_000_000
TYPES: Final = ("application/pdf", "image/jpeg", "image/png")
_BEGINS: Final = ((b"%PDF-", "application/pdf"), (pictures.JPEG, "image/jpeg"), (pictures.PNG, "image/png"))
_BARE: Final = {"image/jpeg": pictures.bare_jpeg, "image/png": pictures.bare_png}


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


def taken(content: bytes) -> tuple[bytes, str]:
    """(a document as it is kept, its type): a photograph loses what it tells beside the picture, the place above all.
    Raises what `media_of` raises, and InvalidInput("scolaire.broken_picture")."""
    media = media_of(content)
    bare = _BARE.get(media)
    try:
        return (content if bare is None else bare(content)), media
    except (pictures.Broken, pictures.TooManyPixels):
        raise InvalidInput("scolaire.broken_picture") from None


def photograph_taken(content: bytes) -> bytes:
    """The same for what must be a photograph. Raises InvalidInput("scolaire.bad_photograph") for a paper too."""
    bare, media = taken(content)
    if media not in _BARE:
        raise InvalidInput("scolaire.bad_photograph")
    return bare


def kind_of(text: str) -> Proof:
    """What the document proves. Raises InvalidInput("scolaire.bad_document_kind")."""
    try:
        return Proof(text)
    except ValueError:
        raise InvalidInput("scolaire.bad_document_kind") from None


def refused(earlier: Iterable[Earlier]) -> set[str]:
    """The contents that whoever looked at them last refused, for whichever registration."""
    last: dict[str, str] = {}
    for _at, content, state in sorted((each.looked_at, each.sha256, each.state) for each in earlier if each.looked_at):
        last[content] = state
    return {content for content, state in last.items() if state == "refused"}


def usable(earlier: Iterable[Earlier], barred: Collection[str], today: date) -> list[Earlier]:
    """Those that may be given again, the latest first: nothing whose content is `barred`, nothing past its keeping.
    Each content once, as what it was said to prove rather than as a file of a request."""
    kept: dict[str, Earlier] = {}
    for each in sorted(earlier, key=lambda one: (one.kind is not None, one.given_at)):
        if each.kept and each.sha256 not in barred and (each.last_day is None or today <= each.last_day):
            kept[each.sha256] = each
    return sorted(kept.values(), key=lambda one: one.given_at, reverse=True)
