"""Tagged PDFs (PDF/UA-1) by typst, from our own few forms: titles, paragraphs, tables. Texts are escaped; the same
source at the same instant makes the same bytes."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Final

# The letters that typst's own font draws, all of them (each range was compiled): Latin, accents, Greek, Cyrillic,
# punctuation, money, arrows, arithmetic.
_DRAWN: Final = tuple(
    (first, last)
    for first, last in ("\x20ɏ", "\u0300\u0304", "Αω", "Ѐџ", "Ẁẅ", "Ạỹ", "‐‧", "\u202f›", "₠€", "™™", "←↓", "−−", "≤≥")
)
_SPACES: Final = "\N{NO-BREAK SPACE}\N{NARROW NO-BREAK SPACE}"  # which Python does not call printable
_SPECIAL: Final = "\\#*_`$<>@=-+/[]\"'~&%"


def escaped(text: str) -> str:
    """A text that typst shows as it is. A letter that no font of ours draws (an emoji, a script that is neither Latin,
    Greek nor Cyrillic) is shown as "?": PDF/UA refuses a whole document for one missing letter."""
    return "".join(
        f"\\u{{{ord(letter):x}}}" if letter in _SPECIAL else letter if _drawn(letter) else "?"
        for letter in text
        if letter.isprintable() or letter in _SPACES
    )


def _drawn(letter: str) -> bool:
    return any(first <= letter <= last for first, last in _DRAWN)


def table(
    titles: Sequence[str],
    rows: Sequence[Sequence[str]],
    *,
    right: Collection[int] = (),
    wide: int | None = None,
    foot: Sequence[str] = (),
) -> str:
    """A table with its header row, repeated on each page; columns of `right` are aligned to the right, `wide` takes the
    width that is left, `foot` is the last row, bold. Without any title, no header."""
    columns = len(titles)
    widths = ", ".join("1fr" if at == wide else "auto" for at in range(columns))
    alignment = ", ".join("right" if at in right else "left" for at in range(columns))
    lines = [f"#table(columns: ({widths},), stroke: 0.4pt + luma(160), align: ({alignment},),"]
    if any(titles):
        lines.append("table.header(" + ", ".join(f"[*{escaped(title)}*]" for title in titles) + "),")
    lines += [", ".join(f"[{escaped(cell)}]" for cell in row) + "," for row in rows]
    if foot:
        # Not a repeated footer: a total stands once, under all it adds up.
        lines.append(", ".join(f"[*{escaped(cell)}*]" if cell else "[]" for cell in foot) + ",")
    return "\n".join([*lines, ")"])


def compiled(
    title: str, source: str, made_at: datetime, *, language: str = "fr", landscape: bool = False, paper: str = "a4",
    size_pt: float = 10,
) -> bytes:  # fmt: skip
    """The PDF. `size_pt` is the size of its text; tables are a little smaller."""
    import typst

    quoted = title.replace("\\", " ").replace('"', " ")
    head = "\n".join(
        [
            f'#set document(title: "{quoted}", author: "Mobigo", date: none)',
            f'#set text(lang: "{language}", size: {size_pt:g}pt)',
            f'#set page(paper: "{paper}", flipped: {str(landscape).lower()}, margin: 18mm, numbering: "1 / 1")',
            "#show table: set text(size: 0.85em)",
            "",
        ]
    )
    made = typst.compile(
        (head + source).encode(), format="pdf", pdf_standards=["ua-1"], timestamp=int(made_at.timestamp()),
        ignore_system_fonts=True,
    )  # fmt: skip
    if not isinstance(made, bytes):
        raise TypeError("typst gave no document")
    return made
