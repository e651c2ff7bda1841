"""Paying on the State's own form (the shape of PayFiP): an operation is opened, the payer is sent to its page, a notice
says only that something happened, and the operation is read. There is no refund call, no saved means and no key: a
refund is a request to the accountant, and an operation opened twice is two, of which the payer is shown the last.

The names of the web service are those of public integrations of it; it was not tried against the State's own.
"""

import http.client
import re
import ssl
from collections.abc import Mapping
from datetime import datetime
from typing import Final, Protocol
from urllib.parse import parse_qs, urlsplit
from xml.etree import ElementTree
from xml.sax.saxutils import escape

from billettique.gateway.psp.lacking import Lacking
from billettique.model.payments import Abilities, Notice, PaymentAsk, PaymentState, Seen
from mobigo.base.decisions import Decision
from mobigo.base.errors import InvalidInput, NotFound, Refused, Upstream
from mobigo.base.money import Money

NAME: Final = "redirect"
MEANS: Final = frozenset({"redirect"})
PAGE: Final = "https://www.payfip.gouv.fr/tpa/paiementws.web?idop="
REFERENCE_LENGTH: Final = 30  # of `refdet`: as much of our key as it holds
ANSWER_BYTES_MAX: Final = 1 << 20
NAMESPACE: Final = (
    "http://securite.service.tpa.cp.finances.gouv.fr/services/mas_securite/contrat_paiement_securise/"
    "PaiementSecuriseService"
)
_OPERATION: Final = re.compile(r"[0-9a-fA-F-]{8,64}", re.ASCII)
_STATES: Final = {
    "P": PaymentState.SUCCEEDED,  # by card
    "V": PaymentState.SUCCEEDED,  # by direct debit, accepted
    "A": PaymentState.CANCELED,
    "R": PaymentState.FAILED,
}


class Peer(Protocol):
    """The other side. Raises Upstream when nothing is known."""

    def open(self, asked: Mapping[str, str]) -> str:
        """Open an operation; its name."""
        ...

    def detail(self, operation: str) -> Mapping[str, str] | None:
        """What became of it; None while nothing did. Raises NotFound for one that does not exist."""
        ...


class Redirect(Lacking):
    """See `billettique.model.payments.Provider`."""

    name = NAME
    abilities = Abilities(refunds=False, answers=True, saves=False, person=False, means=MEANS)

    def __init__(self, peer: Peer, *, client: str, site: str, live: bool, page: str = PAGE) -> None:
        self.live = live
        self._peer, self._client, self._site, self._page = peer, client, site, page
        self._mode = "W" if live else "T"

    def create(self, ask: PaymentAsk) -> Seen:
        if ask.means not in MEANS:
            raise InvalidInput("payments.unknown_means", means=ask.means)
        if ask.return_url is None:
            raise InvalidInput("payments.no_return_url")
        operation = self._peer.open(
            {
                # Its receipt goes to us: no address is asked of whoever pays.
                "mel": f"ne-pas-repondre@{urlsplit(self._site).hostname}",
                "montant": str(ask.amount.cents),
                "numcli": self._client,
                "objet": ask.order_id,
                "refdet": ask.key[:REFERENCE_LENGTH],
                "saisie": self._mode,
                "urlnotif": f"{self._site}/api/v1/billettique/notices/{NAME}",
                "urlredirect": ask.return_url,
            }
        )
        return Seen(
            provider_ref=_operation(operation), state=PaymentState.REQUIRES_ACTION, amount=ask.amount, live=self.live,
            order_id=ask.order_id, key=ask.key, action=self._page + operation,
        )  # fmt: skip

    def read(self, provider_ref: str) -> Seen:
        found = self._peer.detail(_operation(provider_ref))
        if found is None:
            raise Upstream("payments.not_known_yet", provider=NAME)
        try:
            state = _STATES[found["resultrans"]]
            return Seen(
                provider_ref=provider_ref, state=state, amount=Money(int(found["montant"])),
                live=found["saisie"] == "W", order_id=found["objet"], key=found["refdet"],
                why=None if state is PaymentState.SUCCEEDED else Decision("payments.declined"),
            )  # fmt: skip
        except (KeyError, ValueError):
            raise Upstream("payments.provider_silent", provider=NAME) from None

    def cancel(self, provider_ref: str) -> Seen:
        return self.read(provider_ref)  # nothing calls an operation back; its page closes by itself

    def find(self, key: str) -> Seen | None:
        return None  # an operation nobody was sent to cannot be paid

    def notice(self, body: bytes, headers: Mapping[str, str], now: datetime) -> Notice:
        given = parse_qs(body[:4_000].decode("latin-1"))
        named = given.get("idop", given.get("idOp", [""]))[0]
        if not _OPERATION.fullmatch(named):
            raise Refused("payments.forged_notice", why="body")
        return Notice(NAME, named, "notification", named, now, signed=False)


def _operation(text: str) -> str:
    if not _OPERATION.fullmatch(text):
        raise NotFound("payments.unknown_object", ref=text[:80])
    return text


class Soap:
    """The web service. One connection a call."""

    def __init__(self, url: str, *, year: str | None = None, timeout_s: float = 20.0) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise InvalidInput("payments.unknown_provider", provider=NAME)
        self._parts, self._year, self._timeout_s = parts, year, timeout_s

    def open(self, asked: Mapping[str, str]) -> str:
        given = dict(asked) | {"exer": self._year or ""}
        answer = self._call("creerPaiementSecurise", given)
        named = None if answer is None else answer.get("idOp")
        if not named:
            raise Refused("payments.provider_refused", provider=NAME, reason="creerPaiementSecurise")
        return named

    def detail(self, operation: str) -> Mapping[str, str] | None:
        return self._call("recupererDetailPaiementSecurise", {"idOp": operation})

    def _call(self, verb: str, given: Mapping[str, str]) -> dict[str, str] | None:
        inner = "".join(f"<{name}>{escape(value)}</{name}>" for name, value in sorted(given.items()))
        body = (
            '<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" '
            f'xmlns:pai="{NAMESPACE}"><soapenv:Header/><soapenv:Body><pai:{verb}><arg0>{inner}</arg0></pai:{verb}>'
            "</soapenv:Body></soapenv:Envelope>"
        )
        root = self._sent(body.encode())
        fault = root.find(".//code")
        if fault is not None:
            _refuse(fault.text or "")
            return None
        found = root.find(".//return")
        if found is None:
            raise Upstream("payments.provider_silent", provider=NAME)
        return {each.tag: each.text or "" for each in found}

    def _sent(self, body: bytes) -> ElementTree.Element:
        host, port, secure = self._parts.hostname or "", self._parts.port, self._parts.scheme == "https"
        connection = (
            http.client.HTTPSConnection(host, port, timeout=self._timeout_s, context=ssl.create_default_context())
            if secure
            else http.client.HTTPConnection(host, port, timeout=self._timeout_s)
        )
        try:
            connection.request("POST", self._parts.path or "/", body, {"Content-Type": "text/xml; charset=utf-8"})
            answer = connection.getresponse()
            text = answer.read(ANSWER_BYTES_MAX)
            if b"<!DOCTYPE" in text:
                raise ValueError("doctype")
            return ElementTree.fromstring(text)  # noqa: S314 - no document type, hence no entity
        except (OSError, http.client.HTTPException, ValueError, ElementTree.ParseError) as failure:
            raise Upstream("payments.provider_silent", provider=NAME) from failure
        finally:
            connection.close()


def _refuse(code: str) -> None:
    """P5: no result yet; P1 and P2: no such operation. Everything else is a refusal of what was asked."""
    if code == "P5":
        return
    if code in ("P1", "P2"):
        raise NotFound("payments.unknown_object", ref=code)
    raise Refused("payments.provider_refused", provider=NAME, reason=code[:60])
