"""The schema of NeTEx (CEN/TS 16614), by libxml2. The schema is not part of this product (`judges.xsd`).

Without its key constraints: checking those is quadratic in libxml2, and `netex_links` does it.
"""

from datetime import date
from pathlib import Path
from typing import Final

from opendata.gateway.judges.answers import NETEX
from opendata.gateway.judges.xsd import held_against
from opendata.model.checks import Check

ENTRY: Final = "NeTEx_publication-NoConstraint.xsd"


class NetexSchema:
    """`folder` holds the schema's entry points (`NeTEx_publication-NoConstraint.xsd`)."""

    name = "netex-xsd"

    def __init__(self, folder: Path | None) -> None:
        self.entry = None if folder is None else folder / ENTRY
        self.required = folder is not None  # whoever gives a schema wants it kept

    def reads(self, name: str, media_type: str, standard: str) -> bool:
        """NeTEx."""
        return standard == NETEX

    def check(self, path: Path, name: str, today: date) -> Check:
        """What of each document the schema does not allow."""
        from mobigo.network.gateway.netex import xml_files

        return held_against(
            self.name, self.entry, "MOBIGO_NETEX_XSD", name, lambda: xml_files(path, name), "network.not_netex"
        )
