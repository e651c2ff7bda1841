"""Passwords: how they are kept (argon2id), what makes one acceptable, and a check that costs the same for nobody."""

import unicodedata
from functools import lru_cache
from itertools import pairwise
from typing import Final

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from mobigo.base.errors import InvalidInput

LENGTH_MIN: Final = 12
LENGTH_MAX: Final = 256

# RFC 9106 §4, second recommended option: argon2id, t = 3, 64 MiB. Tests put a cheap one here.
hasher = PasswordHasher(time_cost=3, memory_cost=65_536, parallelism=4)

# Long enough for the rule and still the first ones tried. Compared without case, digits at the ends or separators.
_GUESSED: Final = frozenset(
    {
        "motdepasse",
        "password",
        "azertyuiop",
        "qwertyuiop",
        "mobigo",
        "bourgogne",
        "franchecomte",
        "bourgognefranchecomte",
        "administrateur",
        "administrator",
        "bienvenue",
        "changezmoi",
        "changeme",
        "jetaime",
        "iloveyou",
        "letmein",
        "soleil",
    }
)


def check_new(password: str, email: str | None = None) -> str:
    """The password as it is kept (NFKC, so that any keyboard types it), when it may be chosen.

    Raises InvalidInput("password.too_short" | "password.too_long" | "password.too_common" | "password.like_email").
    Length is what resists; no mix of kinds is asked (ANSSI, Recommandations relatives à l'authentification, 2021, R23).
    """
    kept = unicodedata.normalize("NFKC", password)
    if len(kept) < LENGTH_MIN:
        raise InvalidInput("password.too_short", length=LENGTH_MIN)
    if len(kept) > LENGTH_MAX:
        raise InvalidInput("password.too_long", length=LENGTH_MAX)
    if _is_common(kept):
        raise InvalidInput("password.too_common")
    if email is not None and kept.casefold() in (email.casefold(), email.casefold().partition("@")[0]):
        raise InvalidInput("password.like_email")
    return kept


def _is_common(password: str) -> bool:
    """Few different letters, a run along the alphabet or the digits, or a guessed word once or repeated."""
    letters = "".join(letter for letter in password.casefold() if letter.isalpha())
    steps = {ord(after) - ord(before) for before, after in pairwise(password)}
    repeated = any(letters and letters == word * (len(letters) // len(word)) for word in _GUESSED)
    return len(set(password)) < 5 or len(steps) < 3 or repeated


def hashed(password: str) -> str:
    """The argon2id text to keep. Takes tens of milliseconds: never inside a transaction."""
    return hasher.hash(unicodedata.normalize("NFKC", password))


def matches(kept: str | None, password: str) -> bool:
    """Whether `password` is the one kept. Without one (`None`) the same work is done and the answer is no."""
    given = unicodedata.normalize("NFKC", password[: LENGTH_MAX * 4])
    decoy = _decoy(id(hasher))
    try:
        right = hasher.verify(decoy if kept is None else kept, given)
    except (VerificationError, InvalidHashError):
        return False
    return right and kept is not None


def is_dated(kept: str) -> bool:
    """Whether this hash was made with weaker figures than today's, and is to be made again at the next sign-in."""
    return hasher.check_needs_rehash(kept)


@lru_cache(maxsize=4)
def _decoy(_of: int) -> str:
    return hasher.hash("a password that nobody has chosen")
