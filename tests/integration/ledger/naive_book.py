"""A ledger as simple as can be: a list of lines, each question answered by adding all of them up. Shares no code with
what it judges; knows nothing of databases, hashes or sums kept aside."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class NaiveLine:
    key: str
    phase: str
    debit: str
    credit: str
    moved: int
    held: int
    happened_at: datetime
    recorded_at: datetime
    of: str | None = None
    expires_at: datetime | None = None


class Refusal(Exception):
    """An order the naive book does not take; the message is the code."""


class NaiveBook:
    def __init__(self) -> None:
        self.lines: list[NaiveLine] = []
        self.floors: dict[str, int | None] = {}

    def find(self, key: str) -> NaiveLine | None:
        return next((line for line in self.lines if line.key == key), None)

    def sums(
        self, account: str, event_before: datetime | None = None, recorded_before: datetime | None = None
    ) -> tuple[int, int, int, int]:
        """Debits, credits, held debits, held credits."""
        counted = [
            line
            for line in self.lines
            if (event_before is None or line.happened_at < event_before)
            and (recorded_before is None or line.recorded_at < recorded_before)
        ]
        return (
            sum(line.moved for line in counted if line.debit == account),
            sum(line.moved for line in counted if line.credit == account),
            sum(line.held for line in counted if line.debit == account),
            sum(line.held for line in counted if line.credit == account),
        )

    def available(self, account: str) -> int | None:
        floor = self.floors[account]
        debits, credited, held, _ = self.sums(account)
        return None if floor is None else credited - debits - held - floor

    def post(self, key: str, debit: str, credit: str, cents: int, happened_at: datetime, now: datetime) -> None:
        self._add(NaiveLine(key, "post", debit, credit, cents, 0, happened_at, now))

    def hold(
        self, key: str, debit: str, credit: str, cents: int, happened_at: datetime, now: datetime, end: datetime | None
    ) -> None:
        self._add(NaiveLine(key, "hold", debit, credit, 0, cents, happened_at, now, expires_at=end))

    def end(self, phase: str, key: str, hold_key: str, cents: int | None, now: datetime) -> None:
        held = self.find(hold_key)
        if held is None:
            raise Refusal("ledger.no_line")
        if held.phase != "hold":
            raise Refusal("ledger.not_a_hold")
        moved = (held.held if cents is None else cents) if phase == "settle" else 0
        if moved > held.held:
            raise Refusal("ledger.more_than_held")
        self._only_once(hold_key)
        over = held.expires_at is not None and held.expires_at <= now
        if phase == "settle" and over:
            raise Refusal("ledger.hold_expired")
        self.lines.append(NaiveLine(key, phase, held.debit, held.credit, moved, -held.held, now, now, hold_key))

    def reverse(self, key: str, of_key: str, now: datetime) -> None:
        of = self.find(of_key)
        if of is None:
            raise Refusal("ledger.no_line")
        if of.phase not in ("post", "settle"):
            raise Refusal("ledger.not_reversible")
        self._only_once(of_key)
        self._add(NaiveLine(key, "reverse", of.credit, of.debit, of.moved, 0, now, now, of_key))

    def due(self, now: datetime) -> list[str]:
        """Keys of open holds whose time is over, those that ended first in front."""
        ended = {line.of for line in self.lines}
        over = [
            (line.expires_at, line.key)
            for line in self.lines
            if line.expires_at is not None and line.expires_at <= now and line.key not in ended
        ]
        return [key for _, key in sorted(over, key=lambda pair: pair[0])]

    def _only_once(self, key: str) -> None:
        if any(line.of == key for line in self.lines):
            raise Refusal("ledger.already_ended")

    def _add(self, line: NaiveLine) -> None:
        left = self.available(line.debit)
        if left is not None and line.moved + line.held > left:
            raise Refusal("ledger.insufficient")
        self.lines.append(line)
