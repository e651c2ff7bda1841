"""Room on the disk: a disk that is full says so in several ways, and is nobody's defect."""

import errno
import shutil
from pathlib import Path
from typing import Final

# No room, no more of one's share, a file larger than is allowed.
_FULL: Final = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


def is_full(error: OSError) -> bool:
    """Whether a file could not be written for want of room."""
    return error.errno in _FULL


def free_bytes(path: Path) -> int:
    """What may still be written where `path` lies, or will lie."""
    while not path.exists():
        path = path.parent
    return shutil.disk_usage(path).free
