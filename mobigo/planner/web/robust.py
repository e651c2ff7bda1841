"""What a journey bears, in words: for each change the next way on, and how often it could be made."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import structlog
from sqlalchemy.exc import SQLAlchemyError

from mobigo.base.decisions import Decision
from mobigo.infra import formats
from mobigo.infra.db import reading
from mobigo.infra.i18n import current_language, sentence
from mobigo.infra.web import services
from mobigo.planner.export import names
from mobigo.planner.export.following import hour_of, line_of, stop_name, when_of
from mobigo.planner.model import Journey, Query
from mobigo.planner.rules.robust import Held
from mobigo.planner.web.here import Here
from mobigo.planner.web.shown import ShownJourney

if TYPE_CHECKING:
    from mobigo.planner.service.robust import Change

_log = structlog.get_logger(__name__)


def with_changes(
    here: Here, query: Query, journeys: Sequence[Journey], options: Sequence[ShownJourney]
) -> list[ShownJourney]:
    """The options, each with what becomes of who misses one of its changes; of the first changes alone, where there
    are many."""
    from mobigo.planner.service.robust import CHANGES_MAX, changes  # the search, and numba with it

    left, found = CHANGES_MAX, []
    for journey in journeys:
        some = changes(here.live, journey, query) if 0 < journey.change_count <= left else []
        left -= len(some)
        found.append(some)
    every = [each for some in found for each in some]
    if not every:
        return list(options)
    known = iter(_known(every))
    return [
        replace(option, changes=tuple(words for each in some for words in _words(here, journey, each, next(known))))
        for option, journey, some in zip(options, journeys, found, strict=True)
    ]


def _known(found: "Sequence[Change]") -> "list[Held | None]":
    """How often each could be made. Where the database does not answer nothing is known: the way on is said anyway."""
    from mobigo.planner.service.robust import made

    try:
        with reading(services().engine) as session:
            return made(session, found)
    except SQLAlchemyError:
        _log.exception("what was noted of changes could not be read")
        return [None] * len(found)


def _words(here: Here, journey: Journey, change: "Change", known: Held | None) -> Iterator[str]:
    yield sentence(missed_words(here, journey, change))
    if known is not None:
        yield sentence(Decision("planner.change_made", times=known.times, days=known.days))


def missed_words(here: Here, journey: Journey, change: "Change") -> Decision:
    """What becomes of who misses a change."""
    live, stop, way = here.live, stop_name(here.live, change.stop), change.missed
    if way is None:
        return Decision("planner.change_last", stop=stop)
    ride = way.rides[0]
    later_s = int((way.arrive_at - journey.arrive_at).total_seconds())
    code = "planner.change_missed" if later_s >= 60 else "planner.change_missed_as_soon"
    return Decision(
        code, stop=stop, line=line_of(live, names.first_trip(ride)).label, arrive=hour_of(live, way.arrive_at),
        depart=when_of(live, ride.depart_at, journey.depart_at),
        later=formats.duration(later_s, current_language()),
    )  # fmt: skip
