"""What this package asks of the others, who keep complaints of their own and know what requests are about. Filled in
`mobigo.app`."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from sqlalchemy.orm import Session

from mobigo.base.decisions import Decision
from mobigo.infra.roles import Identity
from mobigo.requests.model import Claim


class Elsewhere(Protocol):
    """The complaints that one package keeps."""

    def of_person(self, session: Session, subject: str, now: datetime) -> Sequence[Claim]:
        """Those of an account, the latest first."""

    def to_answer(self, session: Session, identity: Identity, now: datetime) -> Sequence[Claim]:
        """Those that wait for an answer and this agent may open, the nearest day first."""


class Origins(Protocol):
    """What a request may be about."""

    def facts(self, origin: str, ref: str, now: datetime) -> tuple[Decision, ...]:
        """What is known of this journey (`trajet`), order (`commande`) or booking (`tad`), by the text or secret that
        opens its page. Raises NotFound for what does not open one."""
