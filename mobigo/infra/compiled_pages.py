"""Compiled templates, kept from one process to the next: the first view of a page costs as little as the others."""

import contextlib
import pickle
import shutil
import sys
from functools import lru_cache
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path
from typing import Final

from jinja2 import Environment, FileSystemBytecodeCache
from jinja2.bccache import Bucket

from mobigo.infra import compiled, i18n

_ROOT: Final = Path(__file__).resolve().parents[2]


def keep(home: Path, environment: Environment) -> None:
    """Keep the compiled templates of this home: each until its source changes, all until the code does (a filter on a
    constant is computed when its template is compiled). Without room, each process compiles what it needs."""
    folder = compiled.folder(home) / "pages" / _state()
    try:
        if not folder.is_dir():
            shutil.rmtree(folder.parent, ignore_errors=True)  # of the code before; a process of it goes on without
            folder.mkdir(parents=True, exist_ok=True)
    except OSError:
        return
    environment.bytecode_cache = _Pages(str(folder))


class _Pages(FileSystemBytecodeCache):
    """What cannot be read is compiled again, what cannot be written is not kept: people are answered all the same."""

    def load_bytecode(self, bucket: Bucket) -> None:
        try:
            super().load_bytecode(bucket)
        except (OSError, EOFError, ValueError, pickle.UnpicklingError):
            bucket.reset()

    def dump_bytecode(self, bucket: Bucket) -> None:
        with contextlib.suppress(OSError):
            super().dump_bytecode(bucket)


@lru_cache(maxsize=1)
def _state() -> str:
    """16 hexadecimal digits that change with any of our modules, with the library of templates, and with those that
    filters speak through."""
    libraries = " ".join(version(name) for name in ("jinja2", "markupsafe", "babel"))
    digest = sha256(f"{libraries} {sys.implementation.cache_tag}".encode())
    for package in i18n.PACKAGES:
        for source in sorted((_ROOT / package).rglob("*.py")):
            digest.update(source.name.encode() + b"\0" + source.read_bytes() + b"\0")
    return digest.hexdigest()[:16]
