"""Campaigns read from files: those shipped in `covoit/data/campaigns`, then those of `MOBIGO_HOME/campaigns`."""

import tomllib
from collections.abc import Callable, Iterable, Mapping
from datetime import date
from fractions import Fraction
from pathlib import Path
from typing import Any, Final

from covoit.gateway.scales import DATA, cap_from, ceilings, coach_fares, period_from
from covoit.model.campaign import (
    Booster,
    Campaign,
    Circle,
    Ends,
    OperatorRule,
    Part,
    PartKind,
    Range,
    Unit,
    Zone,
    ZoneRule,
)
from covoit.model.journeys import ProofClass
from covoit.model.scale import Act, DistanceBasis
from mobigo.base.canonical import content_hash
from mobigo.base.errors import Conflict, InvalidInput, NotFound
from mobigo.base.geo import Point
from mobigo.base.periods import Period

FOLDER_AT_HOME: Final = "campaigns"
_WEEK: Final = frozenset(range(1, 8))


def campaigns(home: Path | None = None) -> tuple[Campaign, ...]:
    """Every campaign known, by first day then code; `home` is MOBIGO_HOME, None: what is shipped, alone.

    Raises InvalidInput("covoit.bad_scale_file") naming the file and what is wrong in it;
    Conflict("covoit.scale_twice").
    """
    found: dict[str, Campaign] = {}
    for folder in (DATA / "campaigns", *([home / FOLDER_AT_HOME] if home is not None else [])):
        for path in sorted(folder.glob("*.toml")):
            campaign = _read(path)
            if campaign.code in found and found[campaign.code].hash != campaign.hash:
                raise Conflict("covoit.scale_twice", scale=campaign.code, file=path.name)
            found[campaign.code] = campaign
    return tuple(sorted(found.values(), key=lambda each: (each.period.first_day, each.code)))


def load_campaign(code: str, home: Path | None = None) -> Campaign:
    """A campaign by its code. Raises NotFound("covoit.unknown_scale"); what `campaigns` raises."""
    known = campaigns(home)
    for campaign in known:
        if campaign.code == code:
            return campaign
    raise NotFound("covoit.unknown_scale", scale=code, known=[each.code for each in known])


def _read(path: Path) -> Campaign:
    try:
        return campaign_from(tomllib.loads(path.read_text(encoding="utf-8")))
    except KeyError as missing:
        raise InvalidInput("covoit.bad_scale_file", file=path.name, reason=f"{missing.args[0]} ?") from missing
    except (ValueError, TypeError, AttributeError, ZeroDivisionError) as wrong:
        raise InvalidInput("covoit.bad_scale_file", file=path.name, reason=str(wrong)) from wrong


def campaign_from(document: Mapping[str, Any]) -> Campaign:
    """A campaign from the content of its file; a key nobody knows is refused, so that no rule is silently ignored.

    Raises KeyError, ValueError or TypeError for what it lacks or has wrong.
    """
    _known(
        document,
        "code first_day last_day title text source act unit lengths proof_class_min operators zones where weekdays "
        "except_days parts boosters amount_cents_max caps legal_ceiling passengers_max distance_basis "
        "reference_tolerance_pct overlap_pct passenger_pays_fare examples",
    )
    plain = {
        name: document[name]
        for name in (
            "amount_cents_max", "legal_ceiling", "passengers_max", "reference_tolerance_pct", "overlap_pct",
            "passenger_pays_fare",
        )
        if name in document
    }  # fmt: skip
    for name, value in plain.items():
        if type(value) is not (bool if name in ("legal_ceiling", "passenger_pays_fare") else int):
            raise TypeError(f"{name}: {value!r} ?")
    return Campaign(
        code=document["code"],
        hash=content_hash({name: value for name, value in document.items() if name != "act"}),
        title=dict(document["title"]),
        period=period_from(document),
        source=document["source"],
        unit=Unit(document["unit"]),
        parts=tuple(map(_part, document["parts"])),
        lengths=_range(document["lengths"]),
        proof_class_min=ProofClass(document["proof_class_min"]),
        operators=tuple(map(_operator, document.get("operators", ()))),
        zones={name: _zone(zone) for name, zone in document.get("zones", {}).items()},
        where=tuple(map(_where, document.get("where", ()))),
        weekdays=frozenset(document.get("weekdays", _WEEK)),
        except_days=frozenset(document.get("except_days", ())),
        boosters=tuple(_booster(each, document) for each in document.get("boosters", ())),
        caps=tuple(map(cap_from, document.get("caps", ()))),
        distance_basis=DistanceBasis(document.get("distance_basis", DistanceBasis.WITH_PASSENGER)),
        act=_optional(document.get("act"), lambda act: Act(str(act["number"]), act["date"], act["document"])),
        text=dict(document["text"]),
        examples=tuple(document["examples"]),
        document=document,
        ceilings=ceilings(),
        fares=coach_fares(),
        **plain,
    )


def _optional(value: Any, read: Callable[[Any], Any]) -> Any:
    return None if value is None else read(value)


def _known(document: Mapping[str, Any], names: str) -> None:
    unknown = set(document) - set(names.split())
    if unknown:
        raise ValueError(f"{', '.join(sorted(unknown))} ?")


def _range(document: Mapping[str, Any]) -> Range:
    _known(document, "from_m to_m from_included to_included")
    return Range(**document)


def _part(document: Mapping[str, Any]) -> Part:
    _known(document, "id kind cents unit_m offset_m limit_m first most per_seat lengths")
    whole = {name: value for name, value in document.items() if name not in ("id", "kind", "lengths")}
    for name, value in whole.items():
        if type(value) is not (bool if name == "per_seat" else int):
            raise TypeError(f"{document['id']}.{name}: {value!r} ?")
    return Part(
        id=document["id"], kind=PartKind(document["kind"]), lengths=_range(document.get("lengths", {})), **whole
    )


def _operator(document: Mapping[str, Any]) -> OperatorRule:
    _known(document, "code first_day last_day")
    return OperatorRule(document["code"], period_from(document))


def _zone(document: Mapping[str, Any]) -> Zone:
    _known(document, "communes departements circles polygons")
    return Zone(
        frozenset(document.get("communes", ())),
        frozenset(document.get("departements", ())),
        tuple(Circle(Point(each["lat"], each["lon"]), each["radius_m"]) for each in document.get("circles", ())),
        tuple(_ring(each) for each in document.get("polygons", ())),
    )


def _ring(points: Iterable[tuple[float, float]]) -> tuple[Point, ...]:
    ring = tuple(Point(lat, lon) for lat, lon in points)
    if len(ring) < 3:
        raise ValueError("a polygon has three corners at least")
    return ring


def _where(document: Mapping[str, Any]) -> ZoneRule:
    _known(document, "zone ends inside")
    return ZoneRule(document["zone"], Ends(document["ends"]), document.get("inside", True))


def _booster(document: Mapping[str, Any], campaign: Mapping[str, Any]) -> Booster:
    _known(document, "id factor first_day last_day weekdays days")
    period = Period(
        document.get("first_day", campaign["first_day"]), document.get("last_day", campaign.get("last_day"))
    )
    days: frozenset[date] = frozenset(document.get("days", ()))
    return Booster(
        document["id"], Fraction(document["factor"]), period, frozenset(document.get("weekdays", _WEEK)), days
    )
