"""The figures that show how each service goes, over all packages: counts and amounts, never a person. Each is one idea,
drawn as bars, told in a table, with how it is counted and the page that says more."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final

import numpy as np
from flask import url_for
from sqlalchemy.orm import Session

from billettique.service import usage
from billettique.store import usage as usage_store
from covoit.model.figures import LineSums
from covoit.service import figures as carpool
from mobigo.base.errors import NotFound
from mobigo.base.instants import PARIS, paris_day
from mobigo.base.servicetime import instant_of
from mobigo.infra import formats
from mobigo.infra.db import reading
from mobigo.infra.i18n import current_language
from mobigo.infra.i18n import gettext as _
from mobigo.infra.roles import Identity, Permission
from mobigo.infra.web import Services
from mobigo.network.model.notices import Severity
from mobigo.network.store import feeds
from mobigo.planner.gateway.territory import boards_of, load_territory
from mobigo.requests.model import OPEN, Kind
from mobigo.requests.store import requests
from mobigo.requests.web import words as request_words
from scolaire.store import plans

MONTHS: Final = 12
TUESDAY: Final = 1
# Departures of a day, by the least of each class, its name.
_DEPARTURES: Final[Mapping[int, Callable[[], str]]] = {
    0: lambda: _("Aucun"), 1: lambda: _("1 à 4"), 5: lambda: _("5 à 9"), 10: lambda: _("10 à 19"),
    20: lambda: _("20 et plus"),
}  # fmt: skip
Row = tuple[str, str, float]


@dataclass(frozen=True, slots=True)
class Board:
    """`rows` are (group on the axis, series, value), as a chart takes them; `counted` says how, `href` is for more."""

    code: str
    title: str
    axis: str
    unit: str
    counted: str
    rows: tuple[Row, ...]
    href: str
    stacked: bool = False

    @property
    def series(self) -> list[str]:
        """The names of the columns."""
        return list(dict.fromkeys(row[1] for row in self.rows))

    @property
    def nothing(self) -> bool:
        """Whether all is zero: there is nothing to draw."""
        return not any(row[2] for row in self.rows)

    @property
    def table(self) -> list[tuple[str, list[float | None]]]:
        """A row a group, a cell a series; None where nothing is known."""
        by_group: dict[str, dict[str, float]] = {}
        for group, series, value in self.rows:
            by_group.setdefault(group, {})[series] = value
        return [(group, [known.get(each) for each in self.series]) for group, known in by_group.items()]


Make = Callable[[Services, Session, datetime], Board]


def boards_for(services: Services, identity: Identity, now: datetime, code: str | None = None) -> list[Board]:
    """What this person may read, in the order of the page; only the one of that name, when one is given."""
    made = []
    with reading(services.engine) as session:
        for name, (permission, make) in BOARDS.items():
            if identity.may(permission) and code in (None, name):
                made.append(make(services, session, now))
    return made


def _validations(_services: Services, session: Session, now: datetime) -> Board:
    months = sorted(usage.months_known(session))[-MONTHS:]
    counts = [(each, usage_store.uses_by(session, each, usage.last_day(each), "channel")) for each in months]
    rows = [(_month(each), _("Validations"), float(sum(count.values()))) for each, count in counts]
    return Board(
        "frequentation", _("Fréquentation"), _("Mois"), _("validations"),
        _(
            "Les titres validés à bord ou en gare, comptés une fois par montée. Ceux qui voyagent avec une "
            "carte sans validation n’y sont pas."
        ),
        tuple(rows), url_for("billettique.usage"),
    )  # fmt: skip


def _revenue(_services: Services, session: Session, now: datetime) -> Board:
    today = paris_day(now)
    first = _back(today.replace(day=1), MONTHS - 1)
    earned = usage.revenue_by_month(session, first, today)
    rows = [(_month(each), _("Recettes hors taxe"), earned[each].cents / 100) for each in sorted(earned)]
    return Board(
        "recettes", _("Recettes des titres"), _("Mois"), _("euros"),
        _(
            "Les écritures des comptes de vente, sans la taxe, remboursements déduits, au jour où elles ont eu "
            "lieu."
        ),
        tuple(rows), url_for("billettique.usage"),
    )  # fmt: skip


def _subsidies(_services: Services, session: Session, now: datetime) -> Board:
    return Board(
        "aides-covoiturage", _("Aides au covoiturage"), _("Mois"), _("euros"),
        _(
            "Les aides des voyages qui comptent aujourd’hui, et ce que les passagers ont payé. Un mois clos ne "
            "change plus."
        ),
        _carpool(session, {
            _("Aides"): lambda sums: sums.subsidy.cents / 100, _("Recettes"): lambda sums: sums.fares.cents / 100,
        }), url_for("covoit.figures"),
    )  # fmt: skip


def _carpoolers(_services: Services, session: Session, now: datetime) -> Board:
    return Board(
        "covoitureurs", _("Covoiturage"), _("Mois"), _("trajets"),
        _("Un voyage est une voiture ; un trajet de passager, une personne à son bord."),
        _carpool(session, {
            _("Trajets de passagers"): lambda sums: float(sums.passengers),
            _("Voyages"): lambda sums: float(sums.trips),
        }), url_for("covoit.figures"),
    )  # fmt: skip


def _carpool(session: Session, shown: Mapping[str, Callable[[LineSums], float]]) -> tuple[Row, ...]:
    """The last months, each with these figures of all its lines."""
    months = carpool.series(session, carpool.months_known(session))
    return tuple((_month(each.month), name, read(each.whole)) for each in months for name, read in shown.items())


def _school(_services: Services, session: Session, now: datetime) -> Board:
    rows = [
        (name, word, float(kpis[key]))
        for name, kpis in _plans_in_force(session)
        for key, word in (("pupils", _("Élèves transportés")), ("left", _("Élèves sans place")))
    ]
    return Board(
        "scolaire", _("Élèves des plans en vigueur"), _("Plan"), _("élèves"),
        _(
            "Les plans de transport scolaire publiés et non retirés. Un élève sans place est nommé dans le "
            "plan, avec la raison."
        ),
        tuple(rows), url_for("school_plans.plans"),
    )  # fmt: skip


def _school_cost(_services: Services, session: Session, now: datetime) -> Board:
    rows = tuple((name, _("Coût d’une année"), kpis["year_cents"] / 100_000) for name, kpis in _plans_in_force(session))
    return Board(
        "scolaire-couts", _("Coût des plans en vigueur"), _("Plan"), _("milliers d’euros"),
        _("Le coût suit le contrat de chaque lot : journées de car, kilomètres, heures de conduite."),
        rows, url_for("school_plans.plans"),
    )  # fmt: skip


def _school_co2(_services: Services, session: Session, now: datetime) -> Board:
    rows = tuple((name, _("CO₂ d’une année"), kpis["co2_year_kg"] / 1000) for name, kpis in _plans_in_force(session))
    return Board(
        "scolaire-co2", _("CO₂ des plans en vigueur"), _("Plan"), _("tonnes"),
        _("Les kilomètres des cars, à vide compris, par le facteur de leur type."), rows, url_for("school_plans.plans"),
    )  # fmt: skip


def _plans_in_force(session: Session) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for plan in plans.plans(session):
        version = plans.published(session, plan.id)
        if version is not None and version.kpis:
            yield plan.name, version.kpis


def _quality(_services: Services, session: Session, now: datetime) -> Board:
    rows = [
        (each.feed, name, float(each.report.total(severity)))
        for each in feeds.active_versions(session)
        for name, severity in ((_("Erreurs"), Severity.ERROR), (_("Avertissements"), Severity.WARNING))
    ]
    return Board(
        "qualite-horaires", _("Qualité des horaires reçus"), _("Réseau"), _("constats"),
        _(
            "Les constats de nos règles sur le dernier fichier importé de chaque réseau. Une erreur trompe un "
            "voyageur ; un avertissement peut le gêner."
        ),
        tuple(rows), url_for("network.feeds"),
    )  # fmt: skip


def _accessibility(services: Services, _session: Session, now: datetime) -> Board:
    rows: list[Row] = []
    with suppress(NotFound), services.networks.current() as network:  # none is built yet: there is nothing to tell
        t = network.timetable
        for feed in range(len(t.feed_name)):
            known = np.bincount(t.stop_wheelchair[t.stop_feed == feed], minlength=3)
            words = (_("Inconnu"), _("Accessibles"), _("Non accessibles"))
            rows += [(t.feed_name[feed], words[kind], float(known[kind])) for kind in (1, 2, 0)]
    return Board(
        "accessibilite", _("Accessibilité des arrêts"), _("Réseau"), _("arrêts"),
        _(
            "Ce que chaque réseau déclare de l’accès en fauteuil roulant. « Inconnu » veut dire que personne "
            "ne l’a dit, pas que c’est impossible."
        ),
        tuple(rows), url_for("network.feeds"), stacked=True,
    )  # fmt: skip


def _served(services: Services, _session: Session, now: datetime) -> Board:
    from mobigo.planner.service.served import departures_by_commune

    communes = load_territory(services.config.home).communes
    today = paris_day(now)
    day = today + timedelta(days=(TUESDAY - today.weekday()) % 7)
    people = dict.fromkeys(_DEPARTURES, 0)
    with suppress(NotFound), services.networks.current() as network:  # none is built yet: there is nothing to tell
        if communes and network.timetable.first_day <= day <= network.timetable.last_day:
            for commune, count in zip(communes, departures_by_commune(boards_of(network), communes, day), strict=True):
                people[max(least for least in _DEPARTURES if least <= count)] += commune.population
    return Board(
        "territoire-desservi", _("Habitants et départs près de chez eux"),
        _("Départs le %(day)s", day=formats.day(day, current_language())), _("habitants"),
        _(
            "Les habitants de chaque commune, selon le nombre de cars et de trains que l’on peut prendre ce "
            "mardi-là à moins de 1 km de son centre, dans les deux sens. Le covoiturage et le transport à la "
            "demande n’y sont pas ; une commune dont on ne connaît pas les habitants non plus."
        ),
        tuple((_DEPARTURES[least](), _("Habitants"), float(count)) for least, count in people.items()),
        url_for("planner.areas"),
    )  # fmt: skip


def _requests_by_kind(_services: Services, session: Session, now: datetime) -> Board:
    today, rows = paris_day(now), requests.figures(session, now)
    waiting = [each for each in rows if each.state in OPEN]
    counted = []
    for kind in Kind:
        late = sum(each.kind == kind and each.promised_on < today for each in waiting)
        on_time = sum(each.kind == kind for each in waiting) - late
        name = request_words.short_kind(kind)
        counted += [(name, _("En retard"), float(late)), (name, _("Dans le délai"), float(on_time))]
    return Board(
        "demandes", _("Demandes en attente"), _("Sorte"), _("demandes"),
        _(
            "Les demandes d’usagers qui attendent une réponse, selon que la date promise est passée. Les "
            "réclamations que le covoiturage, le contrôle et le scolaire gardent n’y sont pas."
        ),
        tuple(counted), url_for("requests.agents"), stacked=True,
    )  # fmt: skip


def _requests_by_month(_services: Services, session: Session, now: datetime) -> Board:
    today = paris_day(now)
    first = _back(today.replace(day=1), MONTHS - 1)
    rows = requests.figures(session, instant_of(first, 0, PARIS))
    months: dict[date, list[Any]] = {}
    for each in rows:
        months.setdefault(paris_day(each.received_at).replace(day=1), []).append(each)
    counted: list[Row] = []
    for month in sorted(each for each in months if each >= first):
        known = months[month]
        over = sum(each.in_time is None and each.state in OPEN and each.promised_on < today for each in known)
        counted += [
            (_month(month), _("Répondues dans le délai"), float(sum(each.in_time is True for each in known))),
            (_month(month), _("Répondues après"), float(sum(each.in_time is False for each in known))),
            (_month(month), _("Délai passé, sans réponse"), float(over)),
            (_month(month), _("Contents"), float(sum(each.content == "yes" for each in known))),
        ]
    return Board(
        "demandes-delais", _("Réponses aux demandes"), _("Mois"), _("demandes"),
        _(
            "Par mois de réception : la première réponse, ou la clôture par un agent, au plus tard le jour promis ou "
            "après ; et combien se sont dits contents ensuite."
        ),
        tuple(counted), url_for("requests.agents", etat="toutes"),
    )  # fmt: skip


BOARDS: Final[Mapping[str, tuple[Permission, Make]]] = {
    "demandes": (Permission.REQUESTS_DESK, _requests_by_kind),
    "demandes-delais": (Permission.REQUESTS_DESK, _requests_by_month),
    "frequentation": (Permission.SALES_READ, _validations),
    "recettes": (Permission.SALES_READ, _revenue),
    "covoitureurs": (Permission.COVOIT_READ, _carpoolers),
    "aides-covoiturage": (Permission.COVOIT_READ, _subsidies),
    "scolaire": (Permission.SCHOOL_PLAN, _school),
    "scolaire-couts": (Permission.SCHOOL_PLAN, _school_cost),
    "scolaire-co2": (Permission.SCHOOL_PLAN, _school_co2),
    "qualite-horaires": (Permission.FEEDS_READ, _quality),
    "accessibilite": (Permission.FEEDS_READ, _accessibility),
    "territoire-desservi": (Permission.FEEDS_READ, _served),
}


def _back(month: date, count: int) -> date:
    index = month.year * 12 + month.month - 1 - count
    return date(index // 12, index % 12 + 1, 1)


def _month(month: date) -> str:
    return formats.short_month(month, current_language())
