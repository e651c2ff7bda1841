"""What `make test` leaves to CI is named in `tests/long.txt`; a name that is no test any more would hide nothing, and
say so nowhere."""

import re
from pathlib import Path

import pytest

from tests.conftest import LONG

ROOT = Path(__file__).parents[3]


@pytest.mark.parametrize("name", sorted(LONG))
def test_each_long_test_is_one(name: str) -> None:
    file, _, function = name.partition("::")
    assert re.search(rf"^def {function}\(", (ROOT / file).read_text("utf-8"), re.M), name
