"""Reproducible archives: the same files give the same bytes."""

import zlib
from collections.abc import Mapping
from io import BytesIO
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

_LONG_AGO = (1980, 1, 1, 0, 0, 0)  # the first date a zip can hold


def zip_bytes(files: Mapping[str, bytes]) -> bytes:
    """A zip of these files: sorted by name, all dated 1980-01-01, no attribute of the machine that wrote it."""
    buffer = BytesIO()
    with ZipFile(buffer, "w", ZIP_DEFLATED, compresslevel=zlib.Z_DEFAULT_COMPRESSION) as archive:
        for name in sorted(files):
            info = ZipInfo(name, _LONG_AGO)
            info.compress_type = ZIP_DEFLATED
            info.create_system = 3
            info.external_attr = 0o644 << 16
            archive.writestr(info, files[name])
    return buffer.getvalue()
