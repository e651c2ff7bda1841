"""What a telephone can prove: which numbers receive a code, when a code is good. Pure."""

import re
from datetime import datetime, timedelta
from typing import Final

from mobigo.base.decisions import Decision

CODE_LIFE: Final = timedelta(minutes=15)
TRIES_MAX: Final = 5
# A French number whose first figure is neither 6 nor 7 is a fixed line (national numbering plan, ARCEP decision
# 2018-0881): no text message reaches it.
_FRENCH: Final = re.compile(r"\+33[67][0-9]{8}", re.ASCII)


def refusal_of_text(phone: str) -> Decision | None:
    """Why no code can be sent to this number (E.164), or None."""
    if phone.startswith("+33") and not _FRENCH.fullmatch(phone):
        return Decision("covoit.phone_without_texts")
    return None


def refusal_of_code(*, expires_at: datetime, tries: int, now: datetime) -> Decision | None:
    """Why no code is taken any more, or None: it is too old, or was guessed at."""
    if now >= expires_at or tries >= TRIES_MAX:
        return Decision("covoit.phone_code_over")
    return None
