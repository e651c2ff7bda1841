"""Identifiers, frames and versions of the French profile of NeTEx, and the few elements every file writes.

Source: NeTEx (CEN/TS 16614), French profile 2.4, "éléments communs": an identifier is `FR:<class>:<code>:`.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from io import BytesIO
from typing import Any, Final

from lxml import etree

NAMESPACE: Final = "http://www.netex.org.uk/netex"
NETEX: Final = "1.3"
PROFILE: Final = "2.4"

_ILLEGAL = re.compile("[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")  # what XML 1.0 §2.2 does not allow
_URL = re.compile(r"https?://[!-~]+", re.IGNORECASE)

Element = Any  # lxml's elements have no types of their own


class Writing:
    """A document in the making."""

    def __init__(self, out: BytesIO, xml: Any) -> None:
        self._out, self._xml = out, xml

    def element(self, name: str, attributes: dict[str, str] | None = None) -> Any:
        """An element around what is written in the block."""
        return self._xml.element(name, attributes or {})

    def write(self, element: Element) -> None:
        """A whole element."""
        self._xml.write(element)

    def write_text(self, markup: str) -> None:
        """Whole elements as text (`markup`)."""
        self._xml.flush()
        self._out.write(markup.encode())


@dataclass(frozen=True, slots=True)
class Naming:
    """What is said of the whole delivery: whose feed it is (its name keeps ids apart from others'), who publishes (a
    code), as of which instant, in which time zone."""

    feed: str
    participant: str
    published_at: datetime
    zone: str

    def code(self, gtfs_id: str) -> str:
        """The code of a GTFS identifier: two different ones never share a code."""
        return f"{coded(self.feed)}__{coded(gtfs_id)}"


class _Codes(dict[int, str]):
    """What becomes of each character in `coded`, as they are met."""

    def __missing__(self, point: int) -> str:
        letter = chr(point)
        safe = letter == "-" or (letter.isascii() and letter.isalnum())
        self[point] = letter if safe else "".join(f"_{byte:02X}" for byte in letter.encode())
        return self[point]


_CODES: Final = _Codes()


@lru_cache(maxsize=100_000)
def coded(text: str) -> str:
    """Letters, digits and hyphens as they are; every other character as `_` and the two digits of each of its UTF-8
    bytes."""
    return text.translate(_CODES)


def ident(of: str, code: str) -> str:
    """The identifier of an object of that class."""
    return f"FR:{of}:{code}:"


def clean(text: str) -> str:
    """The text on one line, with what XML cannot hold replaced by U+FFFD."""
    legal = text if text.isprintable() else _ILLEGAL.sub("�", text)  # all that is printable is allowed
    return " ".join(legal.split())


def entity(of: str, code: str, **attributes: str) -> Element:
    """An object of its own, of version "any"."""
    return etree.Element(of, {"id": ident(of, code), "version": "any", **attributes})


def add(parent: Element, name: str, text: str | None = None, **attributes: str) -> Element:
    """A child; its text is cleaned."""
    child = etree.SubElement(parent, name, attributes)
    if text is not None:
        child.text = clean(text)
    return child


def add_given(parent: Element, name: str, text: str) -> None:
    """The child, when there is a text to give it."""
    if clean(text):
        add(parent, name, text)


def add_url(parent: Element, name: str, text: str) -> None:
    """The child, when the text is an address of the web."""
    if _URL.fullmatch(text.strip()):
        add(parent, name, text)


def add_source(parent: Element, gtfs_id: str) -> None:
    """Where it comes from: the GTFS identifier, as the profile writes alternate identifiers."""
    value = add(add(parent, "keyList"), "KeyValue", typeOfKey="ALTERNATE_IDENTIFIER")
    add(value, "Key", "source")
    add(value, "Value", gtfs_id)


@contextmanager
def delivery(naming: Naming) -> Iterator[tuple[BytesIO, Writing]]:
    """A PublicationDelivery in the making: its bytes, complete once the block ends, and where its frames go."""
    out = BytesIO()
    with etree.xmlfile(out, encoding="utf-8") as xml:
        xml.write_declaration()
        version = {"version": f"{NETEX}:FR-NETEX_FRANCE-{PROFILE}"}
        with xml.element("PublicationDelivery", version, nsmap={None: NAMESPACE}):
            for name, text in (
                ("PublicationTimestamp", naming.published_at.isoformat(timespec="seconds")),
                ("ParticipantRef", coded(naming.participant)),
            ):
                head = etree.Element(name)
                head.text = text
                xml.write(head)
            with xml.element("dataObjects"):
                yield out, Writing(out, xml)


@contextmanager
def composite(xml: Writing, kind: str, code: str) -> Iterator[None]:
    """A CompositeFrame around the frames written in the block."""
    with xml.element("CompositeFrame", _frame("CompositeFrame", kind, code)):
        xml.write(_type_of_frame(kind))
        with xml.element("frames"):
            yield


@contextmanager
def frame(xml: Writing, kind: str, code: str = "", *, zone: str = "", valid: Element | None = None) -> Iterator[None]:
    """A GeneralFrame around the members written in the block."""
    with xml.element("GeneralFrame", _frame("GeneralFrame", kind, code)):
        if valid is not None:
            xml.write(valid)
        xml.write(_type_of_frame(kind))
        if zone:
            defaults = etree.Element("FrameDefaults")
            add(add(defaults, "DefaultLocale"), "TimeZone", zone)
            xml.write(defaults)
        with xml.element("members"):
            yield


def _frame(of: str, kind: str, code: str) -> dict[str, str]:
    own = f"NETEX_{kind}-{code}" if code else f"NETEX_{kind}"
    return {"id": ident(of, own), "version": f"{NETEX}:FR-NETEX_{kind}-{PROFILE}"}


def _type_of_frame(kind: str) -> Element:
    return etree.Element("TypeOfFrameRef", ref=ident("TypeOfFrame", f"NETEX_{kind}"))
