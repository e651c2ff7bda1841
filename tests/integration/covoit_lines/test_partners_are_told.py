"""What becomes of a seat that another operator booked is told to it: by the outbox, with the change, tried again."""

import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import Engine, select
from werkzeug.serving import make_server

import covoit.tasks  # noqa: F401 - the job it declares is queued here
from covoit.gateway.partners import FILE, Partner, Told, find_partner, tell
from covoit.model.bookings import BookingState, Side
from covoit.service import bookings, partners
from covoit.store import bookings as store
from mobigo.app import deliveries
from mobigo.app.factory import create_app
from mobigo.base.errors import InvalidInput, Upstream
from mobigo.infra import clock
from mobigo.infra.config import load_config
from mobigo.infra.db import reading, transaction
from mobigo.infra.jobs.tables import JobRow
from mobigo.infra.outbox import EffectRow, deliver_effects
from tests.covoit_lines_world import NOW, A, Z, driver, person, published
from tests.covoit_registry_world import operator_in

PLATFORM = "PLATFORM"


def booked(engine: Engine, booking_id: str, operator: str | None = PLATFORM) -> None:
    """A seat waiting for the driver, of another operator's passenger."""
    with transaction(engine) as session:
        offer = published(session, driver(session))
        bookings.book(
            session, offer_id=offer.id, passenger=person(session, "k"), from_stop=A, to_stop=Z, seats=1, now=NOW,
            booking_id=booking_id, state=BookingState.WAITING, origin="api", operator=operator,
        )  # fmt: skip


def to_tell(engine: Engine) -> list[dict[str, Any]]:
    with reading(engine) as session:
        rows = session.scalars(select(EffectRow).where(EffectRow.topic == store.TOLD).order_by(EffectRow.id))
        return [row.payload for row in rows]


def changed(engine: Engine, booking: str, after: BookingState, side: Side, minutes: int = 0) -> None:
    with transaction(engine) as session:
        bookings.change(session, booking, after, side, NOW + timedelta(minutes=minutes))


def partner_file(home: Path, url: str, key: str = "k") -> Path:
    home.mkdir(exist_ok=True)
    (home / FILE).write_text(f'[[partner]]\noperator = "{PLATFORM}"\nurl = "{url}"\nkey = "{key}"\n')
    return home


def test_what_the_driver_does_is_to_be_told_and_what_the_passenger_did_is_not(engine: Engine) -> None:
    asked, own, cancelled = str(uuid4()), str(uuid4()), str(uuid4())
    booked(engine, asked)
    assert to_tell(engine) == []  # its own request
    changed(engine, asked, BookingState.CONFIRMED, Side.DRIVER)
    assert to_tell(engine) == [{"booking": asked, "status": "CONFIRMED"}]
    changed(engine, asked, BookingState.CANCELLED, Side.PASSENGER, 1)
    assert len(to_tell(engine)) == 1
    with transaction(engine) as session:
        offer = store.get_booking(session, asked).offer
        for booking, operator in ((own, None), (cancelled, PLATFORM)):
            bookings.book(
                session, offer_id=offer, passenger=person(session, booking[:4]), from_stop=A, to_stop=Z, seats=1,
                now=NOW, booking_id=booking, state=BookingState.WAITING, origin="api", operator=operator,
            )  # fmt: skip
    changed(engine, own, BookingState.CANCELLED, Side.DRIVER, 2)
    changed(engine, cancelled, BookingState.CANCELLED, Side.DRIVER, 2)
    assert to_tell(engine)[1:] == [{"booking": cancelled, "status": "CANCELLED"}]


def test_the_effect_becomes_one_job_that_tries_again(engine: Engine) -> None:
    booking = str(uuid4())
    booked(engine, booking)
    changed(engine, booking, BookingState.CANCELLED, Side.DRIVER)
    services: Any = None  # this handler needs none
    done = deliver_effects(engine, deliveries.handlers(services), clock.now)
    assert (done.done, done.failed) == (1, 0)
    assert deliver_effects(engine, deliveries.handlers(services), clock.now).done == 0
    with reading(engine) as session:
        (job,) = session.scalars(select(JobRow).where(JobRow.name == "covoit.tell_partner")).all()
        assert job.params == {"booking": booking, "status": "CANCELLED"}
        assert job.tries_max == 12


def test_our_own_server_as_the_other_operator_takes_it_over_http(
    engine: Engine, sqlite_template: Path, tmp_path: Path
) -> None:
    there = tmp_path / "there"
    there.mkdir()
    shutil.copyfile(sqlite_template, there / "mobigo.sqlite")
    app = create_app(load_config({"MOBIGO_HOME": str(there), "MOBIGO_BASE_URL": "http://localhost"}))
    their_engine = app.extensions["mobigo"].engine
    key = operator_in(their_engine, "Région")
    booking = str(uuid4())
    booked(engine, booking)
    booked(their_engine, booking, operator=key.id)
    server = make_server("127.0.0.1", 0, app, threaded=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    url = f"http://127.0.0.1:{server.server_port}/api/standard-covoiturage"
    home = partner_file(tmp_path / "home", url, key.key)
    try:
        changed(engine, booking, BookingState.CANCELLED, Side.DRIVER)
        for _ in range(2):  # a second try finds it told: the same answer
            assert partners.tell(engine, home, booking, "CANCELLED").code == "covoit.partner_told"
        with reading(their_engine) as session:
            assert store.get_booking(session, booking).state == "CANCELLED"
        assert partners.tell(engine, home, booking, "CONFIRMED").code == "covoit.partner_superseded"
    finally:
        server.shutdown()
        their_engine.dispose()


@contextmanager
def answering(status: int) -> Iterator[tuple[str, list[tuple[str, str | None]]]]:
    """A server that answers one status to everything, and what it was asked."""
    asked: list[tuple[str, str | None]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_PATCH(self) -> None:
            asked.append((self.path, self.headers.get("Authorization")))
            self.send_response(status)
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"{}")

        def log_message(self, *_said: object) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/base/", asked
    finally:
        server.shutdown()


@pytest.mark.parametrize(
    ("status", "expected"),
    [(200, Told.TAKEN), (204, Told.TAKEN), (302, Told.REFUSED), (400, Told.REFUSED), (404, Told.UNKNOWN),
     (409, Told.KNOWN)],
)  # fmt: skip
def test_each_answer_has_its_meaning(status: int, expected: Told) -> None:
    with answering(status) as (url, asked):
        assert tell(Partner(PLATFORM, url, "secret"), "b/1", "CANCELLED") is expected
    assert asked == [("/base/bookings/b%2F1?status=CANCELLED", "Bearer secret")]


@pytest.mark.parametrize("status", [401, 403, 429, 500, 503])
def test_what_may_pass_by_itself_is_tried_again(status: int) -> None:
    with answering(status) as (url, _asked), pytest.raises(Upstream):
        tell(Partner(PLATFORM, url), "b", "CANCELLED")


def test_a_server_that_is_not_there_is_tried_again() -> None:
    with pytest.raises(Upstream):
        tell(Partner(PLATFORM, "http://127.0.0.1:9"), "b", "CANCELLED", timeout_s=2)


@pytest.mark.parametrize(
    "text", ["[[partner]]\n", '[[partner]]\noperator="P"\nurl="ftp://x"\n', "partner = 3\n", "[[", 'partner = ["x"]\n']
)
def test_a_file_of_partners_that_does_not_read_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / FILE).write_text(text)
    with pytest.raises(InvalidInput, match="bad_partners_file"):
        find_partner(tmp_path, PLATFORM)


def test_without_a_file_or_a_name_in_it_nobody_is_called(engine: Engine, tmp_path: Path) -> None:
    booking = str(uuid4())
    booked(engine, booking, operator="ANOTHER")
    changed(engine, booking, BookingState.CANCELLED, Side.DRIVER)
    assert partners.tell(engine, tmp_path, booking, "CANCELLED").code == "covoit.partner_none"
    home = partner_file(tmp_path / "home", "http://127.0.0.1:9")
    assert partners.tell(engine, home, booking, "CANCELLED").code == "covoit.partner_none"
    assert "key" not in repr(find_partner(home, PLATFORM))
