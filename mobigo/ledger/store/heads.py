"""Signed heads."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from mobigo.infra.db import insert_new
from mobigo.ledger.model import SignedHead
from mobigo.ledger.rules.chain import from_us
from mobigo.ledger.store.rows import SignedHeadRow


def add_signed_head(session: Session, head: SignedHead, signed_us: int) -> bool:
    """Whether this line's head was not signed yet."""
    row = {
        "n": head.n,
        "hash": head.hash,
        "signed_us": signed_us,
        "public_key": head.public_key,
        "signature": head.signature,
    }
    return insert_new(session, SignedHeadRow, row)


def signed_heads(session: Session) -> list[SignedHead]:
    """Every signed head, oldest first."""
    rows = session.scalars(select(SignedHeadRow).order_by(SignedHeadRow.n))
    return [SignedHead(row.n, row.hash, from_us(row.signed_us), row.public_key, row.signature) for row in rows]
