"""Which use of a ticket was the first, when several devices checked it without knowing of each other.

Two devices out of contact cannot be kept from accepting one ticket twice; it is found when they send what they saw. The
first use is the smallest of all known, by (instant, device, number of the check): a minimum does not care in which
order its terms come, nor how often, so every order of arrival ends with the same first use.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final, NamedTuple


class Use(NamedTuple):
    """A check that used a ticket up. `nonce` is the device's own name of it; compared in this order."""

    at: datetime
    device: str
    nonce: str


class _Forgotten:
    """A ticket known to be used, whose first use is too old to be remembered (48 hours)."""


FORGOTTEN: Final = _Forgotten()
Known = Use | _Forgotten


@dataclass(frozen=True, slots=True)
class Settled:
    """What a batch changes: the first uses that are new, and the uses that are now known to be repeats (of this batch,
    or the one that was the first until an earlier one came)."""

    firsts: Mapping[bytes, Use]
    repeats: tuple[tuple[bytes, Use], ...]


def settle(known: Mapping[bytes, Known], came: Iterable[tuple[bytes, Use]]) -> Settled:
    """The first uses after a batch. `known` holds those of its tickets before it; a use that came before may come
    again.

    Exactly one use of a ticket is not a repeat, unless its first use is forgotten: then all that come are.
    """
    best: dict[bytes, Known] = dict(known)
    repeats: set[tuple[bytes, Use]] = set()
    for mark, use in came:
        first = best.get(mark)
        if first is None:
            best[mark] = use
        elif isinstance(first, _Forgotten):
            repeats.add((mark, use))
        elif use < first:
            best[mark] = use
            repeats.add((mark, first))
        elif use > first:
            repeats.add((mark, use))
    firsts = {mark: use for mark, use in best.items() if isinstance(use, Use) and use != known.get(mark)}
    return Settled(firsts, tuple(sorted(repeats)))
