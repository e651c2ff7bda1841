"""Records and constats as devices write them in JSON, read into values. What cannot be read raises KeyError, TypeError,
ValueError, AttributeError, IndexError or OverflowError: the door says it in words."""

from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any

from billettique.model.cases import Constat, Person
from billettique.model.ticket import Answer
from billettique.model.use import DeviceKind, Place, Record
from billettique.rules.tickets import mark_of_reference
from billettique.service.sync import Device
from mobigo.base.money import Money


def device_of(said: Mapping[str, Any], who: tuple[str, str | None], kind: DeviceKind) -> Device:
    """The device that a document names, for the account and the organisation that send it."""
    by, organisation = who
    keys, revocations = said.get("keys", 0), said.get("revocations", 0)
    return Device(
        str(said.get("device", "")), kind, by, organisation,
        keys if isinstance(keys, int) and 0 <= keys < 2**31 else 0,
        revocations if isinstance(revocations, int) and 0 <= revocations < 2**31 else 0,
    )  # fmt: skip


def read_record(said: Any) -> Record:
    """One record."""
    named = said.get("ticket")
    ticket = None if named is None else (str(named[0])[:60], str(named[1])[:60])
    until = said.get("until")
    return Record(
        nonce=str(said["nonce"]),
        at=read_instant(said["at"]),
        answer=Answer(said["answer"]),
        mark=None if ticket is None else mark_of_reference(*ticket),
        product=_plain(said.get("product"), 120),
        uses=said.get("uses") is True,
        until=None if until is None else date.fromisoformat(until),
        place=Place(_plain(said.get("line"), 60), _plain(said.get("stop"), 60), _plain(said.get("trip"), 80)),
        ticket=ticket,
    )


def read_instant(said: Any) -> datetime:
    """Milliseconds since 1970, or an instant written out with its zone."""
    if isinstance(said, str):
        written = datetime.fromisoformat(said)
        if written.tzinfo is None:
            raise ValueError("an instant carries its zone")
        return written
    return datetime.fromtimestamp(int(said) / 1000, UTC)


def read_constat(said: Any) -> Constat:
    """One constat."""
    person = said.get("person")
    return Constat(
        id=str(said["id"]),
        reference=str(said["reference"]),
        secret_digest=str(said["secret_digest"])[:64],
        found_at=read_instant(said["found_at"]),
        ground=str(said["ground"]),
        line=_plain(said.get("line"), 60),
        stop=_plain(said.get("stop"), 60),
        fare=Money(int(said.get("fare_cents", 0))),
        paid=None if said.get("paid") is None else str(said["paid"]),
        person=None if person is None else _person(person),
        note=str(said.get("note", "")).replace("\0", ""),
        pass_holder=said.get("pass_holder") is True,
        round_id=None if said.get("round") is None else _plain(said["round"], 26),
        receipt=None if said.get("receipt") is None else int(said["receipt"]),
    )


def _person(said: Any) -> Person:
    born = str(said.get("born_on", ""))
    return Person(
        last_name=_line(said.get("last_name")), first_name=_line(said.get("first_name")),
        born_on=date.fromisoformat(born) if born else None, born_at=_line(said.get("born_at")),
        address=_line(said.get("address")), postcode=_line(said.get("postcode")), town=_line(said.get("town")),
        email=_line(said.get("email")),
    )  # fmt: skip


def _line(text: Any) -> str:
    return " ".join(str(text or "").split())


def _plain(text: Any, longest: int) -> str:
    return "".join(letter for letter in str(text or "") if letter.isprintable())[:longest]
