"""The norm's own files, compiled once a session by another implementation (asn1tools)."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import asn1tools
import pytest

FILES = {
    "header": "uicBarcodeHeader_v2.0.1.asn",
    "ticket": "uicRailTicketData_v3.0.6.asn",
    "dynamic": "uicDynamicContentData_v1.0.5.asn",
}


@pytest.fixture(scope="session")
def norm(realdata: Path) -> dict[str, Any]:
    return {
        name: asn1tools.compile_files(str(realdata / "tickets/asn1" / file), "uper") for name, file in FILES.items()
    }


@pytest.fixture(scope="session")
def norm_types(realdata: Path) -> dict[str, Any]:
    """The types as asn1tools parsed them: name → its description."""
    found: dict[str, Any] = {}
    for file in FILES.values():
        for module in asn1tools.parse_files(str(realdata / "tickets/asn1" / file)).values():
            found |= module["types"]
    return found


@pytest.fixture(scope="session")
def specimens(realdata: Path) -> Iterator[dict[str, bytes]]:
    """French specimens from the field, by their file's name."""
    return {path.name: path.read_bytes() for path in sorted((realdata / "tickets").glob("*.bin"))}
