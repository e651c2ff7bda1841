"""Whether a NeTEx delivery is plainly without a fault of reference, key or profile: seen by libxml2, which looks at
whole documents, in a third of the time of `netex_links`, which reads element by element and tells what is wrong and
where.

It may only say that all is well. Whatever is unusual, a fault or not, is for the other to judge: identifiers that come
twice, in whatever version; references found nowhere, wherever they say their object is; declarations of a document
type; other encodings than UTF-8; documents too large to be held as a tree.
"""

from collections.abc import Iterable, Mapping
from typing import Any, Final

Wanted = Mapping[str, tuple[tuple[str, str], ...]]  # see `netex_links.MUST_HOLD`
TREE_BYTES_MAX: Final = 16_000_000
# The usual elements whose references need no object (`netex_links.DEFINED` knows them all).
FREE: Final = ("{*}TypeOfFrameRef", "{*}TypeOfPlaceRef", "{*}ResponsibilitySetRef", "{*}DataSourceRef")


def all_is_well(documents: Iterable[tuple[str, bytes]], must_hold: Wanted) -> bool:
    """Whether there is a document, and nothing to tell of any. `must_hold`: the children an element must have."""
    from lxml import etree

    parser = etree.XMLParser(resolve_entities=False, no_network=True)
    ids_of = etree.XPath("descendant-or-self::*/@id", smart_strings=False)
    refs_of = etree.XPath("descendant-or-self::*/@ref", smart_strings=False)
    known: set[str] = set()
    wanted: set[str] = set()
    for _name, data in documents:
        if len(data) > TREE_BYTES_MAX:
            return False
        try:
            root = etree.fromstring(data, parser)
        except etree.XMLSyntaxError:
            return False
        ids = ids_of(root)
        before = len(known)
        known.update(ids)
        if len(known) - before != len(ids) or not (_is_plain(root) and _holds_all(root, must_hold)):
            return False
        wanted.update(_to_find(root, refs_of(root)))
    return bool(known) and wanted <= known


def _to_find(root: Any, refs: list[str]) -> set[str]:
    """The references of a document that must find their object: all but those that only elements of `FREE` make."""
    free = [element.get("ref") for element in root.iter(*FREE)]
    values = set(free)
    made_by_others = sum(map(values.__contains__, refs)) != len(free)
    return set(refs) if made_by_others else set(refs) - values


def _is_plain(root: Any) -> bool:
    told = root.getroottree().docinfo
    return not told.doctype and told.xml_version == "1.0" and (told.encoding or "UTF-8").upper() == "UTF-8"


def _holds_all(root: Any, must_hold: Wanted) -> bool:
    """Whether each element has the children that it must have, whatever their namespaces."""
    for element in root.iter(*(f"{{*}}{name}" for name in must_hold)):
        _, _, name = element.tag.rpartition("}")
        if any(element.find(f"{{*}}{child}") is None for child, _code in must_hold[name]):
            return False
    return True
