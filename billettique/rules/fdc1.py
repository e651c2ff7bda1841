"""The dynamic part "FDC1" (UicDynamicContentData 1.0.5): the stamp a telephone signs each time it shows the code."""

from datetime import UTC, datetime, timedelta
from typing import Any, Final

from billettique.rules.uper import (
    OCTETS,
    WHOLE,
    Kind,
    Optional,
    enumerated,
    ia5,
    integer,
    open_sequence,
    sequence,
    sequence_of,
)

FORMAT: Final = "FDC1"
_HALF_A_YEAR: Final = timedelta(days=183)

EXTENSION: Final = sequence(extensionId=ia5(), extensionData=OCTETS)
GEO_UNIT: Final = enumerated("microDegree", "tenthmilliDegree", "milliDegree", "centiDegree", "deciDegree")
GEO: Final = sequence(
    geoUnit=Optional(GEO_UNIT, "milliDegree"),
    coordinateSystem=Optional(enumerated("wgs84", "grs80"), "wgs84"),
    hemisphereLongitude=Optional(enumerated("east", "west"), "east"),
    hemisphereLatitude=Optional(enumerated("north", "south"), "north"),
    longitude=WHOLE,
    latitude=WHOLE,
    accuracy=Optional(GEO_UNIT),
)
DYNAMIC: Final[Kind] = open_sequence(
    dynamicContentMobileAppId=Optional(ia5()),
    dynamicContentTimeStamp=Optional(sequence(day=integer(1, 366), time=integer(0, 86399))),
    dynamicContentGeoCoordinate=Optional(GEO),
    dynamicContentResponseToChallenge=Optional(sequence_of(EXTENSION)),
    dynamicContentExtension=Optional(EXTENSION),
)


def stamp_record(at: datetime, app: str | None = None) -> dict[str, Any]:
    """What a telephone signs at an instant: the day of the year and the second, in UTC. No place: we do not want it."""
    at = at.astimezone(UTC)
    stamp = {"day": at.timetuple().tm_yday, "time": at.hour * 3600 + at.minute * 60 + at.second}
    return {"dynamicContentMobileAppId": app, "dynamicContentTimeStamp": stamp}


def stamped_at(record: dict[str, Any], now: datetime) -> datetime | None:
    """The instant of the stamp, or None without one. The year is not in it: it is the instant nearest `now`."""
    stamp = record.get("dynamicContentTimeStamp")
    if stamp is None:
        return None
    now = now.astimezone(UTC)
    behind = timedelta(days=stamp["day"] - 1, seconds=stamp["time"])
    for year in (now.year, now.year - 1, now.year + 1):
        instant = datetime(year, 1, 1, tzinfo=UTC) + behind
        # The 366th day of a common year is no day: it would be read as 1 January.
        if instant.year == year and abs(instant - now) <= _HALF_A_YEAR:
            return instant
    return None
