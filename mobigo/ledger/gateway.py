"""Signed heads that come back from outside, as files."""

import json
from datetime import datetime
from pathlib import Path

from mobigo.base.errors import InvalidInput
from mobigo.base.instants import to_utc
from mobigo.ledger.export import FORMAT
from mobigo.ledger.model import SignedHead


def read_head(path: Path) -> SignedHead:
    """The head in a published file; its signature is not checked here. Raises InvalidInput("ledger.bad_head_file")."""
    try:
        told = json.loads(path.read_bytes())
        if told["format"] != FORMAT:
            raise ValueError(told["format"])
        return SignedHead(
            int(told["line"]),
            bytes.fromhex(told["hash"]),
            to_utc(datetime.fromisoformat(told["signed_at"])),
            bytes.fromhex(told["public_key"]),
            bytes.fromhex(told["signature"]),
        )
    except (OSError, ValueError, KeyError, TypeError) as unreadable:
        raise InvalidInput("ledger.bad_head_file", file=path.name) from unreadable
