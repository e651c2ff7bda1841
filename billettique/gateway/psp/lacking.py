"""A provider that can do nothing but what it adds: every ability not promised is refused in one sentence."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from billettique.model.payments import BalanceLine, Notice, SaveAsk, Seen, SeenMeans, SeenRefund
from mobigo.base.errors import Refused
from mobigo.base.money import Money


class Lacking:
    """See `billettique.model.payments.Provider`; a provider inherits this and overrides what it is able to do."""

    name: str

    def _no(self, ability: str) -> Refused:
        return Refused("payments.not_able", provider=self.name, ability=ability)

    def find(self, key: str) -> Seen | None:
        raise self._no("find")

    def cancel(self, provider_ref: str) -> Seen:
        raise self._no("cancel")

    def refund(self, provider_ref: str, amount: Money, key: str) -> SeenRefund:
        raise self._no("refund")

    def read_refund(self, refund_ref: str) -> SeenRefund:
        raise self._no("refund")

    def find_refund(self, provider_ref: str, key: str) -> SeenRefund | None:
        raise self._no("refund")

    def notice(self, body: bytes, headers: Mapping[str, str], now: datetime) -> Notice:
        raise self._no("notice")

    def balance(self, since: datetime, until: datetime) -> Sequence[BalanceLine]:
        raise self._no("balance")

    def save(self, ask: SaveAsk) -> SeenMeans:
        raise self._no("save")

    def read_means(self, provider_ref: str) -> SeenMeans:
        raise self._no("save")

    def forget(self, means_ref: str) -> None:
        raise self._no("save")

    def notices(self, since: datetime) -> Iterable[Notice]:
        return ()

    def recent(self, since: datetime) -> Iterable[Seen]:
        return ()

    def answer_dispute(self, dispute_ref: str, proof: str) -> None:
        raise self._no("dispute")
