"""The number of a request, as it is said over the telephone: eight figures drawn at random and one that checks them
(H. M. Damm, 2004): a figure misheard, or two neighbours said the other way round, make a number that does not exist."""

from typing import Final

FIGURES: Final = 9
FIRST: Final = 10_000_000  # no number begins with a zero, which people leave out
PAST: Final = 100_000_000
_TABLE: Final = (
    (0, 3, 1, 7, 5, 9, 8, 6, 4, 2),
    (7, 0, 9, 2, 1, 5, 4, 8, 6, 3),
    (4, 2, 0, 6, 8, 7, 1, 3, 5, 9),
    (1, 7, 5, 0, 9, 8, 3, 4, 2, 6),
    (6, 1, 2, 3, 0, 4, 5, 9, 7, 8),
    (3, 6, 7, 4, 2, 0, 9, 5, 8, 1),
    (5, 8, 6, 9, 7, 2, 0, 1, 3, 4),
    (8, 9, 4, 5, 3, 6, 2, 0, 1, 7),
    (9, 4, 3, 8, 6, 1, 7, 2, 0, 5),
    (2, 5, 8, 1, 4, 3, 6, 7, 9, 0),
)


def numbered(drawn: int) -> str:
    """The number made of eight figures. Raises ValueError for more or fewer."""
    if not FIRST <= drawn < PAST:
        raise ValueError("eight figures, the first not a zero")
    return f"{drawn}{_check(str(drawn))}"


def read(text: str) -> str | None:
    """The number in a text, however it is spaced; None for what is no number of a request."""
    figures = "".join(letter for letter in text if not (letter.isspace() or letter in "-.·"))
    if len(figures) != FIGURES or not (figures.isascii() and figures.isdigit()) or figures[0] == "0":
        return None
    return figures if _check(figures) == 0 else None


def said(number: str) -> str:
    """The number in groups of three, as it is said and written."""
    return "\N{NO-BREAK SPACE}".join(number[at : at + 3] for at in range(0, len(number), 3))


def _check(figures: str) -> int:
    state = 0
    for figure in figures:
        state = _TABLE[state][int(figure)]
    return state
