"""A ticket on paper and as plain text: the same words as its page.

The picture is a QR code of the code's octets, level M, with its quiet zone, black on white whatever is around it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from billettique.model.entitlements import Entitlement, EntitlementState
from billettique.model.ticket import Ticket
from billettique.rules.entitlements import spoken
from mobigo.base.decisions import Decision
from mobigo.infra.formats import amount, instant
from mobigo.infra.i18n import current_language, ngettext, sentence
from mobigo.infra.i18n import gettext as _
from mobigo.infra.pdf import compiled, escaped

QUIET: Final = 4  # modules of white around a code (ISO 18004)
PER_PAGE: Final = (1, 2, 4)
# How wide the picture is, in mm: 0.6 mm a module or more for a usual ticket (53 modules and the quiet zone).
_PICTURE_MM: Final = {1: 80, 2: 62, 4: 46}


@dataclass(frozen=True, slots=True)
class Line:
    """One line of what a ticket says: a title and its words."""

    title: str
    words: str


def qr_path(octets: bytes) -> tuple[int, str]:
    """The QR code as a path of unit squares: (modules a side, quiet zone included; the path)."""
    import segno

    rows = [list(row) for row in segno.make_qr(octets, error="m").matrix_iter(border=QUIET)]
    path: list[str] = []
    for y, row in enumerate(rows):
        x = 0
        while x < len(row):
            run = x
            while run < len(row) and row[run]:
                run += 1
            if run > x:
                path.append(f"M{x} {y}h{run - x}v1h-{run - x}z")
            x = max(run, x + 1)
    return len(rows), "".join(path)


def qr_svg(octets: bytes) -> str:
    """The QR code as a drawing of its own: white ground included, so that a dark page does not eat the quiet zone."""
    side, path = qr_path(octets)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {side} {side}" shape-rendering="crispEdges">'
        f'<rect width="{side}" height="{side}" fill="#fff"/><path d="{path}" fill="#000"/></svg>'
    )


def lines_of(shown: Entitlement) -> list[Line]:
    """What the ticket says, in the language spoken: for its page, its paper and its text."""
    language = current_language()
    ticket = shown.ticket
    said = []
    if ticket is not None and ticket.area.words:
        said.append(Line(_("Où"), ticket.area.words))
    if shown.needs_activation and shown.activated_at is None:
        said.append(Line(_("À activer avant"), instant(shown.last_at, language)))
    else:
        said.append(Line(_("Valable du"), instant(shown.first_at, language)))
        said.append(Line(_("Jusqu’au"), instant(shown.last_at, language)))
    if ticket is not None and ticket.passengers:
        said.append(Line(_("Pour"), travellers(ticket)))
    if ticket is not None and ticket.holder is not None:
        said.append(Line(_("Nom"), " ".join(ticket.holder)))
    if shown.units is not None:
        said.append(Line(_("Billets restants"), f"{shown.units_left} / {shown.units}"))
    if ticket is not None and ticket.price is not None:
        said.append(Line(_("Prix"), amount(ticket.price, language)))
    if ticket is not None and (to_show := proofs(ticket)):
        said.append(Line(_("À présenter avec"), to_show))
    said.append(Line(_("Référence"), spoken(shown.reference)))
    return said


def travellers(ticket: Ticket) -> str:
    """ "2 adultes, 1 enfant"."""
    said = []
    for each in ticket.passengers:
        match each.category:
            case "adult":
                said.append(ngettext("%(num)s adulte", "%(num)s adultes", each.count))
            case "youth":
                said.append(ngettext("%(num)s jeune", "%(num)s jeunes", each.count))
            case "child":
                said.append(ngettext("%(num)s enfant", "%(num)s enfants", each.count))
            case "senior":
                said.append(ngettext("%(num)s senior", "%(num)s seniors", each.count))
            case "dog":
                said.append(ngettext("%(num)s chien", "%(num)s chiens", each.count))
            case "bicycle":
                said.append(ngettext("%(num)s vélo", "%(num)s vélos", each.count))
            case _:
                said.append(f"{each.count} {each.tariff or each.category or ''}".strip())
    return ", ".join(said)


def proofs(ticket: Ticket) -> str:
    """What the inspector asks for besides the code."""
    said = [
        words
        for needed, words in (
            (ticket.checks.identity, _("une pièce d’identité")),
            (ticket.checks.age, _("un justificatif d’âge")),
            (ticket.checks.reduction_card, _("votre carte de réduction")),
        )
        if needed
    ]
    return ", ".join([*said, *([ticket.checks.words] if ticket.checks.words else [])])


def warnings_of(shown: Entitlement) -> list[str]:
    """What keeps the ticket from being good, and that it is a specimen, when it is one."""
    said = []
    if shown.ticket is not None and shown.ticket.specimen:
        said.append(_("Spécimen : simulation, ne vaut pas titre de transport."))
    if shown.state is not EntitlementState.ACTIVE:
        said.append(sentence(Decision(f"billettique.told_{shown.state}")))
    return said


def ticket_text(shown: Entitlement, link: str, contact: str) -> str:
    """The ticket as plain text: for e-mail, for whoever reads no picture, for a terminal."""
    lines = [shown.name, "=" * len(shown.name), *warnings_of(shown), ""]
    lines += [each.title + _(" : ") + each.words for each in lines_of(shown)]
    lines += ["", _("Le code à montrer au contrôleur est sur cette page :"), link, ""]
    lines += [
        _(
            "Sans téléphone ni imprimante : dites la référence au contrôleur, ou demandez le billet à un guichet ou"
            " par téléphone (%(contact)s).",
            contact=contact,
        )
    ]
    return "\n".join(lines) + "\n"


def tickets_pdf(tickets: Sequence[Entitlement], made_at: datetime, *, per_page: int = 1, contact: str = "") -> bytes:
    """Tickets as a tagged PDF (PDF/UA-1), one, two or four a page. A ticket that a telephone holds has no printed code:
    its paper says so. Raises ValueError for another number."""
    if per_page not in PER_PAGE:
        raise ValueError("one, two or four tickets a page")
    title = _("Titres de transport") if len(tickets) > 1 else tickets[0].name
    blocks = [f"= {escaped(title)}"] if len(tickets) > 1 and per_page == 1 else []
    for at, each in enumerate(tickets):
        if at and at % per_page == 0:
            blocks.append("#pagebreak(weak: true)")
        blocks.append(_block(each, per_page, level=1 if len(tickets) == 1 else 2, contact=contact))
    if len(tickets) > 1 and per_page != 1:
        blocks.insert(0, f"#text(size: 9pt)[= {escaped(title)}]")
    return compiled(title, "\n\n".join(blocks), made_at, language=current_language())


def _block(shown: Entitlement, per_page: int, *, level: int, contact: str) -> str:
    size = {1: "12pt", 2: "10pt", 4: "8pt"}[per_page]
    lines = "\n".join(f"/ {escaped(each.title)}: {escaped(each.words)}" for each in lines_of(shown))
    warned = "\n\n".join(f"*{escaped(each)}*" for each in warnings_of(shown))
    parts = [f"#heading(level: {level})[{escaped(shown.name)}]", warned, lines]
    if per_page == 1:
        parts += ["", escaped(_foot()), escaped(contact)]
    words = "\n\n".join(part for part in parts if part)
    return (
        f"#block(width: 100%, breakable: false, stroke: 0.5pt + luma(160), inset: 5mm, radius: 2mm)["
        f"#set text(size: {size})\n"
        f"#grid(columns: (1fr, {_PICTURE_MM[per_page]}mm), gutter: 5mm, [{words}], [{_picture(shown, per_page)}])]"
    )


def _foot() -> str:
    return _("Gardez ce papier à plat et propre : le contrôleur lit le code avec un appareil, même sans réseau.")


def _picture(shown: Entitlement, per_page: int) -> str:
    if shown.bound:
        return escaped(_("Ce titre est dans un téléphone : montrez-le là. Un papier n’aurait pas de valeur."))
    if shown.code is None or shown.dead:
        return escaped(_("Pas de code à montrer."))
    quoted = qr_svg(shown.code).replace("\\", "\\\\").replace('"', '\\"')
    alt = _("Code à montrer au contrôleur, référence %(reference)s", reference=spoken(shown.reference))
    alt = alt.replace("\\", " ").replace('"', " ")
    return f'#image(bytes("{quoted}"), format: "svg", width: {_PICTURE_MM[per_page]}mm, alt: "{alt}")'
