"""Which files are taken, what is left of them, and what is said of the others."""

from io import BytesIO

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import ExifTags, Image

from mobigo.base.errors import InvalidInput
from mobigo.base.pictures import PIXELS_MAX
from mobigo.requests.rules import files
from tests.pictures import PDF, PLACE, jpeg, png


@pytest.mark.parametrize(("content", "media"), [(jpeg(), "image/jpeg"), (png(), "image/png"), (PDF, "application/pdf")])
def test_a_file_is_what_it_begins_with(content: bytes, media: str) -> None:
    assert files.taken("programme.exe", content) == (content, media)


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "file_empty"),
        (b"MZ\x90\0 a program named photo.jpg", "file_kind"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>", "file_kind"),
        (b"<!doctype html><script>alert(1)</script>", "file_kind"),
        (b"GIF89a", "file_kind"),
        (b"PK\x03\x04", "file_kind"),
        (b" " + PDF, "file_kind"),
        (PDF[:-8], "file_broken"),
        (jpeg()[:-2], "file_broken"),
        (jpeg()[:30], "file_broken"),
        (b"\xff\xd8\xff", "file_broken"),
        (b"\xff\xd8\xff\xd9", "file_broken"),
        (b"\xff\xd8\xff\xe1\x00\x00", "file_broken"),
        (png()[:-1], "file_broken"),
        (png().replace(b"IDAT", b"IDAt"), "file_broken"),  # its checksum is another's
        (b"\x89PNG\r\n\x1a\n", "file_broken"),
        (jpeg(width=0), "file_broken"),
        (png(height=0), "file_broken"),
        (jpeg(width=10_000, height=6_001), "file_pixels"),
        (png(width=2**31 - 1, height=2**31 - 1), "file_pixels"),
        (PDF[:-6] + b"\n" * files.BYTES_MAX + b"%%EOF\n", "file_large"),
    ],
)  # fmt: skip
def test_what_cannot_be_taken_is_told_by_name(content: bytes, code: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        files.taken("vacances.jpg", content)
    assert (refused.value.decision.code, refused.value.decision.params["name"]) == (f"requests.{code}", "vacances.jpg")


def test_a_picture_at_the_limits_is_taken() -> None:
    assert PIXELS_MAX == 10_000 * 6_000
    assert files.taken("", jpeg(width=10_000, height=6_000))[1] == "image/jpeg"
    whole = PDF + b" " * (files.BYTES_MAX - len(PDF) - 6) + b"%%EOF\n"
    assert files.taken("", whole)[0] == whole


@pytest.mark.parametrize("picture", [jpeg(place=PLACE, behind=PLACE + PDF), png(place=PLACE, behind=PLACE + PDF)])
def test_nothing_is_told_beside_the_picture(picture: bytes) -> None:
    kept = files.taken("", picture)[0]
    assert PLACE in picture
    assert PLACE not in kept
    assert PDF not in kept
    assert kept in (jpeg(), png())  # the colours stay
    assert files.taken("", kept)[0] == kept


@pytest.mark.parametrize(("orientation", "kept"), [(0, None), (1, None), (3, 3), (6, 6), (8, 8), (9, None)])
def test_a_photograph_keeps_which_way_is_up(orientation: int, kept: int | None) -> None:
    """As another library reads it."""
    bare = files.taken("", jpeg(orientation=orientation, place=PLACE))[0]
    assert Image.open(BytesIO(bare)).getexif().get(ExifTags.Base.Orientation) == kept


def test_the_dots_of_a_real_photograph_are_the_same_dots() -> None:
    """Progressive and plain, as another library draws them; nothing else of it is left."""
    drawn = Image.effect_noise((97, 61), 90).convert("RGB")
    for options in ({}, {"progressive": True}, {"restart_marker_rows": 1}):
        exif = Image.Exif()
        exif[ExifTags.Base.Make] = "a telephone"
        made = BytesIO()
        drawn.save(made, "JPEG", exif=exif, comment="of the holidays", **options)
        bare = files.taken("", made.getvalue())[0]
        assert Image.open(BytesIO(bare)).tobytes() == Image.open(made).tobytes()
        assert b"telephone" not in bare
        assert b"holidays" not in bare
    made = BytesIO()
    drawn.save(made, "PNG")
    assert Image.open(BytesIO(files.taken("", made.getvalue())[0])).tobytes() == drawn.tobytes()


@given(st.binary(max_size=80), st.sampled_from([jpeg(place=PLACE), png(place=PLACE)]), st.integers(0, 300))
def test_whatever_is_sent_is_taken_or_refused(noise: bytes, picture: bytes, at: int) -> None:
    torn = picture[:at] + noise + picture[at + len(noise) :]
    try:
        kept, media = files.taken("", torn)
    except InvalidInput:
        return
    assert media in files.TYPES
    assert len(kept) <= len(torn)


@pytest.mark.parametrize(
    ("name", "media", "shown"),
    [
        ("IMG_2031.JPG", "image/jpeg", "IMG_2031.jpg"),
        ("facture.pdf.exe", "application/pdf", "facture.pdf.pdf"),
        ("C:\\Users\\camille\\photo.png", "image/png", "photo.png"),
        ("../../etc/passwd", "application/pdf", "passwd.pdf"),
        ("photo\u202egnp.exe", "image/png", "photo gnp.png"),  # the mark that turns letters round
        ("", "application/pdf", "document.pdf"),
        ("...", "application/pdf", "document.pdf"),
        ("é" * 200 + ".jpg", "image/jpeg", "é" * 76 + ".jpg"),
        ('a";x="\r\nSet-Cookie: b.jpg', "image/jpeg", 'a";x=" Set-Cookie: b.jpg'),
    ],
)  # fmt: skip
def test_a_name_is_shown_without_its_tricks(name: str, media: str, shown: str) -> None:
    assert files.named(name, media) == shown
