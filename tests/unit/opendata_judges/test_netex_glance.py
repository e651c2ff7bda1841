"""A glance at a NeTEx delivery never hides what reading it element by element would tell."""

import zipfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mobigo.network.gateway.netex import xml_files
from opendata.gateway.judges import netex_glance
from opendata.gateway.judges.netex_glance import all_is_well
from opendata.gateway.judges.netex_links import MUST_HOLD, Links, findings_of, look_at
from tests.unit.opendata_judges.test_judges import FILES, HEAD, netex_at

PIECES = [
    '<Line id="L"/>', '<Line id="L" version="1"/>', '<LineRef ref="L"/>', '<LineRef ref="M"/>', '<Line id="M"/>',
    '<LineRef ref="M" versionRef="1"/>', '<TypeOfFrameRef ref="T"/>', '<LineRef ref="T"/>', '<TypeOfOtherRef ref="T"/>',
    '<n:TypeOfPlaceRef xmlns:n="x" ref="L"/>', '<Quay id="Q"><Name/><SiteRef ref="L"/></Quay>', '<Quay id="Q2"/>',
    '<n:Operator xmlns:n="x" id="O"><n:OrganisationType/></n:Operator>', '<Operator id="O2"><Name/></Operator>',
    '<x id=""/>', '<x ref=""/>', "<!-- <LineRef ref='Z'/> -->", "<?x ref='Z'?>", '<x n:id="L" xmlns:n="n"/>',
]  # fmt: skip


def told(documents: list[tuple[str, bytes]]) -> list[str]:
    links = Links()
    for name, data in documents:
        look_at(name, data, links)
    return [finding.code for finding in findings_of(links)]


@given(st.lists(st.lists(st.sampled_from(PIECES), max_size=5), min_size=1, max_size=3))
def test_what_looks_well_is_well(files: list[list[str]]) -> None:
    documents = [
        (f"{place}.xml", f"{HEAD}{''.join(pieces)}</PublicationDelivery>".encode())
        for place, pieces in enumerate(files)
    ]
    if all_is_well(documents, MUST_HOLD):
        assert told(documents) == []


@pytest.mark.parametrize(
    "text",
    [
        '<!DOCTYPE a [<!ENTITY x "y">]><a id="A"/>',
        '<!DOCTYPE a SYSTEM "http://127.0.0.1:9/a.dtd"><a id="A"/>',
        '<?xml version="1.0" encoding="windows-1252"?><a id="A"/>',
        '<a id="A"><n:b/></a>',
        '<a id="A">',
        "",
    ],
)
def test_what_is_unusual_is_never_passed_at_a_glance(text: str) -> None:
    assert not all_is_well([("a.xml", text.encode())], MUST_HOLD)


def test_what_is_too_large_for_a_tree_is_read_as_a_stream(monkeypatch: pytest.MonkeyPatch) -> None:
    document = ("a.xml", b'<a id="A"/>')
    assert all_is_well([document], MUST_HOLD)
    monkeypatch.setattr(netex_glance, "TREE_BYTES_MAX", 5)
    assert not all_is_well([document], MUST_HOLD)


def test_our_own_deliveries_are_seen_at_a_glance(tmp_path: Path) -> None:
    path = netex_at(tmp_path, FILES)
    assert zipfile.is_zipfile(path)
    assert all_is_well(xml_files(path, "netex-fr.zip"), MUST_HOLD)
