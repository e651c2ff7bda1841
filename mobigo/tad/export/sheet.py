"""The driver's sheet of one vehicle's day, as a tagged PDF: what the telephone shows, on paper."""

from collections.abc import Sequence
from datetime import datetime

from mobigo.infra.i18n import gettext as _
from mobigo.infra.pdf import compiled, escaped, table

Row = tuple[str, str, str, str, str, str]  # hour, act, place, people, telephone, needs


def sheet(title: str, head: Sequence[str], rows: Sequence[Row], made_at: datetime, language: str = "fr") -> bytes:
    """The PDF: same rows at the same instant, same bytes."""
    titles = [_("Heure"), _("Arrêt"), _("Lieu"), _("Voyageurs"), _("Téléphone"), _("À savoir")]
    source = "\n\n".join(
        [
            f"= {escaped(title)}",
            *(escaped(line) for line in head),
            table(titles, rows, wide=2) if rows else escaped(_("Aucune course ce jour-là.")),
        ]
    )
    return compiled(title, source, made_at, language=language, landscape=True)
