"""The dated table of territories that whoever runs the service gives: which communes an EPCI, an AOM, a région or a
network holds, and since when. None is shipped: INSEE and DGCL publish them, and they change every year.

    kind,code,member,first_day,last_day
    epci,242100410,21231,2017-01-01,
    region,27,21,2016-01-01,

`member` is the INSEE code of a commune or of a whole département; an empty `last_day` is a membership that lasts.
"""

import csv
import re
from datetime import date
from pathlib import Path
from typing import Final

from covoit.model.campaign import Membership, TerritoryKind
from mobigo.base.errors import InvalidInput
from mobigo.base.periods import Period

TABLE: Final = "territoires.csv"
_COLUMNS: Final = ["kind", "code", "member", "first_day", "last_day"]
_MEMBER: Final = re.compile(r"(?:[0-9]{2}|2[AB])(?:[0-9]{3})?|97[0-9]", re.ASCII)


def read_territories(folder: Path) -> tuple[Membership, ...]:
    """The memberships of the table of a folder; none without a table.

    Raises InvalidInput("covoit.bad_scale_file") naming the line and what is wrong in it: all of it is good, or nothing
    is taken. Two memberships of one commune in one territory may not overlap.
    """
    path = folder / TABLE
    if not path.is_file():
        return ()
    try:
        rows = list(csv.reader(path.read_text(encoding="utf-8-sig").splitlines(), strict=True))
    except (UnicodeDecodeError, csv.Error) as unreadable:
        raise InvalidInput("covoit.bad_scale_file", file=TABLE, reason=str(unreadable)) from unreadable
    if not rows or rows[0] != _COLUMNS:
        raise InvalidInput("covoit.bad_scale_file", file=TABLE, reason=f"1: {','.join(_COLUMNS)} ?")
    found: list[Membership] = []
    known: dict[tuple[str, str, str], list[Period]] = {}
    for number, row in enumerate(rows[1:], 2):
        if not row:
            continue
        try:
            each = _membership(row)
            periods = known.setdefault((each.kind, each.code, each.member), [])
            if any(each.period.overlaps(other) for other in periods):
                raise ValueError(f"{each.kind.value} {each.code} {each.member}: {row[3]} ?")
        except ValueError as wrong:
            raise InvalidInput("covoit.bad_scale_file", file=TABLE, reason=f"{number}: {wrong}") from wrong
        periods.append(each.period)
        found.append(each)
    return tuple(found)


def _membership(row: list[str]) -> Membership:
    if len(row) != len(_COLUMNS):
        raise ValueError(f"{len(row)} / {len(_COLUMNS)}")
    kind, code, member, first_day, last_day = (each.strip() for each in row)
    if not code or _MEMBER.fullmatch(member) is None:
        raise ValueError(f"{code!r} {member!r} ?")
    period = Period(date.fromisoformat(first_day), date.fromisoformat(last_day) if last_day else None)
    return Membership(TerritoryKind(kind), code, member, period)
