"""What devices tell: records of validators and of inspectors' telephones, each counted once, whatever the order and how
often they come; exactly one first use of a ticket; and the online check, of which one of several wins.

A device names its records itself (device, nonce). The places, instants and tokens that a record brings are forgotten
after 48 hours (`forget`, every quarter of an hour); a record that comes later than that is counted without them.
"""

import hmac
import re
import secrets
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from hashlib import sha256
from typing import Any, Final

from sqlalchemy.orm import Session

from billettique.model.ticket import Answer
from billettique.model.use import DeviceKind, Received, Record
from billettique.rules.uses import Use, settle
from billettique.store import usage
from billettique.store import validations as store
from mobigo.base.errors import Conflict, InvalidInput, Refused
from mobigo.base.instants import PARIS, paris_day

BATCH_MAX: Final = 2_000
DAY_BEGINS: Final = timedelta(hours=4)  # a journey at 1 in the morning is of the evening before
FORGET_AFTER: Final = timedelta(hours=47, minutes=30)  # and the job runs every quarter of an hour: below 48
AHEAD_MAX: Final = timedelta(minutes=10)  # of what a device says, once its clock is corrected
OLD_MAX: Final = timedelta(days=45)
_ID: Final = re.compile(r"[0-9A-Za-z_-]{8,40}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Device:
    """Who sends: the device's own random id, its kind, the account and the organisation it acts for."""

    id: str
    kind: DeviceKind
    by: str | None = None
    organisation: str | None = None
    keys_sequence: int = 0
    revocations_sequence: int = 0


def service_day(at: datetime) -> date:
    """The day of service of an instant."""
    return paris_day(at - DAY_BEGINS)


def begins(day: date) -> datetime:
    """The instant at which a day of service begins."""
    return datetime.combine(day, time(DAY_BEGINS.seconds // 3600), PARIS)


def receive(
    session: Session,
    device: Device,
    records: Sequence[Record],
    now: datetime,
    *,
    sent_at: datetime | None = None,
) -> Received:
    """Take a batch. `sent_at` is the device's clock as it sends: its records are set right by the difference.

    The same batch again changes nothing. Raises InvalidInput("billettique.batch_too_long", "billettique.bad_device"),
    Refused("billettique.device_of_another") for a device that belongs to another organisation or is of another kind.
    """
    if len(records) > BATCH_MAX:
        raise InvalidInput("billettique.batch_too_long", records=len(records), records_max=BATCH_MAX)
    ahead = timedelta(0) if sent_at is None else sent_at - now
    _meet(session, device, ahead, now)
    good, refused = _sorted_out(records, ahead, now)
    fresh = store.new_among(session, device.id, sorted(good), now)
    came = [good[nonce] for nonce in sorted(fresh)]
    firsts, repeats = _settle_uses(session, device, came, now)
    _keep(session, device, came, firsts, now)
    _count(session, device, came)
    return Received(len(came), len(good) - len(came), tuple(sorted(firsts)), tuple(sorted(repeats)), tuple(refused))


def claim(session: Session, device: Device, record: Record, now: datetime) -> tuple[bool, datetime | None]:
    """The online check of a ticket that is used up by it: whether this check is the one that wins, and since when the
    ticket is used if not. Of several at once exactly one wins; the same record again gets the same answer.

    Raises as `receive` does, Refused("billettique.record_refused"), and Conflict("billettique.nonce_taken") for a name
    that this device gave to another record: nothing would be used up under it.
    """
    if record.mark is None or record.until is None:
        raise InvalidInput("billettique.record_without_ticket")
    _meet(session, device, timedelta(0), now)
    known = store.lock_used(session, {record.mark: record.until}).get(record.mark)
    mine = isinstance(known, Use) and (known.device, known.nonce) == (device.id, record.nonce)
    if known is not None and not mine:
        at = known.at if isinstance(known, Use) else None
        receive(session, device, [replace(record, uses=False, answer=Answer.USED)], now)
        return False, at
    outcome = receive(session, device, [replace(record, at=now)], now)
    if outcome.refused:
        raise Refused("billettique.record_refused", why=outcome.refused[0][1])
    if outcome.new == 0 and not mine:
        raise Conflict("billettique.nonce_taken", nonce=record.nonce)
    return True, None


def forget(session: Session, now: datetime) -> int:
    """Erase what may not be known any longer; how many rows."""
    today = service_day(now)
    day = today
    while begins(day) > now - FORGET_AFTER:
        day -= timedelta(days=1)
    keys_before = day + timedelta(days=1)
    return store.forget(session, now, after=FORGET_AFTER, today=today, keys_before=keys_before)


# ---------------------------------------------------------------- the steps


def _meet(session: Session, device: Device, ahead: timedelta, now: datetime) -> None:
    if not _ID.fullmatch(device.id):
        raise InvalidInput("billettique.bad_device")
    known = store.find_device(session, device.id)
    if known is not None and (known.organisation, known.kind) != (device.organisation, device.kind):
        raise Refused("billettique.device_of_another")
    store.meet(
        session, device.id,
        {"kind": str(device.kind), "organisation": device.organisation, "by": device.by,
         "ahead_s": round(ahead.total_seconds()), "keys_sequence": device.keys_sequence,
         "revocations_sequence": device.revocations_sequence}, now,
    )  # fmt: skip


def _sorted_out(
    records: Sequence[Record], ahead: timedelta, now: datetime
) -> tuple[dict[str, Record], list[tuple[str, str]]]:
    """The records that can be taken, by nonce, with their instants set right; the others, with why not."""
    good: dict[str, Record] = {}
    refused: list[tuple[str, str]] = []
    for each in records:
        at = each.at - ahead
        if not _ID.fullmatch(each.nonce):
            refused.append((each.nonce[:40], "billettique.record_without_name"))
        elif each.nonce in good:
            continue  # twice in one batch
        elif at > now + AHEAD_MAX:
            refused.append((each.nonce, "billettique.record_from_the_future"))
        elif at < now - OLD_MAX:
            refused.append((each.nonce, "billettique.record_too_old"))
        elif each.uses and (each.mark is None or each.until is None):
            refused.append((each.nonce, "billettique.record_without_ticket"))
        else:
            good[each.nonce] = replace(each, at=at)
    return good, refused


def _settle_uses(session: Session, device: Device, came: Sequence[Record], now: datetime) -> tuple[set[str], set[str]]:
    """Which of these records are first uses, and which are repeats."""
    uses = [(each.mark, Use(each.at, device.id, each.nonce)) for each in came if each.uses and each.mark is not None]
    if not uses:
        return set(), set()
    until = {each.mark: each.until for each in came if each.uses and each.mark is not None and each.until is not None}
    known = store.lock_used(session, until)
    settled = settle(known, uses)
    live = {mark: use for mark, use in settled.firsts.items() if use.at > now - FORGET_AFTER}
    store.write_firsts(session, live)
    store.drop_firsts(session, settled.firsts.keys() - live.keys())  # older than may be remembered
    store.count_uses(session, Counter(mark for mark, _use in uses), now)
    store.mark_repeats(session, [use for _mark, use in settled.repeats if use.device != device.id])
    mine = {use.nonce for _mark, use in uses}
    repeats = {use.nonce for _mark, use in settled.repeats if use.device == device.id and use.nonce in mine}
    before = [use for _mark, use in settled.repeats if use.device == device.id and use.nonce not in mine]
    store.mark_repeats(session, before)
    return mine - repeats, repeats


def _keep(session: Session, device: Device, came: Sequence[Record], firsts: set[str], now: datetime) -> None:
    """The records themselves, for 48 hours from when they happened."""
    keys: dict[date, bytes | None] = {}
    rows: list[dict[str, Any]] = []
    for each in came:
        if each.at <= now - FORGET_AFTER:
            continue
        day = service_day(each.at)
        if day not in keys:
            alive = begins(day) > now - FORGET_AFTER
            keys[day] = store.day_key(session, day, secrets.token_bytes(32), now) if alive else None
        key = keys[day]
        rows.append(
            {
                "device": device.id, "nonce": each.nonce, "at": each.at, "day": day,
                "token": None if key is None or each.mark is None else token(key, each.mark),
                "answer": str(each.answer), "kind": str(device.kind),
                "use": None if not each.uses else "first" if each.nonce in firsts else "repeat",
                "product": each.product[:120], "line": each.place.line[:60], "stop": each.place.stop[:60],
                "trip": each.place.trip[:80],
            }
        )  # fmt: skip
    store.add_validations(session, rows)


def token(key: bytes, mark: bytes) -> str:
    """A ticket's name for one day: nobody finds the ticket by it once the day's key is gone."""
    return hmac.new(key, mark, sha256).hexdigest()[:32]


def _count(session: Session, device: Device, came: Sequence[Record]) -> None:
    """Add the new records to what is counted for ever."""
    if device.kind is DeviceKind.INSPECTOR:
        checks = Counter((service_day(each.at), each.place.line[:60], str(each.answer)) for each in came)
        if checks:
            usage.add(session, usage.CheckRow, {key: {"count": count} for key, count in checks.items()})
        return
    taken = [each for each in came if each.answer is Answer.OK]
    if not taken:
        return
    channels = store.channels_of(session, {each.ticket for each in taken if each.ticket is not None})
    uses: Counter[tuple[Any, ...]] = Counter()
    loads: Counter[tuple[Any, ...]] = Counter()
    lines: dict[tuple[Any, ...], dict[str, str]] = {}
    for each in taken:
        day, line, stop = service_day(each.at), each.place.line[:60], each.place.stop[:60]
        channel = channels.get(each.ticket, "") if each.ticket is not None else ""
        uses[day, line, stop, each.at.astimezone(PARIS).hour, each.product[:120], channel[:10]] += 1
        if each.place.trip:
            key = (day, each.place.trip[:80], stop)
            loads[key] += 1
            lines[key] = {"line": line}
    usage.add(session, usage.UseRow, {key: {"count": count} for key, count in uses.items()})
    if loads:
        counts = {key: {"boardings": count, "inferred_on": 0, "inferred_off": 0} for key, count in loads.items()}
        usage.add(session, usage.LoadRow, counts, lines)
