"""Where numba keeps compiled kernels: home/cache/numba/<hash of every kernel source and of numba's version>.

numba's own check looks at the file of a kernel, not at the files of the kernels it calls: an edited callee would go
unnoticed. One folder per state of all the sources cannot be wrong. Call `use` before numba is imported.

Who sets numba's own NUMBA_CACHE_DIR chooses the place: several homes of one machine, those of tests among them, then
share their kernels.
"""

import os
import sys
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path
from typing import Final

PACKAGES: Final = ("mobigo", "covoit", "scolaire", "billettique", "opendata")
VARIABLE: Final = "NUMBA_CACHE_DIR"


def use(home: Path) -> Path:
    """Name the cache folder for this process and those it starts; returns it.

    Raises RuntimeError when numba was imported before, reading another folder: it would not notice any more.
    """
    state = fingerprint()
    given = Path(os.environ.get(VARIABLE) or home / "cache" / "numba")
    folder = given if given.name == state else given / state
    if "numba" in sys.modules and os.environ.get(VARIABLE) != str(folder):
        raise RuntimeError("the folder of compiled kernels is named before numba is imported")
    folder.mkdir(parents=True, exist_ok=True)
    os.environ[VARIABLE] = str(folder)
    return folder


def fingerprint() -> str:
    """32 hexadecimal digits that change with any kernel source, with numba and with its compiler."""
    digest = sha256(f"{version('numba')} {version('llvmlite')} {sys.version_info[:2]}".encode())
    for source in kernel_sources():
        digest.update(b"\0" + source.name.encode() + b"\0" + source.read_bytes())
    return digest.hexdigest()[:32]


def kernel_sources() -> list[Path]:
    """Every file of every engine room, where the kernels are."""
    root = Path(__file__).resolve().parents[2]
    found: set[Path] = set()
    for package in PACKAGES:
        found.update((root / package).glob("**/engine/**/*.py"), (root / package).glob("**/engine.py"))
    return sorted(found)
