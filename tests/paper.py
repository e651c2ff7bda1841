"""A code on paper as a camera sees it: drawn, then photographed, with numpy alone. No reader has a part in it."""

from dataclasses import dataclass

import numpy as np
import segno

Picture = np.ndarray  # grey levels, 0 to 255


def drawn(octets: bytes, dots: int = 6) -> Picture:
    """The QR code, level M, a quiet zone of four modules."""
    modules = np.array(list(segno.make_qr(octets, error="m").matrix_iter(border=4)), dtype=np.uint8)
    return np.kron(255 * (1 - modules), np.ones((dots, dots), dtype=np.uint8)).astype(np.uint8)


@dataclass(frozen=True)
class Photo:
    """How a photograph was taken. `noise` and `glare` are shares of full white; `lean` how much farther one end of the
    paper is than the other (0: seen straight); `blur` in pixels; `shade` how much darker one side is."""

    degrees: float = 0.0
    noise: float = 0.0
    glare: float = 0.0
    lean: float = 0.0
    blur: int = 0
    shade: float = 0.0


def photograph(picture: Picture, taken: Photo, seed: int = 1) -> Picture:
    """The paper on a grey table: turned, leaning, shaded, with a bright spot of the lamp, out of focus, then the noise
    of the sensor."""
    random = np.random.default_rng(seed)
    size = round(max(picture.shape) * 1.6)
    middle, turn = (size - 1) / 2, np.radians(taken.degrees)
    y, x = np.mgrid[0:size, 0:size] - middle
    depth = 1 - taken.lean * y / size  # rows above are farther away
    flat_x, flat_y = x / depth, y / depth
    source_x = np.round(flat_x * np.cos(turn) + flat_y * np.sin(turn) + (picture.shape[1] - 1) / 2).astype(int)
    source_y = np.round(-flat_x * np.sin(turn) + flat_y * np.cos(turn) + (picture.shape[0] - 1) / 2).astype(int)
    inside = (source_x >= 0) & (source_x < picture.shape[1]) & (source_y >= 0) & (source_y < picture.shape[0])
    seen = np.full((size, size), 170.0)
    seen[inside] = picture[source_y[inside], source_x[inside]]
    seen = (30 + seen * 0.75) * (1 - taken.shade * (x + middle) / size)  # paper is not white, ink is not black
    spot = np.exp(-((x - size * 0.12) ** 2 + (y + size * 0.08) ** 2) / (2 * (size * 0.08) ** 2))
    seen += 255 * taken.glare * spot
    for _ in range(taken.blur):
        seen = (seen + np.roll(seen, 1, 0) + np.roll(seen, -1, 0) + np.roll(seen, 1, 1) + np.roll(seen, -1, 1)) / 5
    seen += random.normal(0, 255 * taken.noise, seen.shape)
    return np.clip(seen, 0, 255).astype(np.uint8)


# What every reader of ours has to read, each code the largest that is printed.
READ = {
    "straight": Photo(),
    "noise of a dark bus": Photo(noise=0.1),
    "turned by 33°": Photo(degrees=33, noise=0.05),
    "upside down": Photo(degrees=180, noise=0.1),
    "leaning by a fifth": Photo(lean=0.2, noise=0.03),
    "leaning and turned": Photo(degrees=-15, lean=0.15, noise=0.05),
    "a lamp over it": Photo(glare=0.9),
    "a lamp, turned, noise": Photo(degrees=12, glare=0.6, noise=0.08),
    "half in the shade": Photo(shade=0.6, noise=0.03),
    "out of focus": Photo(blur=3, noise=0.03),
    "all of it a little": Photo(degrees=8, lean=0.1, glare=0.4, shade=0.3, blur=1, noise=0.04),
}
