"""What is asked of the registry beside journeys: keys, and which journeys to list."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Annotated, Final

from pydantic import Field

from covoit.gateway.ndjson import FIRST_YEAR, Strict
from mobigo.base.errors import InvalidInput

STATUSES: Final = (
    "ok", "pending", "canceled", "terms_violation_error", "fraud_error", "anomaly_error", "acquisition_error",
    "validation_error", "normalization_error", "unknown",
)  # fmt: skip
LIMIT_MAX: Final = 1_000
OFFSET_MAX: Final = 1_000_000
PAST_DAYS_MAX: Final = 90


class BadQuery(InvalidInput):
    """A parameter of the query cannot be read."""

    http_status = 400


class Credentials(Strict):
    """An operator's key."""

    access_key: Annotated[str, Field(max_length=64, description="The short name of the key: 8 signs.")]
    secret_key: Annotated[str, Field(max_length=200, description="The key, as it was shown once.")]


@dataclass(frozen=True, slots=True)
class Listing:
    """Which journeys to list."""

    status: str
    start: datetime
    end: datetime
    limit: int
    offset: int


def listing(query: Mapping[str, str], now: datetime) -> Listing:
    """The question in a query. Raises BadQuery("covoit.bad_parameter", name, expected)."""
    for name in query:
        if name not in ("status", "start", "end", "limit", "offset", "lang"):
            raise BadQuery("covoit.bad_parameter", name=name[:80], expected="status, start, end, limit, offset")
    status = query.get("status", "")
    if status not in STATUSES:
        raise BadQuery("covoit.bad_parameter", name="status", expected=" | ".join(STATUSES))
    start = _instant(query, "start", now - timedelta(days=7))
    return Listing(
        status,
        max(start, now - timedelta(days=PAST_DAYS_MAX)),
        min(_instant(query, "end", now), now),
        _whole(query, "limit", 50, LIMIT_MAX),
        _whole(query, "offset", 0, OFFSET_MAX),
    )


def flag(query: Mapping[str, str], name: str, *, only: bool = False) -> bool:
    """A yes or no. Raises BadQuery; with `only`, for any other parameter too."""
    for other in query if only else ():
        if other not in (name, "lang"):
            raise BadQuery("covoit.bad_parameter", name=other[:80], expected=name)
    text = query.get(name, "false")
    if text not in ("true", "false"):
        raise BadQuery("covoit.bad_parameter", name=name, expected="true | false")
    return text == "true"


def _whole(query: Mapping[str, str], name: str, usual: int, most: int) -> int:
    text = query.get(name)
    if text is None:
        return usual
    if not (text.isascii() and text.isdigit() and len(text) < 10 and int(text) <= most):
        raise BadQuery("covoit.bad_parameter", name=name, expected=f"0…{most}")
    return int(text)


def _instant(query: Mapping[str, str], name: str, usual: datetime) -> datetime:
    text = query.get(name)
    if text is None:
        return usual
    try:
        found = datetime.fromisoformat(text)
        if found.tzinfo is None or not FIRST_YEAR <= found.year < 9_999:
            raise ValueError(text)
        return found.astimezone(UTC)
    except ValueError:
        raise BadQuery("covoit.bad_parameter", name=name, expected="2026-01-31T08:00:00Z") from None
