"""A disruption, written once by an agent for travellers: what happens, where, from when to when."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from mobigo.network.model.realtime import Alert, Selector

# What travellers meet, as GTFS Realtime names it (Alert.Effect and Alert.Cause), the commonest first.
EFFECTS: Final = (
    "REDUCED_SERVICE", "SIGNIFICANT_DELAYS", "NO_SERVICE", "DETOUR", "STOP_MOVED", "MODIFIED_SERVICE",
    "ADDITIONAL_SERVICE", "ACCESSIBILITY_ISSUE", "OTHER_EFFECT",
)  # fmt: skip
CAUSES: Final = (
    "CONSTRUCTION", "STRIKE", "ACCIDENT", "TECHNICAL_PROBLEM", "WEATHER", "DEMONSTRATION", "HOLIDAY", "MAINTENANCE",
    "POLICE_ACTIVITY", "MEDICAL_EMERGENCY", "OTHER_CAUSE", "UNKNOWN_CAUSE",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Disruption:
    """`lines` are `feed:route_id`, `stops` stable place ids: the lines; the stops; with both, those lines at those
    stops; with neither, the whole network. `last_at` is None while nobody knows the end. `ended_at`: withdrawn."""

    id: str
    title: str
    text: str
    title_en: str
    text_en: str
    effect: str
    cause: str
    lines: tuple[str, ...]
    stops: tuple[str, ...]
    first_at: datetime
    last_at: datetime | None
    written_at: datetime
    changed_at: datetime
    ended_at: datetime | None = None

    def until(self) -> datetime | None:
        """When it is over, as far as is known."""
        ends = [each for each in (self.last_at, self.ended_at) if each is not None]
        return min(ends, default=None)


def alert_of(disruption: Disruption) -> Alert:
    """The disruption as GTFS Realtime tells it, by the ids it holds."""
    until = disruption.until()
    period = int(disruption.first_at.timestamp()), None if until is None else int(until.timestamp())
    lines, stops = disruption.lines, disruption.stops
    if lines and stops:
        about = tuple(Selector(route_id=line, stop_id=stop) for line in lines for stop in stops)
    else:
        about = tuple([Selector(route_id=line) for line in lines] + [Selector(stop_id=stop) for stop in stops])
    return Alert(
        id=disruption.id,
        periods=(period,),
        about=about,
        cause=disruption.cause,
        effect=disruption.effect,
        header=_texts(disruption.title, disruption.title_en),
        description=_texts(disruption.text, disruption.text_en),
        url={},
    )


def _texts(french: str, english: str) -> dict[str, str]:
    return {language: text for language, text in (("fr", french), ("en", english)) if text}
