"""Where what is compiled from our own files is kept, words and pages, so that no process compiles it again.

In the cache of the home folder; several homes of one machine may share one place (`share`), for what is in it is known
by what it was compiled from. Kernels have their own (`mobigo.infra.numba_cache`).
"""

from pathlib import Path

_shared: Path | None = None


def share(folder: Path) -> None:
    """Keep in `folder` what all homes compile from here on, in this process."""
    global _shared
    _shared = folder


def folder(home: Path) -> Path:
    """The folder for this home."""
    return _shared or home / "cache"
