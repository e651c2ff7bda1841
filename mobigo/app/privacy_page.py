"""Writes docs/privacy.md from the register: `python -m mobigo.app.privacy_page`."""

from pathlib import Path
from typing import Final

import mobigo.app.tables  # noqa: F401 - the register is filled by the tables' modules
from mobigo.infra import privacy

PAGE: Final = Path(__file__).resolve().parents[2] / "docs" / "privacy.md"


def main() -> None:
    PAGE.write_text(privacy.page(), encoding="utf-8")


if __name__ == "__main__":
    main()
