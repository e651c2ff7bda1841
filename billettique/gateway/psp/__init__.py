"""The ways of being paid that this installation has, each opened at its first use.

counter redirect stripe                       an agent is paid, the State's own form, Stripe
intents shapes refusals signing               what speaking Stripe's API takes
sim lacking                                   the simulated provider as one of ours; a provider that lacks something
simulated simwire simbank simcards simstore   that provider as if it stood elsewhere
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Final

from billettique.model.payments import Provider
from mobigo.base.errors import InvalidInput
from mobigo.infra import clock
from mobigo.infra.config import Config

COUNTER: Final = "counter"
# Where a buyer's browser is led by a form of ours: a browser that follows our policy has to be told.
FORM_PAGES: Final = ("https://checkout.stripe.com", "https://www.payfip.gouv.fr")


class Providers:
    """The providers of a configuration, by name. Tests put their own into `opened`, and their own clock."""

    def __init__(self, config: Config, time: Callable[[], datetime] = clock.now) -> None:
        self._config = config
        self._time = time
        self.opened: dict[str, Provider] = {}

    @property
    def names(self) -> tuple[str, ...]:
        """Those that are configured, in the order of the configuration."""
        return self._config.payments

    def get(self, name: str) -> Provider:
        """A provider. Raises InvalidInput("payments.unknown_provider") for one that is not configured."""
        if name not in self.opened:
            if name not in self._config.payments:
                raise InvalidInput("payments.unknown_provider", provider=name[:40])
            self.opened[name] = _OPEN[name](self._config, self._time)
        return self.opened[name]

    def collector(self, means: str) -> str:
        """Who may hold money of this means: the régie, the operator, the mandate that the configuration names.
        Raises InvalidInput("payments.no_collector")."""
        return collector_of(self._config, means)


def collector_of(config: Config, means: str) -> str:
    """See `Providers.collector`."""
    named = config.collector(means)
    if named is None:
        raise InvalidInput("payments.no_collector", means=means[:40])
    return named


def _counter(config: Config, time: Callable[[], datetime]) -> Provider:
    from billettique.gateway.psp.counter import Counter

    return Counter(live=config.production)


def _sim(config: Config, time: Callable[[], datetime]) -> Provider:
    from billettique.gateway.psp.sim import Sim

    return Sim(config, time)


def _stripe(config: Config, time: Callable[[], datetime]) -> Provider:
    from billettique.gateway.psp.stripe import open_stripe

    return open_stripe(config)


def _redirect(config: Config, time: Callable[[], datetime]) -> Provider:
    from billettique.gateway.psp.redirect import Redirect, Soap

    if not config.redirect_url or not config.redirect_client:
        raise InvalidInput("payments.unknown_provider", provider="redirect")
    peer = Soap(config.redirect_url, year=str(time().year))
    return Redirect(peer, client=config.redirect_client, site=config.base_url, live=config.production)


_OPEN: Final[Mapping[str, Callable[[Config, Callable[[], datetime]], Provider]]] = {
    COUNTER: _counter,
    "sim": _sim,
    "stripe": _stripe,
    "redirect": _redirect,
}
