"""Importing addresses: read, all or nothing unless the good part is asked for, then searched at once."""

import csv
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from io import StringIO
from pathlib import Path
from tempfile import SpooledTemporaryFile

from mobigo.base.errors import InvalidInput
from mobigo.infra.blobs import write_whole
from mobigo.network.engine.addressing import AddressBuilder
from mobigo.network.model.addresses import FORMAT, Address, AddressFault
from mobigo.network.store import addresses as store
from mobigo.network.store.addresses import InUse

FAULTS_KEPT = 50  # the count tells them all; the file of bad rows holds them all
Progress = Callable[[int, int | None, str], None]


@dataclass(frozen=True, slots=True)
class Imported:
    """What became of the files: `in_use` is None when nothing was taken."""

    in_use: InUse | None
    rows: int
    wrong: int
    faults: tuple[AddressFault, ...]


def import_addresses(
    home: Path, files: Sequence[Path], now: datetime, *, good_part: bool = False, bad: Path | None = None,
    progress: Progress | None = None,
) -> Imported:  # fmt: skip
    """Put the addresses of `files` in the place of those before. With a fault nothing changes, unless `good_part`;
    the wrong rows go to `bad`, a CSV with their file, line, column, value and reason.

    Raises NotFound, InvalidInput as `read_ban`; InvalidInput("network.addresses_none") when not one address is there.
    """
    from mobigo.network.gateway.ban import read_ban

    builder, digest = AddressBuilder(), sha256(f"addresses {FORMAT} {good_part}".encode())
    rows = wrong = 0
    faults: list[AddressFault] = []
    with SpooledTemporaryFile(max_size=1 << 20) as rejected:
        for file in files:
            header: list[str] = []
            for cells, found in read_ban(file, digest, _telling(progress, file)):
                if found is None:
                    header = cells
                    continue
                rows += 1
                if isinstance(found, Address):
                    builder.add(found)
                    continue
                wrong += 1
                if len(faults) < FAULTS_KEPT:
                    faults.append(found)
                rejected.write(_bad_row(found, cells, header if wrong == 1 else ()))
        if bad is not None and wrong:
            rejected.seek(0)
            write_whole(bad, lambda file: shutil.copyfileobj(rejected, file))
    if wrong and not good_part:
        return Imported(None, rows, wrong, tuple(faults))
    if not len(builder):
        raise InvalidInput("network.addresses_none", files=", ".join(file.name for file in files)[:200])
    built = builder.build(digest.hexdigest())
    store.save(built, home)
    in_use = InUse(
        built.hash, tuple(file.name for file in files), built.address_count, built.street_count,
        len(built.commune_insee), now,
    )  # fmt: skip
    store.use(in_use, home)
    return Imported(in_use, rows, wrong, tuple(faults))


def _telling(progress: Progress | None, file: Path) -> Callable[[int], None] | None:
    """Bytes read out of the size of a plain file; of a compressed one the end is not known."""
    if progress is None:
        return None
    total = None if file.suffix == ".gz" else file.stat().st_size if file.exists() else None
    return lambda done: progress(done, total, file.name)


def _bad_row(fault: AddressFault, cells: Sequence[str], header: Sequence[str]) -> bytes:
    """A wrong row with its reason, as it was; the header before it, when it is given."""
    from mobigo.infra.i18n import sentence

    text = StringIO()
    writer = csv.writer(text, delimiter=";", lineterminator="\r\n")
    if header:
        writer.writerow(["file", "line", "column", "value", "reason", *header])
    writer.writerow([fault.file, fault.line, fault.column, fault.value, sentence(fault.reason), *cells])
    return text.getvalue().encode("utf-8-sig" if header else "utf-8")
