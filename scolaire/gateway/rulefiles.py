"""Rule sets and prices, read from files: those shipped in `scolaire/data`, then those of `MOBIGO_HOME/school_rules`.

What is shipped is invented for demonstrations and says so; in production only what an act decides counts. A file is
never edited once it was used: a decision names the hash of the rules it was taken under.
"""

import re
import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date
from functools import cache, lru_cache
from pathlib import Path
from typing import Any, Final, TypeVar

from mobigo.base.canonical import content_hash
from mobigo.base.errors import Conflict, InvalidInput, NotFound
from mobigo.base.money import Money
from mobigo.base.periods import Period
from scolaire.model.people import Regime
from scolaire.model.rights import Act, Campaign, Least, Outcome, Prices, Proof, RegimeRule, RuleSet, SecondHome, Waiver
from scolaire.model.schools import Level, Stage, Standing

DATA: Final = Path(__file__).parents[1] / "data"
FOLDER_AT_HOME: Final = "school_rules"
_MONTH_DAY: Final = re.compile(r"(\d\d)-(\d\d)")
Read = TypeVar("Read")


def rules_on(departement: str, day: date, home: Path | None = None, *, production: bool = False) -> RuleSet:
    """The rules of a département in force on a day; the latest, when several are. `home` is MOBIGO_HOME.

    Raises NotFound("scolaire.no_rules") on a day without any; what `rule_sets` raises.
    """
    found = [
        each
        for each in rule_sets(home)
        if each.departement == departement and day in each.period and not (production and each.invented)
    ]
    if not found:
        raise NotFound("scolaire.no_rules", departement=departement, day=day)
    return max(found, key=lambda each: (not each.invented, each.period.first_day, each.code))


def rules_by_hash(hash_: str, home: Path | None = None) -> RuleSet:
    """The rules of this content: how a decision is looked at again. Raises NotFound("scolaire.unknown_rules")."""
    for each in rule_sets(home):
        if each.hash == hash_:
            return each
    raise NotFound("scolaire.unknown_rules", hash=hash_)


def prices_on(departement: str, day: date, home: Path | None = None, *, production: bool = False) -> Prices:
    """The prices in force on a day; a département's own come first. Raises NotFound("scolaire.no_prices")."""
    found = [
        each
        for each in prices(home)
        if day in each.period
        and (not each.departements or departement in each.departements)
        and not (production and each.invented)
    ]
    if not found:
        raise NotFound("scolaire.no_prices", departement=departement, day=day)
    return max(found, key=lambda each: (bool(each.departements), not each.invented, each.period.first_day, each.code))


def rule_sets(home: Path | None = None) -> tuple[RuleSet, ...]:
    """Every rule set known, by département then first day.

    Raises InvalidInput("scolaire.bad_rule_file") naming the file and what is wrong in it; Conflict(
    "scolaire.rules_twice") for one code with two contents.
    """
    return _all(home, "rules", _rule_set)


def prices(home: Path | None = None) -> tuple[Prices, ...]:
    """Every price list known, by first day. Raises as `rule_sets`."""
    return _all(home, "prices", _prices)


def campaigns(home: Path | None = None) -> tuple[Campaign, ...]:
    """The campaigns of registration known, by year. Raises as `rule_sets`."""
    return _all(home, "campaigns", _campaign)


def years_open(day: date, home: Path | None = None, *, production: bool = False) -> list[int]:
    """The school years for which one may register on a day, the coming one first: from the opening of its campaign to
    the last day of the year."""
    found = {each.year for each in campaigns(home) if each.opens_on <= day and not (production and each.invented)}
    return sorted((year for year in found if day <= date(year + 1, 8, 31)), reverse=True)


def _all(home: Path | None, kind: str, read: Callable[[dict[str, Any]], Any]) -> tuple[Any, ...]:
    folder = None if home is None else home / FOLDER_AT_HOME / kind
    if folder is None or not folder.is_dir():
        return _shipped(kind, read)
    stats = [(path, path.stat()) for path in sorted(folder.glob("*.toml"))]
    state = tuple((path.name, each.st_mtime_ns, each.st_size) for path, each in stats)
    return _with_those_of(folder, kind, read, state)


@cache
def _shipped(kind: str, read: Callable[[dict[str, Any]], Any]) -> tuple[Any, ...]:
    return _sorted(_read(path, document, read) for path, document in _documents(DATA / kind))


@lru_cache(maxsize=8)
def _with_those_of(
    folder: Path, kind: str, read: Callable[[dict[str, Any]], Any], state: tuple[tuple[str, int, int], ...]
) -> tuple[Any, ...]:
    """The shipped files and those of a folder, read again when one of its files changed (`state`)."""
    found = {each.code: each for each in _shipped(kind, read)}
    for path, document in _documents(folder):
        made = _read(path, document, read)
        known = found.get(made.code)
        if known is not None and known.hash != made.hash:
            raise Conflict("scolaire.rules_twice", rules=made.code, file=path.name)
        found[made.code] = made
    return _sorted(found.values())


def _sorted(found: Iterable[Any]) -> tuple[Any, ...]:
    return tuple(sorted(found, key=lambda each: (each.period.first_day, each.code)))


def _documents(folder: Path) -> Iterator[tuple[Path, dict[str, Any]]]:
    for path in sorted(folder.glob("*.toml")):
        try:
            yield path, tomllib.loads(path.read_text(encoding="utf-8"))
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as broken:
            raise InvalidInput("scolaire.bad_rule_file", file=path.name, reason=str(broken)) from None


def _read(path: Path, document: dict[str, Any], read: Callable[[dict[str, Any]], Read]) -> Read:
    try:
        return read(document)
    except KeyError as missing:
        raise InvalidInput("scolaire.bad_rule_file", file=path.name, reason=str(missing)) from None
    except (ValueError, TypeError, AttributeError) as wrong:
        raise InvalidInput("scolaire.bad_rule_file", file=path.name, reason=str(wrong)) from None


def _rule_set(document: dict[str, Any]) -> RuleSet:
    _only(document, {"code", "departement", "title", "first_day", "last_day", "source", "invented", "act", "pupils",
                     "sector", "distance", "near", "regimes", "custody", "placement", "proofs", "late",
                     "measure"})  # fmt: skip
    pupils, sector, placement = document["pupils"], document["sector"], document.get("placement", {})
    act = _act(document)
    late = document.get("late")
    return RuleSet(
        code=document["code"], departement=str(document["departement"]), title=document["title"],
        period=Period(document["first_day"], document.get("last_day")), source=document["source"], act=act,
        invented=bool(document.get("invented", False)), hash=content_hash(document), age_min=_whole(pupils["age_min"]),
        age_max=None if "age_max" not in pupils else _whole(pupils["age_max"]),
        age_on=_month_day(pupils["age_on"]), levels=frozenset(Level(each) for each in pupils["levels"]),
        standings=frozenset(Standing(each) for each in pupils["standings"]),
        sector_stages=frozenset(Stage(each) for each in sector["stages"]),
        waivers=frozenset(Waiver(each) for each in sector["waivers"]), otherwise_sector=_otherwise(sector),
        least=tuple(_least(each) for each in document["distance"]),
        urban=frozenset(document["near"].get("urban", ())), otherwise_near=_otherwise(document["near"]),
        regimes={Regime(name): _regime(each) for name, each in document["regimes"].items()},
        second_home=SecondHome(document["custody"]["second_home"]),
        placement_any_sector=bool(placement.get("any_sector", False)),
        placement_any_distance=bool(placement.get("any_distance", False)),
        proofs=frozenset(Proof(each) for each in document["proofs"]["needed"]),
        late_after=None if late is None else _month_day(late["after"]), road_margin_pct=_road_margin(document),
    )  # fmt: skip


def _road_margin(document: dict[str, Any]) -> int | None:
    """The margin of ways along the streets, with the article of the act that lets a right rest on them."""
    measure = document.get("measure")
    if measure is None:
        return None
    _only(measure, {"along", "margin_pct", "article"})
    if measure["along"] != "streets" or not str(measure["article"]).strip():
        raise ValueError(f"measure = {measure}")
    margin_pct = _whole(measure["margin_pct"])
    if margin_pct > 100:
        raise ValueError(f"margin_pct = {margin_pct}")
    return margin_pct


def _prices(document: dict[str, Any]) -> Prices:
    _only(document, {"code", "first_day", "last_day", "source", "invented", "act", "departements", "cents"})
    cents = document["cents"]
    _only(cents, {"entitled", "paying", "paying_boarder", "duplicate", "late"})
    _act(document)

    def price(name: str) -> Money | None:
        return Money(_whole(cents[name])) if name in cents else None

    return Prices(
        document["code"], Period(document["first_day"], document.get("last_day")), document["source"],
        content_hash(document), price("entitled"), price("paying"), price("paying_boarder"), price("duplicate"),
        price("late"), frozenset(document.get("departements", ())), bool(document.get("invented", False)),
    )  # fmt: skip


def _campaign(document: dict[str, Any]) -> Campaign:
    _only(document, {"code", "year", "opens_on", "source", "invented", "act"})
    _act(document)
    year, opens_on = _whole(document["year"]), document["opens_on"]
    if not isinstance(opens_on, date) or opens_on.year != year:
        raise ValueError(f"opens_on = {opens_on}")
    return Campaign(
        document["code"], Period(opens_on, date(year + 1, 8, 31)), document["source"], content_hash(document), year,
        opens_on, bool(document.get("invented", False)),
    )  # fmt: skip


def _act(document: Mapping[str, Any]) -> Act | None:
    """The act; what is not invented has one."""
    if "act" not in document:
        if not document.get("invented", False):
            raise ValueError("act")
        return None
    said = document["act"]
    return Act(str(said["number"]), said["date"], said["document"])


def _only(document: Mapping[str, Any], known: set[str]) -> None:
    """A name nobody reads would be a rule nobody applies."""
    unknown = sorted(set(document) - known)
    if unknown:
        raise ValueError(", ".join(unknown))


def _least(row: Mapping[str, Any]) -> Least:
    _only(row, {"stages", "min_m", "urban_min_m"})
    rural = _whole(row["min_m"])
    return Least(frozenset(Stage(each) for each in row["stages"]), rural, _whole(row.get("urban_min_m", rural)))


def _regime(row: Mapping[str, Any]) -> RegimeRule:
    _only(row, {"journeys_week", "any_distance"})
    return RegimeRule(_whole(row["journeys_week"]), bool(row.get("any_distance", False)))


def _otherwise(row: Mapping[str, Any]) -> Outcome:
    said = Outcome(row["otherwise"])
    if said not in (Outcome.PAYING, Outcome.REFUSED):
        raise ValueError(f"otherwise = {said}")
    return said


def _month_day(text: str) -> tuple[int, int]:
    found = _MONTH_DAY.fullmatch(text)
    if found is None:
        raise ValueError(text)
    return (date(2001, int(found[1]), int(found[2])).month, int(found[2]))


def _whole(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise ValueError(repr(value))
    return value
