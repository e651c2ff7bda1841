"""A camera that sees what a test wants: frames of a code written as the video file that Chromium takes for a camera."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import segno
from playwright.sync_api import Browser, BrowserType

WIDTH, HEIGHT, RATE = 640, 480, 15


def frame(octets: bytes, *, size_px: int = 400, shift_px: int = 0) -> np.ndarray:
    """A grey frame with the code of these octets in its middle, on a ground that is not white, slightly noisy."""
    code = np.array([list(row) for row in segno.make_qr(octets, error="m").matrix_iter(border=4)], np.uint8)
    scale = max(1, size_px // len(code))
    picture = np.kron(np.where(code > 0, 40, 225), np.ones((scale, scale))).astype(np.float64)
    noise = np.random.default_rng(len(octets))
    ground = np.full((HEIGHT, WIDTH), 150.0) + noise.normal(0, 6, (HEIGHT, WIDTH))
    top, left = (HEIGHT - len(picture)) // 2, (WIDTH - len(picture)) // 2 + shift_px
    ground[top : top + len(picture), left : left + len(picture)] = picture + noise.normal(0, 8, picture.shape)
    return np.clip(ground, 0, 255).astype(np.uint8)


def film(path: Path, codes: Sequence[bytes | None], *, frames_each: int = RATE) -> Path:
    """A film that shows each code for some frames (None: nothing), over and over, as a Y4M file."""
    empty = np.full((HEIGHT, WIDTH), 150, np.uint8)
    chroma = bytes([128]) * (WIDTH * HEIGHT // 2)
    with path.open("wb") as out:
        out.write(f"YUV4MPEG2 W{WIDTH} H{HEIGHT} F{RATE}:1 Ip A1:1 C420jpeg\n".encode())
        for octets in codes:
            seen = empty if octets is None else frame(octets)
            for _ in range(frames_each):
                out.write(b"FRAME\n" + seen.tobytes() + chroma)
    return path


@contextmanager
def browser_that_sees(kind: BrowserType, chromium: str, film_path: Path, **options: Any) -> Iterator[Browser]:
    """A browser whose camera shows that film, and whose visitors allow it."""
    opened = kind.launch(
        executable_path=chromium,
        args=[
            "--no-sandbox", "--disable-gpu", "--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream",
            f"--use-file-for-fake-video-capture={film_path}",
        ],
        **options,
    )  # fmt: skip
    try:
        yield opened
    finally:
        opened.close()
