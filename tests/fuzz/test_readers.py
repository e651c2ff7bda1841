"""Each reader under some dozen changes of good inputs, the same ones each time: read, or refused in words. What a
longer search finds (`make fuzz`) is a row of `FOUND` ever after."""

from typing import Final

import pytest

from tests.fuzz.changes import changed
from tests.fuzz.readers import READERS, Reader, zipped

CHANGES: Final = 40
BY_NAME: Final = {reader.name: reader for reader in READERS}
# These answer with a verdict, or a report of faults, instead of refusing.
ANSWERING: Final = {
    "code verdict", "signed list", "published table", "dropped message", "dropped netex",
    "workbook xl/sharedStrings.xml", *(name for name in BY_NAME if name.startswith("gtfs ") and name != "gtfs archive"),
}  # fmt: skip


@pytest.mark.parametrize("reader", READERS, ids=lambda reader: reader.name)
@pytest.mark.filterwarnings("ignore::UserWarning:openpyxl", "ignore::RuntimeWarning")
def test_whatever_comes_is_read_or_refused(reader: Reader) -> None:
    seeds = reader.seeds()
    refused = 0
    for number, seed in enumerate(seeds):
        reader.read(seed)  # a good one is read
        for data in changed(seed, seeds, CHANGES, number):
            try:
                reader.read(data)
            except reader.refuses:
                refused += 1
    assert refused or reader.name in ANSWERING


def moved_directory(archive: bytes, octets: int) -> bytes:
    """The archive, saying that its list of members begins so many octets later than it does."""
    at = archive.rindex(b"PK\x05\x06") + 16
    said = int.from_bytes(archive[at : at + 4], "little") + octets
    return archive[:at] + said.to_bytes(4, "little") + archive[at + 4 :]


_SHEET: Final = b'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">'
_GBFS: Final = zipped({"system_information.json": b'{"version":"2.3"}'})
FOUND: Final = (
    ("gtfs archive", moved_directory(BY_NAME["gtfs archive"].seeds()[0], 100)),
    ("plan archive", moved_directory(BY_NAME["plan archive"].seeds()[0], 3_000)),
    ("gbfs archive", b"no archive"),
    ("gbfs archive", _GBFS.replace(b'"2.3"', b'"2.4"')),  # the checksum of the member is another's
    ("dropped messages and tables", moved_directory(BY_NAME["dropped messages and tables"].seeds()[0], 100)),
    ("tariff places", b"de;a;km\r\nDijon;Beaune;3" + b"7" * 50),
    ("tariff places", b"de;a;km\r\nDijon;Beaune;1e3"),
    ("workbook xl/worksheets/sheet1.xml", _SHEET + b"<sheetData></worksheet>"),
    ("workbook xl/worksheets/sheet1.xml", _SHEET + b'<sheetViews><sheetView a="1"/></sheetViews></worksheet>'),
    ("workbook xl/worksheets/sheet1.xml",  # a file of 300 octets that would be a thousand million cells
     _SHEET + b'<dimension ref="A1:XFD1048576"/><sheetData><row r="1048576"><c r="XFD1048576"><v>1</v></c></row>'
     b"</sheetData></worksheet>"),
    ("workbook xl/workbook.xml", b"<workbook"),
)  # fmt: skip


@pytest.mark.parametrize(("name", "data"), FOUND, ids=lambda value: value if isinstance(value, str) else "")
def test_what_was_found_is_refused(name: str, data: bytes) -> None:
    with pytest.raises(BY_NAME[name].refuses):
        BY_NAME[name].read(data)


@pytest.mark.parametrize("encoding", ["uuf-8", "utf-7", "punycode"])
def test_a_document_in_an_encoding_not_read_is_told(encoding: str) -> None:
    data = f"<?xml version='1.0' encoding='{encoding}'?><PublicationDelivery/>".encode()
    assert "network.not_netex" in str(BY_NAME["dropped netex"].read(data))


def test_changes_are_the_same_for_the_same_number() -> None:
    seeds = (b"one;two", b"three")
    assert [*changed(seeds[0], seeds, 50, 7)] == [*changed(seeds[0], seeds, 50, 7)]
    assert len({*changed(seeds[0], seeds, 50, 7)}) > 40
