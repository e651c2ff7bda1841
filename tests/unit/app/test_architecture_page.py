"""docs/architecture.md names code that is there, and each package opens with a docstring."""

import ast
import importlib
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
NAMED = sorted(set(re.findall(r"`((?:mobigo|covoit|scolaire|billettique|opendata)(?:\.\w+)+)(?:\(.*?\))?`", PAGE)))
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


@pytest.mark.parametrize("name", NAMED)
def test_what_the_page_names_is_there(name: str) -> None:
    assert there(name)


def test_the_walks_name_a_good_deal_of_code() -> None:
    assert len(NAMED) > 25


@pytest.mark.parametrize("package", PACKAGES)
def test_a_package_opens_by_drawing_its_rooms(package: str) -> None:
    """Each room that is a folder or a file of the package, but for texts and data, is named by its docstring."""
    folder = ROOT / package
    said = ast.get_docstring(ast.parse((folder / "__init__.py").read_text(encoding="utf-8"))) or ""
    rooms = {
        each.stem
        for each in folder.iterdir()
        if (each.is_dir() and (each / "__init__.py").exists()) or (each.suffix == ".py" and each.stem in ROOMS)
    }
    assert sorted(room for room in rooms if not re.search(rf"\b{room}\b", said)) == []


ROOMS = {"model", "rules", "engine", "export", "store", "gateway", "service", "web", "api", "cli", "tasks"}
