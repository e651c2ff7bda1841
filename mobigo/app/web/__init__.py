"""The web shell: what every page is laid out in, and the pages that belong to no package."""

from collections.abc import Iterable
from typing import Any, Final, NamedTuple

from flask import Flask, current_app, request, url_for

from mobigo.infra import competence
from mobigo.infra.auth import current_account
from mobigo.infra.config import Config
from mobigo.infra.i18n import LANGUAGES, current_language, gettext
from mobigo.infra.roles import Permission
from mobigo.infra.web import request_id


class Entry(NamedTuple):
    """A link of the site's head: shown when its page exists, and to those who may enter."""

    endpoint: str
    label: str
    permission: Permission | None = None


class Link(NamedTuple):
    """A link as it is shown; `current`: "page" on that very page, "true" on those under it (as `aria-current` says)."""

    href: str
    label: str
    current: str | None


class Menu(NamedTuple):
    """A row of links: how pages name it, what readers of screens call it, and the words before it when it has some."""

    id: str
    name: str
    title: str
    links: list[Link]


def _(message: str) -> str:
    """Marks a message for the catalogues; it is translated when it is shown."""
    return message


PUBLIC: Final[tuple[Entry, ...]] = (
    Entry("planner.search", _("Itinéraires")),
    Entry("planner.departures", _("Départs")),
    Entry("planner.lines", _("Lignes")),
    Entry("planner.disruptions", _("Info trafic")),
    Entry("billettique.buy", _("Titres et abonnements")),
    Entry("covoit.lines", _("Covoiturage")),
    Entry("tad.home", _("À la demande")),
    Entry("scolaire.home", _("Transport scolaire")),
    Entry("shell.help", _("Aide")),
)
WORK: Final = Entry("work.desk", _("Mon travail"))  # for whoever has a page of AGENTS
AGENTS: Final[tuple[Entry, ...]] = (
    Entry("requests.agents", _("Demandes des usagers"), Permission.REQUESTS_DESK),
    Entry("network.feeds", _("Réseaux"), Permission.FEEDS_READ),
    Entry("planner.disruptions_desk", _("Perturbations"), Permission.DISRUPTIONS_WRITE),
    Entry("opendata.desk", _("Publication des données"), Permission.OPENDATA_APPROVE),
    Entry("covoit.agents", _("Covoiturage (agents)"), Permission.COVOIT_INBOX),
    Entry("tad.agents", _("À la demande (agents)"), Permission.TAD_DESK),
    Entry("planner.runs", _("Conduire un car"), Permission.COACH_DRIVE),
    Entry("covoit.figures", _("Chiffres"), Permission.COVOIT_READ),
    Entry("scolaire.agents", _("Dossiers scolaires"), Permission.SCHOOL_REGISTER),
    Entry("scolaire.own_pupils", _("Mes élèves"), Permission.SCHOOL_PUPILS),
    Entry("scolaire.schools_page", _("Référentiel scolaire"), Permission.SCHOOL_REFERENCE),
    Entry("billettique.counter", _("Guichet"), Permission.SALES_COUNTER),
    Entry("billettique.waiting", _("À répondre"), Permission.SALES_COUNTER),
    Entry("billettique.regie_receipts", _("Régies"), Permission.SALES_ACCOUNT),
    Entry("billettique.ticket_desk", _("Titre au guichet"), Permission.SALES_COUNTER),
    Entry("billettique.reconciliation", _("Rapprochement"), Permission.SALES_REGIE),
    Entry("billettique.ticket_keys", _("Clés des titres"), Permission.TICKETS_KEYS),
    Entry("billettique.control", _("Contrôle"), Permission.TICKETS_INSPECT),
    Entry("billettique.cases", _("Dossiers du contrôle"), Permission.TICKETS_CASES),
    Entry("billettique.fare_versions", _("Tarifs"), Permission.SALES_READ),
    Entry("billettique.fare_offers", _("Promotions"), Permission.SALES_READ),
    Entry("billettique.clearing", _("Compensation"), Permission.SALES_READ),
    Entry("billettique.usage", _("Usage des titres"), Permission.SALES_READ),
    Entry("planner.studies", _("Études de l’offre"), Permission.NETWORK_STUDY),
    Entry("school_plans.plans", _("Plans scolaires"), Permission.SCHOOL_PLAN),
    Entry("school_plans.own_services", _("Services scolaires"), Permission.SCHOOL_PUPILS),
    Entry("admin.jobs", _("Travaux"), Permission.JOBS_READ),
    Entry("admin.accounts", _("Comptes"), Permission.ACCOUNTS_READ),
    Entry("admin.audit", _("Journal"), Permission.AUDIT_READ),
)


def configure(app: Flask, settings: Config) -> None:
    """Give templates what the layout needs."""

    @app.context_processor
    def layout() -> dict[str, Any]:
        return {
            "language": current_language(),
            "other_languages": [each for each in LANGUAGES if each != current_language()],
            "in_language": in_language,
            "navigation": navigation,
            "page_exists": lambda endpoint: endpoint in app.view_functions,
            "reference": request_id(),
            "contact": contact(settings),
            "demonstration": settings.environment == "demo",
        }


def contact(settings: Config) -> dict[str, str]:
    """How to reach the region without this site, in the language being read."""
    region = competence.table().authorities["region"].shown(production=settings.production)
    hours = (region.hours or {}).get(current_language(), "")
    return {
        "phone": region.phone,
        "phone_link": region.phone_link,
        "hours": hours,
        "postal": region.postal or region.name,
    }


def in_language(language: str) -> str:
    """The address of this page in another language; a form already sent is not sent again: its page is."""
    if request.endpoint is None or request.method not in ("GET", "HEAD"):
        return f"{request.path}?lang={language}"
    arguments = {name: values for name, values in request.args.lists() if name != "lang"}
    return url_for(request.endpoint, **{**arguments, **(request.view_args or {}), "lang": language})


def navigation() -> list[Menu]:
    """The menus of the head for whoever is looking: everybody's, then the work of those who have some here."""
    identity = current_account() if request.url_rule is not None else None
    work = tuple(
        entry
        for entry in AGENTS
        if identity is not None and (entry.permission is None or identity.may(entry.permission))
    )
    menus = [(("menu", gettext("Menu principal"), ""), PUBLIC)]
    names = ("menu-travail", gettext("Menu de l’espace professionnel"), gettext("Espace professionnel"))
    menus += [(names, (WORK, *work) if work else ())]
    shown = [
        (names, [(entry, url_for(entry.endpoint)) for entry in entries if entry.endpoint in current_app.view_functions])
        for names, entries in menus
    ]
    here = section(request.path, [href for _names, entries in shown for _entry, href in entries])
    return [
        Menu(*names, [Link(href, gettext(entry.label), _current(entry, href == here)) for entry, href in entries])
        for names, entries in shown
        if entries
    ]


def section(path: str, addresses: Iterable[str]) -> str | None:
    """Which of these pages one is on or under: the one that says most of the address. The home page holds nothing."""
    found = (each for each in addresses if path == each or (each != "/" and path.startswith(each.rstrip("/") + "/")))
    return max(found, key=len, default=None)


def _current(entry: Entry, is_section: bool) -> str | None:
    if request.endpoint == entry.endpoint:
        return "page"
    return "true" if is_section else None
