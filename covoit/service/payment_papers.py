"""What is written of a batch, again and again the same: the bank's file, the accountant's bordereau."""

from pathlib import Path
from typing import Final

from sqlalchemy.orm import Session

from covoit.export.sepa import pain001
from covoit.gateway import payer as payers
from covoit.model.payments import BatchState, Bordereau, PaperLine, Payment, PaymentFile, Way
from covoit.rules import payments as rules
from covoit.store import ibans
from covoit.store import payments as store
from mobigo.base.errors import Conflict, NotFound, Refused
from mobigo.base.instants import paris_day
from mobigo.base.money import Money

TITLE: Final = "Covoiturage"


def payment_file(session: Session, batch: str, home: Path) -> bytes:
    """The file of a sent batch, made again from what is kept: the same bytes. A pain.001 for the mandatary, the import
    file of the finance software for the public accountant."""
    from covoit.export.accounts import finance_import

    row = store.get_batch(session, batch)
    if row.sent_at is None:
        raise Conflict("covoit.batch_not_there", step="file", state=row.state)
    payer = payers.load_payer(home)
    if row.way == Way.ACCOUNTANT:
        _payments(session, row)  # whose account was erased since is in the file kept, not in one made again
        accounts = payers.accounts_on(paris_day(row.sent_at), home)
        columns = [(column.title, column.value) for column in accounts.columns]
        return finance_import(
            bordereau(session, batch, home), columns, accounts.separator, accounts.decimal, accounts.encoding
        )
    if payer.debtor is None:
        raise Refused("covoit.payer_unknown", file=payers.FILE)
    return pain001(
        PaymentFile(
            message_id=f"MOBIGO-{batch}",
            created_at=row.sent_at,
            execution_day=row.execution_day,
            debtor=payer.debtor,
            payments=tuple(_payments(session, row)),
        )
    )


def bordereau(session: Session, batch: str, home: Path) -> Bordereau:
    """A batch as its papers show it, with the names of those who acted as their accounts are called now."""
    from mobigo.infra import accounts as people

    row = store.get_batch(session, batch)
    lines = store.lines_of(session, batch)
    if row.state not in (BatchState.SENT_BACK, BatchState.REJECTED):  # of those, the papers stay what was looked at
        kept = store.LINE_SENT if row.state == BatchState.SENT else store.LINE_WAITING
        lines = [line for line in lines if line.state == kept]
    known = ibans.by_ids(session, [line.iban for line in lines])
    signatures = []
    for act in store.acts_of(session, batch):
        try:
            name = people.profile(session, act.subject).name or act.subject
        except NotFound:
            name = act.subject
        signatures.append((str(act.step), name, act.at))
    at = row.sent_at or row.prepared_at
    return Bordereau(
        batch=f"{row.number:04d}",
        title=f"{TITLE} {row.last_month}",
        payer=payers.load_payer(home).name,
        drawn_at=at,
        lines=tuple(
            PaperLine(
                line.number, rules.end_to_end_id(line.claim), _holder(known.get(line.iban)),
                _shown(known.get(line.iban)), Money(line.cents), line.first_month, line.last_month, line.trips,
                line.scale, line.act,
            )
            for line in lines
        ),
        signatures=tuple(signatures),
        codes=payers.accounts_on(paris_day(at), home).codes,
    )  # fmt: skip


def _payments(session: Session, row: store.BatchRow) -> list[Payment]:
    lines = store.lines_of(session, row.id, store.LINE_SENT)
    known = ibans.by_ids(session, [line.iban for line in lines])
    return [
        Payment(
            rules.end_to_end_id(line.claim),
            _holder(known.get(line.iban)),
            _number(known.get(line.iban)),
            Money(line.cents),
            f"{TITLE} {line.first_month} {line.last_month}"
            if line.first_month != line.last_month
            else f"{TITLE} {line.last_month}",
        )
        for line in lines
    ]


def account_id(row: ibans.IbanRow | None) -> str | None:
    """The id of an account for payment, if there is one."""
    return None if row is None or row.iban is None else row.id


def _holder(row: ibans.IbanRow | None) -> str:
    return "" if row is None else row.holder or ""


def _shown(row: ibans.IbanRow | None) -> str:
    """The account on a paper; a dash once the person had it erased: a paper outlives it."""
    return "—" if row is None or row.iban is None else row.iban


def _number(row: ibans.IbanRow | None) -> str:
    if row is None or row.iban is None:
        raise Refused("covoit.iban_forgotten")
    return row.iban
