"""One value, one sequence of bytes, so that its hash can be cited: dated tables, priced trips."""

import hashlib
import json
from collections.abc import Mapping
from datetime import date
from typing import Any

from mobigo.base.decisions import Decision
from mobigo.base.money import Money


def canonical_json(document: object) -> bytes:
    """Sorted keys, no spaces, UTF-8; dates and instants in ISO 8601, money in cents, decisions as code and parameters.

    Raises TypeError for any other type that JSON lacks, ValueError for a number that is none.
    """
    return json.dumps(
        document, ensure_ascii=False, sort_keys=True, separators=(",", ":"), default=plain, allow_nan=False
    ).encode()


def content_hash(document: object) -> str:
    """SHA-256 of the canonical form, in hexadecimal."""
    return hashlib.sha256(canonical_json(document)).hexdigest()


def plain(value: object) -> Any:
    """What JSON has of a value that it lacks, as the canonical form writes it; TypeError when it has none."""
    if isinstance(value, Money):
        return value.cents
    if isinstance(value, date):  # an instant too
        return value.isoformat()
    if isinstance(value, Decision):
        return {"code": value.code, "params": dict(value.params)}
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"{type(value).__name__} has no canonical form")
