"""Line colours as feeds give them, made readable: text of 4.5:1 on the line (WCAG 2.2, criterion 1.4.3)."""

import re

CONTRAST_LEAST = 4.5
INK, PAPER = "1e1a17", "ffffff"
DEFAULT = "5b5149"
_HEX = re.compile(r"[0-9a-f]{6}")


def luminance(colour: str) -> float:
    """Relative luminance of `rrggbb`, 0 black to 1 white (WCAG definition)."""
    channels = [int(colour[i : i + 2], 16) / 255 for i in (0, 2, 4)]
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(a: str, b: str) -> float:
    """The contrast ratio of two colours, 1 to 21 (WCAG definition)."""
    light, dark = sorted((luminance(a), luminance(b)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def readable(colour: str, text_colour: str = "") -> tuple[str, str]:
    """(`rrggbb` of the line, `rrggbb` of the text on it).

    The feed's text colour is kept when it can be read, else ink or white, whichever reads better. A missing or broken
    colour is a neutral brown; one on which neither reads at 4.5:1 is darkened until white does.
    """
    ground = colour.strip().lstrip("#").lower()
    if not _HEX.fullmatch(ground):
        return DEFAULT, PAPER
    text = text_colour.strip().lstrip("#").lower()
    if _HEX.fullmatch(text) and contrast(ground, text) >= CONTRAST_LEAST:
        return ground, text
    text = max((PAPER, INK), key=lambda each: contrast(ground, each))
    while contrast(ground, text) < CONTRAST_LEAST:
        ground = "".join(f"{int(int(ground[i : i + 2], 16) * 0.94):02x}" for i in (0, 2, 4))
        text = PAPER
    return ground, text
