"""The codec by itself: bits written by hand from X.691, both sides of each bound, and what is refused."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billettique.rules.uper import (
    BOOLEAN,
    EMPTY,
    OCTETS,
    UTF8,
    WHOLE,
    Kind,
    Optional,
    append,
    choice,
    decode,
    encode,
    enumerated,
    ia5,
    integer,
    open_sequence,
    sequence,
    sequence_of,
    to_octets,
    written,
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
        (WHOLE, 0, "00000001" "00000000"),
        (WHOLE, 127, "00000001" "01111111"),
        (WHOLE, 128, "00000010" "0000000010000000"),  # the sign needs a bit
        (WHOLE, -128, "00000001" "10000000"),
        (WHOLE, -129, "00000010" "1111111101111111"),
        (COLOUR, "red", "0" "00"),
        (COLOUR, "blue", "0" "10"),
        (enumerated("east", "west"), "west", "1"),
        (OCTETS, b"\x0f", "00000001" "00001111"),
        (UTF8, "é", "00000010" "11000011" "10101001"),
        (ia5(), "U2", "00000010" "1010101" "0110010"),
        (ia5(3, 3), "EUR", "1000101" "1010101" "1010010"),
        (ia5(1, 2), "B", "0" "1000010"),
        (sequence_of(integer(0, 3)), [1, 2], "00000010" "01" "10"),
        (EITHER, ("number", 2), "0" "00" "10"),
        (EITHER, ("text", "A"), "0" "10" "00000001" "1000001"),
        (PAIR, {"a": 5, "c": True}, "10" "101" "1"),
        (PAIR, {"b": 4, "c": False}, "01" "100" "0"),
        (PAIR, {"b": 3, "c": False}, "00" "0"),  # a default is not written
        (OPEN, {"a": 1, "c": True}, "0" "1" "001" "1"),
        # two additions, the second there: §19.7-9
        (OPEN, {"c": True, "additions": (None, b"\x80")}, "1" "0" "1" "0" "000001" "01" "00000001" "10000000"),
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
    with pytest.raises(ValueError):
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
    with pytest.raises(ValueError):
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
        (WHOLE, b"\x02\x00\x01"),  # a number the long way
        (PAIR, b"\x58"),  # a default written out
        (BOOLEAN, b"\x81"),  # filling that is not zero
    ],
)
def test_a_loose_encoding_comes_out_otherwise_when_written_again(kind: Kind, loose: bytes) -> None:
    assert encode(kind, decode(kind, loose)) != loose


def test_an_encoding_of_no_bit_is_one_octet() -> None:
    assert encode(integer(3, 3), 3) == b"\x00"


@given(st.binary(max_size=20), st.binary(max_size=20))
def test_bits_put_behind_others_are_those_written_there(first: bytes, second: bytes) -> None:
    apart = append(append(EMPTY, written(OCTETS, first)), written(BOOLEAN, True))
    together = OCTETS.write(BOOLEAN.write(OCTETS.write(EMPTY, first), True), second)
    assert append(apart, written(OCTETS, second)) == together


@given(st.binary(max_size=64))
def test_octets_that_are_read_come_back_or_are_not_canonical(octets: bytes) -> None:
    """Reading never fails otherwise than by ValueError, and what is written again is stable."""
    kind = sequence(a=Optional(WHOLE), b=Optional(UTF8), c=sequence_of(OPEN), d=Optional(EITHER), e=Optional(OCTETS, b"x"))
    try:
        value = decode(kind, octets)
    except ValueError:
        return
    again = encode(kind, value)
    assert decode(kind, again) == value
    assert len(again) <= len(octets)


def test_the_front_zeros_of_an_encoding_are_kept() -> None:
    assert to_octets(0b1_0000_0000_0000_0001) == b"\x00\x01"
