"""Drawing up where a tariff's places are: which places it names, which stops could be there, what looks wrong.

A proposal is never kept by itself: somebody ticks it, another person approves the version.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from billettique.model.spots import Spot
from billettique.model.tariffs import Tariff
from billettique.rules.networks import plain
from billettique.rules.places import stops_of
from mobigo.base.decisions import Decision
from mobigo.base.geo import distance_m

SHOWN = 12  # remarks of a kind: the others are counted
WINDING_MAX = 4  # tariff kilometres beyond so many times the straight line are looked at again


def named_in(tariffs: Iterable[Tariff]) -> dict[str, str]:
    """The places that tariffs name, with what they call them: of their areas, borders, joins and tables."""
    called: dict[str, str] = {}
    ids: list[str] = []
    for tariff in tariffs:
        called |= {each.id: each.name for each in tariff.places}
        ids += [stop for _area, stop in tariff.tables.stop_areas]
        ids += [each.stop for each in tariff.borders]
        ids += [stop for rule in tariff.tables.join_rules for stop in (rule.from_stop, rule.to_stop) if stop]
        ids += [end for table in tariff.pairs for pair in (*table.metres, *table.products) for end in pair]
    return {each: called.get(each, words_of(each)) for each in dict.fromkeys((*called, *ids))}


def words_of(place: str) -> str:
    """A place's id as a name: "saint-amour" is "Saint-Amour"."""
    return "-".join(part[:1].upper() + part[1:] for part in place.split("-"))


def proposals(place: str, name: str, spots: Iterable[Spot]) -> list[Spot]:
    """The stops that could be at a place: that bear its id in their feed or among railways, or whose name begins with
    the words of its name."""
    asked = plain(name).split()
    return [
        spot for spot in spots
        if place in {stop_id for _feed, stop_id in spot.ids}
        or (spot.uic and spot.uic == uic_of_id(place))
        or (asked and plain(spot.name).split()[: len(asked)] == asked)
    ]  # fmt: skip


def uic_of_id(text: str) -> str:
    """A UIC code as we keep it, seven figures, of a text that is one (seven or eight figures); else ""."""
    return text[:7] if text.isascii() and text.isdecimal() and len(text) in (7, 8) else ""


def meant(text: str, spots: Mapping[str, Spot]) -> list[Spot]:
    """The stops that a text names: a stable place, "feed:stop_id", a stop_id, a UIC code, or a whole name."""
    text = text.strip()
    if text in spots:
        return [spots[text]]
    code, name = uic_of_id(text), plain(text)
    return [
        spot for spot in spots.values()
        if any(text in (stop_id, f"{feed}:{stop_id}") for feed, stop_id in spot.ids)
        or (code and spot.uic == code)
        or (name and plain(spot.name) == name)
    ]  # fmt: skip


def remarks(tariffs: Sequence[Tariff], spots: Mapping[str, Spot]) -> Iterator[Decision]:
    """What the person who approves a version should know of its places and pairs, the version being the last of these
    tariffs: places that nobody put anywhere, stops no longer served, kilometres that cannot be."""
    own = tariffs[-1]
    if not spots or not (own.places or own.pairs):
        return
    names, stops = named_in(tariffs), stops_of(place for tariff in tariffs for place in tariff.places)
    bare = [name for place, name in names.items() if place not in spots and not stops.get(place)]
    if bare:
        yield Decision("billettique.place_without_stop", count=len(bare), which=_some(bare))
    lost = [f"{called or stop} ({place.name})" for place in own.places for stop, called in place.stops
            if stop not in spots]  # fmt: skip
    if lost:
        yield Decision("billettique.place_stop_gone", count=len(lost), which=_some(lost))
    wrong = _impossible(own, names, stops, spots)
    if wrong:
        yield Decision("billettique.pair_impossible", count=len(wrong), which=_some(wrong))


def _impossible(
    tariff: Tariff, names: Mapping[str, str], stops: Mapping[str, Sequence[str]], spots: Mapping[str, Spot]
) -> list[str]:
    """Pairs whose tariff kilometres are shorter than the straight line, or absurdly longer."""
    points = {place: [spots[each].point for each in stops.get(place, ()) if each in spots] for place in names}
    found = []
    for table in tariff.pairs:
        for (a, b), metres in table.metres.items():
            straight = [distance_m(one, other) for one in points[a] for other in points[b]]
            # A tariff counts whole kilometres: one is forgiven at each end.
            if straight and not min(straight) - 2_000 <= metres <= WINDING_MAX * max(straight) + 2_000:
                found.append(f"{names[a]} – {names[b]} ({metres / 1000:g} km)")
    return found


def _some(found: Sequence[str]) -> str:
    more = [f"… ({len(found) - SHOWN})"] if len(found) > SHOWN else []
    return ", ".join([*found[:SHOWN], *more])
