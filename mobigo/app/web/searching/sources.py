"""What the public search knows: what one comes to do, lines, fares, carpool, on-demand services, data. Places are asked
of the communes and of the network's own index, which forgives as this one does."""

import tomllib
from collections.abc import Iterable, Iterator
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from flask import url_for
from sqlalchemy.orm import Session

from mobigo.app.web import guides
from mobigo.app.web.searching.index import Entry, Hit, Sort
from mobigo.app.web.searching.words import WEAK, halves, place_words, terms
from mobigo.base.errors import Conflict, InvalidInput, NotFound
from mobigo.base.instants import paris_day
from mobigo.infra import competence
from mobigo.infra.competence import Commune
from mobigo.infra.db import reading
from mobigo.infra.i18n import current_language
from mobigo.infra.i18n import gettext as _
from mobigo.infra.web import Services
from mobigo.network.engine.placenames import fold, words

if TYPE_CHECKING:
    from mobigo.network.model.places import Match

FILE: Final = Path(__file__).with_name("procedures.toml")
STOPS_MOST: Final = 4
LIKELY: Final = 0.5  # above: a place that was named, and not one that resembles it
NAMED: Final = 100.0  # a place whose name holds every word asked (`network.model.places.Match`)
ALIKE: Final = 84.0  # of a hundred: a name with one slip


@cache
def declared() -> tuple[dict[str, Any], ...]:
    """The procedures as they are written."""
    return tuple(tomllib.loads(FILE.read_text(encoding="utf-8"))["procedure"])


def entries(services: Services, now: datetime) -> Iterator[Entry]:
    """Everything, in the language being read."""
    yield from _procedures()
    yield from _guides()
    yield from _lines(services)
    yield from _fares(services, now)
    yield from _carpool(now)
    with reading(services.engine) as session:
        yield from _on_demand(session, now)
        yield from _datasets(session)


def _procedures() -> Iterator[Entry]:
    spoken = current_language()
    for each in declared():
        href = url_for(each["endpoint"], **({"sorte": each["kind"]} if "kind" in each else {}))
        yield Entry(Sort.PROCEDURE, each[spoken], each[f"detail_{spoken}"], href, each["words"])


def _guides() -> Iterator[Entry]:
    """Each section of the guides meant for the public, by its own words."""
    spoken = current_language()
    for name in guides.PUBLIC:
        read = guides.guide(name, spoken)
        for section in read.sections:
            href = url_for("guides.show", name=name, _anchor=section.anchor)
            yield Entry(Sort.GUIDE, section.title, read.title, href, text=section.text)


def _lines(services: Services) -> Iterator[Entry]:
    """None of them while no network is served."""
    from mobigo.planner.export import names

    try:
        with services.networks.current() as live:
            lines = list(names.lines_of(live))
    except NotFound:
        return
    for line in lines:
        figures = "".join(letter for letter in line.label if letter.isdigit())
        title = _("Ligne %(label)s %(name)s", label=line.label, name=line.long_name).strip()
        yield Entry(Sort.LINE, title, line.agency, url_for("planner.line", line_id=line.id), figures)


def _fares(services: Services, now: datetime) -> Iterator[Entry]:
    from billettique.model.orders import Channel
    from billettique.rules.fares import operating_day
    from billettique.service import shelf

    try:
        sold = shelf.on_sale(operating_day(now), services.config.home, Channel.ONLINE)
    except (InvalidInput, Conflict):  # a tariff that cannot be read is told where it is put in force
        return
    named = [each.name for each in sold.tickets] + [each.name for each in sold.carnets]
    for name in filter(None, [*named, *(each.name for each in sold.covers)]):
        yield Entry(
            Sort.FARE,
            name,
            _("Prix, conditions, achat"),
            url_for("billettique.buy"),
            "prix tarif billet titre carte",
        )


def _carpool(now: datetime) -> Iterator[Entry]:
    from covoit.service.lines import current_lines

    for line in current_lines(paris_day(now)):
        stops = ", ".join(stop.name for stop in line.stops)
        title = _("Ligne de covoiturage %(number)s %(name)s", number=line.number, name=line.name)
        yield Entry(Sort.CARPOOL, title, stops, url_for("covoit.line", code=line.code), "covoiturage")


def _on_demand(session: Session, now: datetime) -> Iterator[Entry]:
    from mobigo.tad.service import services as catalogue

    for each in catalogue.services_on(session, paris_day(now)):
        places = ", ".join(place.name for place in each.service.stops[:8])
        yield Entry(
            Sort.ON_DEMAND,
            each.service.name,
            places,
            url_for("tad.one", code=each.service.code),
            "transport demande reserver tad",
        )


def _datasets(session: Session) -> Iterator[Entry]:
    from opendata.store import versions

    for kept in versions.list_datasets(session):
        said = kept.declared
        yield Entry(
            Sort.DATASET, said.title, _("Jeu de données"), url_for("opendata.dataset", code=said.code),
            f"{said.code} {' '.join(said.keywords)} donnees",
        )  # fmt: skip


# ---------------------------------------------------------------- places


def of_places(services: Services, text: str) -> list[Hit]:
    """What is about the place or the two places named; first of all where nothing else is asked."""
    said = words(" ".join(place_words(text)))
    pair = next(((a, b) for first, last in halves(said) if (a := _commune(first)) and (b := _commune(last))), None)
    one = _commune(" ".join(said))
    if pair is not None and one is None:
        return [_journey(*pair)]
    if one is None:
        one = _somewhere(said)
    rest = set[str]() if one is None else set(terms(text)) - set(terms(one.name)) - WEAK
    whole = one is not None and not [word for word in said if word not in fold(one.name).split()]
    found = [] if one is None else _about(one, 1.25 if whole or not rest else 0.55)
    if whole or one is None:
        found += _stops(services, " ".join(said))
    if said and not any(hit.score > LIKELY for hit in found):
        found += [hit for near in [_nearly(" ".join(said))] if near is not None for hit in _about(near, 0.9)]
    return found


def _commune(name: str) -> Commune | None:
    """The commune of this name, abbreviations written out."""
    return _by_name().get(" ".join(words(name)))


@cache
def _by_name() -> dict[str, Commune]:
    """Communes by their folded name, and by what it begins with where one tells them apart in brackets: the town of
    « Château-Chinon (Ville) » before the country around it. Of several communes of one name, the first by its code."""
    known: dict[str, Commune] = {}
    every = sorted(competence.communes().values(), key=lambda each: ("(Ville)" not in each.name, each.code))
    for named in (fold, lambda name: fold(name.partition(" (")[0])):
        for commune in every:
            known.setdefault(named(commune.name), commune)
    return known


def _somewhere(said: list[str]) -> Commune | None:
    """The commune named inside a question, the longest name first."""
    for length in range(min(5, len(said) - 1), 0, -1):
        for at in range(len(said) - length, -1, -1):
            window = said[at : at + length]
            if terms(" ".join(window)) and (length > 1 or len(window[0]) > 3):
                found = _commune(" ".join(window))
                if found is not None:
                    return found
    return None


def _nearly(name: str) -> Commune | None:
    """The commune whose name is this one but for a slip."""
    from rapidfuzz import fuzz, process

    if len(name) < 5:
        return None
    found = process.extractOne(name, _by_name().keys(), scorer=fuzz.ratio, score_cutoff=ALIKE)
    return None if found is None else _commune(found[0])


def _journey(origin: Commune, end: Commune) -> Hit:
    title = _("Aller %(origin)s %(end)s", origin=_from(origin.name), end=_to(end.name))
    ends: dict[str, Any] = {"from": origin.name, "to": end.name}
    page = url_for("planner.search", **ends)
    return Hit(Entry(Sort.JOURNEY, title, _("Horaires, prix, correspondances : choisir le jour et l’heure"), page), 2.0)


def _about(commune: Commune, score: float) -> list[Hit]:
    name = commune.name
    made = (
        (_("Prochains départs %(place)s", place=_to(name)), _("Les arrêts de la commune, aujourd’hui"),
         url_for("planner.departures", stop=name), 0.03),
        (_("Aller %(place)s", place=_to(name)), _("Un itinéraire de porte à porte"),
         url_for("planner.search", to=name), 0.02),
        (_("Transports %(place)s : qui s’en occupe", place=_to(name)), _("Région, agglomération ou département"),
         url_for("shell.authorities", commune=commune.code), 0.0),
    )  # fmt: skip
    return [Hit(Entry(Sort.PLACE, title, detail, page), score + more) for title, detail, page, more in made]


def _to(name: str) -> str:
    """ "à Dijon", "au Creusot", "aux Rousses"; the name alone in English, where the sentence has the word."""
    if current_language() != "fr":
        return name
    article, rest = _article(name)
    return {"Le": f"au {rest}", "Les": f"aux {rest}"}.get(article, f"à {name}")


def _from(name: str) -> str:
    """ "de Dijon", "d’Autun", "du Creusot", "des Rousses"; the name alone in English."""
    if current_language() != "fr":
        return name
    article, rest = _article(name)
    vowel = fold(name)[:1] in "aeiouy" and not name.startswith("Y")
    return {"Le": f"du {rest}", "Les": f"des {rest}"}.get(article, f"d’{name}" if vowel else f"de {name}")


def _article(name: str) -> tuple[str, str]:
    first, _space, rest = name.partition(" ")
    return (first, rest) if rest else ("", name)


def _stops(services: Services, name: str) -> list[Hit]:
    """The stops of this name; none while no network is served."""
    from mobigo.network.model.places import Kind
    from mobigo.planner.gateway.territory import places_of

    if len(name) < 3:
        return []
    try:
        with services.networks.current() as live:
            found = places_of(live, services.config.home).search(name, STOPS_MOST, [Kind.STATION, Kind.STOP])
    except NotFound:
        return []
    return [
        Hit(Entry(Sort.PLACE, _("Arrêt %(name)s", name=each.place.name), each.place.context,
                  url_for("planner.stop", place_id=each.place.id)), 1.1 if _is_named(name, each) else 0.45)
        for each in found
    ]  # fmt: skip


def _is_named(name: str, found: "Match") -> bool:
    """Whether every word asked is a word of the stop's name or of its commune, and not the beginning of one only."""
    said = {*words(found.place.name), *words(found.place.context)}
    return found.score >= NAMED and said.issuperset(words(name))


def together(*found: Iterable[Hit]) -> list[Hit]:
    """Hits of several sources, best first, each page once."""
    ranked = sorted((hit for some in found for hit in some), key=lambda hit: (-round(hit.score, 4), hit.entry.sort))
    once: dict[tuple[str, str], Hit] = {}
    for hit in ranked:
        once.setdefault((hit.entry.href, hit.entry.title), hit)
    return list(once.values())
