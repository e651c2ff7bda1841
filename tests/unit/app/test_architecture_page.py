"""docs/architecture.md and the decisions name what is there, each package opens with a docstring that draws its rooms,
and each large room draws what is in it."""

import ast
import importlib
import re
from fnmatch import fnmatch
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
DECISIONS = "\n".join(each.read_text(encoding="utf-8") for each in sorted((ROOT / "docs" / "decisions").glob("*.md")))
MODULE = re.compile(r"`((?:mobigo|covoit|scolaire|billettique|opendata)(?:\.\w+)+)(?:\(.*?\))?`")
PATH = re.compile(r"`((?:mobigo|covoit|scolaire|billettique|opendata|tests|docs|fixtures)/[\w./-]+?)(?:::(\w+))?/?`")
NAMED = sorted(set(MODULE.findall(PAGE)))
CORE = sorted(f"mobigo/{each.parent.name}" for each in (ROOT / "mobigo").glob("*/__init__.py"))
PACKAGES = ["mobigo", *CORE, "covoit", "scolaire", "billettique", "opendata"]


def there(name: str) -> bool:
    """Whether the longest module of this dotted name exists and holds the rest."""
    words = name.split(".")
    for count in range(len(words), 0, -1):
        try:
            found: object = importlib.import_module(".".join(words[:count]))
        except ModuleNotFoundError:
            continue
        for word in words[count:]:
            if not hasattr(found, word):
                return False
            found = getattr(found, word)
        return True
    return False


@pytest.mark.parametrize("name", sorted({*NAMED, *MODULE.findall(DECISIONS)}))
def test_what_the_page_names_is_there(name: str) -> None:
    assert there(name)


@pytest.mark.parametrize(("path", "test"), sorted(set(PATH.findall(f"{PAGE}\n{DECISIONS}"))))
def test_the_files_they_name_are_there(path: str, test: str) -> None:
    found = ROOT / path
    assert found.exists()
    assert not test or f"def {test}(" in found.read_text(encoding="utf-8")


def test_the_walks_name_a_good_deal_of_code() -> None:
    assert len(NAMED) > 25


@pytest.mark.parametrize("package", PACKAGES)
def test_a_package_opens_by_drawing_its_rooms(package: str) -> None:
    """Each room that is a folder or a file of the package, but for texts and data, is named by its docstring."""
    folder, said = ROOT / package, said_of(package)
    rooms = {
        each.stem
        for each in folder.iterdir()
        if (each.is_dir() and (each / "__init__.py").exists()) or (each.suffix == ".py" and each.stem in ROOMS)
    }
    assert sorted(room for room in rooms if not re.search(rf"\b{room}\b", said)) == []


ROOMS = {"model", "rules", "engine", "export", "store", "gateway", "service", "web", "api", "cli", "tasks"}


LARGE = 12  # modules: with fewer, a list of the folder is read as fast
DRAWN = re.compile(r"^([a-z_][a-z0-9_* ]*?) {3,}\S", re.MULTILINE)  # names, then what they are


def modules_of(room: Path) -> set[str]:
    """The modules and the folders of modules of a room."""
    files = {each.stem for each in room.glob("*.py") if each.stem != "__init__"}
    return files | {each.parent.name for each in room.glob("*/__init__.py")}


def undrawn_and_gone(modules: set[str], said: str) -> tuple[set[str], set[str]]:
    """The modules that a drawing leaves out, and what it names that is not there. `open_*` names all that begin so."""
    drawn = {name for names in DRAWN.findall(said) for name in names.split()}
    undrawn = {module for module in modules if not any(fnmatch(module, name) for name in drawn)}
    return undrawn, {name for name in drawn if not any(fnmatch(module, name) for module in modules)}


ROOMS_OF_ALL = sorted(
    str(each.parent.relative_to(ROOT))
    for package in ("mobigo", "covoit", "scolaire", "billettique", "opendata")
    for each in (ROOT / package).rglob("__init__.py")
)
ROOMS_OF_MANY = [room for room in ROOMS_OF_ALL if len(modules_of(ROOT / room)) >= LARGE]


def said_of(room: str) -> str:
    """The docstring of a package."""
    return ast.get_docstring(ast.parse((ROOT / room / "__init__.py").read_text(encoding="utf-8"))) or ""


@pytest.mark.parametrize("room", ROOMS_OF_MANY)
def test_a_large_room_draws_what_is_in_it(room: str) -> None:
    assert undrawn_and_gone(modules_of(ROOT / room), said_of(room)) == (set(), set())


def test_no_drawing_names_what_is_gone() -> None:
    gone = {room: undrawn_and_gone(modules_of(ROOT / room), said_of(room))[1] for room in ROOMS_OF_ALL}
    assert {room: names for room, names in gone.items() if names} == {}


def test_a_drawing_is_held_both_ways() -> None:
    said = "What it is.\n\nfares open_*   one thing,\n               goes on   there\nlines           another"
    assert undrawn_and_gone({"fares", "open_data", "lines"}, said) == (set(), set())
    assert undrawn_and_gone({"fares", "open_data", "lines", "stops"}, said) == ({"stops"}, set())
    assert undrawn_and_gone({"fares", "lines"}, said) == (set(), {"open_*"})
    assert len(ROOMS_OF_MANY) > 30
