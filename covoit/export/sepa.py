"""Credit transfers as a bank reads them: pain.001.001.09, by sepaxml, made the same to the byte every time.

The library draws names and takes the clock; both are replaced by what the file's value says. Addresses are left out:
fully unstructured ones are refused since November 2026. The result is checked against the schema before it leaves.
"""

import re
import unicodedata
from functools import cache
from pathlib import Path
from typing import Any, Final

from covoit.model.payments import PaymentFile
from mobigo.base.errors import InvalidInput, Refused
from mobigo.base.money import ZERO

SCHEMA: Final = "pain.001.001.09"
LONGEST_NAME: Final = 70
LONGEST_TEXT: Final = 140
LONGEST_ID: Final = 35
_NAMESPACE: Final = f"{{urn:iso:std:iso:20022:tech:xsd:{SCHEMA}}}"
_REFUSED: Final = re.compile(r"[^A-Za-z0-9/\-?:().,'+ ]")


def latin(text: str, longest: int) -> str:
    """The text in the characters every bank takes (EPC217-08), accents dropped, what remains unknown as a space."""
    replaced = text.replace("œ", "oe").replace("Œ", "OE").replace("æ", "ae").replace("Æ", "AE").replace("ß", "ss")
    plain = unicodedata.normalize("NFKD", replaced.replace("’", "'")).encode("ascii", "ignore").decode()
    return " ".join(_REFUSED.sub(" ", plain).split())[:longest].strip() or "X"


def pain001(file: PaymentFile) -> bytes:
    """The file. The same value gives the same bytes.

    Raises Refused("covoit.payment_file_empty"), InvalidInput("covoit.payment_not_possible") for an amount that is not
    positive or an id that is too long or there twice, Refused("covoit.payment_file_invalid") when the schema objects.
    """
    from sepaxml import SepaTransfer

    _check(file)
    transfer = SepaTransfer(
        {
            "name": latin(file.debtor.name, LONGEST_NAME),
            "IBAN": file.debtor.iban,
            "BIC": file.debtor.bic,
            "batch": True,
            "currency": "EUR",
        },
        schema=SCHEMA,
        clean=False,
    )
    for payment in file.payments:
        transfer.add_payment(
            {
                "name": latin(payment.name, LONGEST_NAME),
                "IBAN": payment.iban,
                "amount": payment.amount.cents,
                "execution_date": file.execution_day,
                "description": latin(payment.text, LONGEST_TEXT),
                "endtoend_id": payment.end_to_end_id,
            }
        )
    return _settled(transfer.export(validate=False), file)


def _check(file: PaymentFile) -> None:
    if not file.payments:
        raise Refused("covoit.payment_file_empty")
    seen: set[str] = set()
    for payment in file.payments:
        bad_id = not 0 < len(payment.end_to_end_id) <= LONGEST_ID or payment.end_to_end_id in seen
        if payment.amount <= ZERO or bad_id:
            raise InvalidInput("covoit.payment_not_possible", payment=payment.end_to_end_id)
        seen.add(payment.end_to_end_id)


def _settled(drawn: bytes, file: PaymentFile) -> bytes:
    """What the library drew by chance or by the clock, replaced; then the schema, the count and the sum checked."""
    from lxml import etree

    root = etree.fromstring(drawn, etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=True))
    header = root.find(f"{_NAMESPACE}CstmrCdtTrfInitn/{_NAMESPACE}GrpHdr")
    block = root.find(f"{_NAMESPACE}CstmrCdtTrfInitn/{_NAMESPACE}PmtInf")
    if header is None or block is None:
        raise Refused("covoit.payment_file_invalid", reason="GrpHdr, PmtInf ?")
    _put(header, "MsgId", file.message_id)
    _put(header, "CreDtTm", f"{file.created_at:%Y-%m-%dT%H:%M:%SZ}")
    _put(block, "PmtInfId", file.message_id)
    schema = _schema()
    if not schema.validate(root):
        raise Refused("covoit.payment_file_invalid", reason=str(schema.error_log.last_error)[:300])
    for node in (header, block):
        said = (node.findtext(f"{_NAMESPACE}NbOfTxs"), node.findtext(f"{_NAMESPACE}CtrlSum"))
        cents = file.total.cents
        if said != (str(len(file.payments)), f"{cents // 100}.{cents % 100:02d}"):
            raise Refused("covoit.payment_file_invalid", reason=f"NbOfTxs, CtrlSum: {said}")
    etree.cleanup_namespaces(root)
    written: bytes = etree.tostring(root, xml_declaration=True, encoding="UTF-8")
    return written


def _put(node: Any, name: str, value: str) -> None:
    found = node.find(f"{_NAMESPACE}{name}")
    if found is None:
        raise Refused("covoit.payment_file_invalid", reason=f"{name} ?")
    found.text = value


@cache
def _schema() -> Any:
    import sepaxml
    from lxml import etree

    return etree.XMLSchema(etree.parse(Path(sepaxml.__file__).parent / "schemas" / f"{SCHEMA}.xsd"))
