"""A signed head as a file: JSON, so that it can be kept, printed and checked without this product."""

import json

from mobigo.ledger.model import SignedHead

FORMAT = "mobigo-ledger-head-1"


def head_document(head: SignedHead) -> bytes:
    """The same bytes for the same head. The signature is Ed25519, over `mobigo ledger head N HASH MICROSECONDS`."""
    document = {
        "format": FORMAT,
        "line": head.n,
        "hash": head.hash.hex(),
        "signed_at": head.signed_at.isoformat(),
        "public_key": head.public_key.hex(),
        "signature": head.signature.hex(),
    }
    return (json.dumps(document, indent=1) + "\n").encode()
