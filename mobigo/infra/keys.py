"""The instance's secret key: given by the environment, or generated at the first run under home/secrets (mode 0600).

Other keys are derived from it by name (`derived`), so that a session cookie and a signed link never share one.
"""

import hmac
import os
import secrets
from hashlib import sha256
from pathlib import Path

from mobigo.base.errors import Refused
from mobigo.infra.config import MIN_SECRET_LENGTH, Config


def secret_key(config: Config) -> str:
    """The secret key of this instance: the same for every process that shares its home.

    Raises Refused("config.secret_readable") when other users may read the file, Refused("config.short_secret") when
    it was cut or emptied. Two processes starting at once agree on one key.
    """
    if config.secret_key is not None:
        return config.secret_key
    path = secret_file(config.home)
    if not path.exists():
        _create(path)
    if path.stat().st_mode & 0o077:
        raise Refused("config.secret_readable", file=str(path))
    key = path.read_text(encoding="ascii").strip()
    if len(key) < MIN_SECRET_LENGTH:
        raise Refused("config.short_secret", setting=str(path), length=MIN_SECRET_LENGTH)
    return key


def derived(config: Config, purpose: str) -> bytes:
    """32 bytes for one purpose, computed from the secret key; nobody computes the key back from them."""
    return hmac.new(secret_key(config).encode(), purpose.encode(), sha256).digest()


def secret_file(home: Path) -> Path:
    """Where a generated key is kept."""
    return home / "secrets" / "secret_key"


def _create(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    path.parent.chmod(0o700)
    draft = path.with_name(f"{path.name}.{secrets.token_hex(8)}")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w", encoding="ascii") as file:
        file.write(secrets.token_urlsafe(48))
        file.flush()
        os.fsync(file.fileno())
    try:
        os.link(draft, path)  # fails when another process was first: its key is then the key
    except FileExistsError:
        pass
    finally:
        draft.unlink()
