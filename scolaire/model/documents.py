"""Documents a family gave before: frozen values."""

from dataclasses import dataclass
from datetime import date, datetime

from scolaire.model.rights import Proof


@dataclass(frozen=True, slots=True)
class Earlier:
    """One document given before, for a registration or with a request. `words` say what it is, when and for what it
    was given; `permission`: by which an agent sees that a request has it."""

    ref: str
    words: str
    sha256: str
    media: str
    size: int
    given_at: datetime  # for the first time, as far as is known
    kind: Proof | None = None  # None: nobody said what it proves
    state: str = "received"
    looked_at: datetime | None = None
    last_day: date | None = None  # on which it is kept; None: as long as its request goes on
    kept: bool = True  # False: its file is erased
    registration: str = ""
    permission: str = ""
