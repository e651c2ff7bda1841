"""The letter of a decision on a registration, as a tagged PDF."""

from collections.abc import Sequence
from datetime import datetime

from mobigo.infra import pdf
from mobigo.infra.i18n import current_language
from mobigo.infra.i18n import gettext as _


def letter_pdf(reference: str, name: str, lines: Sequence[str], made_at: datetime) -> bytes:
    """The sentences of the decision, one paragraph each, in the language being read."""
    title = _("Transport scolaire : décision, dossier %(reference)s", reference=reference)
    source = "\n\n".join([f"= {pdf.escaped(title)}", pdf.escaped(name), *(pdf.escaped(line) for line in lines)])
    return pdf.compiled(title, source, made_at, language=current_language())
