"""What becomes of a seat that another operator booked is told to it, once it is certain here.

The change and the effect that tells it are written together (`covoit.store.bookings`); the job tells, with no
transaction open while the other side answers, and is tried again while it does not.
"""

from pathlib import Path

from sqlalchemy import Engine

from covoit.gateway import partners
from covoit.store import bookings as store
from mobigo.base.decisions import Decision
from mobigo.infra.db import reading


def tell(engine: Engine, home: Path, booking: str, status: str) -> Decision:
    """Tell the operator of a booking that its status is now this one. A status that another took the place of since is
    not told: the later one tells itself, so that a late try never sets the other side back.

    Raises Upstream while the other side does not answer, NotFound("covoit.missing_booking").
    """
    with reading(engine) as session:
        row = store.get_booking(session, booking)
        operator, present = row.operator or "", row.state
    if present != status:
        return Decision("covoit.partner_superseded", status=status, later=present)
    partner = partners.find_partner(home, operator)
    if partner is None:
        return Decision("covoit.partner_none", operator=operator)
    match partners.tell(partner, booking, status):
        case partners.Told.TAKEN | partners.Told.KNOWN:
            return Decision("covoit.partner_told", operator=operator, status=status)
        case partners.Told.UNKNOWN:
            return Decision("covoit.partner_unknown_booking", operator=operator)
        case partners.Told.REFUSED:
            return Decision("covoit.partner_refused", operator=operator, status=status)
