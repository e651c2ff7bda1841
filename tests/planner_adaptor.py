"""The product's search, asked the way the oracles are: a `Question` about the feed of a `Case`."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import numpy as np

from mobigo.network.engine.compile import compile_feeds
from mobigo.network.engine.feedpart import CompileInput
from mobigo.network.model.timetable import Timetable
from mobigo.planner.engine.changes import settled
from mobigo.planner.engine.filters import accepts
from mobigo.planner.engine.found import Itinerary
from mobigo.planner.engine.journeys import journey_of
from mobigo.planner.engine.reach import nodes_of
from mobigo.planner.engine.search import Accepts, Searcher
from mobigo.planner.engine.via import Via
from mobigo.planner.model import Endpoint, Journey, Limits, Query, Reach
from tests.builders import tables
from tests.oracles.brute_force import Ask, Front
from tests.strategies import Question

ZONE = "Europe/Paris"


def compiled(files: Mapping[str, str], name: str = "feed") -> Timetable:
    """The timetable of one feed."""
    return compile_feeds([CompileInput(name, tables(files))], ZONE, "hash")


def compiled_together(feeds: Mapping[str, Mapping[str, str]]) -> Timetable:
    """The timetable of several feeds by name, in the order given."""
    return compile_feeds([CompileInput(name, tables(files)) for name, files in feeds.items()], ZONE, "hash")


def ask_of(question: Question, *, by_way: bool = False) -> Ask:
    """The question as the brute force takes it; `by_way` of its place, or not."""
    return Ask(
        question.access,
        question.egress,
        question.vehicles_max,
        question.extra_change_s,
        wheelchair=question.wheelchair,
        via=frozenset(question.via) if by_way else None,
        via_stay_s=question.via_stay_s if by_way else 0,
    )


def stop_rows(timetable: Timetable, stop_ids: Sequence[str]) -> list[int]:
    """Rows of stops by id; KeyError when there is none."""
    rows = {str(stop_id): row for row, stop_id in enumerate(timetable.stop_id)}
    return [rows[stop_id] for stop_id in stop_ids]


def reach_of(timetable: Timetable, ends: Mapping[str, int]) -> Reach:
    """Stops by id with their seconds; those of no trip may be missing from the network and are left out."""
    rows = {str(stop_id): row for row, stop_id in enumerate(timetable.stop_id)}
    known = {rows[stop_id]: seconds for stop_id, seconds in ends.items() if stop_id in rows}
    stops = np.array(sorted(known), np.int32)
    seconds = np.array([known[stop] for stop in sorted(known)], np.int32)
    return nodes_of(timetable, stops, seconds, np.zeros(len(stops), np.int32))


class Asked:
    """The product's answers about one timetable."""

    def __init__(self, timetable: Timetable) -> None:
        self.timetable = timetable
        self.searcher = Searcher(timetable)

    def limits(self, question: Question) -> Limits:
        return Limits(
            vehicles_max=question.vehicles_max,
            change_s_extra=question.extra_change_s,
            wheelchair=question.wheelchair,
        )

    def accepts(self, question: Question, *, by_way: bool = False) -> Accepts:
        filtered = accepts(self.timetable, self.limits(question))
        if not by_way:
            return filtered
        here = [stop in question.via for stop in self.timetable.stop_id]
        nodes = np.flatnonzero(np.array(here, np.bool_)[self.timetable.node_stop])
        return replace(filtered, via=Via(tuple(nodes.tolist()), question.via_stay_s))

    def leaving(self, question: Question, *, by_way: bool = False) -> list[Itinerary]:
        return self._one(question, question.at, backward=False, by_way=by_way)

    def arriving(self, question: Question, *, by_way: bool = False) -> list[Itinerary]:
        return self._one(question, question.by, backward=True, by_way=by_way)

    def _one(self, question: Question, at: int, *, backward: bool, by_way: bool) -> list[Itinerary]:
        return self.searcher.one(
            reach_of(self.timetable, question.access),
            reach_of(self.timetable, question.egress),
            at,
            backward,
            question.vehicles_max,
            accepts=self.accepts(question, by_way=by_way),
        )

    def profile(self, question: Question, *, by_way: bool = False) -> list[Itinerary]:
        return self.searcher.window(
            reach_of(self.timetable, question.access),
            reach_of(self.timetable, question.egress),
            question.at,
            question.at + question.window_s,
            rounds=question.vehicles_max,
            accepts=self.accepts(question, by_way=by_way),
        )

    def settled(self, question: Question, itinerary: Itinerary, *, by_way: bool = False) -> Itinerary:
        """The itinerary with its changes where one walks least."""
        return settled(
            self.timetable,
            itinerary,
            reach_of(self.timetable, question.access),
            reach_of(self.timetable, question.egress),
            self.accepts(question, by_way=by_way),
        )

    def vehicles(self, itinerary: Itinerary) -> list[list[tuple[str, date, int]]]:
        """Each vehicle as its trips: (trip, service day, shift of a frequency)."""
        table, out = self.timetable, []
        for ride in itinerary.rides:
            run, trips = ride.run, []
            for row in range(table.run_trip_start[run], table.run_trip_start[run + 1]):
                trip, first = int(table.run_trip[row]), int(table.run_trip_first[row])
                leaves_s = int(table.run_start_s[run] + table.times_depart_s[table.run_times[run] + first])
                shift_s = leaves_s - int(table.visit_depart_s[table.trip_visit_start[trip]])
                later = timedelta(days=round(shift_s / 86_400)) if first else timedelta(0)
                trips.append((str(table.trip_id[trip]), ride.service_day + later, 0 if first else shift_s))
            out.append(trips)
        return out

    def journey(self, question: Question, itinerary: Itinerary) -> Journey:
        return journey_of(
            self.timetable,
            itinerary,
            reach_of(self.timetable, question.access),
            reach_of(self.timetable, question.egress),
        )

    def query(self, question: Question, *, arrive_by: bool = False) -> Query:
        """The question for the validator, from door to door: what it says of places is not checked."""
        at = question.by if arrive_by else question.at
        everywhere = tuple(range(len(self.timetable.stop_id)))
        return Query(
            Endpoint("from", stops=everywhere),
            Endpoint("to", stops=everywhere),
            datetime.fromtimestamp(at, UTC),
            arrive_by,
            limits=self.limits(question),
        )


def arrivals(itineraries: Sequence[Itinerary]) -> Front:
    """(arrival, vehicles) in order of vehicles."""
    return sorted(((one.arrive_s, len(one.rides)) for one in itineraries), key=lambda point: point[1])


def departures(itineraries: Sequence[Itinerary]) -> Front:
    """(departure, vehicles) in order of vehicles."""
    return sorted(((one.depart_s, len(one.rides)) for one in itineraries), key=lambda point: point[1])


def profile_points(itineraries: Sequence[Itinerary]) -> list[tuple[int, int, int]]:
    """(departure, arrival, vehicles), by departure then vehicles."""
    return sorted(
        ((one.depart_s, one.arrive_s, len(one.rides)) for one in itineraries), key=lambda j: (j[0], j[2], j[1])
    )
