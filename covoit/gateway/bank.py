"""What a bank writes back: pain.002 (was each payment taken?) and camt.054 (what was booked, what came back).

Read with a parser that expands no entity, opens no address and refuses a document type: the file comes from outside.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Final

from covoit.model.payments import Answer, BankLine
from mobigo.base.errors import InvalidInput
from mobigo.base.money import Money

LARGEST_BYTES: Final = 50_000_000
_PAIN002: Final = "urn:iso:std:iso:20022:tech:xsd:pain.002.001."
_CAMT054: Final = "urn:iso:std:iso:20022:tech:xsd:camt.054.001."
# ISO 20022 external codes (ExternalPaymentTransactionStatus1Code).
# What is wrong with a file that is no XML, by libxml2's number of the fault (xmlParserErrors): said in our own words.
_XML: Final = {
    4: "covoit.bank_file_not_xml",
    5: "covoit.bank_file_too_long",
    9: "covoit.bank_file_sign",
    26: "covoit.bank_file_entity",
    32: "covoit.bank_file_encoding",
    73: "covoit.bank_file_cut",
    74: "covoit.bank_file_cut",
    76: "covoit.bank_file_tag",
    77: "covoit.bank_file_cut",
    81: "covoit.bank_file_encoding",
}
_STATUS: Final = {"ACSC": Answer.PAID, "ACCC": Answer.PAID, "RJCT": Answer.RETURNED, "CANC": Answer.RETURNED}


@dataclass(frozen=True, slots=True)
class BankMessage:
    """A bank's file: the payments it names, or one answer for all those of a file of ours (`whole`)."""

    digest: str
    kind: str  # "pain.002", "camt.054"
    message_id: str
    original_message_id: str | None
    whole: Answer | None
    whole_reason: str
    lines: tuple[BankLine, ...]


def read_bank_file(content: bytes) -> BankMessage:
    """The message of a file. Raises InvalidInput("covoit.bank_file_…") for what is not one of the two, with the line
    and what is wrong there."""
    from lxml import etree

    if len(content) > LARGEST_BYTES:
        raise InvalidInput("covoit.bank_file_large", most_mb=LARGEST_BYTES // 1_000_000)
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, dtd_validation=False, huge_tree=False, recover=False
    )
    try:
        root = etree.fromstring(content, parser)
    except etree.XMLSyntaxError as wrong:
        line, column = (wrong.position or (1, 1))[:2]
        code = _XML.get(wrong.code or 0, "covoit.bank_file_syntax")
        raise InvalidInput(code, line=line or 1, column=column or 1) from wrong
    except ValueError as wrong:  # a declaration of encoding that contradicts the bytes
        raise InvalidInput("covoit.bank_file_encoding", line=1, column=1) from wrong
    if root.getroottree().docinfo.doctype:
        raise InvalidInput("covoit.bank_file_doctype")
    namespace = etree.QName(root).namespace or ""
    digest = sha256(content).hexdigest()
    if namespace.startswith(_PAIN002):
        return _pain002(root, {"n": namespace}, digest)
    if namespace.startswith(_CAMT054):
        return _camt054(root, {"n": namespace}, digest)
    raise InvalidInput("covoit.bank_file_other", found=namespace[:100] or etree.QName(root).localname[:100])


def _pain002(root: Any, ns: dict[str, str], digest: str) -> BankMessage:
    report = _first(root, "n:CstmrPmtStsRpt", ns)
    original = _text(report, "n:OrgnlGrpInfAndSts/n:OrgnlMsgId", ns)
    lines = []
    for found in report.iterfind(".//n:TxInfAndSts", ns):
        name = _text(found, "n:OrgnlEndToEndId", ns)
        if name is None:
            continue
        answer = _STATUS.get(_text(found, "n:TxSts", ns) or "", Answer.WAITING)
        amount = _money(found, "n:OrgnlTxRef/n:Amt/n:InstdAmt", ns)
        lines.append(BankLine(name, answer, amount, _text(found, "n:StsRsnInf/n:Rsn/n:Cd", ns) or ""))
    # One answer for all: at the level of the file, or of its one block of payments.
    status = _text(report, "n:OrgnlGrpInfAndSts/n:GrpSts", ns) or _text(report, "n:OrgnlPmtInfAndSts/n:PmtInfSts", ns)
    whole = _STATUS.get(status or "")
    reason = (
        _text(report, "n:OrgnlGrpInfAndSts/n:StsRsnInf/n:Rsn/n:Cd", ns)
        or _text(report, "n:OrgnlPmtInfAndSts/n:StsRsnInf/n:Rsn/n:Cd", ns)
        or ""
    )
    return BankMessage(
        digest, "pain.002", _text(report, "n:GrpHdr/n:MsgId", ns) or "", original, whole, reason, tuple(lines)
    )


def _camt054(root: Any, ns: dict[str, str], digest: str) -> BankMessage:
    report = _first(root, "n:BkToCstmrDbtCdtNtfctn", ns)
    lines = list(_booked(report, ns))
    return BankMessage(digest, "camt.054", _text(report, "n:GrpHdr/n:MsgId", ns) or "", None, None, "", tuple(lines))


def _booked(report: Any, ns: dict[str, str]) -> Iterator[BankLine]:
    for entry in report.iterfind(".//n:Ntry", ns):
        status = _text(entry, "n:Sts/n:Cd", ns) or _text(entry, "n:Sts", ns) or "BOOK"
        way = _text(entry, "n:CdtDbtInd", ns)
        for found in entry.iterfind("n:NtryDtls/n:TxDtls", ns):
            name = _text(found, "n:Refs/n:EndToEndId", ns)
            if name is None:
                continue
            reason = _text(found, "n:RtrInf/n:Rsn/n:Cd", ns)
            amount = _money(found, "n:Amt", ns) or _money(found, "n:AmtDtls/n:TxAmt/n:Amt", ns)
            credited = (_text(found, "n:CdtDbtInd", ns) or way) == "CRDT"
            if status != "BOOK":
                yield BankLine(name, Answer.WAITING, amount)
            elif credited:
                # Money that comes back under one of our names is a return, whether its reason is told or not.
                yield BankLine(name, Answer.RETURNED, amount, reason or "")
            else:
                yield BankLine(name, Answer.PAID, amount)


def _first(root: Any, path: str, ns: dict[str, str]) -> Any:
    found = root.find(path, ns)
    if found is None:
        raise InvalidInput("covoit.bank_file_lacks", element=path.removeprefix("n:"), line=root.sourceline)
    return found


def _text(node: Any, path: str, ns: dict[str, str]) -> str | None:
    text = node.findtext(path, None, ns)
    return None if text is None or not text.strip() else str(text).strip()


def _money(node: Any, path: str, ns: dict[str, str]) -> Money | None:
    text = _text(node, path, ns)
    if text is None:
        return None
    found = node.find(path, ns)
    currency = found.get("Ccy", "EUR")
    if currency != "EUR":  # we send euros, and a bank answers in what was sent
        raise InvalidInput("covoit.bank_file_currency", currency=currency[:3], line=found.sourceline)
    try:
        return cents_of(text)
    except ValueError:
        raise InvalidInput("covoit.bank_file_amount", amount=text[:20], line=found.sourceline) from None


def cents_of(text: str) -> Money:
    """The cents of "12.3" or "12.30". Raises ValueError for more than two decimals, a sign, an exponent."""
    whole, _dot, part = text.partition(".")
    if not (whole.isascii() and whole.isdigit() and (part == "" or (part.isascii() and part.isdigit()))):
        raise ValueError(f"amount {text[:20]!r}")
    if part[2:].strip("0"):
        raise ValueError(f"amount {text[:20]!r}")
    return Money(int(whole) * 100 + int(part[:2].ljust(2, "0") or 0))
