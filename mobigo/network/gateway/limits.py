"""How much of a feed we are willing to read: what goes beyond is refused before it costs time or memory."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of an archive and of its tables. The largest French feed (Île-de-France) is within each."""

    archive_bytes_max: int = 1 << 30
    members_max: int = 10_000
    directory_bytes_max: int = 8 << 20  # of the list of members at the end of a zip
    member_bytes_max: int = 1 << 30
    total_bytes_max: int = 2 << 30
    ratio_max: int = 200  # uncompressed over compressed, of members above `ratio_from_bytes`
    ratio_from_bytes: int = 8 << 20
    columns_max: int = 300
    cell_chars_max: int = 100_000
    cells_max: int = 250_000_000  # lines × columns of a table, empty cells included: each costs 16 bytes
    faulty_records_max: int = 10_000  # records whose quotes cannot be read as written, in one file


LIMITS = Limits()
