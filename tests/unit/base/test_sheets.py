"""No cell that people open in a spreadsheet becomes a formula; and every file of tables of the packages is either made
with that guard, or of a format that programs read, named here with its reason."""

import ast
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mobigo.base.sheets import begins_formula, guarded, neutral, unguarded

ROOT = Path(__file__).parents[3]
PACKAGES = ("billettique", "covoit", "scolaire", "opendata")
GUARDS = {"neutral", "guarded"}
# What writes tables without the guard, and why.
FOR_PROGRAMS = {
    "billettique/export/fares.py": "GTFS-Fares v2: ids are compared to the letter",
    "covoit/export/gtfs.py": "GTFS",
    "covoit/export/lines_gtfs.py": "GTFS",
    "scolaire/export/gtfs.py": "GTFS",
    "scolaire/export/plan_csv.py": "read back to the same plan; hours before midnight have a sign",
    "opendata/export/gtfs_diff.py": "GTFS Diff, a format of the national access point",
}
WRITERS = {"writer", "DictWriter", "write_csv", "to_csv", "write_excel", "Workbook"}


def writes_tables(tree: ast.AST) -> bool:
    """Whether a module makes a CSV or a workbook: by calling what makes one (a reader of its own is no writer)."""
    called = (each.func for each in ast.walk(tree) if isinstance(each, ast.Call))
    return any(
        (isinstance(func, ast.Attribute) and func.attr in WRITERS)
        or (isinstance(func, ast.Name) and func.id in WRITERS)
        for func in called
    )


def names_of(tree: ast.AST) -> set[str]:
    """What a module calls."""
    called = (each.func for each in ast.walk(tree) if isinstance(each, ast.Call))
    return {func.id for func in called if isinstance(func, ast.Name)}


def writers() -> list[str]:
    found = []
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            if writes_tables(ast.parse(path.read_text(encoding="utf-8"))):
                found.append(path.relative_to(ROOT).as_posix())
    return found


def test_every_table_of_the_packages_is_guarded_or_says_why_not() -> None:
    found = writers()
    assert len(found) >= 15
    assert set(FOR_PROGRAMS) <= set(found), "a file named here writes no table any more"
    for name in set(found) - set(FOR_PROGRAMS):
        source = (ROOT / name).read_text(encoding="utf-8")
        # Workbooks go through `covoit.export.workbook.text`, which is that guard for a cell of any kind.
        by_workbook = "from covoit.export.workbook import" in source and "text(value) for value in row" in source
        assert names_of(ast.parse(source)) & GUARDS or by_workbook, name


@pytest.mark.parametrize(
    "text",
    ["=1+1", "+1+cmd|' /C calc'!A0", "-2+3", "@SUM(A1)", "\t=1", " =1", "\r=1", "\n=1", "\u00a0=1", "==", "+", "-a"],
)
def test_what_would_begin_a_formula_is_led_by_an_apostrophe(text: str) -> None:
    assert neutral(text).startswith("'")
    assert guarded(text) == "'" + text
    assert unguarded(f"'{text}") == text


@pytest.mark.parametrize(
    "value", ["", "Dole", "L’=", "a=1", "1-2", "-4", "+4,5", "-4.25", "'quoted", "''=1", 4, -1.5, True]
)
def test_anything_else_stays(value: object) -> None:
    assert guarded(value) == value
    if isinstance(value, str):
        assert unguarded(value) == value
    assert guarded(None) == ""


@given(st.text(max_size=12) | st.text("=+-@' \t\r1.,a", max_size=6))
def test_nothing_guarded_is_lost_and_nothing_neutral_begins_a_formula(text: str) -> None:
    assert not begins_formula(neutral(text))
    assert unguarded(str(guarded(text))) in (text, text.removeprefix("'"))
    if not text.startswith("'"):
        assert unguarded(str(guarded(text))) == text
