"""A drill is excused where the kernel refuses it, and for nothing else."""

import errno

import pytest

from tests.refused import refused


@pytest.mark.parametrize(
    ("said", "excused"),
    [
        ("RTNETLINK answers: Operation not permitted", True),
        ("mount: /tmp/disk: must be superuser to use mount.", True),
        (PermissionError(errno.EACCES, "denied"), True),
        (FileNotFoundError(errno.ENOENT, "no such tree"), True),
        ("RTNETLINK answers: File exists", False),
        ("Error: either “dev” is duplicate, or “nam” is a garbage.", False),
        (OSError(errno.ENOSPC, "no space"), False),
        (OSError(errno.EINVAL, "wrong value"), False),
    ],
)
def test_only_what_the_kernel_refuses_is_excused(said: str | OSError, excused: bool) -> None:
    expected = pytest.xfail.Exception if excused else pytest.fail.Exception
    with pytest.raises(expected):
        refused("it cannot be made here", said)
