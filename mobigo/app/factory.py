"""The web application: services, doors, languages, errors, headers, then the pages and the API of every package.

To add pages: one line in `BLUEPRINTS`. The order of the hooks is the order of `create_app`, and matters.
"""

import importlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from apiflask import APIFlask
from flask import current_app, request
from werkzeug.routing import Rule

from mobigo.app import figures
from mobigo.app.joins import make_seats
from mobigo.infra import (
    auth,
    compiled,
    compiled_pages,
    csp,
    delivery,
    formats,
    http_errors,
    i18n,
    keys,
    log,
    metrics,
    ratelimit,
)
from mobigo.infra.config import Config, load_config, require_safe
from mobigo.infra.web import EXTENSION, Networks, Services

HERE: Final = Path(__file__).parent
BODY_LIMIT_BYTES: Final = 1_000_000
FORM_FIELD_LIMIT_BYTES: Final = 500_000


# "module:object" of every blueprint. A module that is missing or broken stops the start: nothing is optional here.
BLUEPRINTS: Final[tuple[str, ...]] = (
    "mobigo.app.web.shell:bp",
    "mobigo.app.web.health:bp",
    "mobigo.app.web.account:bp",
    "mobigo.app.web.admin:bp",
    "mobigo.app.web.work:bp",
    "mobigo.app.web.searching:bp",
    "mobigo.app.web.guides:bp",
    "mobigo.app.api.documentation:bp",
    "mobigo.network.web:bp",
    "mobigo.planner.web:bp",
    "mobigo.planner.api:bp",
    "mobigo.planner.api.navitia:bp",
    "mobigo.planner.api.siri:bp",
    "covoit.web:bp",
    "covoit.api.standard:bp",
    "covoit.api:bp",
    "billettique.web:bp",
    "billettique.api:bp",
    "mobigo.tad.web:bp",
    "mobigo.tad.api:bp",
    "mobigo.requests.web:bp",
    "scolaire.web:bp",
    "scolaire.web.plans:bp",
    "opendata.web:bp",
    "opendata.api:bp",
)
# Its own pages, which exist nowhere else.
DEMONSTRATION: Final = ("mobigo.app.web.home:bp",)


def create_app(config: Config | None = None, blueprints: Sequence[str] = BLUEPRINTS) -> APIFlask:
    """An application on this configuration (default: the environment's); it opens nothing before its first request.

    Raises InvalidInput or Refused for a setting that cannot be read, or is unsafe in production.
    """
    settings = load_config() if config is None else config
    require_safe(settings)
    app = APIFlask(
        "mobigo.app",
        title="Mobigo",
        version="1",
        spec_path=None,
        docs_path=None,
        json_errors=False,
        static_folder=None,  # type: ignore[arg-type]  # Flask allows it: delivery serves our files
        template_folder=str(HERE / "templates"),
    )
    app.url_rule_class = LateRule
    https = settings.base_url.startswith("https://")
    app.config.update(
        SECRET_KEY=keys.secret_key(settings),
        MAX_CONTENT_LENGTH=BODY_LIMIT_BYTES,
        MAX_FORM_MEMORY_SIZE=FORM_FIELD_LIMIT_BYTES,
        TRUSTED_HOSTS=trusted_hosts(settings),
        PREFERRED_URL_SCHEME="https" if https else "http",
    )
    app.json.sort_keys = False  # type: ignore[attr-defined]  # of Flask's default provider
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.jinja_env.add_extension("jinja2.ext.do")
    services = Services(
        settings, make_networks=make_networks, make_carpool=make_carpool, make_fares=make_fares, make_seats=make_seats,
        make_titles=make_titles, make_journeys=make_journeys, make_on_demand=make_on_demand, make_lines=make_lines,
        make_roads=make_roads, make_validations=make_validations, make_timetable_version=make_timetable_version,
        make_request_origins=make_request_origins, make_claims_elsewhere=make_claims_elsewhere,
    )  # fmt: skip
    app.extensions[EXTENSION] = services
    if settings.trusted_proxies:
        from werkzeug.middleware.proxy_fix import ProxyFix

        hops = settings.trusted_proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops, x_host=hops)  # type: ignore[method-assign]

    # After-request hooks run in the reverse of this order: bodies are compressed last but one, the log comes last.
    log.init_app(app)
    figures.install(metrics.init_app(app).registry, services)
    i18n.keep_compiled_in(compiled.folder(settings.home))
    compiled_pages.keep(settings.home, app.jinja_env)
    delivery.init_app(app, HERE / "static")
    i18n.init_app(app, settings.language)
    csp.init_app(app, https=https)
    formats.init_app(app)
    http_errors.init_app(app)
    app.before_request(_limit_body)
    ratelimit.install(app, settings)
    auth.install(app, settings, services.engine)

    from billettique.store import tariffs as fare_versions
    from mobigo.app import api, jobs_registry, web
    from mobigo.infra import jobs

    jobs_registry.install()
    jobs.connect(services.engine, settings)
    fare_versions.connect(settings.home, services.engine)
    api.configure(app, settings)
    web.configure(app, settings)
    for target in (*blueprints, *(DEMONSTRATION if settings.environment == "demo" else ())):
        module, _, name = target.partition(":")
        app.register_blueprint(getattr(importlib.import_module(module), name))
    return app


class LateRule(Rule):
    """A route whose two builders of addresses are compiled when one is first built, not at the start: with hundreds of
    routes that is a tenth of a second."""

    def _compile_builder(self, append_unknown: bool = True) -> Callable[..., tuple[str, str]]:
        def build(rule: Rule, /, **values: Any) -> tuple[str, str]:
            made = super(LateRule, self)._compile_builder(append_unknown)
            setattr(rule, "_build_unknown" if append_unknown else "_build", made.__get__(rule, None))
            return made(rule, **values)

        return build


def trusted_hosts(settings: Config) -> list[str]:
    """The names this site answers to: the public address's, and this machine's own (health checks, demonstration)."""
    public = urlsplit(settings.base_url).hostname
    hosts = {"localhost", "127.0.0.1", "[::1]", *([public] if public else [])}
    if settings.host not in ("0.0.0.0", "::"):  # noqa: S104  # compared, not bound
        hosts.add(settings.host)
    return sorted(hosts)


def _limit_body() -> None:
    """Hold the view's own limit, if it is marked with one, before anything reads the body. It is for files: a form
    without any keeps to the usual one."""
    view = request.endpoint and _app_view(request.endpoint)
    limit = getattr(view, "body_limit_bytes", None)
    if limit is not None and request.mimetype != "application/x-www-form-urlencoded":
        request.max_content_length = limit


def _app_view(endpoint: str) -> Any:
    return current_app.view_functions.get(endpoint)


def make_networks(services: Services) -> Networks:
    """The holder of compiled networks."""
    holder: Any = importlib.import_module("mobigo.network.store.networks")
    made: Networks = holder.NetworkHolder(services.engine, services.config.home)
    return made


def make_served_networks(services: Services) -> Networks:
    """The holder of a process that serves: what is newer is read and warmed beside, and no traveller waits for it."""
    from functools import partial

    from mobigo.app.host_copy import HostCopy
    from mobigo.app.warming import warm

    holder: Any = importlib.import_module("mobigo.network.store.networks")
    made: Networks = holder.NetworkHolder(
        services.engine,
        services.config.home,
        warm=partial(warm, services),
        beside=True,
        missing=HostCopy(services.config),
    )
    return made


def make_carpool(services: Services) -> Any:
    """The carpool lines, for the planner to show beside its journeys."""
    from mobigo.app.carpool_ways import CarpoolWays

    return CarpoolWays(services)


def make_on_demand(services: Services) -> Any:
    """On-demand transport, for the planner to show beside its journeys."""
    from mobigo.app.on_demand_ways import OnDemandWays

    return OnDemandWays(services)


def make_journeys(services: Services) -> Any:
    """Journeys of the planner, for partners who sell them."""
    from mobigo.app.partner_journeys import PlannerJourneys

    return PlannerJourneys(services)


def make_timetable_version(services: Services) -> Any:
    """The version of the published timetable, for what is told live to name."""
    from mobigo.app.published import RegionalVersion

    return RegionalVersion(services.config.home)


def make_lines(services: Services) -> Any:
    """The regular lines, for school transport to put pupils on."""
    from mobigo.app.school_lines import SchoolLines

    return SchoolLines(services)


def make_validations(services: Services) -> Any:
    """What validators counted aboard, for whoever asks how full a school service is."""
    from mobigo.app.school_validations import SchoolValidations

    return SchoolValidations()


def make_roads(services: Services) -> Any:
    """The streets, for school transport to drive along."""
    from mobigo.app.school_roads import SchoolRoads

    return SchoolRoads(services.networks)


def make_request_origins(services: Services) -> Any:
    """What a request may be about."""
    from mobigo.app.request_origins import RequestOrigins

    return RequestOrigins(services)


def make_claims_elsewhere(services: Services) -> Any:
    """The complaints that other packages keep, for the desk of requests to show."""
    from mobigo.app.claims_elsewhere import keepers

    return keepers(services)


def make_titles(services: Services) -> Any:
    """The pages of titles, for school transport to lead families to."""
    from mobigo.app.school_titles import SchoolTitles

    return SchoolTitles(services)


def make_fares(services: Services) -> Any:
    """The prices of journeys, for the planner to show."""
    from mobigo.app.journey_prices import JourneyPrices

    return JourneyPrices(services)
