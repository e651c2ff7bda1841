"""Tariff versions, from a draft to what is in force: begun, changed, compared, tried on usual journeys, approved by a
second person who cites the act. An approved version never changes; what follows it is another one."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any, Final

from sqlalchemy.orm import Session

from billettique.export.gtfs_document import document_from
from billettique.export.tariff_text import tariff_text
from billettique.gateway import fares as gateway
from billettique.gateway.gtfs_fares import read_fares
from billettique.model.tariffs import Tariff, Version
from billettique.rules import tariffs as rules
from billettique.store.tariffs import FareDraftRow, FareVersionRow, approved, approved_rows, find_draft
from mobigo.base.errors import Conflict, InvalidInput, NotFound, Refused
from mobigo.infra import audit
from mobigo.infra.clock import new_id

CENTS_MAX: Final = 100_000_00
TEXT_MAX: Final = 4_000_000  # a table of every pair of stations of the region is one
AMOUNTS: Final = (
    ("product", "cents"), ("cover", "cents"), ("carnet", "cents"), ("discount", "pct"), ("discount", "flat_cents"),
    ("band", "from_km"), ("band", "until_km"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Listed:
    """A version in the list: `state` is past, in_force, to_come or to_confirm on the day asked."""

    version: Version
    state: str
    act_number: str | None = None
    act_day: date | None = None


def listed(home: Path, day: date) -> list[Listed]:
    """Every version known, the newest first day first, with what it is on a day."""
    known, hashes = gateway.versions(home), gateway.approved_hashes(home)
    now = {version.code for version in rules.in_force(known, day, hashes)}
    acts = {row.code: row for row in approved(home)}
    found = []
    for version in reversed(known):
        act = acts.get(version.code)
        if version.to_confirm and version.hash not in hashes:
            state = "to_confirm"
        elif version.code in now:
            state = "in_force"
        else:
            state = "to_come" if version.period.first_day > day else "past"
        found.append(
            Listed(version, state, None if act is None else act.act_number, None if act is None else act.act_day)
        )
    return found


def named(home: Path, code: str) -> Version:
    """A version by its code. Raises NotFound("billettique.no_such_version")."""
    for version in gateway.versions(home):
        if version.code == code:
            return version
    raise NotFound("billettique.no_such_version", version=code[:80])


# ---------------------------------------------------------------- drafts


def begin(session: Session, home: Path, base: str, code: str, first_day: date, by: str, now: datetime) -> str:
    """A draft that begins as a copy of a version, under another code, from another day; its id.

    Raises NotFound("billettique.no_such_version"), Conflict("billettique.code_taken").
    """
    version = named(home, base)
    document = gateway.document_of_text(gateway.document_of(version, home), base)
    document = {name: value for name, value in document.items() if name not in ("to_confirm", "last_day")}
    document |= {"code": code, "first_day": first_day}
    return _write(session, home, tariff_text(document), base, by, now)


def begin_from_file(session: Session, home: Path, text: str, by: str, now: datetime) -> str:
    """A draft from a file; its id. A file equal to a version that is to be confirmed keeps its code, so that an act may
    approve that very version.

    Raises InvalidInput("billettique.bad_fare_file"), Conflict("billettique.code_taken").
    """
    return _write(session, home, text, None, by, now)


def begin_from_gtfs(
    session: Session, home: Path, path: Path, code: str, first_day: date, source: str, by: str, now: datetime
) -> str:
    """A draft from the GTFS-Fares v2 of a feed, the tariff being called as the code; its id.

    Raises Refused("billettique.gtfs_not_expressible", "billettique.no_fares_in_feed"), what reading a feed may raise,
    Conflict("billettique.code_taken").
    """
    tables = read_fares(path)
    if not tables.products:
        raise Refused("billettique.no_fares_in_feed")
    document = document_from(
        tables, tariff=code, code=code, title=f"GTFS : {code}"[:200], first_day=first_day, source=source
    )
    return _write(session, home, tariff_text(document), None, by, now)


def _write(session: Session, home: Path, text: str, base: str | None, by: str, now: datetime) -> str:
    version = _checked(text)
    _free_code(session, home, version)
    row = FareDraftRow(
        id=new_id(now), code=version.code, title=version.title, document=text, base=base or _base_of(home, version),
        editors=[by], edition=1, created_at=now, changed_at=now,
    )  # fmt: skip
    session.add(row)
    _log(session, "billettique.fare_draft_begun", row.id, by, now, {"code": version.code, "base": row.base})
    return row.id


def _checked(text: str) -> Version:
    if len(text) > TEXT_MAX:
        raise InvalidInput("billettique.bad_fare_file", file="", reason=f"> {TEXT_MAX}")
    version = gateway.version_of_text(text, "")
    if len(version.code) > 80 or len(version.title) > 200:
        raise InvalidInput("billettique.bad_fare_file", file="", reason="code, title ?")
    return version


def _free_code(session: Session, home: Path, version: Version) -> None:
    """A code is one text for ever: only a version still to be confirmed may be drafted again as it is."""
    known = {each.code: each for each in gateway.versions(home)}.get(version.code)
    taken = {row.code for row in approved_rows(session)}
    same = known is not None and known.to_confirm and known.hash == version.hash
    if version.code in taken or (known is not None and not same):
        raise Conflict("billettique.code_taken", version=version.code)


def _base_of(home: Path, version: Version) -> str | None:
    """What a version comes after: the last one of its tariff that begins before it."""
    earlier = [
        each
        for each in gateway.versions(home)
        if each.tariff == version.tariff and each.code != version.code
        and each.period.first_day <= version.period.first_day
    ]  # fmt: skip
    return earlier[-1].code if earlier else None


def get_draft(session: Session, draft_id: str) -> FareDraftRow:
    """A draft. Raises NotFound("billettique.no_such_draft")."""
    row = find_draft(session, draft_id)
    if row is None:
        raise NotFound("billettique.no_such_draft")
    return row


def changed_amounts(document: Mapping[str, Any], amounts: Mapping[str, int | None]) -> dict[str, Any]:
    """The document with other amounts, named "table.position.field". Raises InvalidInput("billettique.bad_amount")."""
    found = {name: [dict(row) for row in value] if _is_rows(value) else value for name, value in document.items()}
    for name, value in amounts.items():
        table, at, field = name.split(".")
        if (table, field) not in AMOUNTS or not at.isdecimal() or int(at) >= len(found.get(table, ())):
            raise InvalidInput("billettique.bad_amount", name=name[:80])
        row = found[table][int(at)]
        if value is None:
            if field != "until_km":
                raise InvalidInput("billettique.bad_amount", name=row.get("name", name))
            row.pop(field, None)
        elif not 0 <= value <= (100 if field == "pct" else CENTS_MAX):
            raise InvalidInput("billettique.bad_amount", name=row.get("name", name))
        else:
            row[field] = value
    return found


def _is_rows(value: object) -> bool:
    return isinstance(value, list) and bool(value) and isinstance(value[0], Mapping)


def change(
    session: Session, home: Path, draft_id: str, edition: int, document: Mapping[str, Any], by: str, now: datetime
) -> None:
    """Another text for a draft; whoever changes it may not approve it.

    Raises Conflict("billettique.draft_changed") when somebody changed it since `edition`; as `begin_from_file`.
    """
    row = find_draft(session, draft_id, locked=True)
    if row is None:
        raise NotFound("billettique.no_such_draft")
    if row.edition != edition:
        raise Conflict("billettique.draft_changed")
    text = tariff_text(document)
    version = _checked(text)
    _free_code(session, home, version)
    row.document, row.code, row.title = text, version.code, version.title
    row.edition, row.changed_at = row.edition + 1, now
    row.editors = [*row.editors, *([] if by in row.editors else [by])]
    _log(session, "billettique.fare_draft_changed", row.id, by, now, {"code": version.code, "hash": version.hash})


def give_up(session: Session, draft_id: str, by: str, now: datetime) -> None:
    """Close a draft without approving it."""
    row = find_draft(session, draft_id, locked=True)
    if row is None:
        raise NotFound("billettique.no_such_draft")
    row.closed_at = now
    _log(session, "billettique.fare_draft_given_up", row.id, by, now, {"code": row.code})


def approve(
    session: Session, home: Path, draft_id: str, edition: int, act_number: str, act_day: date, by: str, now: datetime,
    today: date,
) -> str:  # fmt: skip
    """Put a draft in force from its first day, by an act; the code of the version.

    Raises Refused("billettique.fare_own_draft") for one of those who prepared it, Refused("billettique.fare_past") when
    its first day is over (what was sold was sold at another price), Conflict("billettique.draft_changed"),
    InvalidInput("billettique.act_needed"), and what merging with the other versions in force may raise.
    """
    row = find_draft(session, draft_id, locked=True)
    if row is None:
        raise NotFound("billettique.no_such_draft")
    if row.edition != edition:
        raise Conflict("billettique.draft_changed")
    if by in row.editors:
        raise Refused("billettique.fare_own_draft")
    if not act_number.strip() or act_day > today:
        raise InvalidInput("billettique.act_needed")
    version = _checked(row.document)
    _free_code(session, home, version)
    known = {each.code: each for each in gateway.versions(home)}.get(version.code)
    if version.period.first_day <= today and known is None:
        raise Refused("billettique.fare_past", first_day=version.period.first_day)
    with_it(home, version)
    session.add(
        FareVersionRow(
            id=new_id(now), code=version.code, hash=version.hash, document=row.document,
            act_number=act_number.strip()[:80], act_day=act_day, editors=list(row.editors), approved_by=by,
            approved_at=now,
        )
    )  # fmt: skip
    row.closed_at = now
    detail = {"hash": version.hash, "act": act_number.strip()[:80], "first_day": version.period.first_day.isoformat()}
    _log(session, "billettique.fare_approved", version.code, by, now, detail)
    return version.code


def with_it(home: Path, version: Version) -> Tariff:
    """The whole tariff of the first day of a version, as it would be with it. Raises what merging may raise."""
    day = version.period.first_day
    others = [each for each in gateway.versions(home) if each.code != version.code]
    hashes = gateway.approved_hashes(home) | {version.hash}
    return rules.merged(rules.in_force([*others, version], day, hashes), gateway.day_kinds())


def _log(session: Session, action: str, of: str, by: str, now: datetime, detail: Mapping[str, object]) -> None:
    audit.record(session, action, actor=by, object_kind="fare_version", object_id=of, now=now, detail=detail)


def amounts_of(document: Mapping[str, Any]) -> Iterator[tuple[str, str, str, int | None]]:
    """What a form may change: (field's name, table, what it is called, value)."""
    names = {each["id"]: each.get("name", each["id"]) for each in document.get("product", ())}
    for table, field in AMOUNTS:
        for at, row in enumerate(document.get(table, ())):
            if field in row or field == "until_km":
                called = (
                    names.get(row.get("product", ""), "") if table == "band" else row.get("name", row.get("id", ""))
                )
                yield f"{table}.{at}.{field}", table, called, row.get(field)
