"""The header "U2" (UicBarcodeHeader 2.0.1): one content signed by the seller, and around it, if a telephone's key is
bound, a second content signed by that telephone.

The octets of a signature are the encoding of its level alone: its bits in the code, moved to the front of an octet.
Only the canonical form is read (`rules.uper`), so they are also what the level would be written to.
"""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from billettique.model.ticket import Code, Data, Header
from billettique.rules.uper import (
    EMPTY,
    OCTETS,
    Kind,
    Optional,
    cut,
    decode,
    encode,
    ia5,
    integer,
    sequence,
    sequence_of,
)
from mobigo.base.errors import InvalidInput

FORMAT: Final = "U2"
CODE_OCTETS_MAX: Final = 1024  # a QR code of this size is no longer read on a telephone; the specimens have up to 432
P256: Final = bytes.fromhex("2A8648CE3D030107")  # 1.2.840.10045.3.1.7, as X.690 §8.19 writes it
ECDSA_SHA256: Final = bytes.fromhex("2A8648CE3D040302")  # 1.2.840.10045.4.3.2

_PROVIDER: Final = integer(1, 32000)
_DATA: Final = sequence(dataFormat=ia5(), data=OCTETS)


def _signed(kind: Kind) -> Kind:
    """A level that somebody signs: read as (value, the octets of its signature), written from the value alone."""

    def read(number: int, left: int) -> tuple[tuple[Any, bytes], int]:
        value, end = kind.read(number, left)
        return (value, cut(number, left, end)), end

    return Kind(read, kind.write)


LEVEL_1: Final[Kind] = sequence(
    securityProviderNum=Optional(_PROVIDER),
    securityProviderIA5=Optional(ia5()),
    keyId=Optional(integer(0, 99999)),
    dataSequence=sequence_of(_DATA),
    level1KeyAlg=Optional(OCTETS),
    level2KeyAlg=Optional(OCTETS),
    level1SigningAlg=Optional(OCTETS),
    level2SigningAlg=Optional(OCTETS),
    level2PublicKey=Optional(OCTETS),
    endOfValidityYear=Optional(integer(2016, 2269)),
    endOfValidityDay=Optional(integer(1, 366)),
    endOfValidityTime=Optional(integer(0, 1439)),
    validityDuration=Optional(integer(1, 3600)),
)
_LEVEL_2: Final = sequence(level1Data=_signed(LEVEL_1), level1Signature=Optional(OCTETS), level2Data=Optional(_DATA))
_CODE: Final = sequence(format=ia5(), level2SignedData=_signed(_LEVEL_2), level2Signature=Optional(OCTETS))


def read_code(octets: bytes) -> Code:
    """What a code says, if it is one: short enough, "U2" to the letter, and in the one canonical form.

    Raises InvalidInput: "billettique.code_too_long", "billettique.code_malformed",
    "billettique.code_of_another_format", "billettique.code_without_key".
    """
    if len(octets) > CODE_OCTETS_MAX:
        raise InvalidInput("billettique.code_too_long", octets=len(octets), octets_max=CODE_OCTETS_MAX)
    try:
        outer = decode(_CODE, octets)
    except ValueError as wrong:
        raise InvalidInput("billettique.code_malformed") from wrong
    if outer["format"] != FORMAT:
        raise InvalidInput("billettique.code_of_another_format")
    level_2, signed_2 = outer["level2SignedData"]
    level_1, signed_1 = level_2["level1Data"]
    dynamic = level_2.get("level2Data")
    return Code(
        _header_of(level_1),
        signed_1,
        level_2.get("level1Signature"),
        None if dynamic is None else Data(dynamic["dataFormat"], dynamic["data"]),
        signed_2,
        outer.get("level2Signature"),
    )


def level_1_octets(header: Header) -> bytes:
    """What the seller signs."""
    return encode(LEVEL_1, _record_of(header))


def level_1_bits(header: Header) -> int:
    """How many bits those octets hold; the rest of the last one is filling."""
    return LEVEL_1.write(EMPTY, _record_of(header)).bit_length() - 1


def level_2_octets(header: Header, signature_1: bytes, dynamic: Data | None) -> bytes:
    """What the telephone signs."""
    return encode(_LEVEL_2, _level_2(header, signature_1, dynamic))


def write_code(
    header: Header, signature_1: bytes, dynamic: Data | None = None, signature_2: bytes | None = None
) -> bytes:
    """The octets of a code, as they go into the picture. Raises InvalidInput("billettique.code_too_long")."""
    level_2 = _level_2(header, signature_1, dynamic)
    octets = encode(_CODE, {"format": FORMAT, "level2SignedData": level_2, "level2Signature": signature_2})
    if len(octets) > CODE_OCTETS_MAX:
        raise InvalidInput("billettique.code_too_long", octets=len(octets), octets_max=CODE_OCTETS_MAX)
    return octets


def _level_2(header: Header, signature_1: bytes, dynamic: Data | None) -> dict[str, Any]:
    data = None if dynamic is None else {"dataFormat": dynamic.format, "data": dynamic.octets}
    return {"level1Data": _record_of(header), "level1Signature": signature_1, "level2Data": data}


def _header_of(record: Mapping[str, Any]) -> Header:
    provider, key_id = record.get("securityProviderNum", record.get("securityProviderIA5")), record.get("keyId")
    if provider is None or key_id is None:
        raise InvalidInput("billettique.code_without_key")
    return Header(
        str(provider),
        key_id,
        tuple(Data(each["dataFormat"], each["data"]) for each in record["dataSequence"]),
        record.get("level2PublicKey"),
        _end_of(record),
        record.get("validityDuration"),
        _other_algorithm(record),
    )


def _end_of(record: Mapping[str, Any]) -> datetime | None:
    year, day = record.get("endOfValidityYear"), record.get("endOfValidityDay")
    minute = record.get("endOfValidityTime")
    if year is None and day is None and minute is None:
        return None
    if year is None or day is None or minute is None:
        raise InvalidInput("billettique.code_malformed")  # all three or none, says the norm
    return datetime(year, 1, 1, tzinfo=UTC) + timedelta(days=day - 1, minutes=minute)


def _other_algorithm(record: Mapping[str, Any]) -> bool:
    """What is not said is as we have it; a bound key has to say it (the norm, "dynamic bar code")."""
    bound = "level2PublicKey" in record
    said = (
        record.get("level1KeyAlg", P256),
        record.get("level1SigningAlg", ECDSA_SHA256),
        record.get("level2KeyAlg", None if bound else P256),
        record.get("level2SigningAlg", None if bound else ECDSA_SHA256),
    )
    return said != (P256, ECDSA_SHA256, P256, ECDSA_SHA256)


def _record_of(header: Header) -> dict[str, Any]:
    bound = header.bound_key is not None
    record: dict[str, Any] = {
        "keyId": header.key_id,
        "dataSequence": [{"dataFormat": each.format, "data": each.octets} for each in header.data],
        "level2KeyAlg": P256 if bound else None,
        "level2SigningAlg": ECDSA_SHA256 if bound else None,
        "level2PublicKey": header.bound_key,
        "validityDuration": header.duration_s,
    }
    record["securityProviderNum" if _is_rics(header.provider) else "securityProviderIA5"] = (
        int(header.provider) if _is_rics(header.provider) else header.provider
    )
    if header.end_at is not None:
        end = header.end_at.astimezone(UTC)
        record |= {
            "endOfValidityYear": end.year,
            "endOfValidityDay": end.timetuple().tm_yday,
            "endOfValidityTime": end.hour * 60 + end.minute,
        }
    return record


def _is_rics(provider: str) -> bool:
    return (
        provider.isascii()
        and provider.isdigit()
        and provider[0] != "0"
        and len(provider) <= 5
        and int(provider) <= 32000
    )
