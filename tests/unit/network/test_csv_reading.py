"""CSV as real feeds write it: exact cells, right line numbers, everything mended told; both readers agree."""

import csv
import io
from contextlib import suppress

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mobigo.base.errors import InvalidInput, MobigoError, Refused
from mobigo.network.export.gtfs import csv_bytes
from mobigo.network.gateway import csv_fast, csvtable
from mobigo.network.gateway.csv_strict import records
from mobigo.network.gateway.csvtable import read_table
from mobigo.network.gateway.limits import Limits
from mobigo.network.model.feed import LINE
from mobigo.network.rules.collect import Collector


def read(data: bytes, limits: Limits | None = None) -> tuple[list[str], list[list[str]], list[int], set[str]]:
    """Columns, rows, lines and codes of a file."""
    found = Collector()
    table = read_table(data, "t.txt", found, limits or Limits())
    assert table is not None
    frame = table.frame
    rows = [list(row) for row in frame.drop(LINE).rows()]
    return frame.drop(LINE).columns, rows, frame[LINE].to_list(), set(found.report().codes)


@pytest.mark.parametrize(
    ("data", "rows", "lines", "codes"),
    [
        (b"a,b\n1,2\n", [["1", "2"]], [2], set()),
        (b"a,b\n1,2", [["1", "2"]], [2], set()),
        (b"a,b\r\n1,2\r\n", [["1", "2"]], [2], set()),
        (b"a,b\r1,2\r3,4\r", [["1", "2"], ["3", "4"]], [2, 3], set()),
        (b"\xef\xbb\xbfa,b\n1,2\n", [["1", "2"]], [2], set()),
        (b"\xef\xbb\xbf\xef\xbb\xbf" + b"a,b\n1,2\n", [["1", "2"]], [2], set()),
        (b"a,b\n", [], [], set()),
        (b"a,b", [], [], set()),
        (b"a,b\n1,2\n\n\n", [["1", "2"]], [2], set()),
        (b"a,b\n\n1,2\n", [["1", "2"]], [3], {"empty_row"}),
        (b"a,b\r\n\r\n1,2\r\n", [["1", "2"]], [3], {"empty_row"}),
        (b"\na,b\n1,2\n", [["1", "2"]], [3], {"empty_row"}),
        (b"a\nx\n\ny\n", [["x"], ["y"]], [2, 4], {"empty_row"}),
        (b'a\n""\ny\n', [[""], ["y"]], [2, 3], set()),
        (b"a,b\n1\n1,2\n", [["1", ""], ["1", "2"]], [2, 3], {"invalid_row_length"}),
        (b"a,b\n1,2,3\n4,5\n", [["1", "2"], ["4", "5"]], [2, 3], {"invalid_row_length"}),
        (b"a,b\n4,5\n1,2,3\n9\n", [["4", "5"], ["1", "2"], ["9", ""]], [2, 3, 4], {"invalid_row_length"}),
        (b'a,b\n"x,y",2\n', [["x,y", "2"]], [2], set()),
        (b'a,b\n"x""y",2\n', [['x"y', "2"]], [2], set()),
        (b'a,b\n"p\nq",2\n3,4\n', [["p\nq", "2"], ["3", "4"]], [2, 4], set()),
        (b'a,b\r\n"p\r\nq",2\r\n3,4\r\n', [["p\r\nq", "2"], ["3", "4"]], [2, 4], set()),
        (b'a,b\n"x" ,2\n', [["x", "2"]], [2], {"mobigo_stray_after_quote"}),
        (b'a,b\n1, "x"\n', [["1", "x"]], [2], {"mobigo_stray_after_quote"}),
        (b'a,b\n"say \\"hi\\", you",2\n', [['say "hi", you', "2"]], [2], {"mobigo_backslash_quote"}),
        (b'a,b\n"end \\"",2\n"z",4\n', [['end "', "2"], ["z", "4"]], [2, 3], {"mobigo_backslash_quote"}),
        (b'a,b\n"C:\\",2\n', [["C:\\", "2"]], [2], set()),
        (b'a,b\n5" pipe,2\n', [['5" pipe', "2"]], [2], set()),
        (b'a,b\n"open,2\n3,4\n', [['"open', "2"], ["3", "4"]], [2, 3], {"csv_parsing_failed"}),
        (b'a,b\n"x"y,2\n', [['"x"y', "2"]], [2], {"csv_parsing_failed"}),
        (b"a,b\n 1 ,\t2\n", [[" 1 ", "\t2"]], [2], set()),
        ("a,b\né,2\n".encode("utf-16"), [["é", "2"]], [2], {"mobigo_other_encoding"}),
        ("a,b\né,2\n".encode("utf-16-le"), [["é", "2"]], [2], {"mobigo_other_encoding"}),
        ("a,b\n1,2\né,2\n".encode("latin-1"), [["1", "2"], ["é", "2"]], [2, 3], {"mobigo_not_utf8"}),
        ("a,b\n10 €,2\n".encode("cp1252"), [["10 €", "2"]], [2], {"mobigo_not_utf8"}),
        ("a,b\n\U0001f68d,2\n".encode(), [["\U0001f68d", "2"]], [2], set()),
    ],
)
def test_what_feeds_write_is_read_exactly(
    data: bytes, rows: list[list[str]], lines: list[int], codes: set[str]
) -> None:
    _, found_rows, found_lines, found_codes = read(data)
    assert (found_rows, found_lines, found_codes) == (rows, lines, codes)


@pytest.mark.parametrize(
    ("header", "names", "codes"),
    [
        (b" a ,b", ["a", "b"], {"leading_or_trailing_whitespaces"}),
        (b"a,a,a", ["a", "a_2", "a_3"], {"duplicated_column"}),
        (b"a,,b", ["a", "_column_2", "b"], {"empty_column_name"}),
        (b'"a","b"', ["a", "b"], set()),
        (b"_line,b", ["_line_2", "b"], set()),
        (b'"a" ,b', ["a", "b"], {"mobigo_stray_after_quote"}),
    ],
)
def test_columns_have_unique_names_without_blanks(header: bytes, names: list[str], codes: set[str]) -> None:
    width = len(names)
    columns, rows, _, found = read(header + b"\n" + b",".join([b"1"] * width) + b"\n")
    assert (columns, rows, found) == (names, [["1"] * width], codes)


@pytest.mark.parametrize("data", [b"", b"\n\n", b"  \r\n", b"\xef\xbb\xbf"])
def test_an_empty_file_is_told_and_gives_no_table(data: bytes) -> None:
    found = Collector()
    assert read_table(data, "t.txt", found) is None
    assert found.report().codes == {"empty_file"}


@pytest.mark.parametrize(
    ("data", "word", "code"),
    [
        (b"a,b\n1,\x002\n", Refused, "network.nul_byte"),
        (b"a\n" + b"x" * 300_000, Refused, "network.cell_too_long"),
        (b'a,b\n"' + b"x" * 300_000 + b'",2\n', Refused, "network.cell_too_long"),
        (b'a,b\n1 "x"y,"' + b"x" * 300_000 + b'"\n', Refused, "network.cell_too_long"),
        (b",".join(b"c%d" % number for number in range(1_000_000)), Refused, "network.too_many_columns"),
        (b"a,b\n" + b'"x"y,2\n' * 20_000, InvalidInput, "network.csv_unreadable"),
        ((b"x" * 99_000 + b",") * 3 + b"y\n1,2,3,4\n", Refused, "network.no_header"),
    ],
)
def test_hostile_text_is_refused(data: bytes, word: type[MobigoError], code: str) -> None:
    with pytest.raises(word) as refused:
        read(data)
    assert refused.value.decision.code == code


def test_a_cell_of_the_greatest_length_is_read_and_one_longer_is_not() -> None:
    limits = Limits(cell_chars_max=10)
    assert read(b"a,b\n" + "é".encode() * 10 + b",2\n", limits)[1] == [["é" * 10, "2"]]
    with pytest.raises(Refused, match="line=3"):
        read(b"a,b\n1,2\n" + "é".encode() * 11 + b",2\n", limits)


def test_a_narrow_file_under_a_wide_header_is_refused_before_it_fills_the_memory() -> None:
    wide = b",".join(b"c%d" % number for number in range(300))
    with pytest.raises(Refused, match="too_many_cells"):
        read(wide + b"\nx" * 900_000)
    assert len(read(b"a,b\n1,2\n3,4\n", Limits(cells_max=6))[1]) == 2
    with pytest.raises(Refused, match="too_many_cells"):
        read(b"a,b\n1,2\n3,4\n", Limits(cells_max=5))


def test_a_million_unclosed_quotes_cost_no_more_than_the_limit_allows() -> None:
    with pytest.raises(InvalidInput):
        read(b"a,b\n" + b'"x,1\n' * 1_000_001)


# --- laws

cells = st.text(st.characters(codec="utf-8", exclude_characters="\0\ufeff"), max_size=8)
plain_cells = st.text(st.sampled_from('ab1é ,"\n\r;\t'), max_size=6)
tables = st.integers(1, 5).flatmap(
    lambda width: st.lists(st.lists(cells | plain_cells, min_size=width, max_size=width), min_size=1, max_size=6)
)


# Python's writer leaves a lone carriage return bare unless its own line end has one, so LF goes with quotes everywhere.
WRITTEN = [("\n", csv.QUOTE_ALL), ("\r\n", csv.QUOTE_MINIMAL), ("\r\n", csv.QUOTE_ALL)]


@given(tables, st.sampled_from(WRITTEN))
@example([["\r"]], WRITTEN[1])
@example([["\n", ""]], WRITTEN[2])
def test_what_is_written_is_read_back_cell_by_cell(rows: list[list[str]], how: tuple[str, int]) -> None:
    end, quoting = how
    names = [f"c{number}" for number in range(len(rows[0]))]
    buffer = io.StringIO(newline="")
    csv.writer(buffer, lineterminator=end, quoting=quoting).writerows([names, *rows])  # type: ignore[arg-type]  # an int
    columns, found, lines, codes = read(buffer.getvalue().encode())
    assert (columns, found) == (names, rows)
    assert lines == sorted(lines)
    assert not codes


@given(tables)
def test_our_own_writer_loses_nothing(rows: list[list[str]]) -> None:
    names = [f"c{number}" for number in range(len(rows[0]))]
    found = Collector()
    frame = csvtable._strict("", "t", names, found, Limits()).drop(LINE)
    frame = frame.clear().vstack(type(frame)(rows, schema=frame.schema, orient="row"))
    assert read(csv_bytes(frame))[1] == rows


@given(st.text(st.sampled_from('a1 ,"\n\r\\é'), max_size=60))
@example('a,b\n1,"2\n3",4\n')
@example('a\n"\n')
@example("a,b\n1,2,3\n,\n")
def test_where_the_fast_reader_applies_it_says_what_the_strict_one_says(text: str) -> None:
    data = ("a,b\n" + text).encode()
    quotes = csv_fast.plain_quotes(data)
    if quotes is None:
        return
    body = csv_fast.read_body(data, quotes, 1, ["a", "b"])
    strict = [record for record in records(data.decode(), "t") if record.cells][1:]
    assert [list(row) for row in body.frame.rows()] == [[*record.cells, ""][:2] for record in strict]
    assert body.lines.tolist() == [record.line for record in strict]
    wrong = [place for place, record in enumerate(strict) if len(record.cells) != 2]
    assert body.ragged.tolist() == wrong


@given(st.text(st.sampled_from('a1 ,"\n\\é'), max_size=60))
def test_where_quotes_are_in_place_we_read_what_pythons_csv_reads(text: str) -> None:
    data = ("a,b\n" + text).encode()
    if csv_fast.plain_quotes(data) is None:
        return
    theirs = [row for row in csv.reader(io.StringIO(data.decode(), newline=""), strict=True) if row]
    ours = [record.cells for record in records(data.decode(), "t") if record.cells]
    assert ours == theirs


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused_with_a_reason(data: bytes) -> None:
    with suppress(MobigoError):
        read_table(data, "t.txt", Collector())


@given(st.text(st.sampled_from('a1 ,"\n\r\\'), max_size=80))
def test_every_record_has_its_own_line_and_no_text_is_lost_but_marks(text: str) -> None:
    found = list(records(text, "t"))
    lines = [record.line for record in found]
    assert lines == sorted(set(lines))
    kept = "".join(cell for record in found for cell in record.cells)
    for letter in "a1":
        assert kept.count(letter) == text.count(letter)
