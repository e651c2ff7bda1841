"""What every application compiles when it is first asked, compiled once a process in tests, which make one application
a test: the catalogues, and the templates."""

from collections.abc import Iterable
from functools import cache
from pathlib import Path

from flask import Flask
from jinja2 import BytecodeCache
from jinja2.bccache import Bucket

from mobigo.infra import i18n


class Templates(BytecodeCache):
    """Compiled templates in memory, by name, source, and what an environment may compile otherwise."""

    def __init__(self) -> None:
        self._kept: dict[tuple[object, ...], bytes] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        kept = self._kept.get(self._key(bucket))
        if kept is not None:
            bucket.bytecode_from_string(kept)

    def dump_bytecode(self, bucket: Bucket) -> None:
        self._kept[self._key(bucket)] = bucket.bytecode_to_string()

    @staticmethod
    def _key(bucket: Bucket) -> tuple[object, ...]:
        told = bucket.environment
        names = (tuple(sorted(each)) for each in (told.extensions, told.filters, told.tests))
        return bucket.key, bucket.checksum, told.trim_blocks, told.lstrip_blocks, *names


def compile_once() -> None:
    """From now on, in this process."""
    Flask.jinja_options = {**Flask.jinja_options, "bytecode_cache": Templates()}
    compiling = i18n._compile

    @cache
    def compiled(language: str, files: tuple[Path, ...], _contents: tuple[bytes, ...]) -> bytes:
        return compiling(language, files)

    def compile_files(language: str, files: Iterable[Path]) -> bytes:
        named = tuple(files)
        return compiled(language, named, tuple(file.read_bytes() for file in named))

    i18n._compile = compile_files
