"""Which ways of paying an installation has, means that are left for later, and the State's form through our service."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from billettique.gateway.psp import Providers
from billettique.gateway.psp.redirect import Redirect, Soap
from billettique.gateway.psp.stripe import open_stripe
from billettique.model.payments import PaymentState, RefundState, SavedState
from billettique.service import means, payments, webhooks
from billettique.store.means import get_means, means_of
from mobigo.base.errors import Conflict, InvalidInput, NotFound, Refused, Upstream
from mobigo.infra import config as settings
from mobigo.infra.config import Config, load_config
from mobigo.infra.db import reading, transaction
from tests import redirect_peer
from tests.payments_world import RETURN, World
from tests.redirect_peer import RedirectPeer

PRODUCTION = {"MOBIGO_ENV": "production", "MOBIGO_SECRET_KEY": "x" * 32}


# ---------------------------------------------------------------- what an installation has


def test_the_means_of_the_configuration_are_those_of_the_providers(config: Config) -> None:
    providers = Providers(config)
    known = {"counter": providers.get("counter"), "sim": providers.get("sim")}
    known["stripe"] = open_stripe(replace(config, stripe_key="sk_test_x"))
    known["redirect"] = Redirect(RedirectPeer(), client="1", site="http://127.0.0.1", live=False)
    assert {name: frozenset(taken) for name, taken in settings.MEANS.items()} == {
        name: provider.abilities.means for name, provider in known.items()
    }


def test_production_never_opens_the_simulation() -> None:
    config = load_config(PRODUCTION | {"MOBIGO_PAYMENTS": "sim"})
    with pytest.raises(Refused, match=r"config\.sim_payments"):
        Providers(config).get("sim")


@pytest.mark.parametrize(
    ("environment", "key", "fault"),
    [
        ("production", "sk_live_x", None),
        ("production", "sk_test_x", "payments.test_key"),
        ("demo", "sk_test_x", None),
        ("demo", "sk_live_x", "payments.live_key"),
        ("demo", "", "payments.unknown_provider"),
    ],
)
def test_a_key_is_of_the_world_it_is_used_in(environment: str, key: str, fault: str | None) -> None:
    config = load_config(
        {"MOBIGO_ENV": environment, "MOBIGO_STRIPE_KEY": key, "MOBIGO_STRIPE_WEBHOOK_SECRETS": "whsec_a, whsec_b"}
    )
    if fault is None:
        assert open_stripe(config).live is (environment == "production")
        return
    with pytest.raises((Refused, InvalidInput), match=fault.replace(".", r"\.")):
        open_stripe(config)


def test_three_secrets_at_once_are_one_too_many() -> None:
    config = load_config({"MOBIGO_STRIPE_KEY": "sk_test_x", "MOBIGO_STRIPE_WEBHOOK_SECRETS": "a,b,c"})
    with pytest.raises(Refused, match=r"payments\.too_many_secrets"):
        open_stripe(config)


def test_who_collects_is_named_in_production(config: Config) -> None:
    assert Providers(config).collector("card") == "essai"
    production = load_config(PRODUCTION | {"MOBIGO_COLLECTORS": '{"cash": "regie-1", "cheque": null}'})
    assert Providers(production).collector("cash") == "regie-1"
    for taken in ("cheque", "card"):
        with pytest.raises(InvalidInput, match=r"payments\.no_collector"):
            Providers(production).collector(taken)


# ---------------------------------------------------------------- means that are left


def left(w: World, card: str = "pm_sepa_success", key: str = "k1", holder: str = "sub-1") -> str:
    """A means left on the provider's form."""
    kind = "sepa_debit" if card.startswith("pm_sepa") else "card"
    with transaction(w.engine) as session:
        made = means.begin(session, holder=holder, means=kind, provider="sim", return_url=RETURN, key=key, now=w.at)
    action = means.call(w.services, made, w.at)
    assert action is not None
    w.sim.bank.pay(action.rpartition("/")[2], card)
    return made


def test_a_means_is_left_once_and_debited_each_month(w: World) -> None:
    made = left(w)
    with transaction(w.engine) as session:  # the same form sent twice
        again = means.begin(
            session, holder="sub-1", means="sepa_debit", provider="sim", return_url=RETURN, key="k1", now=w.at
        )
    assert again == made
    with pytest.raises(Conflict), transaction(w.engine) as session:
        means.begin(session, holder="sub-2", means="card", provider="sim", return_url=RETURN, key="k1", now=w.at)
    w.drain()  # its event is enough
    with reading(w.engine) as session:
        row = get_means(session, made)
        assert (row.state, row.label) == ("ACTIVE", "SEPA")
        assert row.mandate is not None
        assert [each.id for each in means_of(session, "sub-1")] == [made]
        ref = means.usable(session, made)
        assert not means.was_debited(session, made)
    payment = w.asked(means="sepa_debit", means_ref=ref, return_url=None)
    assert w.state(payment) is PaymentState.PROCESSING
    w.later(days=5)
    w.drain()
    assert w.state(payment) is PaymentState.SUCCEEDED
    with reading(w.engine) as session:
        assert means.was_debited(session, made)  # the next one may travel while its debit is under way


def test_a_means_taken_back_is_debited_no_more(w: World) -> None:
    made = left(w)
    w.drain()
    with reading(w.engine) as session:
        ref = means.usable(session, made)
    means.forget(w.services, made, w.at)
    means.forget(w.services, made, w.at)
    assert means.refresh(w.services, made, w.at) is SavedState.GONE
    with reading(w.engine) as session, pytest.raises(Refused, match=r"payments\.means_gone"):
        means.usable(session, made)
    payment = w.asked(means="sepa_debit", means_ref=ref, return_url=None)
    assert w.state(payment) is PaymentState.FAILED


def test_a_means_that_is_refused_is_not_active(w: World) -> None:
    made = left(w, "pm_card_chargeDeclinedExpiredCard")
    assert means.refresh(w.services, made, w.at) is SavedState.REQUIRES_ACTION
    w.later(hours=24)
    assert means.refresh(w.services, made, w.at) is SavedState.GONE


def test_a_counter_keeps_no_means(w: World) -> None:
    with transaction(w.engine) as session:
        made = means.begin(
            session, holder="sub-1", means="cash", provider="counter", return_url=RETURN, key="k1", now=w.at
        )
    with pytest.raises(Refused, match=r"payments\.not_able"):
        means.call(w.services, made, w.at)


# ---------------------------------------------------------------- the State's form


@pytest.fixture
def state(w: World) -> RedirectPeer:
    """The State's form, opened in this world."""
    peer = RedirectPeer()
    w.providers.opened["redirect"] = Redirect(peer, client="006382", site="http://127.0.0.1:8000", live=False)
    return peer


def redirected(w: World) -> str:
    return w.asked(provider="redirect", means="redirect")


def test_a_redirection_is_paid_and_its_refund_is_a_request_to_the_accountant(w: World, state: RedirectPeer) -> None:
    payment = redirected(w)
    operation = w.form(payment)
    assert payments.refresh(w.services, payment, w.at) is PaymentState.REQUIRES_ACTION  # nothing is known yet
    state.end(operation, "P")
    assert webhooks.receive(w.services, "redirect", f"idop={operation}".encode(), {}, w.at)
    w.drain()
    assert w.state(payment) is PaymentState.SUCCEEDED
    refund = w.ask_refund(payment, 300)
    w.drain()
    assert w.refund_state(refund) == RefundState.MANDATE


def test_a_notice_of_an_operation_that_is_not_ours_is_not_stored(w: World, state: RedirectPeer) -> None:
    redirected(w)
    assert not webhooks.receive(w.services, "redirect", b"idop=0123456789abcdef", {}, w.at)


@pytest.mark.parametrize(("result", "end"), [("A", PaymentState.CANCELED), ("R", PaymentState.FAILED)])
def test_what_was_given_up_or_refused_there_is_so_here(
    w: World, state: RedirectPeer, result: str, end: PaymentState
) -> None:
    payment = redirected(w)
    state.end(w.form(payment), result)
    assert payments.refresh(w.services, payment, w.at) is end


def test_a_form_nobody_fills_is_given_up_after_a_day(w: World, state: RedirectPeer) -> None:
    payment = redirected(w)
    w.later(hours=23, minutes=59)
    assert payments.refresh(w.services, payment, w.at) is PaymentState.REQUIRES_ACTION
    assert payments.give_up(w.services, payment, w.at) is PaymentState.REQUIRES_ACTION  # nothing calls it back
    w.later(minutes=1)
    assert payments.refresh(w.services, payment, w.at) is PaymentState.CANCELED
    state.end(w.form(payment), "P")  # late money is money
    assert payments.refresh(w.services, payment, w.at) is PaymentState.SUCCEEDED


@pytest.mark.parametrize(
    ("name", "value"), [("montant", "299"), ("objet", "o2"), ("saisie", "W"), ("refdet", "0" * 30)]
)
def test_what_is_not_as_asked_is_set_aside(w: World, state: RedirectPeer, name: str, value: str) -> None:
    payment = redirected(w)
    state.operations[w.form(payment)][name] = value
    state.end(w.form(payment), "P")
    assert payments.refresh(w.services, payment, w.at) is PaymentState.FAILED
    assert [state for _, state in w.heard] == ["REQUIRES_ACTION", "FAILED"]


@pytest.fixture
def served() -> Iterator[tuple[RedirectPeer, str]]:
    peer = RedirectPeer()
    with redirect_peer.served(peer) as url:
        yield peer, url


def test_the_web_service_is_spoken_to_as_it_is_documented(served: tuple[RedirectPeer, str]) -> None:
    peer, url = served
    soap = Soap(url, year="2026")
    asked = {"montant": "300", "objet": "o1 & <o2>", "refdet": "ab", "saisie": "T"}
    operation = soap.open(asked)
    assert peer.operations[operation] == asked | {"exer": "2026"}
    assert soap.detail(operation) is None
    peer.end(operation, "P")
    peer.operations[operation]["objet"] = "o1"
    assert (soap.detail(operation) or {})["resultrans"] == "P"
    with pytest.raises(NotFound):
        soap.detail("00000000-0000")


@pytest.mark.parametrize(
    ("broken", "fault"),
    [
        ("", Upstream), ("<e>", Upstream), ("<e/>", Upstream), ("<!DOCTYPE e><e/>", Upstream),
        ("<e><code>T1</code></e>", Refused), ("<e><return/></e>", Refused),
    ],
)  # fmt: skip
def test_a_web_service_that_talks_nonsense_is_not_believed(broken: str, fault: type[Exception]) -> None:
    with redirect_peer.served(RedirectPeer(), broken=broken) as url, pytest.raises(fault):
        Soap(url, year="2026").open({"montant": "300"})


def test_a_web_service_that_is_not_there_is_silence() -> None:
    with pytest.raises(Upstream):
        Soap("http://127.0.0.1:9/services", year="2026", timeout_s=1).open({})
