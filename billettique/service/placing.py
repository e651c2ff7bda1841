"""Drawing up a tariff's places in a draft: a table begun with every place that tariffs name, stops ticked by an agent,
files of stops, outlines or pairs taken in. What is kept is the draft's document; approving it is as for any version."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any, Final

from sqlalchemy.orm import Session

from billettique.export.tariff_text import tariff_text
from billettique.gateway import fares as gateway
from billettique.gateway.place_files import Outline, PairRow, Read, StopRow
from billettique.model.spots import Spot
from billettique.model.tariffs import Tariff
from billettique.rules import placing as rules
from billettique.rules import tariffs as tariff_rules
from billettique.rules.networks import plain
from billettique.service import tariffs
from mobigo.base.errors import InvalidInput, Refused

PLACES: Final = "lieux"  # the tariff that says where the others' places are
PAIRED: Final = "ter"  # the network whose stations a file of pairs names


@dataclass(frozen=True, slots=True)
class PlaceForm:
    """A place on the page: its stops in the draft, the stops that could be there too, and what is no longer served."""

    id: str
    name: str
    stops: tuple[Spot, ...]
    proposed: tuple[Spot, ...]
    gone: tuple[tuple[str, str], ...] = ()


def contents(home: Path, document: Mapping[str, Any]) -> list[Tariff]:
    """What names places on the first day of a draft: what is in force or waits then, and the draft itself, last."""
    version = gateway.version_of_text(tariff_text(document), "")
    known = [each for each in gateway.versions(home) if each.code != version.code]
    others = tariff_rules.in_force(known, version.period.first_day, unconfirmed=True)
    found = [each.content for each in others if each.tariff != version.tariff]
    return [each for each in (*found, version.content) if each is not None]


def names_of(home: Path, document: Mapping[str, Any]) -> dict[str, str]:
    """The places that tariffs name on the first day of a draft, with what they call them."""
    return rules.named_in(contents(home, document))


def forms(home: Path, document: Mapping[str, Any], spots: Mapping[str, Spot]) -> list[PlaceForm]:
    """Every place that tariffs name, with its stops in the draft and the proposals, by name; but not those that another
    version puts somewhere, nor stops that a tariff names by themselves."""
    *others, own = contents(home, document)
    places = {each.id: each for each in own.places}
    elsewhere = {each.id for other in others for each in other.places if each.stops} - places.keys()
    found = []
    for place, name in names_of(home, document).items():
        if place in spots or place in elsewhere:
            continue
        kept = places[place].stops if place in places else ()
        mine = {stop for stop, _name in kept}
        found.append(
            PlaceForm(
                place, name,
                tuple(spots[stop] for stop, _name in kept if stop in spots),
                tuple(each for each in rules.proposals(place, name, spots.values()) if each.place not in mine),
                tuple((stop, called) for stop, called in kept if stop not in spots),
            )
        )  # fmt: skip
    return sorted(found, key=lambda each: plain(each.name))


def begin(session: Session, home: Path, code: str, first_day: date, by: str, now: datetime) -> str:
    """A draft of the table of places that begins with the one known (or none): places are named on its page. Its id.

    Raises Conflict("billettique.code_taken").
    """
    earlier = [each for each in gateway.versions(home) if each.tariff == PLACES and each.period.first_day <= first_day]
    if earlier:
        return tariffs.begin(session, home, earlier[-1].code, code, first_day, by, now)
    head = {
        "tariff": PLACES, "code": code, "title": "Arrêts des lieux que nomment les tarifs", "first_day": first_day,
        "source": "Arrêts relevés sur le réseau servi, à compléter : qui, quand, par quel document.",
    }  # fmt: skip
    return tariffs.begin_from_file(session, home, tariff_text(head), by, now)


def ticked(
    document: Mapping[str, Any], names: Mapping[str, str], stops: Mapping[str, Sequence[str]], spots: Mapping[str, Spot]
) -> dict[str, Any]:
    """The document with these stops at these places. Places of which nothing is said stay as they are.

    Raises InvalidInput("billettique.unknown_stop"), InvalidInput("billettique.ambiguous_stop").
    """
    kept = {each["id"]: dict(each) for each in document.get("place", ())}
    for place, texts in stops.items():
        before = {text.partition(" ")[0]: text for text in kept.get(place, {}).get("stops", ())}
        rows: dict[str, str] = {}
        for text in texts:
            if text in before and text not in spots:  # no longer served, and kept: it may be again
                rows[text] = before[text]
            else:
                spot = one_meant(text, spots)
                rows[spot.place] = f"{spot.place} {spot.name}"
        kept[place] = {"id": place, "name": names.get(place, rules.words_of(place)), "stops": list(rows.values())}
    found = {name: value for name, value in document.items() if name != "place"}
    return found | ({"place": list(kept.values())} if kept else {})


def one_meant(text: str, spots: Mapping[str, Spot]) -> Spot:
    """The one stop that a text names. Raises InvalidInput("billettique.unknown_stop", "billettique.ambiguous_stop")."""
    found = rules.meant(text, spots)
    if not found:
        raise InvalidInput("billettique.unknown_stop", stop=text[:80])
    if len(found) > 1:
        which = ", ".join(f"{feed}:{stop_id}" for each in found[:6] for feed, stop_id in each.ids[:1])
        raise InvalidInput("billettique.ambiguous_stop", stop=text[:80], which=which)
    return found[0]


# ---------------------------------------------------------------- files


def taken_in(
    document: Mapping[str, Any], names: Mapping[str, str], read: Read, file: str, spots: Mapping[str, Spot]
) -> dict[str, Any]:
    """The document with what a file says added; the stops that it names for a place replace those it had.

    Raises what `ticked` raises, Refused("billettique.no_network_served", "billettique.file_changes_nothing"),
    InvalidInput("billettique.bad_fare_cell", "billettique.bad_place_file").
    """
    if not spots:
        raise Refused("billettique.no_network_served")
    pairs = [each for each in read if isinstance(each, PairRow)]
    changed = _with_pairs(document, pairs, file, spots) if pairs else _with_stops(document, names, read, file, spots)
    if changed == document:
        raise Refused("billettique.file_changes_nothing", file=file)
    return changed


def _with_stops(
    document: Mapping[str, Any], names: Mapping[str, str], read: Read, file: str, spots: Mapping[str, Spot]
) -> dict[str, Any]:
    by_name = {plain(name): place for place, name in names.items()} | {place: place for place in names}
    stops: dict[str, list[str]] = {}
    for each in read:
        if isinstance(each, StopRow):
            place = _place(each.place, by_name, file, each.line)
            stops.setdefault(place, []).append(_stop(each, file, spots))
        elif isinstance(each, Outline) and (known := by_name.get(plain(each.place))) is not None:
            stops.setdefault(known, []).extend(_within(each, file, spots))
    return ticked(document, names, stops, spots) if stops else dict(document)


def _place(text: str, by_name: Mapping[str, str], file: str, line: int) -> str:
    found = by_name.get(text, by_name.get(plain(text)))
    if found is None:
        raise InvalidInput("billettique.bad_fare_cell", file=file, line=line, column="lieu", value=text[:80])
    return found


def _stop(row: StopRow, file: str, spots: Mapping[str, Spot]) -> str:
    try:
        return one_meant(row.stop, spots).place
    except InvalidInput as wrong:
        raise InvalidInput(
            "billettique.bad_fare_cell", file=file, line=row.line, column="arret", value=row.stop[:80]
        ) from wrong


def _within(outline: Outline, file: str, spots: Mapping[str, Spot]) -> list[str]:
    """The stops inside an outline, its edge included. Raises InvalidInput for an outline that crosses itself."""
    from shapely import Point as At
    from shapely.errors import ShapelyError
    from shapely.geometry import shape
    from shapely.prepared import prep

    try:
        drawn = shape(outline.geometry)
        if drawn.is_empty or not drawn.is_valid:
            raise ValueError(outline.place)
    except (ShapelyError, ValueError, TypeError, LookupError, AttributeError) as wrong:
        raise InvalidInput("billettique.bad_place_file", file=file, header=outline.place[:80]) from wrong
    inside = prep(drawn)
    return [spot.place for spot in spots.values() if inside.intersects(At(spot.point.lon, spot.point.lat))]


def _with_pairs(
    document: Mapping[str, Any], read: Sequence[PairRow], file: str, spots: Mapping[str, Spot]
) -> dict[str, Any]:
    """The document with a table of pairs in the place of the one of its kind it had, and where its stations are."""
    kind = "km" if read[0].km is not None else "product"
    products = [dict(each) for each in document.get("product", ())]
    ours = {each["product"] for each in document.get("band", ()) if each["network"] == PAIRED}
    by_cents = {
        each["cents"]: each["id"] for each in reversed(products)
        if "rider" not in each and (each["id"] in ours or each["id"] == f"{PAIRED}-{each['cents']}")
    }  # fmt: skip
    rows: dict[tuple[str, str], str] = {}
    for each in read:
        if each.cents is not None and each.cents not in by_cents:
            id_ = by_cents[each.cents] = f"{PAIRED}-{each.cents}"
            euros = f"{each.cents // 100},{each.cents % 100:02d} €"
            products.append({"id": id_, "name": f"Billet TER à {euros}", "cents": each.cents})
        said = f"{each.km:f}" if each.km is not None else by_cents[each.cents or 0]
        if rows.setdefault((each.origin, each.destination), said) != said:
            raise InvalidInput(
                "billettique.bad_fare_cell", file=file, line=each.line, column="prix" if each.cents else "km",
                value=f"{each.origin}, {each.destination} : {said} ≠ {rows[each.origin, each.destination]}",
            )  # fmt: skip
    table = {
        "network": PAIRED,
        "kind": kind,
        "source": file,
        "rows": [" ".join((*ends, said)) for ends, said in rows.items()],
    }
    others = [each for each in document.get("pairs", ()) if (each["network"], each["kind"]) != (PAIRED, kind)]
    found = dict(document) | {"pairs": [*others, table]}
    if products:
        found["product"] = products
    return _with_stations(found, read, spots)


def _with_stations(document: Mapping[str, Any], read: Sequence[PairRow], spots: Mapping[str, Spot]) -> dict[str, Any]:
    """The document with the stops of each station that a file names by its UIC code: railways number their own."""
    by_uic: dict[str, list[str]] = {}
    for spot in spots.values():
        if spot.uic:
            by_uic.setdefault(spot.uic, []).append(spot.place)
    names: dict[str, str] = {}
    for each in read:
        for end, name in ((each.origin, each.names[0]), (each.destination, each.names[1])):
            names.setdefault(end, name or end)
    had = {each["id"] for each in document.get("place", ())}
    stops = {end: by_uic[code] for end in names if end not in had and (code := rules.uic_of_id(end)) in by_uic}
    return ticked(document, names, stops, spots)
