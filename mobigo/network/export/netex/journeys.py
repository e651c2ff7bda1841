"""The trips of a line (ServiceJourney) with their passing times, as text. French profile, part "horaires".

A time is that of the day plus a number of days; a visit for which the feed gives no time has none here either. A trip
repeated by headways is a TemplateServiceJourney.
"""

from collections.abc import Iterator, Sequence
from functools import lru_cache

from mobigo.network.engine.columns import BLANK_S, ints, texts
from mobigo.network.export.netex.markup import entity, given, leaf, reference, source
from mobigo.network.export.netex.names import Naming
from mobigo.network.export.netex.source import Source
from mobigo.network.export.netex.stops import accessibility

DAY_S = 86_400


class JourneyWriter:
    """Writes the trips of a feed, way by way."""

    def __init__(self, feed: Source, naming: Naming) -> None:
        self.feed, self.naming = feed, naming
        self.ids = texts(feed.trips, "trip_id").to_list()
        self.numbers = texts(feed.trips, "trip_short_name").to_list()
        self.services = texts(feed.trips, "service_id").to_list()
        self.access = ints(feed.trips, "wheelchair_accessible", 0).tolist()
        self.starts = feed.starts.tolist()

    def journeys(self, trips: Sequence[int], pattern: str, operator: str) -> Iterator[str]:
        """Each of these trips (rows of trips); `pattern` and `operator` are the codes of what all of them share."""
        way = reference("JourneyPatternRef", "ServiceJourneyPattern", pattern)
        runs_it = reference("OperatorRef", "Operator", operator)
        for trip in trips:
            repeats = self.feed.frequencies.get(trip, ())
            of, code = "TemplateServiceJourney" if repeats else "ServiceJourney", self.naming.code(self.ids[trip])
            content = (
                f"{source(self.ids[trip])}{accessibility(of, self.access[trip], code)}{self._days(trip)}{way}"
                f"{given('PublicCode', self.numbers[trip])}{runs_it}"
                f"<passingTimes>{self._passing_times(trip)}</passingTimes>{_headways(code, repeats)}"
            )
            yield entity(of, code, content)

    def _days(self, trip: int) -> str:
        return f"<dayTypes>{reference('DayTypeRef', 'DayType', self.naming.code(self.services[trip]))}</dayTypes>"

    def _passing_times(self, trip: int) -> str:
        visits = slice(self.starts[trip], self.starts[trip + 1])
        return "".join(map(_passing, self.feed.arrive_s[visits].tolist(), self.feed.depart_s[visits].tolist()))


def _time(seconds: int) -> tuple[str, str]:
    """A service time as the time of a day and the number of days to add."""
    days, rest = divmod(seconds, DAY_S)
    return f"{rest // 3600:02d}:{rest // 60 % 60:02d}:{rest % 60:02d}", str(days)


@lru_cache(maxsize=200_000)
def _passing(arrive: int, depart: int) -> str:
    """A visit: no time where there is none."""
    told = ""
    for name, when in (("Arrival", arrive), ("Departure", depart)):
        if when != BLANK_S:
            told += _moment(name, when)
    return f"<TimetabledPassingTime>{told}</TimetabledPassingTime>"


def _moment(name: str, when: int) -> str:
    text, days = _time(when)
    return f"<{name}Time>{text}</{name}Time><{name}DayOffset>{days}</{name}DayOffset>"


def _headways(code: str, repeats: Sequence[tuple[int, int, int, bool]]) -> str:
    """One HeadwayJourneyGroup a row of frequencies.txt: its first and its last departure, and the headway."""
    if not repeats:
        return ""
    groups = "".join(_headway(f"{code}__{number}", *repeat) for number, repeat in enumerate(repeats, start=1))
    kind = leaf("TemplateVehicleJourneyType", "headway")
    return f"{kind}<frequencyGroups>{groups}</frequencyGroups>"


def _headway(code: str, start: int, end: int, headway: int, exact: bool) -> str:
    last = start + (end - start - 1) // headway * headway
    content = leaf("Name", f"{_time(start)[0]} - {_time(last)[0]}")
    for kind, when in (("First", start), ("Last", last)):
        text, days = _time(when)
        content += f"{leaf(f'{kind}DepartureTime', text)}{leaf(f'{kind}DayOffset', days)}"
    shown = "DisplayAsWellAsPassingTimes" if exact else "DisplayInsteadOfPassingTimes"
    content += leaf("ScheduledHeadwayInterval", f"PT{headway}S") + leaf("HeadwayDisplay", shown)
    return entity("HeadwayJourneyGroup", code, content)
