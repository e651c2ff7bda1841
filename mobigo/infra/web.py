"""What a view needs of the application: its services, and the few marks that change how one view is served.

A package's `web` and `api` rooms import this, never the composition root.
"""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final, Protocol, TypeVar

from flask import current_app, g, request

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Engine

    from mobigo.infra.blobs import Blobs
    from mobigo.infra.config import Config

EXTENSION: Final = "mobigo"
View = TypeVar("View", bound=Callable[..., Any])
Part = TypeVar("Part")


class Networks(Protocol):
    """The holder of the compiled networks, as `mobigo.network.store.networks` makes it."""

    def current(self) -> AbstractContextManager[Any]:
        """Pins the network being served; what it gives is a `mobigo.network.model.live.LiveNetwork`."""
        ...

    def today(self) -> AbstractContextManager[Any]:
        """The same as it runs today: late, cancelled and added trips, and alerts."""
        ...


@dataclass
class Services:
    """What every view, job and command shares in one process. Each part is made at its first use and kept."""

    config: "Config"
    make_networks: Callable[["Services"], Networks] | None = None
    make_carpool: Callable[["Services"], Any] | None = None
    make_fares: Callable[["Services"], Any] | None = None
    make_seats: Callable[["Services"], Any] | None = None
    make_titles: Callable[["Services"], Any] | None = None
    make_lines: Callable[["Services"], Any] | None = None
    make_roads: Callable[["Services"], Any] | None = None
    make_validations: Callable[["Services"], Any] | None = None
    make_journeys: Callable[["Services"], Any] | None = None
    make_on_demand: Callable[["Services"], Any] | None = None
    make_timetable_version: Callable[["Services"], Any] | None = None
    make_offers: Callable[["Services", "datetime"], Any] | None = None
    make_judges: Callable[["Services"], Any] | None = None
    make_request_origins: Callable[["Services"], Any] | None = None
    make_claims_elsewhere: Callable[["Services"], Any] | None = None
    # Set by tests that bring their own.
    _parts: dict[type, Any] = field(default_factory=dict)

    @cached_property
    def engine(self) -> "Engine":
        """The database. Opens no connection before it is used."""
        from mobigo.infra.db import open_engine

        return open_engine(self.config.database_url)

    @cached_property
    def blobs(self) -> "Blobs":
        """Received and produced files, by content hash, under the home folder."""
        from mobigo.infra.blobs import Blobs

        return Blobs(self.config.home / "blobs")

    @cached_property
    def networks(self) -> Any:
        """The holder of compiled networks. Raises RuntimeError where none was handed over: infra knows no network."""
        if self.make_networks is None:
            raise RuntimeError("these services were made without a holder of networks")
        return self.make_networks(self)

    @cached_property
    def carpool(self) -> Any:
        """The carpool lines, as `mobigo.planner.model.CarpoolLines` asks them; None where none were handed over."""
        return None if self.make_carpool is None else self.make_carpool(self)

    @cached_property
    def on_demand(self) -> Any:
        """On-demand transport, as `mobigo.planner.model.OnDemand` asks it; None where none was handed over."""
        return None if self.make_on_demand is None else self.make_on_demand(self)

    @cached_property
    def fares(self) -> Any:
        """The prices of journeys, as `mobigo.planner.model.Fares` asks them; None where none were handed over."""
        return None if self.make_fares is None else self.make_fares(self)

    @cached_property
    def seats(self) -> Any:
        """Who keeps seats that ticketing sells, by kind of item; None where none were handed over."""
        return None if self.make_seats is None else self.make_seats(self)

    @cached_property
    def regular_lines(self) -> Any:
        """The lines that everybody takes, as `scolaire.model.lines.RegularLines` asks; None where none were handed
        over."""
        return None if self.make_lines is None else self.make_lines(self)

    @cached_property
    def validations(self) -> Any:
        """What validators counted, as `scolaire.service.counting.Validations` asks; None where nobody was handed
        over."""
        return None if self.make_validations is None else self.make_validations(self)

    @cached_property
    def school_roads(self) -> Any:
        """A coach's driving times, as `scolaire.rules.driving.Driving` asks; None where none were handed over."""
        return None if self.make_roads is None else self.make_roads(self)

    @cached_property
    def journeys(self) -> Any:
        """Who finds journeys for those who sell them; None where nobody was handed over."""
        return None if self.make_journeys is None else self.make_journeys(self)

    @cached_property
    def request_origins(self) -> Any:
        """What a request may be about, as `mobigo.requests.service.elsewhere.Origins` asks; None where none was handed
        over."""
        return None if self.make_request_origins is None else self.make_request_origins(self)

    @cached_property
    def claims_elsewhere(self) -> Any:
        """Who keeps complaints of their own, as `mobigo.requests.service.elsewhere.Elsewhere`; none where none were
        handed over."""
        return () if self.make_claims_elsewhere is None else self.make_claims_elsewhere(self)

    def offers(self, now: "datetime") -> Any:
        """What there is to publish at this instant, as `opendata.model.offers.Offer`; none where none were handed
        over."""
        return [] if self.make_offers is None else self.make_offers(self, now)

    @cached_property
    def judges(self) -> Any:
        """Who judges files before they are published, as `opendata.model.checks.Judge`; none where none were handed
        over."""
        return [] if self.make_judges is None else self.make_judges(self)

    @cached_property
    def timetable_version(self) -> Any:
        """What the published regional timetable calls its version, asked with a session; None where nobody was handed
        over."""
        return None if self.make_timetable_version is None else self.make_timetable_version(self)

    @cached_property
    def titles(self) -> Any:
        """Where the titles of ticketing are shown, as `scolaire.service.passes.TitlePages` asks; None where none were
        handed over."""
        return None if self.make_titles is None else self.make_titles(self)

    def part(self, kind: type[Part], make: Callable[["Services"], Part]) -> Part:
        """One object of `kind` per process, made at first use: a package's own cache or client."""
        if kind not in self._parts:
            self._parts[kind] = make(self)
        made: Part = self._parts[kind]
        return made


def services() -> Services:
    """The services of the running application. Raises RuntimeError outside a request or application context."""
    found: Services = current_app.extensions[EXTENSION]
    return found


def request_id() -> str:
    """The reference of the request being served: shown on error pages, written in the log, sent back in a header."""
    return str(g.get("request_id", "—"))


def body_limit(limit_bytes: int) -> Callable[[View], View]:
    """Mark a view that accepts bodies larger than the usual limit (an upload): the limit holds before any reading."""

    def mark(view: View) -> View:
        view.body_limit_bytes = limit_bytes  # type: ignore[attr-defined]  # a mark on a function, read by the factory
        return view

    return mark


def wants_problem() -> bool:
    """Whether the asker reads problem documents rather than pages: anything under /api, or a client that says so."""
    if request.path.startswith("/api/"):
        return True
    best = request.accept_mimetypes.best_match(["text/html", "application/problem+json", "application/json"])
    return best is not None and best != "text/html"
