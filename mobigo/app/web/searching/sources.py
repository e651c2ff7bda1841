"""What the public search knows: what one comes to do, lines, fares, carpool, on-demand services, data. Places are asked
of the communes and of the network's own index, which forgives as this one does."""

import tomllib
from collections.abc import Iterable, Iterator
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any, Final

from flask import url_for
from sqlalchemy.orm import Session

from mobigo.app.web.searching.index import Entry, Hit, Sort
from mobigo.app.web.searching.words import halves, place_words, terms
from mobigo.base.errors import Conflict, InvalidInput, NotFound
from mobigo.base.instants import paris_day
from mobigo.infra import competence
from mobigo.infra.competence import Commune
from mobigo.infra.db import reading
from mobigo.infra.i18n import current_language
from mobigo.infra.i18n import gettext as _
from mobigo.infra.web import Services
from mobigo.network.engine.placenames import fold

FILE: Final = Path(__file__).with_name("procedures.toml")
STOPS_MOST: Final = 4
NAMED: Final = 100.0  # a place whose name holds every word asked (`network.model.places.Match`)
ALIKE: Final = 84.0  # of a hundred: a name with one slip


@cache
def declared() -> tuple[dict[str, Any], ...]:
    """The procedures as they are written."""
    return tuple(tomllib.loads(FILE.read_text(encoding="utf-8"))["procedure"])


def entries(services: Services, now: datetime) -> Iterator[Entry]:
    """Everything, in the language being read."""
    yield from _procedures()
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
        yield Entry(Sort.CARPOOL, title, stops, url_for("covoit.lines"), "covoiturage")


def _on_demand(session: Session, now: datetime) -> Iterator[Entry]:
    from mobigo.tad.service import services as catalogue

    for each in catalogue.services_on(session, paris_day(now)):
        places = ", ".join(place.name for place in each.service.stops[:8])
        yield Entry(Sort.ON_DEMAND, each.service.name, places, url_for("tad.home"), "transport demande reserver tad")


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
    said = place_words(text)
    pair = next(((a, b) for first, last in halves(said) if (a := _commune(first)) and (b := _commune(last))), None)
    one = _commune(" ".join(said))
    if pair is not None and one is None:
        return [_journey(*pair)]
    if one is None:
        one = _somewhere(said)
    rest = [] if one is None else [word for word in terms(text) if word not in terms(one.name)]
    whole = one is not None and not [word for word in said if word not in fold(one.name).split()]
    found = [] if one is None else _about(one, 1.25 if whole or not rest else 0.55)
    if whole or one is None:
        found += _stops(services, " ".join(said))
    if not found and said:
        found = [hit for near in [_nearly(" ".join(said))] if near is not None for hit in _about(near, 0.9)]
    return found


def _commune(name: str) -> Commune | None:
    """The commune of exactly this name."""
    found = competence.communes_named(name, 1) if name and not name.isdigit() else []
    return found[0] if found and fold(found[0].name) == fold(name) else None


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
    found = process.extractOne(name, _folded_names(), scorer=fuzz.ratio, score_cutoff=ALIKE)
    return None if found is None else _commune(found[0])


@cache
def _folded_names() -> tuple[str, ...]:
    return tuple(sorted({fold(commune.name) for commune in competence.communes().values()}))


def _journey(origin: Commune, end: Commune) -> Hit:
    title = _("Aller de %(origin)s à %(end)s", origin=origin.name, end=end.name)
    ends: dict[str, Any] = {"from": origin.name, "to": end.name}
    page = url_for("planner.search", **ends)
    return Hit(Entry(Sort.JOURNEY, title, _("Horaires, prix, correspondances : choisir le jour et l’heure"), page), 2.0)


def _about(commune: Commune, score: float) -> list[Hit]:
    name = commune.name
    made = (
        (_("Prochains départs à %(place)s", place=name), _("Les arrêts de la commune, aujourd’hui"),
         url_for("planner.departures", stop=name), 0.03),
        (_("Aller à %(place)s", place=name), _("Un itinéraire de porte à porte"),
         url_for("planner.search", to=name), 0.02),
        (_("Transports à %(place)s : qui s’en occupe", place=name), _("Région, agglomération ou département"),
         url_for("shell.authorities", commune=commune.code), 0.0),
    )  # fmt: skip
    return [Hit(Entry(Sort.PLACE, title, detail, page), score + more) for title, detail, page, more in made]


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
                  url_for("planner.stop", place_id=each.place.id)), 1.1 if each.score >= NAMED else 0.45)
        for each in found
    ]  # fmt: skip


def together(*found: Iterable[Hit]) -> list[Hit]:
    """Hits of several sources, best first, each page once."""
    ranked = sorted((hit for some in found for hit in some), key=lambda hit: (-round(hit.score, 4), hit.entry.sort))
    once: dict[tuple[str, str], Hit] = {}
    for hit in ranked:
        once.setdefault((hit.entry.href, hit.entry.title), hit)
    return list(once.values())
