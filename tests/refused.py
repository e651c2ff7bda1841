"""Drills that only some machines allow: excused where the kernel refuses them, failed by any other trouble."""

import errno
from typing import Final, NoReturn

import pytest

_WORDS: Final = ("not permitted", "denied", "superuser", "not supported", "unknown device type")
_ERRORS: Final = (errno.EPERM, errno.EACCES, errno.EROFS, errno.ENOENT)  # the last: no such tree is mounted


def refused(what: str, said: str | OSError) -> NoReturn:
    """End the drill: `said` is what a command printed, or what the system raised."""
    kernel = said.errno in _ERRORS if isinstance(said, OSError) else any(each in said.lower() for each in _WORDS)
    if kernel:
        pytest.xfail(f"{what}: {said}")
    pytest.fail(f"{what}, and not for want of a right: {said}")
