"""Scales, legal ceilings, coach fares and acts, read from files: those shipped in `covoit/data`, then those of
`MOBIGO_HOME/scales`, where an authority adds its scales and its acts.

A file of `MOBIGO_HOME/scales` is a scale (like the shipped ones) or an act:

    [act]
    scale = "BFC-from-first"        # its code
    hash = "…64 hexadecimal…"       # of the scale's content: an act decides a text, not a name
    number = "26AP.117"
    date = 2026-06-25
    document = "Délibération de l'assemblée plénière du 25 juin 2026"
"""

import json
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date
from functools import cache, lru_cache
from pathlib import Path
from typing import Any, Final

from covoit.model.journeys import ProofClass
from covoit.model.scale import (
    Act,
    Cap,
    CapMeasure,
    CapOf,
    CapPer,
    Ceiling,
    CoachFare,
    DistanceBasis,
    Scale,
    scale_on,
)
from mobigo.base.canonical import content_hash
from mobigo.base.errors import Conflict, InvalidInput, NotFound
from mobigo.base.money import Money
from mobigo.base.periods import Period

DATA: Final = Path(__file__).parents[1] / "data"
FOLDER_AT_HOME: Final = "scales"


def scale_in_force(day: date, home: Path | None = None) -> Scale:
    """The scale in force on a day, with its act if one is known. `home` is MOBIGO_HOME; None: what is shipped, alone.

    Raises NotFound("covoit.no_scale") on a day without any; what `scales` raises.
    """
    return scale_on(scales(home), day)


def load_scale(code: str, home: Path | None = None) -> Scale:
    """A scale by its code, in force or not. Raises NotFound("covoit.unknown_scale"); what `scales` raises."""
    known = scales(home)
    for scale in known:
        if scale.code == code:
            return scale
    raise NotFound("covoit.unknown_scale", scale=code, known=[scale.code for scale in known])


def load_scale_by_hash(hash_: str, home: Path | None = None) -> Scale:
    """The scale of this content: how an amount is computed again. Raises NotFound("covoit.unknown_scale_content")."""
    for scale in scales(home):
        if scale.hash == hash_:
            return scale
    raise NotFound("covoit.unknown_scale_content", hash=hash_)


def scales(home: Path | None = None) -> tuple[Scale, ...]:
    """Every scale known, by first day then code, acts attached.

    Raises InvalidInput("covoit.bad_scale_file") naming the file and what is wrong in it; Conflict("covoit.scale_twice")
    for one code with two contents; Conflict("covoit.act_of_another_text") for an act that names a content nobody has.
    """
    folder = None if home is None else home / FOLDER_AT_HOME
    if folder is None or not folder.is_dir():
        return tuple(_shipped().values())
    stats = [(path, path.stat()) for path in sorted(folder.glob("*.toml"))]
    return _with_those_of(folder, tuple((path.name, each.st_mtime_ns, each.st_size) for path, each in stats))


@lru_cache(maxsize=8)
def _with_those_of(folder: Path, state: tuple[tuple[str, int, int], ...]) -> tuple[Scale, ...]:
    """The shipped scales and those of a folder, read again when one of its files changed (`state`)."""
    found = dict(_shipped())
    acts: list[tuple[str, str, Act]] = []
    for path, document in documents(folder):
        if "act" in document and "code" not in document:
            acts.append(read_document(path, document, act_file))
            continue
        scale = _scale(path, document)
        known = found.get(scale.code)
        if known is not None and known.hash != scale.hash:
            raise Conflict("covoit.scale_twice", scale=scale.code, file=path.name)
        found[scale.code] = scale
    for code, hash_, act in acts:
        decided = found.get(code)
        if decided is None or decided.hash != hash_:
            raise Conflict("covoit.act_of_another_text", scale=code, number=act.number)
        found[code] = replace(decided, act=act)
    return tuple(sorted(found.values(), key=_by_day))


def record_act(home: Path, scale: Scale, act: Act) -> Path:
    """Write in a home that this act decides this content of a scale; what was there is replaced by the same or refused.

    Raises Conflict("covoit.decided_by_another_act") when another act decides it already.
    """
    known = load_scale(scale.code, home).act
    if known is not None and known != act:
        raise Conflict("covoit.decided_by_another_act", scale=scale.code, number=known.number)
    folder = home / FOLDER_AT_HOME
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"act-{scale.code}.toml"
    rows = {"scale": scale.code, "hash": scale.hash, "number": act.number, "document": act.document}
    # A JSON string is a TOML string.
    text = "".join(f"{name} = {json.dumps(value, ensure_ascii=False)}\n" for name, value in rows.items())
    path.write_text(f"[act]\n{text}date = {act.day.isoformat()}\n", encoding="utf-8")
    return path


@cache
def ceilings() -> tuple[Ceiling, ...]:
    """The legal ceilings known, by first day."""
    found = [read_document(path, document, _ceiling) for path, document in documents(DATA / "legal")]
    return tuple(sorted(found, key=lambda each: each.period.first_day))


@cache
def coach_fares() -> tuple[CoachFare, ...]:
    """The prices of a single coach ticket known, by first day."""
    found = [read_document(path, document, _fare) for path, document in documents(DATA / "fares")]
    return tuple(sorted(found, key=lambda each: each.period.first_day))


@cache
def _shipped() -> dict[str, Scale]:
    found = [_scale(path, document) for path, document in documents(DATA / "scales")]
    return {scale.code: scale for scale in sorted(found, key=_by_day)}


def _by_day(scale: Scale) -> tuple[date, str]:
    return (scale.period.first_day, scale.code)


def documents(folder: Path) -> Iterator[tuple[Path, dict[str, Any]]]:
    """The TOML files of a folder, by name. Raises InvalidInput("covoit.bad_scale_file")."""
    for path in sorted(folder.glob("*.toml")):
        try:
            yield path, tomllib.loads(path.read_text(encoding="utf-8"))
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as unreadable:
            raise InvalidInput("covoit.bad_scale_file", file=path.name, reason=str(unreadable)) from unreadable


def read_document(path: Path, document: Mapping[str, Any], reader: Any) -> Any:
    """The document as a value; whatever it lacks or has wrong becomes InvalidInput with the file's name."""
    try:
        return reader(document)
    except KeyError as missing:
        raise InvalidInput("covoit.bad_scale_file", file=path.name, reason=f"{missing.args[0]} ?") from missing
    except (ValueError, TypeError, AttributeError, ZeroDivisionError) as wrong:
        raise InvalidInput("covoit.bad_scale_file", file=path.name, reason=str(wrong)) from wrong


def _scale(path: Path, document: Mapping[str, Any]) -> Scale:
    scale: Scale = read_document(path, document, scale_from)
    return scale


def scale_from(document: Mapping[str, Any]) -> Scale:
    """A scale from the content of its file. Raises KeyError, ValueError or TypeError for what it lacks or has wrong."""
    known = {
        "code", "first_day", "last_day", "applies", "source", "title", "text", "act", "caps", "rate_cents",
        "rate_unit_m", "bonus_cents", "first_counted_passenger", "passengers_max", "leg_m_min", "proof_class_min",
        "distance_basis", "reference_tolerance_pct", "overlap_pct", "proof_deadline_days",
    }  # fmt: skip
    unknown = set(document) - known
    if unknown:
        raise ValueError(f"{', '.join(sorted(unknown))} ?")
    decided = {name: value for name, value in document.items() if name != "act"}
    whole = {
        name: _whole(document, name)
        for name in (
            "rate_cents", "rate_unit_m", "bonus_cents", "first_counted_passenger", "passengers_max", "leg_m_min",
            "reference_tolerance_pct", "overlap_pct", "proof_deadline_days",
        )
    }  # fmt: skip
    return Scale(
        code=document["code"],
        hash=content_hash(decided),
        title=dict(document["title"]),
        period=period_from(document),
        source=document["source"],
        proof_class_min=ProofClass(document["proof_class_min"]),
        distance_basis=DistanceBasis(document["distance_basis"]),
        caps=tuple(cap_from(each) for each in document.get("caps", ())),
        applies=bool(document.get("applies", False)),
        act=_act(document["act"]) if "act" in document else None,
        text=dict(document.get("text", {})),
        document=document,
        ceilings=ceilings(),
        fares=coach_fares(),
        **whole,
    )


def cap_from(document: Mapping[str, Any]) -> Cap:
    """A cap from `{of = "driver", per = "month", measure = "amount", limit = 15000}`."""
    return Cap(
        CapOf(document["of"]), CapPer(document["per"]), CapMeasure(document["measure"]), _whole(document, "limit")
    )


def period_from(document: Mapping[str, Any]) -> Period:
    return Period(document["first_day"], document.get("last_day"))


def _whole(document: Mapping[str, Any], name: str) -> int:
    value = document[name]
    if type(value) is not int:
        raise TypeError(f"{name}: {value!r} ?")
    return value


def _act(document: Mapping[str, Any]) -> Act:
    return Act(str(document["number"]), document["date"], document["document"])


def act_file(document: Mapping[str, Any]) -> tuple[str, str, Act]:
    """(code, content) that an act decides, and the act."""
    act = document["act"]
    return act["scale"], act["hash"], _act(act)


def _ceiling(document: Mapping[str, Any]) -> Ceiling:
    return Ceiling(
        code=document["code"],
        hash=content_hash(document),
        period=period_from(document),
        rate_mills_per_km=_whole(document, "rate_mills_per_km"),
        short_below_m=_whole(document, "short_below_m"),
        short_trips_per_day=_whole(document, "short_trips_per_day"),
        source=document["source"].strip(),
    )


def _fare(document: Mapping[str, Any]) -> CoachFare:
    return CoachFare(
        code=document["code"],
        hash=content_hash(document),
        period=period_from(document),
        single=Money(_whole(document, "single_cents")),
        source=document["source"],
    )
