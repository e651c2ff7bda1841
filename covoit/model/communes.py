"""A commune's outline as it was given: rings of (longitude, latitude), in degrees."""

from dataclasses import dataclass

Ring = tuple[tuple[float, float], ...]


@dataclass(frozen=True, slots=True)
class Outline:
    """One commune: its INSEE code, its name, and its parts, each an outer ring and its holes."""

    code: str
    name: str
    parts: tuple[tuple[Ring, ...], ...]
