"""The proof of an audit, checked without its solver: every witness is a whole table that agrees with all that a reader
knows, and at each hidden cell two of them lie far enough apart.
"""

import numpy as np
from numpy.typing import NDArray

from opendata.model.secrecy import Audit, Cell, Table


def faults(table: Table, audit: Audit) -> list[str]:
    """What is wrong with the proof, in words for whoever works on it; empty when it holds. Cells that the audit calls
    leaks need no proof."""
    said = audit.witnesses
    if said.shape[1:] != (len(table.cells),):
        return [f"witnesses have {said.shape[1:]} cells, the table {len(table.cells)}"]
    found = [
        f"sum {number} does not hold in every witness"
        for number, each in enumerate(table.sums)
        if not np.array_equal(said[:, each.total], said[:, list(each.parts)].sum(axis=1))
    ]
    leaking = {leak.cell for leak in audit.leaks}
    for place, cell in enumerate(table.cells):
        seen = said[:, place]
        if not cell.hidden:
            if (seen != cell.value).any():
                found.append(f"{cell.key} is shown, and not what it is in a witness")
        elif len(seen) and (seen.min() < cell.floor or (cell.ceiling is not None and seen.max() > cell.ceiling)):
            found.append(f"{cell.key} leaves what the reader knows of it")
        elif place not in leaking and not _far_apart(seen, cell):
            found.append(f"{cell.key} is not shown to be safe")
    return found


def _far_apart(seen: NDArray[np.int64], cell: Cell) -> bool:
    if cell.width == 0 and cell.reach == 0:
        return True
    return len(seen) > 0 and bool(seen.max() - seen.min() >= cell.width and seen.max() >= cell.reach)
