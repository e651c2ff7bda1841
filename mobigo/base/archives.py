"""A zip that is none, cut short or altered: one list of what Python's reader raises for it, in one place."""

import errno
import struct
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final
from zipfile import BadZipFile, LargeZipFile

# ValueError: a place before the beginning, names that are no text; NotImplementedError and RuntimeError: packed or
# locked in a way that is not known here.
_BROKEN: Final = (
    BadZipFile, LargeZipFile, ValueError, NotImplementedError, RuntimeError, EOFError, zlib.error, struct.error,
)  # fmt: skip


@contextmanager
def unbroken(refusal: Exception) -> Iterator[None]:
    """Around the opening and reading of an archive: whatever is wrong with it raises `refusal`. Trouble of the disk
    stays what it is, and so does a refusal made inside."""
    try:
        yield
    except _BROKEN as wrong:
        raise refusal from wrong
    except OSError as wrong:
        if wrong.errno != errno.EINVAL:  # a place in the file that cannot be
            raise
        raise refusal from wrong
