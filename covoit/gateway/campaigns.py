"""Campaigns read from files: those shipped in `covoit/data/campaigns`, then those of `MOBIGO_HOME/campaigns`."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from fractions import Fraction
from functools import cache, lru_cache
from pathlib import Path
from typing import Any, Final

from covoit.gateway.scales import (
    DATA,
    act_file,
    cap_from,
    ceilings,
    coach_fares,
    documents,
    load_scale_by_hash,
    period_from,
    read_document,
    scales,
)
from covoit.gateway.territories import TABLE, read_territories
from covoit.model.campaign import (
    Booster,
    Campaign,
    Circle,
    Ends,
    Membership,
    OperatorRule,
    Part,
    PartKind,
    Range,
    TerritoryKind,
    Unit,
    Zone,
    ZoneRule,
)
from covoit.model.journeys import ProofClass
from covoit.model.scale import Act, DistanceBasis, Scale
from mobigo.base.canonical import content_hash
from mobigo.base.errors import Conflict, NotFound
from mobigo.base.geo import Point
from mobigo.base.periods import Period

FOLDER_AT_HOME: Final = "campaigns"
_WEEK: Final = frozenset(range(1, 8))


def campaigns(home: Path | None = None) -> tuple[Campaign, ...]:
    """Every campaign known, by first day then code, acts attached; `home` is MOBIGO_HOME, None: what is shipped, alone.

    A file of `MOBIGO_HOME/campaigns` is a campaign, or an act that decides one (like those of scales). The table of
    territories that campaigns name lies beside them (`covoit.gateway.territories`).

    Raises InvalidInput("covoit.bad_scale_file") naming the file and what is wrong in it;
    Conflict("covoit.scale_twice" | "covoit.act_of_another_text").
    """
    folder = None if home is None else home / FOLDER_AT_HOME
    if folder is None or not folder.is_dir():
        return tuple(sorted(_shipped().values(), key=_by_day))
    stats = [(path.name, path.stat()) for path in sorted(folder.iterdir()) if path.suffix in (".toml", ".csv")]
    return _with_those_of(folder, tuple((name, each.st_mtime_ns, each.st_size) for name, each in stats))


@lru_cache(maxsize=8)
def _with_those_of(folder: Path, state: tuple[tuple[str, int, int], ...]) -> tuple[Campaign, ...]:
    """The shipped campaigns and those of a folder, read again when one of its files changed (`state`)."""
    territories = read_territories(folder)
    found = dict(_shipped())
    acts: list[tuple[str, str, Act]] = []
    for path, document in documents(folder):
        if "act" in document and "code" not in document:
            acts.append(read_document(path, document, act_file))
            continue
        campaign: Campaign = read_document(path, document, lambda each: campaign_from(each, territories))
        if campaign.code in found and found[campaign.code].hash != campaign.hash:
            raise Conflict("covoit.scale_twice", scale=campaign.code, file=path.name)
        found[campaign.code] = campaign
    for code, hash_, act in acts:
        decided = found.get(code)
        if decided is None or decided.hash != hash_:
            raise Conflict("covoit.act_of_another_text", scale=code, number=act.number)
        found[code] = replace(decided, act=act)
    return tuple(sorted(found.values(), key=_by_day))


@cache
def _shipped() -> dict[str, Campaign]:
    found = [read_document(path, document, campaign_from) for path, document in documents(DATA / "campaigns")]
    return {campaign.code: campaign for campaign in found}


def _by_day(campaign: Campaign) -> tuple[date, str]:
    return (campaign.period.first_day, campaign.code)


def load_campaign(code: str, home: Path | None = None) -> Campaign:
    """A campaign by its code. Raises NotFound("covoit.unknown_scale"); what `campaigns` raises."""
    known = campaigns(home)
    for campaign in known:
        if campaign.code == code:
            return campaign
    raise NotFound("covoit.unknown_scale", scale=code, known=[each.code for each in known])


def load_campaign_by_hash(hash_: str, home: Path | None = None) -> Campaign:
    """The campaign of this content. Raises NotFound("covoit.unknown_scale_content")."""
    for campaign in campaigns(home):
        if campaign.hash == hash_:
            return campaign
    raise NotFound("covoit.unknown_scale_content", hash=hash_)


def rule_of_content(hash_: str, home: Path | None = None) -> Scale | Campaign:
    """The scale or the campaign of this content: how an amount is computed again.
    Raises NotFound("covoit.unknown_scale_content")."""
    try:
        return load_scale_by_hash(hash_, home)
    except NotFound:
        return load_campaign_by_hash(hash_, home)


def rule_of_code(code: str, home: Path | None = None) -> Scale | Campaign:
    """The scale or the campaign of this name. Raises NotFound("covoit.unknown_scale"), naming those there are."""
    known: list[Scale | Campaign] = [*scales(home), *campaigns(home)]
    for rule in known:
        if rule.code == code:
            return rule
    raise NotFound("covoit.unknown_scale", scale=code, known=[rule.code for rule in known])


def decided(home: Path | None = None) -> tuple[Campaign, ...]:
    """The campaigns that an act decides, in the order in which they add to what the scale gives: by first day, then
    code. Raises Conflict("covoit.scale_twice") for one that has the name of a scale: they would share a budget."""
    found = tuple(each for each in campaigns(home) if each.act is not None)
    taken = {scale.code for scale in scales(home)} if found else set()
    for each in found:
        if each.code in taken:
            raise Conflict("covoit.scale_twice", scale=each.code, file=each.code)
    return found


def campaign_from(document: Mapping[str, Any], territories: Sequence[Membership] = ()) -> Campaign:
    """A campaign from the content of its file; a key nobody knows is refused, so that no rule is silently ignored, and
    so is a territory that the table does not know.

    Raises KeyError, ValueError or TypeError for what it lacks or has wrong.
    """
    _known(
        document,
        "code first_day last_day title text source act unit lengths proof_class_min operators zones where weekdays "
        "except_days parts boosters amount_cents_max caps legal_ceiling passengers_max distance_basis "
        "reference_tolerance_pct overlap_pct passenger_pays_fare adults_only examples",
    )
    plain = {
        name: document[name]
        for name in (
            "amount_cents_max", "legal_ceiling", "passengers_max", "reference_tolerance_pct", "overlap_pct",
            "passenger_pays_fare", "adults_only",
        )
        if name in document
    }  # fmt: skip
    for name, value in plain.items():
        if type(value) is not (bool if name in ("legal_ceiling", "passenger_pays_fare", "adults_only") else int):
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
        zones={name: _zone(zone, territories) for name, zone in document.get("zones", {}).items()},
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


def _zone(document: Mapping[str, Any], territories: Sequence[Membership]) -> Zone:
    _known(document, "communes departements countries epci aom region reseau circles polygons")
    members: dict[str, tuple[Period, ...]] = {}
    for kind in TerritoryKind:
        for code in document.get(kind.value, ()):
            found = [each for each in territories if (each.kind, each.code) == (kind, code)]
            if not found:
                raise ValueError(f"{kind.value} {code}: {TABLE} ?")
            for each in found:
                members[each.member] = (*members.get(each.member, ()), each.period)
    return Zone(
        frozenset(document.get("communes", ())),
        frozenset(document.get("departements", ())),
        frozenset(map(_country, document.get("countries", ()))),
        members,
        tuple(Circle(Point(each["lat"], each["lon"]), each["radius_m"]) for each in document.get("circles", ())),
        tuple(_ring(each) for each in document.get("polygons", ())),
    )


def _country(code: Any) -> str:
    if not (isinstance(code, str) and re.fullmatch(r"99\d{3}", code, re.ASCII)):
        raise ValueError(f"countries: {code!r} ?")
    return code


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
