"""Who follows one journey is told when it changes for them, often enough and not too often, and is forgotten after it;
and what was observed is certified, what was not is refused."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from apiflask import APIFlask
from flask.testing import FlaskClient
from sqlalchemy import Engine, select

from mobigo.base.errors import InvalidInput, Refused
from mobigo.infra import privacy
from mobigo.infra.config import Config
from mobigo.infra.db import reading, transaction
from mobigo.infra.outbox import MessageRow
from mobigo.network.model.live import LiveNetwork
from mobigo.network.service.observing import heard_of
from mobigo.network.store import observed
from mobigo.network.store.observed import Observed, TripKey
from mobigo.planner.engine.following import trip_now
from mobigo.planner.gateway import trip_messages
from mobigo.planner.rules.followed import End, FollowedTrip, encoded
from mobigo.planner.store import followers
from mobigo.planner.store.followers import TripFollower, TripFollowerRow
from mobigo.planner.tasks import next_way
from mobigo.planner.web import delays
from tests.integration.planner_web.test_planner_following import (
    CHATILLON,
    DAY,
    SAULIEU,
    TRIP,
    Days,
    days,
    ride,
    seconds,
    today,
)

NOW = datetime.fromtimestamp(seconds("7:20"), UTC)
__all__ = ["days"]  # a fixture, used by its name


def messages(engine: Engine) -> list[tuple[str, str, str]]:
    """(channel, recipient, body) of what was written, but to confirm; those of each follower in order."""
    with reading(engine) as session:
        rows = session.scalars(select(MessageRow).order_by(MessageRow.key))
        return [(row.channel, row.recipient, row.body) for row in rows if ":confirm:" not in row.key]


def told(engine: Engine, config: Config, live: LiveNetwork, now: datetime = NOW) -> int:
    """One round of the job."""
    with transaction(engine) as session:
        return sum(
            trip_messages.tell(
                session, config, live, each, trip_now(live, TRIP), _other(live, now), now
            )
            for each in followers.to_tell(session, now)
        )  # fmt: skip


def _other(live: LiveNetwork, now: datetime):  # type: ignore[no-untyped-def]  # as the job
    now_is = trip_now(live, TRIP)
    return next_way(live, now_is, now) if now_is.broken is not None else None


def following_by(engine: Engine, config: Config, address: str, *, confirmed: bool = True) -> TripFollower:
    with transaction(engine) as session:
        found = trip_messages.ask(session, config, TRIP, address=address, language="fr", now=NOW)
        if confirmed:
            followers.confirm(session, found.id, NOW)
    return found


def test_each_change_is_told_once_to_who_confirmed(
    engine: Engine, database_config: Config, known_network: LiveNetwork
) -> None:
    following_by(engine, database_config, "a@example.org")
    following_by(engine, database_config, "06 39 98 00 01")
    following_by(engine, database_config, "never@example.org", confirmed=False)
    assert told(engine, database_config, known_network) == 0
    late = today(known_network, {"trip": "t2", "delay": 420})
    assert told(engine, database_config, late) == 2
    assert told(engine, database_config, late) == 0
    assert (
        told(engine, database_config, today(known_network, {"trip": "t2", "delay": 590})) == 0
    )  # the same five minutes
    gone = today(known_network, {"trip": "u2", "cancelled": True})
    assert told(engine, database_config, gone) == 2
    assert told(engine, database_config, known_network) == 2
    bodies = [body for channel, _to, body in messages(engine) if channel == "sms"]
    assert "7 min de retard" in bodies[0]
    assert "est supprimé" in bodies[1]
    assert "arrivée mercredi 19 mars, 7 h 45" in bodies[1]  # the coach of the day after: never an hour without its day
    assert "de nouveau comme prévu" in bodies[2]
    for channel, _to, body in messages(engine):
        assert len(body) <= 306 or channel == "email"
        assert re.search(r"/suivre/avis/\w+/[0-9a-f]{32}", body)


def test_no_more_than_a_dozen_messages_and_none_after_the_arrival(
    engine: Engine, database_config: Config, known_network: LiveNetwork
) -> None:
    following_by(engine, database_config, "a@example.org")
    states = [today(known_network, {"trip": "t2", "delay": 300 * (1 + n % 2)}) for n in range(2)]
    assert sum(told(engine, database_config, states[n % 2]) for n in range(20)) == 12
    following_by(engine, database_config, "b@example.org")
    after = datetime.fromtimestamp(TRIP.arrive_s + 1, UTC)
    assert told(engine, database_config, today(known_network, {"trip": "u2", "cancelled": True}), after) == 0


def test_who_follows_is_forgotten_two_hours_after_the_arrival(engine: Engine, database_config: Config) -> None:
    following_by(engine, database_config, "a@example.org", confirmed=False)
    end = datetime.fromtimestamp(TRIP.arrive_s, UTC) + timedelta(hours=2)
    for now, left in ((end - timedelta(seconds=1), 1), (end, 0)):
        with transaction(engine) as session:
            followers.drop_over(session, now)
            assert len(list(session.scalars(select(TripFollowerRow)))) == left
    assert "trip_follower" in privacy.page()


def test_what_cannot_be_followed_is_refused(engine: Engine, database_config: Config) -> None:
    with transaction(engine) as session:
        with pytest.raises(InvalidInput):
            trip_messages.ask(session, database_config, TRIP, address="08 99 70 00 00", language="fr", now=NOW)
        late = NOW + timedelta(days=1)
        with pytest.raises(Refused):
            trip_messages.ask(session, database_config, TRIP, address="a@example.org", language="fr", now=late)
        for number in range(trip_messages.FOLLOWED_MAX):
            other = FollowedTrip(End(f"n{number}", SAULIEU.at), CHATILLON, TRIP.rides)
            trip_messages.ask(session, database_config, other, address="a@example.org", language="fr", now=NOW)
        with pytest.raises(Refused):
            trip_messages.ask(session, database_config, TRIP, address="a@example.org", language="fr", now=NOW)


def test_a_stranger_cannot_have_words_sent(engine: Engine, database_config: Config) -> None:
    evil = FollowedTrip(End("Gagnez 1000 euros sur evil.example", SAULIEU.at), CHATILLON, TRIP.rides)
    with transaction(engine) as session:
        trip_messages.ask(session, database_config, evil, address="06 39 98 00 02", language="fr", now=NOW)
    with reading(engine) as session:
        assert all("evil" not in row.body + row.subject for row in session.scalars(select(MessageRow)))


# ---------------------------------------------------------------- what was observed


def test_what_is_noted_is_what_happens_now_not_a_forecast(known_network: LiveNetwork) -> None:
    key = TripKey("demo", "t2", DAY)
    early = heard_of(today(known_network, {"trip": "t2", "delay": 600}, at="7:20"))
    assert set(early) == set() or early[key].calls.keys() <= {0}
    at = heard_of(today(known_network, {"trip": "t2", "delay": 600}, at="8:30"))
    assert at[key].calls[2] == (600, seconds("8:30"))
    gone = heard_of(today(known_network, {"trip": "t1", "cancelled": True}, at="5:50"))
    assert gone[TripKey("demo", "t1", DAY)].cancelled_at == datetime.fromtimestamp(seconds("5:50"), UTC)
    assert heard_of(known_network) == {}


def test_the_last_word_of_a_call_stays(engine: Engine) -> None:
    key = TripKey("demo", "t2", DAY)
    with transaction(engine) as session:
        assert observed.put(session, {key: Observed({0: (60, 10), 1: (60, 10)})}, NOW) == 1
        assert observed.put(session, {key: Observed({0: (60, 10)})}, NOW) == 0
        assert observed.put(session, {key: Observed({1: (120, 20)})}, NOW) == 1
        assert observed.find(session, [key, TripKey("demo", "t1", DAY)]) == {key: Observed({0: (60, 10), 1: (120, 20)})}
        cancelled = Observed({}, NOW)
        observed.put(session, {key: cancelled}, NOW)
        observed.put(session, {key: Observed({}, NOW + timedelta(hours=1))}, NOW)
        assert observed.find(session, [key])[key].cancelled_at == NOW
        observed.put(session, {key: Observed({1: (0, 30)})}, NOW)
        assert observed.find(session, [key])[key].cancelled_at is None


def test_a_delay_is_certified_from_what_was_noted(
    client: FlaskClient, days: Days, engine: Engine, known_site: APIFlask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(vars(known_site.extensions["mobigo"]), "engine", engine)
    monkeypatch.setattr("mobigo.planner.web.here.now", lambda: datetime.fromtimestamp(seconds("12:00"), UTC))
    asked = FollowedTrip(SAULIEU, CHATILLON, (ride("t2", "SAU", "7:30", "MON", "8:25"),))
    address = f"/suivre/{encoded(asked)}"
    refused = client.get(f"{address}/attestation.pdf")
    assert refused.status_code == 403
    assert "Aucune heure en temps réel" in client.get(address).text
    with transaction(engine) as session:
        observed.put(session, {TripKey("demo", "t2", DAY): Observed({2: (1_500, seconds("8:49"))})}, NOW)
    answer = client.get(f"{address}/attestation.pdf")
    assert answer.status_code == 200
    text = pdf_text(answer.data)
    assert "Attestation de retard" in text
    assert "8 h 25" in text
    assert "8 h 50 (information de 8 h 49)" in text
    assert "25 min" in text
    assert "attestation.pdf" in client.get(address).text
    assert client.get("/suivre/xx/attestation.pdf").status_code == 404
    assert delays.why_not([], NOW) is not None


def pdf_text(data: bytes) -> str:
    from io import BytesIO

    from pypdf import PdfReader

    text = " ".join(page.extract_text() for page in PdfReader(BytesIO(data)).pages)
    return re.sub(r"\s+", " ", text.replace("\u00a0", " ").replace("\u202f", " "))
