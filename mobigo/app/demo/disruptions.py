"""A disruption of the demonstration: what an agent wrote once, and pages, boards and the live feed show. Invented."""

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from mobigo.infra.config import Config

LINE: Final = "cars:120"  # Saulieu – Pouilly-en-Auxois – Dijon
LASTS: Final = timedelta(days=21)
TITLE: Final = "Travaux à Pouilly-en-Auxois : quelques minutes de retard"
TEXT: Final = (
    "La rue principale est en travaux. Les cars de la ligne 120 font un détour et peuvent avoir cinq minutes de "
    "retard. Tous les arrêts sont desservis. Autour de Saulieu, le transport à la demande circule comme d’habitude."
)
TITLE_EN: Final = "Roadworks in Pouilly-en-Auxois: a few minutes late"
TEXT_EN: Final = (
    "The main street is under repair. Coaches of line 120 make a detour and may be five minutes late. Every stop is "
    "served. Around Saulieu, on-demand transport runs as usual."
)


def prepare(engine: "Engine", config: "Config", now: datetime) -> bool:
    """Write the disruption, unless one is going on; whether it was written now."""
    from mobigo.infra.db import transaction
    from mobigo.network.model.disruptions import Disruption
    from mobigo.network.service import disruptions
    from mobigo.network.store import disruptions as store

    with transaction(engine) as session:
        if store.list_current(session, now):
            return False
        told = Disruption(
            "", TITLE, TEXT, TITLE_EN, TEXT_EN, "DETOUR", "CONSTRUCTION", (LINE,), (), now, now + LASTS, now, now
        )
        disruptions.write(session, config, told, actor="demo", now=now, tell=False)
    return True
