"""Text messages from passengers: six figures prove that they are in the car; each message is answered in a sentence."""

from datetime import datetime

from sqlalchemy import Engine

from covoit.gateway.texts import Texts
from covoit.rules.identity import normal_phone
from covoit.service import proofs
from mobigo.base.errors import MobigoError
from mobigo.infra.db import transaction
from mobigo.infra.i18n import gettext as _
from mobigo.infra.i18n import sentence, use_language


def take(engine: Engine, root: bytes, texts: Texts, now: datetime) -> tuple[int, int]:
    """Take every message that waits; (taken, refused). Each stands alone: one refused does not stop the others, and
    its sender gets the reason."""
    taken = refused = 0
    for text in texts.received():
        with use_language("fr"):
            try:
                with transaction(engine) as session:
                    proofs.texted(
                        session, root, phone=normal_phone(text.phone), words=text.words, now=min(text.at, now)
                    )
                texts.done(text, _("C’est noté : vous êtes à bord. Bonne route !"), taken=True)
                taken += 1
            except MobigoError as error:
                texts.done(text, sentence(error.decision), taken=False)
                refused += 1
    return taken, refused
