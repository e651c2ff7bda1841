"""Elements as text, for what there are millions of: the same characters as those of `names`, which builds trees.

Names, keys and attributes are ours or are coded (`names.coded`); a text of the feed is cleaned and escaped here.
"""

from functools import lru_cache
from typing import Final

from mobigo.network.export.netex.names import clean, ident

_ESCAPES: Final = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})


@lru_cache(maxsize=100_000)
def escaped(text: str) -> str:
    """A text of the feed as the content of an element."""
    return clean(text).translate(_ESCAPES)


def leaf(name: str, text: str) -> str:
    """An element that holds this text."""
    return f"<{name}>{escaped(text)}</{name}>"


def given(name: str, text: str) -> str:
    """The same, when there is a text to give it."""
    return leaf(name, text) if escaped(text) else ""


def reference(name: str, of: str, code: str) -> str:
    """A reference to an object of that class."""
    return f'<{name} ref="{ident(of, code)}"/>'


def entity(of: str, code: str, content: str, **attributes: str) -> str:
    """An object of its own, of version "any"."""
    more = "".join(f' {name}="{value}"' for name, value in attributes.items())
    return f'<{of} id="{ident(of, code)}" version="any"{more}>{content}</{of}>'


def source(gtfs_id: str) -> str:
    """Where it comes from: the GTFS identifier, as the profile writes alternate identifiers."""
    key = f"<Key>source</Key>{leaf('Value', gtfs_id)}"
    return f'<keyList><KeyValue typeOfKey="ALTERNATE_IDENTIFIER">{key}</KeyValue></keyList>'
