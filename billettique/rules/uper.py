"""Canonical unaligned packed encoding (PER, X.691) of the few types our tickets are made of.

A code is one whole number. Reading keeps how many bits are left: the next `n` bits are `number >> (left - n)`, and a
code that ends too early asks for a negative shift, which Python refuses by itself. Writing grows a number that begins
with a single 1, so that zeros at the front count. Everything wrong, either way, is a ValueError.

A value has one encoding, and no other is read: not a length or a number written the long way, not a default written
out, no filling but zeros. So what is read is, written again, the same to the bit: octets are accepted when, and only
when, re-encoding gives them back (the tests hold both against each other). Fragmented lengths (§11.9.3.8, from 16,384
on) are not here: no code is that long. Values are plain: int, bool, str, bytes, list, dict, (name, value) for a choice.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

Read = Callable[[int, int], tuple[Any, int]]  # (number, bits left) -> (value, bits left after it)
Write = Callable[[int, Any], int]  # (number so far, value) -> number with the value behind it

EMPTY: Final = 1  # a number that holds no bit yet
INTEGER_OCTETS_MAX: Final = 8  # UIC: no whole number beyond 64 bits, even where the type sets no bound
_LONG: Final = 0x4000  # the first length that would have to be cut in fragments


@dataclass(frozen=True, slots=True)
class Kind:
    """A type: how it is read and how it is written."""

    read: Read
    write: Write


@dataclass(frozen=True, slots=True)
class Optional:
    """A component that may be absent; `default` is what its absence means (None: nothing)."""

    kind: Kind
    default: Any = None


def encode(kind: Kind, value: Any) -> bytes:
    """The complete encoding (X.691 §11.1): whole octets, filled with zeros at the end, at least one."""
    return to_octets(kind.write(EMPTY, value))


def decode(kind: Kind, octets: bytes) -> Any:
    """The value that `octets` are the complete encoding of."""
    number = int.from_bytes(octets)
    value, left = kind.read(number, len(octets) * 8)
    end_here(number, left, len(octets))
    return value


def end_here(number: int, left: int, octets: int) -> None:
    """Raises ValueError unless what is left is the filling of the last octet: fewer than 8 bits, all zeros."""
    if number & (1 << left) - 1 or left > (7 if octets > 1 else 8):
        raise ValueError("something behind the end")


def cut(number: int, start: int, end: int) -> bytes:
    """The bits of a read number from `start` bits left to `end` bits left, as octets filled with zeros."""
    bits = start - end
    filling = -bits % 8
    return ((number >> end & (1 << bits) - 1) << filling).to_bytes((bits + filling) // 8)


def to_octets(number: int) -> bytes:
    """The bits of a written number as octets."""
    bits = number.bit_length() - 1
    filling = -bits % 8 if bits else 8
    return (number << filling).to_bytes((bits + filling) // 8 + 1)[1:]


# ---------------------------------------------------------------- numbers


def integer(low: int, high: int) -> Kind:
    """A whole number between two bounds: its distance from the lower one, in as few bits as the range needs (§11.5)."""
    span = high - low
    width = span.bit_length()
    mask = (1 << width) - 1

    def read(number: int, left: int) -> tuple[int, int]:
        left -= width
        offset = number >> left & mask
        if offset > span:
            raise ValueError("number out of its range")
        return low + offset, left

    def write(number: int, value: int) -> int:
        if not low <= value <= high:
            raise ValueError("number out of its range")
        return number << width | value - low

    return Kind(read, write)


def _read_boolean(number: int, left: int) -> tuple[bool, int]:
    left -= 1
    return number >> left & 1 == 1, left


BOOLEAN: Final = Kind(_read_boolean, lambda number, value: number << 1 | bool(value))  # §12


def _read_length(number: int, left: int) -> tuple[int, int]:
    """A length without bound (§11.9.3.5-7): 0 and 7 bits, or 10 and 14 bits."""
    left -= 8
    length = number >> left & 0xFF
    if length < 0x80:
        return length, left
    left -= 8
    length = (number >> left & 0xFFFF) - 0x8000
    if not 0x80 <= length < _LONG:
        raise ValueError("length the long way, or in fragments")
    return length, left


def _write_length(number: int, length: int) -> int:
    if length < 0x80:
        return number << 8 | length
    if length >= _LONG:
        raise ValueError("length in fragments")
    return number << 16 | 0x8000 | length


def _read_whole(number: int, left: int) -> tuple[int, int]:
    """A whole number without bounds (§11.8): octets in two's complement, as few as possible."""
    octets, left = _read_length(number, left)
    if not 1 <= octets <= INTEGER_OCTETS_MAX:
        raise ValueError("number too long")
    width = octets * 8
    left -= width
    value = number >> left & (1 << width) - 1
    if octets > 1 and value >> width - 9 in (0, 0x1FF):
        raise ValueError("number the long way")
    return value - (value >> width - 1 << width), left


def _write_whole(number: int, value: int) -> int:
    octets = (value if value >= 0 else ~value).bit_length() // 8 + 1
    if octets > INTEGER_OCTETS_MAX:
        raise ValueError("number too long")
    return number << 8 + octets * 8 | octets << octets * 8 | value & (1 << octets * 8) - 1


WHOLE: Final = Kind(_read_whole, _write_whole)


def enumerated(*names: str, extensible: bool = False) -> Kind:
    """One of the names, by its place (§14). A name added by a later version is refused, not guessed."""
    places = {name: place for place, name in enumerate(names)}
    width = (len(names) - 1).bit_length() + extensible  # the extension bit comes first, and is 0 for the names known
    mask = (1 << width) - 1

    def read(number: int, left: int) -> tuple[str, int]:
        left -= width
        place = number >> left & mask
        if place >= len(names):
            raise ValueError("name unknown here")
        return names[place], left

    def write(number: int, value: str) -> int:
        if value not in places:
            raise ValueError("name unknown here")
        return number << width | places[value]

    return Kind(read, write)


# ---------------------------------------------------------------- octets and texts


def _read_octets(number: int, left: int) -> tuple[bytes, int]:
    octets, left = _read_length(number, left)
    width = octets * 8
    left -= width
    return (number >> left & (1 << width) - 1).to_bytes(octets), left


def _write_octets(number: int, value: bytes) -> int:
    return _write_length(number, len(value)) << len(value) * 8 | int.from_bytes(value)


OCTETS: Final = Kind(_read_octets, _write_octets)  # §17; an OBJECT IDENTIFIER (§24) is the octets of X.690 §8.19


def _read_utf8(number: int, left: int) -> tuple[str, int]:
    octets, left = _read_octets(number, left)
    return octets.decode("utf-8"), left


UTF8: Final = Kind(_read_utf8, lambda number, value: _write_octets(number, value.encode("utf-8")))  # §30.6


def ia5(low: int | None = None, high: int | None = None) -> Kind:
    """A text of IA5 (7 bits a character, §30.5), of any length, or of `low` to `high` characters."""
    size = None if low is None or high is None else integer(low, high)

    def read(number: int, left: int) -> tuple[str, int]:
        length, left = _read_length(number, left) if size is None else size.read(number, left)
        width = 7 * length
        left -= width
        return _ia5_text(number >> left & (1 << width) - 1, length), left

    def write(number: int, value: str) -> int:
        number = _write_length(number, len(value)) if size is None else size.write(number, len(value))
        return number << 7 * len(value) | _ia5_bits(value)

    return Kind(read, write)


@lru_cache(maxsize=512)  # the same few words stand in every code: formats, currency, extensions
def _ia5_text(bits: int, length: int) -> str:
    return bytes(bits >> shift & 0x7F for shift in range(7 * (length - 1), -1, -7)).decode("ascii")


@lru_cache(maxsize=512)
def _ia5_bits(text: str) -> int:
    bits = 0
    for octet in text.encode("ascii"):
        bits = bits << 7 | octet
    return bits


# ---------------------------------------------------------------- built from others


def sequence_of(kind: Kind) -> Kind:
    """Any number of one type (§20)."""
    read_one, write_one = kind.read, kind.write

    def read(number: int, left: int) -> tuple[list[Any], int]:
        count, left = _read_length(number, left)
        values = []
        for _ in range(count):  # each takes a bit at least: the loop ends with the code
            value, left = read_one(number, left)
            values.append(value)
        return values, left

    def write(number: int, values: Sequence[Any]) -> int:
        number = _write_length(number, len(values))
        for value in values:
            number = write_one(number, value)
        return number

    return Kind(read, write)


def choice(**kinds: Kind | None) -> Kind:
    """One of several, named (§23), in the order of the specification; None stands for one that we do not read. It is
    open to more ("..."): an alternative of a later version is refused."""
    names = tuple(kinds)
    places = {name: place for place, name in enumerate(names)}
    width = (len(names) - 1).bit_length() + 1
    mask = (1 << width) - 1

    def read(number: int, left: int) -> tuple[tuple[str, Any], int]:
        left -= width
        place = number >> left & mask
        kind = kinds[names[place]] if place < len(names) else None
        if kind is None:
            raise ValueError("alternative unknown here")
        value, left = kind.read(number, left)
        return (names[place], value), left

    def write(number: int, value: tuple[str, Any]) -> int:
        name, content = value
        kind = kinds.get(name)
        if kind is None:
            raise ValueError("alternative unknown here")
        return kind.write(number << width | places[name], content)

    return Kind(read, write)


ADDITIONS: Final = "additions"  # the name under which components of a later version are kept, as octets


def sequence(**components: Kind | Optional) -> Kind:
    """Named components in order (§19): a bit for each that may be absent, then those present.

    What is read holds every component present, and the defaults of those absent. A component equal to its default is
    neither written nor read (§19.5, canonical).
    """
    return _sequence(components, extensible=False)


def open_sequence(**components: Kind | Optional) -> Kind:
    """A sequence that later versions may add to ("..."). What they added is kept as octets under "additions", a None
    for each addition that is absent, and written back as it was (§19.7-9)."""
    return _sequence(components, extensible=True)


def _sequence(components: Mapping[str, Kind | Optional], *, extensible: bool) -> Kind:
    optional = [(name, kind) for name, kind in components.items() if isinstance(kind, Optional)]
    order = [(name, kind.kind if isinstance(kind, Optional) else kind) for name, kind in components.items()]
    defaults = {name: each.default for name, each in optional if each.default is not None}
    bit_of = {name: 1 << len(optional) - 1 - place for place, (name, _) in enumerate(optional)}
    width = len(optional) + extensible
    mask = (1 << width) - 1
    added = 1 << width - 1 if extensible else 0

    @lru_cache(maxsize=256)  # bounded: codes may announce any set of components
    def plan(present: int) -> tuple[dict[str, Any], list[tuple[str, Read]], list[str]]:
        there = [(name, kind.read) for name, kind in order if name not in bit_of or present & bit_of[name]]
        named = {name for name, _ in there}
        absent = {name: value for name, value in defaults.items() if name not in named}
        return absent, there, [name for name in defaults if name in named]

    def read(number: int, left: int) -> tuple[dict[str, Any], int]:
        left -= width
        present = number >> left & mask
        absent, there, not_default = plan(present)
        value = absent.copy()
        for name, read_component in there:
            value[name], left = read_component(number, left)
        for name in not_default:
            if value[name] == defaults[name]:
                raise ValueError("a default is written out")
        if present & added:
            value[ADDITIONS], left = _read_additions(number, left)
        return value, left

    writers = [(name, kind.write, bit_of.get(name, 0), defaults.get(name)) for name, kind in order]

    def write(number: int, value: Mapping[str, Any]) -> int:
        more = value.get(ADDITIONS)
        if more is not None and not extensible:
            raise ValueError("no additions here")
        present = added if more is not None else 0
        there = []
        for name, write_component, bit, default in writers:
            content = value.get(name)
            if content is not None and (content != default or not bit):
                present |= bit
                there.append((write_component, content))
            elif not bit:
                raise ValueError("a component is missing")
        number = number << width | present
        for write_component, content in there:
            number = write_component(number, content)
        return number if more is None else _write_additions(number, more)

    return Kind(read, write)


def _read_additions(number: int, left: int) -> tuple[tuple[bytes | None, ...], int]:
    """How many (§11.6, one to 64), a bit for each, then those present as octets (§11.2)."""
    left -= 7
    count = (number >> left & 0x7F) + 1
    if count > 64:
        raise ValueError("too many additions")
    left -= count
    present = number >> left & (1 << count) - 1
    if not present:
        raise ValueError("additions announced, and none there")
    values: list[bytes | None] = []
    for place in range(count - 1, -1, -1):
        content = None
        if present >> place & 1:
            content, left = _read_octets(number, left)
        values.append(content)
    return tuple(values), left


def _write_additions(number: int, values: Sequence[bytes | None]) -> int:
    if len(values) > 64 or all(value is None for value in values):
        raise ValueError("additions announced, and none there, or too many")
    number = number << 7 | len(values) - 1
    for value in values:
        number = number << 1 | (value is not None)
    for value in values:
        if value is not None:
            number = _write_octets(number, value)
    return number
