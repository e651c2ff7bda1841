"""The simulated provider against Stripe's own words: every key it returns exists in Stripe's fixtures, every parameter
it takes in the library's own types, its signatures are those of the library.
"""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import stripe

from billettique.gateway.psp import signing
from billettique.gateway.psp.simwire import PARAMETERS
from billettique.gateway.psp.stripe import API_VERSION
from mobigo.base.errors import Refused
from mobigo.base.money import Money
from tests import payment_peers as peers

NOW = datetime(2026, 11, 24, 8, 0, tzinfo=UTC)

# The type of the library that holds the parameters of each path.
TYPES = {
    "POST customers": "CustomerCreateParams",
    "POST checkout/sessions": "checkout.SessionCreateParams",
    "GET checkout/sessions": "checkout.SessionListParams",
    "GET checkout/sessions/*": "checkout.SessionRetrieveParams",
    "POST checkout/sessions/*/expire": "checkout.SessionExpireParams",
    "POST payment_intents": "PaymentIntentCreateParams",
    "GET payment_intents": "PaymentIntentListParams",
    "GET payment_intents/search": "PaymentIntentSearchParams",
    "GET payment_intents/*": "PaymentIntentRetrieveParams",
    "POST payment_intents/*/cancel": "PaymentIntentCancelParams",
    "POST refunds": "RefundCreateParams",
    "GET refunds": "RefundListParams",
    "GET refunds/*": "RefundRetrieveParams",
    "GET charges/*": "ChargeRetrieveParams",
    "GET disputes": "DisputeListParams",
    "POST disputes/*": "DisputeUpdateParams",
    "POST payment_methods/*/detach": "PaymentMethodDetachParams",
    "GET events": "EventListParams",
    "GET balance_transactions": "BalanceTransactionListParams",
    "GET payouts": "PayoutListParams",
}


def parameters(name: str) -> set[str]:
    """The names of a parameter type of the library."""
    module: Any = stripe.params
    for part in name.split("."):
        module = getattr(module, part)
    return {key for owner in module.__mro__[:-1] for key in getattr(owner, "__annotations__", {})} | set(
        getattr(module, "__annotations__", {})
    )


def test_each_path_has_its_type() -> None:
    assert set(TYPES) == set(PARAMETERS)


@pytest.mark.parametrize("path", sorted(TYPES))
def test_every_parameter_is_one_of_stripe(path: str) -> None:
    unknown = PARAMETERS[path] - parameters(TYPES[path])
    assert not unknown, f"{path}: {sorted(unknown)}"


def test_the_version_is_the_one_the_library_was_written_for() -> None:
    assert stripe._api_version._ApiVersion.CURRENT == API_VERSION


# ---------------------------------------------------------------- documents


def documents(value: Any) -> Iterator[dict[str, Any]]:
    """Every document inside an answer."""
    if isinstance(value, dict):
        if isinstance(value.get("object"), str) and value["object"] not in ("list", "search_result"):
            yield value
        for each in value.values():
            yield from documents(each)
    elif isinstance(value, list):
        for each in value:
            yield from documents(each)


def every_answer(tmp_path: Path) -> list[dict[str, Any]]:
    """What it answers and says in a life with everything in it."""
    at = [NOW]
    peer = peers.stripe_on_sim(tmp_path / "sim.sqlite", lambda: at[0])
    assert peer.bank is not None
    assert peer.save is not None
    provider, bank = peer.provider, peer.bank
    simulated = bank._stripe
    answers: list[dict[str, Any]] = []
    asked = simulated.request

    def recorded(method: str, path: str, params: Any, key: str | None = None) -> tuple[int, dict[str, Any]]:
        status, answer = asked(method, path, params, key)
        answers.append(json.loads(json.dumps(answer)))
        return status, answer

    simulated.request = recorded  # type: ignore[method-assign]  # to look at what goes by
    for card in ("pm_card_visa", "pm_card_visa_chargeDeclined", "pm_card_authenticationRequired", "pm_card_refundFail"):
        seen = provider.create(peer.ask())
        bank.pay(seen.provider_ref, card)
        seen = provider.read(seen.provider_ref)
        if card == "pm_card_authenticationRequired":
            bank.authenticate(seen.refs[0], yes=True)
            dispute = bank.contest(seen.refs[0])
            provider.answer_dispute(dispute, "preuve")
            bank.judge(dispute, won=True)
        if card in ("pm_card_visa", "pm_card_refundFail"):
            refund = provider.refund(seen.provider_ref, Money(100), f"r-{card}")
            bank.end_refunds()
            provider.read_refund(refund.provider_ref)
        provider.read(seen.provider_ref)
        provider.cancel(seen.provider_ref)
    provider.create(peer.ask(means="sepa_debit", means_ref=peer.save("pm_sepa_disputed"), return_url=None))
    bank.settle(bank.waiting_debits()[0])
    provider.create(peer.ask(means_ref=peer.save("pm_card_chargeCustomerFail"), return_url=None))
    bank.pay_out()
    list(provider.recent(NOW))
    provider.balance(NOW, NOW + timedelta(days=1))
    list(provider.notices(NOW))
    with simulated.shelf.open() as book:
        answers += book.events(0)
        answers += book.listed("mandate")
    return answers


@pytest.mark.realdata
def test_every_key_of_every_document_is_one_of_stripe(tmp_path: Path, realdata: Path) -> None:
    fixtures = json.loads((realdata / "stripe" / "fixtures3.json").read_text(encoding="utf-8"))["resources"]
    seen: dict[str, set[str]] = {}
    for answer in every_answer(tmp_path):
        for document in documents(answer):
            seen.setdefault(document["object"], set()).update(document)
    assert set(seen) == {
        "balance_transaction", "charge", "checkout.session", "customer", "dispute", "event", "mandate",
        "payment_intent", "payment_method", "payout", "refund", "setup_intent",
    }  # fmt: skip
    unknown = {kind: sorted(keys - set(fixtures[kind])) for kind, keys in seen.items()}
    assert not {kind: keys for kind, keys in unknown.items() if keys}


@pytest.mark.realdata
def test_every_state_of_the_fixtures_is_understood(realdata: Path) -> None:
    """The documents of Stripe itself go through our reading."""
    from billettique.gateway.psp import shapes

    fixtures = json.loads((realdata / "stripe" / "fixtures3.json").read_text(encoding="utf-8"))["resources"]
    assert shapes.seen_intent(fixtures["payment_intent"], "x").amount == Money(1_099)
    assert shapes.seen_refund(fixtures["refund"]).amount == Money(100)
    assert shapes.seen_dispute(fixtures["dispute"]).amount == Money(1_000)
    assert shapes.balance_line(fixtures["balance_transaction"], None).category == "charge"
    assert shapes.notice(fixtures["event"], "stripe").object_ref == ""


# ---------------------------------------------------------------- signatures


def test_our_signatures_are_those_of_the_library() -> None:
    body = b'{"id": "evt_1", "object": "event"}'
    header = signing.sign(body, "whsec_a", datetime.now(UTC))
    assert stripe.WebhookSignature.verify_header(body.decode(), header, "whsec_a", tolerance=300)
    made = stripe.WebhookSignature._compute_signature(f"{int(NOW.timestamp())}.{body.decode()}", "whsec_b")
    signing.verify(body, f"t={int(NOW.timestamp())},v1={made}", ["whsec_a", "whsec_b"], NOW)
    signing.verify(body, f"t={int(NOW.timestamp())},v1=00,v1={made},v0=1", ["whsec_b"], NOW)


@pytest.mark.parametrize(
    "header",
    ["", "t=,v1=", "v1=00", "t=1795507200", "t=x,v1=00", "t=1795507200,t=1795507200,v1=00", "t=٣,v1=00",
     "t=01795507200,v1=00", "t=9999999999999,v1=00", "é", "t=1,v1=0" * 1_000],
)  # fmt: skip
def test_a_header_that_is_none_is_refused(header: str) -> None:
    with pytest.raises(Refused, match=r"payments\.forged_notice"):
        signing.verify(b"{}", header, ["whsec_a"], NOW)
