"""`mobigo covoit verify`: the ledger's chain, each award against its hash, its inputs and the ledger, statements and
payments against both. The first thing wrong of each kind is named; nothing is repaired."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from hashlib import sha256
from itertools import groupby
from pathlib import Path
from typing import Any

import orjson
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from covoit.gateway import campaigns
from covoit.model.campaign import Unit
from covoit.model.payments import Answer
from covoit.rules import subsidy
from covoit.rules.campaign_awards import priced_again, used_of
from covoit.service import awards
from covoit.service.payments import in_payment
from covoit.store import awards as store
from covoit.store import payments as payment_store
from covoit.store.files import joined
from mobigo.base.decisions import Decision
from mobigo.base.errors import NotFound
from mobigo.base.money import ZERO
from mobigo.infra.db import reading
from mobigo.ledger import service as ledger
from mobigo.ledger.model import Phase, Verdict


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that is not as it was written: what kind of thing, its id, why."""

    kind: str  # "award", "head", "statement", "payment", "file"
    id: str
    reason: Decision


@dataclass(frozen=True, slots=True)
class Verification:
    """What was looked at, and what was found wrong (at most a hundred, the first ones)."""

    ledger: Verdict
    awards: int
    statements: int
    payments: int
    findings: tuple[Finding, ...]

    @property
    def ok(self) -> bool:
        return self.ledger.ok and not self.findings


MOST: int = 100


def verify(
    engine: Engine, *, home: Path | None = None, recompute: bool = True, progress: Callable[[int], object] | None = None
) -> Verification:
    """Check everything in one look at the database. `recompute`: also price each award again from its own inputs and
    compare byte for byte (where the content of its scale is known)."""
    verdict = ledger.verify(engine)
    with reading(engine) as session:
        looked = _Look(session, home, recompute)
        found: list[Finding] = []
        for finding in looked.run(progress):
            found.append(finding)
            if len(found) == MOST:
                break
        return Verification(verdict, looked.awards, looked.statements, looked.payments, tuple(found))


class _Look:
    def __init__(self, session: Session, home: Path | None, recompute: bool) -> None:
        self.session, self.home, self.recompute = session, home, recompute
        self.awards = self.statements = self.payments = 0
        self.moved: dict[str, int] = {}  # award → cents its transfer took from the budget
        self.undone: set[str] = set()
        self.uses: dict[str, dict[str, int]] = {}  # award of a campaign → what it uses of caps, by passenger

    def run(self, progress: Callable[[int], object] | None) -> Iterator[Finding]:
        self._read_ledger()
        uses = select(store.UseRow.award, store.UseRow.passenger, store.UseRow.cents)
        for award, passenger, cents in self.session.execute(uses):
            self.uses.setdefault(award, {})[passenger] = cents
        stated = set(self.session.scalars(select(store.StatementLineRow.award)))
        asked = select(store.HeadRow.award, store.HeadRow.revision)
        heads = {row[0]: row[1] for row in self.session.execute(asked)}
        for _key, rows in groupby(store.all_awards(self.session), key=_trip_of):
            revisions = list(rows)
            yield from self._trip(revisions, stated, heads)
            yield from self._uses(revisions, stated)
            self.awards += len(revisions)
            if progress is not None:
                progress(self.awards)
        for award in sorted(self.uses):
            yield Finding("award", award, Decision("covoit.fault_use"))
        for award in sorted(self.moved):
            yield Finding("award", award, Decision("covoit.fault_transfer_without_award"))
        yield from self._statements()
        yield from self._payments()
        yield from self._former_files()

    def _read_ledger(self) -> None:
        """What the ledger says of each award. Only lines of the budgets carry them."""
        codes = set(self.session.scalars(select(store.AwardRow.scale_code).distinct()))
        for campaign in sorted(codes):
            account = awards.budget(campaign)
            try:
                ledger.balance(self.session, account)
            except NotFound:
                continue
            for line in ledger.entries(self.session, account):
                if line.key.startswith("award:"):
                    sign = 1 if line.transfer.debit == account else -1
                    self.moved[line.key.removeprefix("award:")] = sign * line.amount.cents
                elif line.key.startswith("unaward:") and line.phase is Phase.REVERSE:
                    self.undone.add(line.key.removeprefix("unaward:"))

    def _trip(self, revisions: list[store.AwardRow], stated: set[str], heads: dict[str, int]) -> Iterator[Finding]:
        settled = 0
        last = revisions[-1]
        if heads.get(last.id) != last.revision:
            yield Finding("head", last.id, Decision("covoit.fault_head"))
        for expected, row in enumerate(revisions, 1):
            if row.revision != expected:
                yield Finding("award", row.id, Decision("covoit.fault_revision", expected=expected, found=row.revision))
                return
            yield from self._document(row)
            if row.settled_cents != settled or row.whole_cents - row.settled_cents != row.line_cents:
                yield Finding("award", row.id, Decision("covoit.fault_sums"))
            moved = self.moved.pop(row.id, 0)
            if moved != row.line_cents:
                reason = Decision("covoit.fault_not_ledger", award=row.line_cents, ledger=moved)
                yield Finding("award", row.id, reason)
            stands = row is last or row.id in stated
            if row.line_cents and stands == (row.id in self.undone):
                yield Finding("award", row.id, Decision("covoit.fault_standing"))
            if row.id in stated:
                settled += row.line_cents

    def _uses(self, revisions: list[store.AwardRow], stated: set[str]) -> Iterator[Finding]:
        """What the awards of a campaign use of its caps, against what they give each passenger."""
        standing: dict[str, int] = {}
        for row in revisions:
            given, now = self._given(row, standing), dict(standing)
            for passenger, cents in self.uses.pop(row.id, {}).items():
                now[passenger] = now.get(passenger, 0) + cents
            now = {who: cents for who, cents in now.items() if cents}
            if now != given:
                yield Finding("award", row.id, Decision("covoit.fault_use"))
            if row.id in stated:
                standing = now

    def _given(self, row: store.AwardRow, standing: dict[str, int]) -> dict[str, int]:
        if not row.supplement or row.cause == "withdrawn":
            return standing
        try:
            unit = campaigns.load_campaign_by_hash(row.scale_hash, self.home).unit
        except NotFound:
            unit = Unit.VEHICLE_TRIP if "" in self.uses.get(row.id, {}) else Unit.JOURNEY
        return used_of(orjson.loads(row.document), unit)

    def _document(self, row: store.AwardRow) -> Iterator[Finding]:
        if sha256(row.document.encode()).hexdigest() != row.digest:
            yield Finding("award", row.id, Decision("covoit.fault_digest"))
            return
        document = orjson.loads(row.document)
        if row.cause == "withdrawn":
            return
        if _columns(row) != _told(document):
            yield Finding("award", row.id, Decision("covoit.fault_columns"))
            return
        if not self.recompute:
            return
        try:
            rule = campaigns.rule_of_content(row.scale_hash, self.home)
        except NotFound:
            return
        again = subsidy.canonical_bytes(priced_again(document["inputs"], rule))
        if again != row.document.encode():
            yield Finding("award", row.id, Decision("covoit.fault_recomputed"))

    def _statements(self) -> Iterator[Finding]:
        for month in sorted(self.session.scalars(select(store.MonthRow.month))):
            rows = {
                row.person: row
                for row in self.session.scalars(select(store.StatementRow).where(store.StatementRow.month == month))
            }
            lines = store.lines_of_month(self.session, month)
            for person, group in groupby(lines, key=lambda line: line[0]):
                digest, cents, due = sha256(f"{person} {month}".encode()), 0, 0
                for _person, _award, line_cents, line_digest in group:
                    digest.update(f"\n{line_digest} {line_cents}".encode())
                    cents, due = cents + line_cents, due + max(0, line_cents)
                row = rows.pop(person, None)
                self.statements += 1
                if row is None or (row.cents, row.digest) != (cents, digest.hexdigest()):
                    yield Finding("statement", f"{month}:{person}", Decision("covoit.fault_statement"))
                posted = ledger.find(self.session, f"close:{month}:{person}")
                if (0 if posted is None else posted.amount.cents) != due:
                    yield Finding("statement", f"{month}:{person}", Decision("covoit.fault_not_payable"))
            for person in sorted(rows):
                yield Finding("statement", f"{month}:{person}", Decision("covoit.fault_statement"))

    def _payments(self) -> Iterator[Finding]:
        asked = select(payment_store.BankEventRow.end_to_end_id, payment_store.BankEventRow.answer)
        said = {(row[0], row[1]) for row in self.session.execute(asked)}
        for row in self.session.scalars(select(payment_store.PaymentRow)):
            self.payments += 1
            mandate = ledger.find(self.session, f"mandate:{row.batch}:{row.claim}")
            undone = ledger.find(self.session, f"unmandate:{row.batch}:{row.claim}")
            right = mandate is not None and mandate.transfer.credit == in_payment(row.batch)
            if mandate is None or not right or mandate.amount.cents != row.cents or undone is not None:
                yield Finding("payment", row.end_to_end_id, Decision("covoit.fault_payment"))
            for answer, key in ((Answer.PAID, "paid"), (Answer.RETURNED, "returned")):
                posted = ledger.find(self.session, f"{key}:{row.end_to_end_id}")
                if (posted is not None) != ((row.end_to_end_id, str(answer)) in said):
                    yield Finding("payment", row.end_to_end_id, Decision("covoit.fault_payment"))

    def _former_files(self) -> Iterator[Finding]:
        """A file that was joined to another one holds nothing that is due or owed."""
        for row in joined(self.session):
            for account in (awards.payable(row.former), awards.overpaid(row.former)):
                try:
                    left = ledger.balance(self.session, account).net
                except NotFound:
                    continue
                waits = select(store.HeadRow.award).where(store.HeadRow.driver == row.person, store.HeadRow.open)
                if left != ZERO and self.session.scalar(waits.limit(1)) is None:
                    yield Finding("file", row.former, Decision("covoit.fault_former_file", left=left))


def _trip_of(row: store.AwardRow) -> tuple[str, str, str]:
    return (row.operator, row.operator_trip_id, row.supplement)


def _columns(row: store.AwardRow) -> tuple[Any, ...]:
    return (
        row.operator, row.operator_trip_id, row.driver, row.day.isoformat(), row.line, row.scale_code, row.scale_hash,
        row.distance_m, row.passengers, row.before_caps_cents, row.whole_cents, row.fare_cents,
    )  # fmt: skip


def _told(document: dict[str, Any]) -> tuple[Any, ...]:
    names = (
        "operator", "operator_trip_id", "driver", "day", "line", "scale_code", "scale_hash", "distance_m", "passengers",
        "before_caps_cents", "amount_cents", "fare_cents",
    )  # fmt: skip
    return tuple(document.get(name) for name in names)
