"""The national registry (RPC API v3.3) over HTTP, as an operator: create, read, patch, cancel, list.

Every answer becomes a value; what the registry decides (terms broken, unreadable) is an answer, what keeps it from
answering (network, 5xx, rate, a key that does not work) is Upstream. Only a token that ended is tried twice here.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, Protocol
from urllib.parse import quote, urlencode

from covoit.gateway.wire import Wire
from covoit.model.journeys import Journey
from covoit.rules import identity
from covoit.store.people import Person
from mobigo.base.errors import Upstream
from mobigo.base.geo import Point
from mobigo.infra.clock import monotonic_s

TOKEN_S: Final = 240.0  # it lives five minutes; not to the last second
LIST_PAGE: Final = 500


@dataclass(frozen=True, slots=True)
class Told:
    """What came of telling: `state` is "sent", "refused" (terms, with their labels), "invalid" or "missing"."""

    state: str
    labels: tuple[str, ...] = ()
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Heard:
    """The status of a journey at the registry."""

    status: str
    remote_id: str | None
    labels: tuple[str, ...]


class Registry(Protocol):
    """What we ask of the national registry."""

    def create(self, document: Mapping[str, Any]) -> Told: ...
    def patch(self, name: str, document: Mapping[str, Any]) -> Told: ...
    def cancel(self, name: str, code: str, message: str) -> Told: ...
    def status(self, name: str) -> Heard | None: ...
    def listed(self, status: str, start: datetime, end: datetime) -> list[str]: ...


class Rpc:
    """The registry at an address, with our key."""

    def __init__(self, url: str, access_key: str, secret_key: str, *, timeout_s: float = 20.0) -> None:
        self._wire = Wire(url, timeout_s=timeout_s)
        self._keys = {"access_key": access_key, "secret_key": secret_key}
        self._token: str | None = None
        self._token_until_s = 0.0

    def create(self, document: Mapping[str, Any]) -> Told:
        """Send a journey. One that is there already (we were not told that the last try arrived) is sent."""
        status, answer = self._asked("POST", "/journeys", document)
        if status == 409:
            held = self.status(str(document["operator_journey_id"]))
            return Told("missing" if held is None else "sent")
        return _told(status, answer)

    def patch(self, name: str, document: Mapping[str, Any]) -> Told:
        """Correct a journey."""
        return _told(*self._asked("PATCH", f"/journeys/{quote(name, safe='')}", document))

    def cancel(self, name: str, code: str, message: str) -> Told:
        """Withdraw a journey; one it does not hold is "missing"."""
        body = {"code": code, "message": message}
        return _told(*self._asked("POST", f"/journeys/{quote(name, safe='')}/cancel", body))

    def status(self, name: str) -> Heard | None:
        """The status of a journey, None when the registry does not hold it."""
        status, answer = self._asked("GET", f"/journeys/{quote(name, safe='')}")
        if status == 404:
            return None
        document = _payload(answer)
        if status != 200 or not isinstance(document.get("status"), str):
            raise Upstream("covoit.rpc_failed", reason=f"HTTP {status}")
        return Heard(document["status"], _text(document.get("journey_id")), tuple(_labels(document)))

    def listed(self, status: str, start: datetime, end: datetime) -> list[str]:
        """The names of our journeys of one status that started between two instants."""
        found: list[str] = []
        while True:
            query = {
                "status": status, "start": _iso(start), "end": _iso(end), "limit": LIST_PAGE, "offset": len(found),
            }  # fmt: skip
            code, answer = self._asked("GET", f"/journeys?{urlencode(query)}")
            page = answer if isinstance(answer, list) else _payload(answer).get("data")
            if code != 200 or not isinstance(page, list):
                raise Upstream("covoit.rpc_failed", reason=f"HTTP {code}")
            found += [str(each["operator_journey_id"]) for each in page]
            if len(page) < LIST_PAGE:
                return found

    def _asked(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> tuple[int, Any]:
        status, answer = self._request(method, path, body, self._bearer())
        if status == 401:  # the token ended sooner than it said
            self._token = None
            status, answer = self._request(method, path, body, self._bearer())
        if status in (401, 403):
            raise Upstream("covoit.rpc_refused_key")
        if status == 429 or status >= 500:
            raise Upstream("covoit.rpc_failed", reason=f"HTTP {status}")
        return status, answer

    def _bearer(self) -> str:
        if self._token is None or monotonic_s() >= self._token_until_s:
            asked_at_s = monotonic_s()
            status, answer = self._request("POST", "/auth/access_token", self._keys, None)
            token = _payload(answer).get("access_token")
            if status in (401, 403):
                raise Upstream("covoit.rpc_refused_key")
            if status not in (200, 201) or not isinstance(token, str):
                raise Upstream("covoit.rpc_failed", reason=f"HTTP {status}")
            self._token, self._token_until_s = token, asked_at_s + TOKEN_S
        return self._token

    def _request(self, method: str, path: str, body: Mapping[str, Any] | None, token: str | None) -> tuple[int, Any]:
        return self._wire.asked(method, path, body, token)


def name_of(journey: Journey) -> str:
    """Under which name the registry knows a journey of ours: our id in small letters, as its pattern wants."""
    return journey.id.lower()


def declared(
    journey: Journey, driver: Person, passenger: Person, positions: tuple[Point, Point], *, revenue_cents: int,
    contribution_cents: int,
) -> dict[str, Any]:  # fmt: skip
    """The journey as the registry wants it."""
    return {
        "operator_journey_id": name_of(journey),
        **corrected(journey, positions),
        "driver": {"identity": _identity(driver), "revenue": revenue_cents},
        "passenger": {
            "identity": _identity(passenger, journey.passenger_over_18),
            "contribution": contribution_cents,
            "seats": journey.seats,
        },
    }


def corrected(journey: Journey, positions: tuple[Point, Point]) -> dict[str, Any]:
    """What a correction says of it."""
    start, end = positions
    return {
        "operator_trip_id": journey.operator_trip_id,
        "operator_class": journey.proof_class.value,
        "incentives": [],
        "start": {"datetime": _iso(journey.started_at), "lat": start.lat, "lon": start.lon},
        "end": {"datetime": _iso(journey.ended_at), "lat": end.lat, "lon": end.lon},
        "distance": journey.distance_m,
    }


def complete(person: Person | None) -> bool:
    """Whether enough is known of a person for the registry: a key, and a number but for its two last digits."""
    return person is not None and person.identity_key is not None and bool(_trunc(person))


def _identity(person: Person, over_18: bool | None = None) -> dict[str, Any]:
    age = person.over_18 if over_18 is None else over_18
    return {
        "operator_user_id": person.id, "identity_key": person.identity_key, "phone_trunc": _trunc(person),
        "over_18": age,
    }  # fmt: skip


def _trunc(person: Person) -> str | None:
    return person.phone_trunc or (None if person.phone is None else identity.truncated(person.phone))


def _told(status: int, answer: Any) -> Told:
    if status in (200, 201, 204):
        return Told("sent")
    if status == 404:
        return Told("missing")
    error = answer.get("error") if isinstance(answer, dict) else None
    data = error.get("data") if isinstance(error, dict) else None
    if status == 422 and isinstance(data, dict):
        return Told("refused", tuple(str(label) for label in data.get("terms_violation_labels") or ()))
    return Told("invalid", detail=str(data or error or f"HTTP {status}")[:500])


def _payload(answer: Any) -> dict[str, Any]:
    """The document inside a JSON-RPC envelope, or as it is."""
    if isinstance(answer, dict):
        result = answer.get("result")
        if isinstance(result, dict):
            inner = result.get("data", result)
            return inner if isinstance(inner, dict) else {"data": inner}
        return answer
    return {}


def _labels(document: Mapping[str, Any]) -> list[str]:
    found = []
    for name in ("fraud_error_labels", "anomaly_error_details", "terms_violation_details"):
        for each in document.get(name) or ():
            found.append(str(each.get("label") if isinstance(each, dict) else each))
    return found


def _text(value: Any) -> str | None:
    return None if value is None else str(value)[:64]


def _iso(instant: datetime) -> str:
    return instant.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
