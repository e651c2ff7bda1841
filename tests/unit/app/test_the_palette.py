"""The contrast of every pair of colours the style sheet puts together, computed from its tokens (WCAG 2.2, 1.4.3 and
1.4.11), light and dark."""

import re
from pathlib import Path

import pytest

CSS = Path(__file__).resolve().parents[3] / "mobigo" / "app" / "static" / "mobigo.css"
TEXT, GRAPHIC = 4.5, 3.0
INKS = ("ink", "ink-2", "brand", "brand-2", "good", "warn", "bad")
PAIRS = [
    *((ink, "paper", TEXT) for ink in INKS),
    *((ink, "card", TEXT) for ink in INKS),
    *((ink, "sunk", TEXT) for ink in ("ink", "ink-2", "brand")),
    ("brand-ink", "brand", TEXT),
    ("brand-ink", "brand-2", TEXT),
    ("accent-ink", "accent", TEXT),
    ("ink", "accent-soft", TEXT),
    ("brand", "accent-soft", TEXT),
    ("ink", "brand-soft", TEXT),
    ("ink-2", "brand-soft", TEXT),
    ("brand", "brand-soft", TEXT),
    *((tone, f"{tone}-soft", TEXT) for tone in ("good", "warn", "bad")),
    *(("ink", f"{tone}-soft", TEXT) for tone in ("good", "warn", "bad")),
    *(("edge", ground, GRAPHIC) for ground in ("paper", "card", "sunk")),
    *(("focus", ground, GRAPHIC) for ground in ("paper", "card", "sunk")),
]  # fmt: skip


def tokens(scheme: str) -> dict[str, str]:
    """The colours of one scheme; the dark one says only what differs."""
    blocks = re.findall(r":root \{(.*?)\}", CSS.read_text(encoding="utf-8"), re.DOTALL)
    found = dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6})", blocks[0]))
    return found if scheme == "light" else found | dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6})", blocks[1]))


def luminance(colour: str) -> float:
    channels = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def test_black_on_white_is_21_to_1() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#767676", "#ffffff") == pytest.approx(4.54, abs=0.01)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_pair_of_colours_can_be_read(scheme: str) -> None:
    colour = tokens(scheme)
    short = {
        f"{ink} on {ground}": round(contrast(colour[ink], colour[ground]), 2)
        for ink, ground, least in PAIRS
        if contrast(colour[ink], colour[ground]) < least
    }
    assert short == {}


def test_the_style_sheet_uses_tokens_and_no_colour_of_its_own() -> None:
    text = re.sub(r":root \{.*?\}", "", CSS.read_text(encoding="utf-8"), flags=re.DOTALL)
    assert re.findall(r"#[0-9a-fA-F]{3,8}\b(?![^{}]*%)", text) == []


def test_the_style_sheet_asks_nothing_of_anyone() -> None:
    assert re.findall(r"url\(|@import|@font-face", CSS.read_text(encoding="utf-8")) == []
