"""Sparing Python's collector of cycles while a long piece of work makes millions of small values that hold none."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock
from typing import Final

SELDOM: Final = (100_000, 50, 1_000)
_lock = Lock()
_before: list[tuple[int, int, int]] = []  # what held before the first of those who asked


@contextmanager
def seldom_collected() -> Iterator[None]:
    """Collect seldom until the block ends; several at once, in threads, end with the last of them."""
    with _lock:
        _before.append(gc.get_threshold())
        gc.set_threshold(*SELDOM)
    try:
        yield
    finally:
        with _lock:
            first = _before[0]
            _before.pop()
            if not _before:
                gc.set_threshold(*first)
