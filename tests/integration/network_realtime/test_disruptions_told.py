"""Who follows a line is told of it: after a link was opened, once a change, by e-mail or by text message."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Engine, select

from mobigo.base.errors import InvalidInput, NotFound
from mobigo.infra.config import Config
from mobigo.infra.db import reading, transaction
from mobigo.infra.outbox import MessageRow
from mobigo.network.gateway.gtfs_realtime import read
from mobigo.network.model.disruptions import Disruption
from mobigo.network.service import disruptions
from mobigo.network.store import disruptions as store

NOW = datetime(2025, 3, 18, 8, tzinfo=UTC)
CLOSED = Disruption(
    "", "Route barrée", "Prenez le car de 9 h.", "", "", "NO_SERVICE", "CONSTRUCTION", ("region:LR119",), (), NOW,
    NOW + timedelta(days=2), NOW, NOW,
)  # fmt: skip


def sent(engine: Engine) -> list[tuple[str, str]]:
    """(channel, recipient) of what was written about disruptions, but to confirm."""
    with reading(engine) as session:
        rows = [row for row in session.scalars(select(MessageRow)) if ":confirm:" not in row.key]
    return sorted((row.channel, row.recipient) for row in rows)


def test_only_who_confirmed_is_told_and_once_a_change(engine: Engine, database_config: Config) -> None:
    def ask(address: str, line: str = "region:LR119") -> str:
        with transaction(engine) as session:
            found = disruptions.ask(
                session, database_config, line=line, line_name=line, address=address, language="fr", now=NOW
            )
        return found.id

    mail, phone, other = ask("a@example.org"), ask("06 39 98 00 01"), ask("b@example.org", "region:LR118")
    ask("never@example.org")
    with transaction(engine) as session:
        for follower in (mail, phone, other):
            store.confirm_follower(session, follower, NOW)
    with transaction(engine) as session:
        written = disruptions.write(session, database_config, CLOSED, actor="x", now=NOW, tell=True)
    with transaction(engine) as session:  # the same again, of the same instant
        disruptions.write(session, database_config, written, actor="x", now=NOW, tell=True)
    assert sent(engine) == [("email", "a@example.org"), ("sms", "+33639980001")]
    later = replace(written, title="Route rouverte", changed_at=NOW + timedelta(hours=1))
    with transaction(engine) as session:
        disruptions.write(session, database_config, later, actor="x", now=NOW + timedelta(hours=1), tell=False)
        store.drop_follower(session, phone)
    assert len(sent(engine)) == 2
    with reading(engine) as session:
        [alert] = read(disruptions.published(session, NOW)).alerts
        assert disruptions.published(session, NOW) == disruptions.published(session, NOW + timedelta(minutes=5))
        assert read(disruptions.published(session, NOW + timedelta(days=3))).alerts == ()  # it is over
    assert (alert.effect, alert.header["fr"], alert.about[0].route_id) == (
        "NO_SERVICE",
        "Route rouverte",
        "region:LR119",
    )


def test_what_travellers_could_not_read_is_refused(engine: Engine, database_config: Config) -> None:
    for wrong, code in (
        (replace(CLOSED, title=""), "bad_title"),
        (replace(CLOSED, last_at=NOW), "bad_end"),
        (replace(CLOSED, text="x" * 2_001), "bad_text"),
        (replace(CLOSED, effect="PARTY"), "bad_kind"),
    ):
        with pytest.raises(InvalidInput, match=code), transaction(engine) as session:
            disruptions.write(session, database_config, wrong, actor="x", now=NOW, tell=True)
    with pytest.raises(NotFound), transaction(engine) as session:
        disruptions.write(session, database_config, replace(CLOSED, id="nobody"), actor="x", now=NOW, tell=True)


def test_an_address_that_is_none_and_a_link_that_was_not_sent_are_refused(
    engine: Engine, database_config: Config
) -> None:
    for address in ("marie", "03 80 00 00 00", "+44 7700 900000"):
        with pytest.raises(InvalidInput, match="bad_address"), transaction(engine) as session:
            disruptions.ask(session, database_config, line="", line_name="", address=address, language="fr", now=NOW)
    with pytest.raises(NotFound), reading(engine) as session:
        disruptions.known(session, database_config, "somebody", "f" * 40)


def test_a_place_is_told_by_each_of_its_stops(engine: Engine, database_config: Config) -> None:
    at_station = replace(CLOSED, id="", lines=("region:LR119",), stops=("station",))
    with transaction(engine) as session:
        disruptions.write(session, database_config, at_station, actor="x", now=NOW, tell=False)
    with reading(engine) as session:
        told = disruptions.published(session, NOW, lambda place: [f"region:{place}-{n}" for n in (1, 2)])
    [alert] = read(told).alerts
    assert {(each.route_id, each.stop_id) for each in alert.about} == {
        ("region:LR119", "region:station-1"), ("region:LR119", "region:station-2"),
    }  # fmt: skip
