"""What the bank wrote back: a file is read once, its effects are told, and what it names that is not ours."""

from flask import request, url_for
from flask.typing import ResponseReturnValue

from covoit.gateway.bank import LARGEST_BYTES
from covoit.service import returns
from covoit.service.returns import Applied
from covoit.store import payments as store
from covoit.web import bp
from covoit.web.forms import Faults
from covoit.web.money.shared import me, page
from mobigo.base.errors import InvalidInput
from mobigo.base.instants import paris_day
from mobigo.base.money import Money
from mobigo.infra.auth import Permission, requires
from mobigo.infra.clock import now
from mobigo.infra.db import reading
from mobigo.infra.i18n import sentence
from mobigo.infra.web import body_limit, services


@bp.get("/covoiturage/agents/retours")
@requires(Permission.COVOIT_ACCOUNT)
def bank_returns() -> ResponseReturnValue:
    """The batches the bank has not answered for, and the form that takes its file."""
    return _page(Faults(), None)


@bp.post("/covoiturage/agents/retours")
@requires(Permission.COVOIT_ACCOUNT)
@body_limit(LARGEST_BYTES)
def read_bank_file() -> ResponseReturnValue:
    """Applies a pain.002 or a camt.054, once; a file given twice changes nothing more."""
    faults, applied = Faults(), None
    with faults.caught():
        given = request.files.get("file")
        content = b"" if given is None else given.read()
        if not content:
            raise InvalidInput("covoit.bank_file_missing")
        applied = returns.apply_bank_file(services().engine, services().blobs, content, by=me(), now=now())
    return _page(faults, applied)


def _page(faults: Faults, applied: Applied | None) -> ResponseReturnValue:
    with reading(services().engine) as session:
        waiting = store.unanswered(session)
    return page(
        "money_returns.html", faults, applied=applied, waiting=waiting, money=Money, sentence=sentence,
        today=paris_day(now()), total=Money(sum(each.cents for each in waiting)), batch_of=_batch_href,
    )  # fmt: skip


def _batch_href(batch: str) -> str:
    return url_for("covoit.payment_batch", batch_id=batch)
