"""One field for everybody: what one may do here, stops and communes, lines, fares, carpool, on-demand transport, data.
Answered from what this process holds; nothing that is asked leaves it or is kept."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import groupby
from threading import Lock
from typing import TYPE_CHECKING, Final

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue

from mobigo.app.web import guides
from mobigo.infra.auth import public
from mobigo.infra.clock import now
from mobigo.infra.forms import one_line
from mobigo.infra.i18n import current_language
from mobigo.infra.i18n import gettext as _
from mobigo.infra.web import Services, services

if TYPE_CHECKING:
    from mobigo.app.web.searching.index import Hit, Index

bp = Blueprint("searching", __name__)
FRESH: Final = timedelta(minutes=10)  # a new line, fare or data set is found at most so much later
TEXT_MAX: Final = 200
FIRST: Final = 3  # answers that stand before the groups
OF_A_GROUP: Final = 8


@dataclass
class Indices:
    """The indices of this process, one a language, each made when it is first asked and again when it is old."""

    made: dict[str, tuple[datetime, "Index"]] = field(default_factory=dict)
    lock: Lock = field(default_factory=Lock)

    def get(self, here: Services, at: datetime) -> "Index":
        """The index in the language being read."""
        from mobigo.app.web.searching.index import Index
        from mobigo.app.web.searching.sources import entries

        spoken = current_language()
        with self.lock:
            made = self.made.get(spoken)
            if made is None or not timedelta(0) <= at - made[0] < FRESH:
                made = self.made[spoken] = (at, Index(entries(here, at)))
        return made[1]


def find(text: str, at: datetime) -> "list[Hit]":
    """All that answers, the most useful first."""
    from mobigo.app.web.searching.sources import of_places, together

    here = services()
    index = here.part(Indices, lambda _services: Indices()).get(here, at)
    return together(of_places(here, text), index.find(text))


@bp.get("/recherche")
@public
def search() -> ResponseReturnValue:
    """What answers `?q=`: the three most useful first, then the rest by kind; what to do when there is nothing."""
    asked = one_line(request.args.get("q", ""), TEXT_MAX)
    hits = find(asked, now()) if asked else []
    rest = sorted(hits[FIRST:], key=lambda hit: hit.entry.sort)
    groups = [
        (_group(sort), list(some)[:OF_A_GROUP]) for sort, some in groupby(rest, key=lambda hit: int(hit.entry.sort))
    ]
    return render_template(
        "searching/search.html",
        asked=asked,
        first=hits[:FIRST],
        groups=groups,
        longest=TEXT_MAX,
        guides=guides.addresses(),
    )


def _group(sort: int) -> str:
    return (
        _("Itinéraires"), _("Démarches et aide"), _("Arrêts et communes"), _("Lignes"), _("Titres et prix"),
        _("Covoiturage"), _("Transport à la demande"), _("Données ouvertes"), _("Guides"),
    )[sort]  # fmt: skip
