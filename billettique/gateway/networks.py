"""Which lines are of which network of the tariff, from `billettique/data/networks` and `MOBIGO_HOME/networks`."""

import tomllib
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

from billettique.gateway.fares import DATA
from billettique.rules.networks import NetworkLines, NetworkTable, plain
from mobigo.base.errors import InvalidInput


@lru_cache(maxsize=8)
def network_tables(home: Path | None = None) -> tuple[NetworkTable, ...]:
    """Every table known. Raises InvalidInput("billettique.bad_fare_file")."""
    folders = [DATA / "networks"] + ([] if home is None else [home / "networks"])
    return tuple(table for folder in folders for table in _tables(folder))


def _tables(folder: Path) -> Iterator[NetworkTable]:
    for path in sorted(folder.glob("*.toml")):
        try:
            document = tomllib.loads(path.read_text(encoding="utf-8"))
            yield NetworkTable(
                document["first_day"],
                document["source"],
                tuple(
                    NetworkLines(
                        each["id"],
                        frozenset(each["modes"]),
                        frozenset(plain(name) for name in each["agencies"]),
                        frozenset(plain(name) for name in each.get("outside", ())),
                        tuple(each["inside"]) if "inside" in each else None,
                        each.get("by_distance", False),
                    )
                    for each in document["network"]
                ),
            )
        except KeyError as missing:
            raise InvalidInput("billettique.bad_fare_file", file=path.name, reason=f"{missing.args[0]} ?") from missing
        except (tomllib.TOMLDecodeError, UnicodeDecodeError, TypeError) as wrong:
            raise InvalidInput("billettique.bad_fare_file", file=path.name, reason=str(wrong)) from wrong
