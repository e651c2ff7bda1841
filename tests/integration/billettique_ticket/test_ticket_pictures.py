"""The picture of a code, read back to the octet by another reader (zxing-cpp): straight, and as a camera sees a paper.

The QR code is drawn by segno as octets; the photograph is made here: larger, turned, noisy, with a bright spot.
"""

from dataclasses import replace

import numpy as np
import pytest
import segno
import zxingcpp

from billettique.model.ticket import Answer, Area
from tests.ticket_world import PASS, TICKET, checked, dynamic_code, static_code

CODES = {
    "single": static_code(),
    "small": static_code(replace(TICKET, area=Area(), reference="81985529216486895")),
    "pass": static_code(PASS),
    "dynamic single": dynamic_code(),
    "dynamic pass": dynamic_code(PASS),
}
Picture = np.ndarray


def drawn(octets: bytes, dots: int = 6) -> Picture:
    """The QR code, level M, a quiet zone of four modules, as grey levels."""
    modules = np.array(list(segno.make_qr(octets, error="m").matrix_iter(border=4)), dtype=np.uint8)
    return np.kron(255 * (1 - modules), np.ones((dots, dots), dtype=np.uint8)).astype(np.uint8)


def read(picture: Picture) -> bytes | None:
    found = zxingcpp.read_barcodes(picture, formats=zxingcpp.BarcodeFormat.QRCode)
    return found[0].bytes if len(found) == 1 else None


def photograph(
    picture: Picture, *, degrees: float = 0.0, noise: float = 0.0, glare: float = 0.0, seed: int = 1
) -> Picture:
    """The picture turned about its middle on a grey table, with noise of the sensor and a bright spot of the lamp."""
    random = np.random.default_rng(seed)
    size = round(max(picture.shape) * 1.5)
    middle, turn = (size - 1) / 2, np.radians(degrees)
    y, x = np.mgrid[0:size, 0:size] - middle
    source_x = np.round(x * np.cos(turn) + y * np.sin(turn) + (picture.shape[1] - 1) / 2).astype(int)
    source_y = np.round(-x * np.sin(turn) + y * np.cos(turn) + (picture.shape[0] - 1) / 2).astype(int)
    inside = (source_x >= 0) & (source_x < picture.shape[1]) & (source_y >= 0) & (source_y < picture.shape[0])
    seen = np.full((size, size), 170.0)
    seen[inside] = picture[source_y[inside], source_x[inside]]
    seen = 30 + seen * 0.75  # paper is not white, ink is not black
    spot = np.exp(-((x - size * 0.12) ** 2 + (y + size * 0.08) ** 2) / (2 * (size * 0.08) ** 2))
    seen += 255 * glare * spot + random.normal(0, 255 * noise, seen.shape)
    return np.clip(seen, 0, 255).astype(np.uint8)


@pytest.mark.parametrize("name", CODES)
def test_a_picture_is_read_back_to_the_octet(name: str) -> None:
    octets = read(drawn(CODES[name]))
    assert octets == CODES[name]
    assert checked(octets).answer is Answer.OK


@pytest.mark.parametrize(
    ("degrees", "noise", "glare"),
    [
        (0, 0.1, 0.0),
        (7, 0.0, 0.0),
        (33, 0.05, 0.0),
        (90, 0.05, 0.0),
        (180, 0.1, 0.0),
        (0, 0.0, 0.9),  # the lamp hides a part of it: what the code's correction is for
        (12, 0.08, 0.6),
        (-20, 0.05, 0.9),
    ],
)
@pytest.mark.parametrize("name", ["single", "pass", "dynamic pass"])
def test_a_photograph_of_paper_is_read_to_the_octet(name: str, degrees: float, noise: float, glare: float) -> None:
    picture = photograph(drawn(CODES[name]), degrees=degrees, noise=noise, glare=glare)
    assert read(picture) == CODES[name]


def test_a_picture_of_nothing_is_not_read() -> None:
    """The photographs above could fail: under so much noise nothing is read."""
    assert read(photograph(drawn(CODES["single"]), noise=3.0)) is None


def test_the_small_code_is_a_small_picture() -> None:
    """Version 8 at most, level M: 49 modules, which an older camera still reads on a ticket of 3 cm."""
    assert len(CODES["small"]) <= 152
    assert int(segno.make_qr(CODES["small"], error="m").version) <= 8
    assert int(segno.make_qr(CODES["dynamic pass"], error="m").version) <= 15
