"""The codec by itself: bits written by hand from X.691, both sides of each bound, and what is refused."""

from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from billettique.rules.uper import (
    BOOLEAN,
    EMPTY,
    OCTETS,
    UTF8,
    WHOLE,
    Kind,
    Optional,
    choice,
    cut,
    decode,
    encode,
    enumerated,
    ia5,
    integer,
    open_sequence,
    sequence,
    sequence_of,
    to_octets,
)

COLOUR = enumerated("red", "green", "blue", extensible=True)
PAIR = sequence(a=Optional(integer(0, 7)), b=Optional(integer(0, 7), 3), c=BOOLEAN)
OPEN = open_sequence(a=Optional(integer(0, 7)), c=BOOLEAN)
EITHER = choice(number=integer(0, 3), unread=None, text=ia5())


def bits(number: int) -> str:
    return bin(number)[3:]


@pytest.mark.parametrize(
    ("kind", "value", "expected"),
    [
        (integer(1, 32000), 1, "0" * 15),
        (integer(1, 32000), 32000, "111110011111111"),  # 31999 in the 15 bits that 32000 values need
        (integer(-1, 500), -1, "000000000"),
        (integer(-1, 500), 500, "111110101"),  # 501
        (integer(3, 3), 3, ""),  # one value needs no bit (§11.5.4)
        (BOOLEAN, True, "1"),
        (WHOLE, 0, "0000000100000000"),
        (WHOLE, 127, "0000000101111111"),
        (WHOLE, 128, "000000100000000010000000"),  # the sign needs a bit
        (WHOLE, -128, "0000000110000000"),
        (WHOLE, -129, "000000101111111101111111"),
        (COLOUR, "red", "000"),
        (COLOUR, "blue", "010"),
        (enumerated("east", "west"), "west", "1"),
        (OCTETS, b"\x0f", "0000000100001111"),
        (UTF8, "é", "000000101100001110101001"),
        (ia5(), "U2", "0000001010101010110010"),
        (ia5(3, 3), "EUR", "100010110101011010010"),
        (ia5(1, 2), "B", "01000010"),
        (sequence_of(integer(0, 3)), [1, 2], "000000100110"),
        (EITHER, ("number", 2), "00010"),
        (EITHER, ("text", "A"), "010000000011000001"),
        (PAIR, {"a": 5, "c": True}, "101011"),
        (PAIR, {"b": 4, "c": False}, "011000"),
        (PAIR, {"b": 3, "c": False}, "000"),  # a default is not written
        (OPEN, {"a": 1, "c": True}, "010011"),
        # two additions, the second there: §19.7-9
        (OPEN, {"c": True, "additions": (None, b"\x80")}, "1010000001010000000110000000"),
    ],
)
def test_each_type_is_written_as_the_norm_says(kind: Kind, value: Any, expected: str) -> None:
    number = kind.write(EMPTY, value)
    assert bits(number) == expected
    read, left = kind.read(number ^ 1 << len(expected), len(expected))
    assert left == 0
    assert kind.write(EMPTY, read) == number


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        (integer(1, 32000), 0),
        (integer(1, 32000), 32001),
        (WHOLE, 2**63),
        (WHOLE, -(2**63) - 1),
        (COLOUR, "mauve"),
        (ia5(), "é"),
        (ia5(1, 2), ""),
        (ia5(1, 2), "ABC"),
        (OCTETS, bytes(16384)),
        (EITHER, ("unread", 1)),
        (EITHER, ("foreign", 1)),
        (PAIR, {"a": 1}),
        (PAIR, {"c": True, "additions": (b"",)}),
        (OPEN, {"c": True, "additions": ()}),
        (OPEN, {"c": True, "additions": (None,)}),
        (OPEN, {"c": True, "additions": (b"",) * 65}),
    ],
)
def test_what_does_not_fit_the_type_is_not_written(kind: Kind, value: Any) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 (the codec's only word)
        encode(kind, value)


@pytest.mark.parametrize(
    ("kind", "octets"),
    [
        (integer(1, 32000), b"\xfa\x00"),  # 32000 above 1, one too many
        (COLOUR, b"\x60"),  # the fourth of three
        (COLOUR, b"\x80"),  # one of a later version
        (EITHER, b"\x20"),  # the alternative that is not read
        (EITHER, b"\x60"),
        (EITHER, b"\x80"),
        (WHOLE, b"\x00"),  # a number of no octet
        (WHOLE, b"\x09" + bytes(9)),
        (OCTETS, b"\x02\x00"),  # shorter than it says
        (OCTETS, b"\xc1" + bytes(300)),  # in fragments
        (UTF8, b"\x02\xc0\xaf"),  # a slash written the long way
        (UTF8, b"\x01\xff"),
        (sequence_of(BOOLEAN), b"\x7f\xff"),
        (OPEN, b"\xa0\x00"),  # additions announced, and none there
        (OPEN, b"\xa0\x20"),  # cut in the middle of its additions
        (OPEN, b"\xb0" + bytes(8)),  # 65 additions or more
        (BOOLEAN, b"\x80\x00"),  # an octet too many
        (BOOLEAN, b""),
    ],
)
def test_what_is_no_encoding_is_not_read(kind: Kind, octets: bytes) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 (the codec's only word)
        decode(kind, octets)


@pytest.mark.parametrize("length", [0, 1, 127, 128, 16383])
def test_lengths_are_written_the_shortest_way_and_read_back(length: int) -> None:
    octets = encode(OCTETS, bytes(length))
    assert len(octets) == length + (1 if length < 128 else 2)
    assert decode(OCTETS, octets) == bytes(length)


@pytest.mark.parametrize(
    ("kind", "loose"),
    [
        (OCTETS, b"\x80\x01\x0f"),  # a length the long way
        (OCTETS, b"\x80\x7f" + bytes(127)),
        (WHOLE, b"\x02\x00\x7f"),  # a number the long way
        (WHOLE, b"\x02\xff\x80"),
        (PAIR, b"\x58"),  # a default written out
        (BOOLEAN, b"\x81"),  # filling that is not zero
    ],
)
def test_a_loose_encoding_is_not_read(kind: Kind, loose: bytes) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 (the codec's only word)
        decode(kind, loose)


def test_an_encoding_of_no_bit_is_one_octet() -> None:
    assert encode(integer(3, 3), 3) == b"\x00"


ANYTHING = sequence(
    a=Optional(WHOLE), b=Optional(UTF8), c=sequence_of(OPEN), d=Optional(EITHER), e=Optional(OCTETS, b"x"), f=ia5()
)


@settings(max_examples=1000)
@given(st.binary(max_size=40))
@example(b"\x00\x00\x00")
def test_octets_are_read_only_if_writing_gives_them_back(octets: bytes) -> None:
    """And reading never fails otherwise than by a ValueError."""
    try:
        value = decode(ANYTHING, octets)
    except ValueError:
        return
    assert encode(ANYTHING, value) == octets


@given(st.integers(-(2**63), 2**63 - 1) | st.integers(-300, 300), st.binary(max_size=200), st.integers(1, 7))
def test_whatever_is_written_is_read(number: int, octets: bytes, addition: int) -> None:
    value = {"a": number, "c": [{"a": addition, "c": True, "additions": (None, octets)}], "e": octets, "f": "U2"}
    assert decode(ANYTHING, encode(ANYTHING, value)) == value


@pytest.mark.parametrize(
    ("start", "end", "expected"), [(16, 0, b"\x12\x34"), (12, 4, b"\x23"), (13, 4, b"\x91\x80"), (16, 16, b"")]
)
def test_bits_cut_out_stand_at_the_front_of_their_octets(start: int, end: int, expected: bytes) -> None:
    assert cut(0x1234, start, end) == expected


def test_the_front_zeros_of_an_encoding_are_kept() -> None:
    assert to_octets(0b1_0000_0000_0000_0001) == b"\x00\x01"
