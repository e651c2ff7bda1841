"""Each judge says who it is, passes what is sound, names what is not, and never passes what it did not see."""

import sys
import zipfile
from collections.abc import Callable
from datetime import UTC, date, datetime
from importlib import util
from pathlib import Path

import pytest

from mobigo.infra.config import load_config
from mobigo.network.export.netex import write_netex
from mobigo.network.model.notices import Severity
from opendata.gateway.judges import (
    Canonical,
    CatalogueShapes,
    Guru,
    NetexLinks,
    NetexSchema,
    OwnRules,
    judges,
)
from opendata.gateway.judges.answers import GTFS, NETEX
from opendata.model.checks import Check, Judge, Verdict
from tests.builders import feed, tables, trip, write_zip

TODAY = date(2025, 3, 18)
FILES = {
    **feed(
        [trip("t", "A 07:55 B 08:55"), trip("u", "A 09:55 B 10:55")],
        services={"daily": [date(2025, 3, day) for day in range(18, 31)]},
        routes=[{"route_id": "R", "route_short_name": "12", "route_type": "3", "agency_id": "agency"}],
    ),
    "feed_info.txt": "feed_publisher_name,feed_publisher_url,feed_lang,feed_start_date,feed_end_date,feed_version,"
    "feed_contact_email\nRégion,https://agency.example.org,fr,20250318,20250630,1,a@example.org\n",
}
FILES["agency.txt"] = FILES["agency.txt"].replace("https://agency.example", "https://agency.example.org")
BROKEN = {**FILES, "trips.txt": FILES["trips.txt"].replace("R,daily,t", "Z,daily,t")}


def gtfs_at(folder: Path, files: dict[str, str]) -> Path:
    """The feed as published files lie: under a name that says nothing."""
    return write_zip(files, folder / "0a1b2c")


def netex_at(folder: Path, files: dict[str, str]) -> Path:
    now = datetime(2025, 3, 18, tzinfo=UTC)
    write_netex(tables(files), folder / "0d4e5f", feed="essai", participant="Région", published_at=now)
    return folder / "0d4e5f"


def errors(check: Check) -> set[str]:
    return {finding.code for finding in check.errors}


@pytest.mark.parametrize("judge", [OwnRules(), Guru(), Canonical()], ids=lambda judge: judge.name)
def test_each_judge_of_gtfs_passes_a_sound_feed_and_names_a_broken_reference(tmp_path: Path, judge: Judge) -> None:
    sound = judge.check(gtfs_at(tmp_path, FILES), "gtfs.zip", TODAY)
    assert (sound.verdict, sound.judge, sound.file, errors(sound)) == (Verdict.PASSED, judge.name, "gtfs.zip", set())
    assert sound.judge_version
    broken = judge.check(gtfs_at(tmp_path, BROKEN), "gtfs.zip", TODAY)
    assert broken.verdict is Verdict.FAILED
    assert errors(broken) == {"foreign_key_violation"}


@pytest.mark.parametrize(("judge", "code"), [(OwnRules(), "network.not_a_zip"), (Guru(), None)])
def test_what_cannot_be_opened_fails_with_the_reason(tmp_path: Path, judge: Judge, code: str | None) -> None:
    (path := tmp_path / "0a1b2c").write_bytes(b"no zip")
    check = judge.check(path, "gtfs.zip", TODAY)
    assert (check.verdict, check.because and check.because.code) == (Verdict.FAILED, code)


@pytest.fixture
def nothing_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    found = util.find_spec
    hidden = ("gtfs_guru", "gtfs_validator", "pyshacl")
    for name in ("guru", "canonical", "catalogue"):
        module = sys.modules[f"opendata.gateway.judges.{name}"]
        monkeypatch.setattr(module, "find_spec", lambda each: None if each in hidden else found(each))


@pytest.mark.usefixtures("nothing_installed")
@pytest.mark.parametrize("make", [Guru, Canonical, lambda: CatalogueShapes(Path("shapes.ttl"))])
def test_a_judge_that_is_not_installed_did_not_run(tmp_path: Path, make: Callable[[], Judge]) -> None:
    judge = make()
    check = judge.check(gtfs_at(tmp_path, FILES), "gtfs.zip", TODAY)
    assert (check.verdict, check.because and check.because.code) == (Verdict.NOT_RUN, "opendata.judge_absent")
    assert not judge.required


@pytest.mark.parametrize(
    ("judge", "code"),
    [
        (NetexSchema(None), "opendata.judge_not_set_up"),
        (NetexSchema(Path("/nowhere")), "opendata.judge_schema_missing"),
        (CatalogueShapes(None), "opendata.judge_not_set_up"),
        (CatalogueShapes(Path("/nowhere")), "opendata.judge_schema_missing"),
        (Canonical(Path("/nowhere.jar")), "opendata.judge_absent"),
        (Canonical(bytes_max=10), "opendata.judge_file_too_large"),
        (Canonical(seconds_max=0), "opendata.judge_too_slow"),
    ],
)
def test_a_judge_without_what_it_needs_did_not_run(tmp_path: Path, judge: Judge, code: str) -> None:
    check = judge.check(gtfs_at(tmp_path, FILES), "gtfs.zip", TODAY)
    assert (check.verdict, check.because and check.because.code) == (Verdict.NOT_RUN, code)


def test_each_kind_of_file_has_its_judges() -> None:
    known = judges(load_config({}))
    asked = {standard: [judge.name for judge in known if judge.reads("x", "application/zip", standard)]
             for standard in (GTFS, NETEX, "")}  # fmt: skip
    assert asked == {
        GTFS: ["mobigo", "gtfs-guru", "gtfs-validator", "point-acces-national"],
        NETEX: ["netex-references", "netex-xsd"],
        "": [],
    }
    assert {judge.name for judge in known if judge.required} == {
        "mobigo", "gtfs-guru", "netex-references", "mobigo-temps-reel", "mobigo-gbfs",
        "mobigo-siri",
    }  # fmt: skip


# --- references of NeTEx


def test_our_own_netex_refers_to_nothing_that_is_not_there(tmp_path: Path) -> None:
    check = NetexLinks().check(netex_at(tmp_path, FILES), "netex-fr.zip", TODAY)
    assert (check.verdict, check.findings) == (Verdict.PASSED, ())


HEAD = '<PublicationDelivery xmlns="http://www.netex.org.uk/netex">'


def delivery(tmp_path: Path, **files: str) -> Check:
    with zipfile.ZipFile(tmp_path / "netex", "w") as archive:
        for name, text in files.items():
            archive.writestr(f"{name}.xml", f"{HEAD}{text}</PublicationDelivery>")
    return NetexLinks().check(tmp_path / "netex", "netex-fr.zip", TODAY)


@pytest.mark.parametrize(
    ("files", "codes"),
    [
        ({"a": '<Line id="L"/><LineRef ref="L"/>'}, {}),
        ({"a": '<Line id="L"/>', "b": '<n:LineRef xmlns:n="x" ref="L"/>'}, {}),  # another file of the delivery
        ({"a": '<LineRef ref="L"/>'}, {"netex_dangling_reference": Severity.ERROR}),
        ({"a": '<LineRef ref="L" versionRef="1"/>'}, {"netex_reference_elsewhere": Severity.WARNING}),
        ({"a": '<TypeOfFrameRef ref="FR:TypeOfFrame:NETEX_ARRET:"/>'}, {}),  # defined by the profile
        ({"a": '<Line id="L" version="1"/><Line id="L" version="2"/>'}, {}),
        ({"a": '<Line id="L"/><Line id="L"/>'}, {"netex_duplicate_id": Severity.ERROR}),
        ({"a": '<Line id="L"/>', "b": '<Line id="L"/>'}, {"netex_object_in_several_files": Severity.INFO}),
        ({"a": '<Network id="N"><Name>x</Name></Network>'}, {}),
        ({"a": '<Network id="N"><x><Name>x</Name></x></Network>'}, {"netex_name_missing": Severity.ERROR}),
        ({"a": '<Operator id="O"/>'}, {"netex_organisation_type_missing": Severity.ERROR}),
        ({"a": '<Quay id="Q"><Name>x</Name></Quay>'}, {"netex_site_ref_missing": Severity.ERROR}),
        ({"a": '<DestinationDisplay id="D"><Name>x</Name></DestinationDisplay>'},
         {"netex_front_text_missing": Severity.ERROR}),
    ],
)  # fmt: skip
def test_references_doubles_and_the_profile_s_four_rules(
    tmp_path: Path, files: dict[str, str], codes: dict[str, Severity]
) -> None:
    found = delivery(tmp_path, **files)
    assert {finding.code: finding.severity for finding in found.findings} == codes


def test_a_reference_that_finds_nothing_is_shown_where_it_stands(tmp_path: Path) -> None:
    [finding] = delivery(tmp_path, a='\n<LineRef ref="L"/><LineRef ref="L"/><LineRef ref="M"/>').findings
    assert (finding.total, finding.example) == (2, {"file": "a.xml", "line": 2, "ref": "L"})


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("<a>", "network.not_netex"),
        ('<!DOCTYPE a [<!ENTITY x "y">]><a>&x;</a>', "opendata.xml_entities"),
    ],
)
def test_what_is_no_plain_document_fails(tmp_path: Path, text: str, code: str) -> None:
    (tmp_path / "x.xml").write_text(text)
    check = NetexLinks().check(tmp_path / "x.xml", "x.xml", TODAY)
    assert (check.verdict, check.because and check.because.code) == (Verdict.FAILED, code)


def test_an_archive_without_a_document_fails(tmp_path: Path) -> None:
    assert delivery(tmp_path).because is not None


# --- the schema: a small one, since what is judged is the judge


def test_the_schema_speaks_for_each_document(tmp_path: Path) -> None:
    (tmp_path / "NeTEx_publication-NoConstraint.xsd").write_text(
        '<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" version="1.3" elementFormDefault="qualified" '
        'targetNamespace="http://www.netex.org.uk/netex"><xs:element name="PublicationDelivery"><xs:complexType>'
        '<xs:sequence><xs:element name="Line" maxOccurs="9"/></xs:sequence></xs:complexType></xs:element></xs:schema>'
    )
    judge = NetexSchema(tmp_path)
    assert judge.required
    delivery(tmp_path, a="<Line/>")
    good = judge.check(tmp_path / "netex", "netex-fr.zip", TODAY)
    assert (good.verdict, good.judge_version) == (Verdict.PASSED, "1.3")
    delivery(tmp_path, a="<Line/>", b="<Ligne/>\n<Line/>")
    bad = judge.check(tmp_path / "netex", "netex-fr.zip", TODAY)
    [finding] = bad.findings
    assert (bad.verdict, finding.code, finding.example["file"]) == (Verdict.FAILED, "xsd_element_content", "b.xml")


# --- the catalogue

SHAPES = """
@prefix sh: <http://www.w3.org/ns/shacl#> . @prefix dcat: <http://www.w3.org/ns/dcat#> .
@prefix dct: <http://purl.org/dc/terms/> .
[] a sh:NodeShape ; sh:targetClass dcat:Dataset ; sh:property [ sh:path dct:title ; sh:minCount 1 ] .
"""
TURTLE = "@prefix dcat: <http://www.w3.org/ns/dcat#> . @prefix dct: <http://purl.org/dc/terms/> .\n<http://x/d> a "


@pytest.mark.parametrize(
    ("data", "verdict", "codes"),
    [
        (TURTLE + 'dcat:Dataset ; dct:title "Lignes" .', Verdict.PASSED, set()),
        (TURTLE + "dcat:Dataset .", Verdict.FAILED, {"MinCount:title"}),
        ("<<<", Verdict.FAILED, set()),
    ],
)
def test_the_catalogue_is_held_against_the_shapes(tmp_path: Path, data: str, verdict: Verdict, codes: set[str]) -> None:
    (tmp_path / "shapes.ttl").write_text(SHAPES)
    (tmp_path / "c.ttl").write_text(data)
    check = CatalogueShapes(tmp_path / "shapes.ttl").check(tmp_path / "c.ttl", "catalogue.ttl", TODAY)
    assert (check.verdict, errors(check)) == (verdict, codes)
