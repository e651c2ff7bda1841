"""The private keys of sellers: a file each under home/secrets/tickets (mode 0600), named by the public key.

Never in the database, hence in no backup. Each is read once a process; another place for them (a security module) is
another `Signer`.
"""

import os
import secrets
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Final

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from billettique.rules.keys import KeptSigner, Signer
from mobigo.base.errors import Refused

if TYPE_CHECKING:
    from mobigo.infra.web import Services

FOLDER: Final = ("secrets", "tickets")


class Signers:
    """The private keys that this host holds."""

    def __init__(self, home: Path) -> None:
        self.folder = home.joinpath(*FOLDER)
        self._read: dict[bytes, Signer] = {}

    def make(self) -> Signer:
        """A new key, safe on disk before it is told."""
        private = ec.generate_private_key(ec.SECP256R1())
        signer = KeptSigner(private)
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.folder.chmod(0o700)
        self.folder.parent.chmod(0o700)
        path = self.path_of(signer.public_key)
        draft = path.with_name(f"{path.name}.{secrets.token_hex(8)}")
        handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "wb") as file:
            file.write(private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
            file.flush()
            os.fsync(file.fileno())
        draft.rename(path)
        self._read[signer.public_key] = signer
        return signer

    def find(self, public_key: bytes) -> Signer | None:
        """The holder of a key, or None when its file is not on this host.

        Raises Refused("config.secret_readable") when other users may read the file,
        Refused("billettique.key_file_wrong") when it holds another key.
        """
        known = self._read.get(public_key)
        if known is not None:
            return known
        path = self.path_of(public_key)
        if not path.exists():
            return None
        if path.stat().st_mode & 0o077:
            raise Refused("config.secret_readable", file=str(path))
        private = load_pem_private_key(path.read_bytes(), None)
        if not isinstance(private, ec.EllipticCurvePrivateKey):
            raise Refused("billettique.key_file_wrong", file=path.name)
        signer = KeptSigner(private)
        if signer.public_key != public_key:
            raise Refused("billettique.key_file_wrong", file=path.name)
        self._read[public_key] = signer
        return signer

    def forget(self, public_key: bytes) -> None:
        """Destroy a private key that signs no more: what is gone cannot be stolen."""
        self._read.pop(public_key, None)
        self.path_of(public_key).unlink(missing_ok=True)

    def path_of(self, public_key: bytes) -> Path:
        return self.folder / f"{sha256(public_key).hexdigest()[:32]}.pem"


def signers_of(services: "Services") -> Signers:
    """The keys of this process, read once."""
    return services.part(Signers, lambda made: Signers(made.config.home))
