"""Following a dataset: an e-mail address once it has answered, or an address that is called, each call signed.

Calls follow the Standard Webhooks convention: `webhook-id` (the same at each try), `webhook-timestamp` (seconds), and
`webhook-signature`: "v1," and the base 64 of HMAC-SHA-256 over "id.timestamp.body". The key of a follower is computed
from ours and its id: nothing secret is kept.
"""

import base64
import hmac
import json
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy.orm import Session

from mobigo.base.decisions import Decision
from mobigo.base.errors import InvalidInput, MobigoError, NotFound, Refused
from mobigo.infra import keys, outbox
from mobigo.infra.accounts import clean_email
from mobigo.infra.config import Config
from mobigo.infra.db import reading, transaction
from mobigo.infra.i18n import gettext, use_language
from mobigo.infra.jobs import enqueue
from mobigo.infra.privacy import register_subject
from opendata.gateway.calls import CallLimits, check_address, post
from opendata.rules.following import REASONS, reason_of
from opendata.store import followers, versions
from opendata.store.followers import ALL, CALL, EMAIL, Follower
from opendata.store.versions import Event

if TYPE_CHECKING:
    from opendata.service.publishing import Tools

JOB: Final = "opendata.call"
CONFIRM_DAYS: Final = 7
FOLLOWED_MAX: Final = 50  # by one person


def ask_by_mail(
    session: Session,
    config: Config,
    *,
    dataset: str,
    reasons: Sequence[str],
    email: str,
    person: str | None,
    language: str,
    now: datetime,
) -> Follower:
    """Write to an address for it to confirm that it wants to be told; without an answer all is forgotten in a week.

    Raises InvalidInput for an address or a reason that is none, NotFound for a dataset that is not there.
    """
    kept = _reasons(reasons)
    title = _title(session, dataset)
    address = clean_email(email)
    found = followers.add(
        session, dataset=dataset, reasons=kept, channel=EMAIL, address=address, language=language, person=person,
        now=now, ends_at=now + timedelta(days=CONFIRM_DAYS),
    )  # fmt: skip
    with use_language(language):
        subject = gettext("Confirmez que vous voulez suivre : %(title)s", title=title)
        body = gettext(
            "Vous avez demandé, sur Mobigo, à être prévenu de ce qui change dans « %(title)s ».\n\nPour le "
            "confirmer, ouvrez cette page et appuyez sur le bouton :\n%(link)s\n\nSi ce n’était pas vous, ne "
            "faites rien : votre adresse sera oubliée dans %(days)s jours.\n",
            title=title, link=link(config, found.id), days=CONFIRM_DAYS,
        )  # fmt: skip
    message = outbox.Message("email", address, subject, body, person)
    outbox.send(session, message, key=f"opendata:confirm:{found.id}:{now:%Y%m%d%H}", now=now)
    return found


def ask_by_call(
    session: Session, *, dataset: str, reasons: Sequence[str], address: str, person: str, language: str, now: datetime
) -> Follower:
    """Have an address called from now on, for a person who is signed in.

    Raises InvalidInput for an address or a reason that is none, NotFound for a dataset, Refused past 50 of them.
    """
    kept = _reasons(reasons)
    _title(session, dataset)
    check_address(address)
    if len(followers.of_person(session, person)) >= FOLLOWED_MAX:
        raise Refused("opendata.too_many_followed", most=FOLLOWED_MAX)
    return followers.add(
        session, dataset=dataset, reasons=kept, channel=CALL, address=address, language=language, person=person,
        now=now, ends_at=None,
    )  # fmt: skip


def token_of(config: Config, follower_id: str) -> str:
    """What proves, in a link, that it was sent to the follower."""
    key = keys.derived(config, "opendata.follower")
    return hmac.new(key, follower_id.encode(), sha256).hexdigest()[:40]


def link(config: Config, follower_id: str) -> str:
    """The page on which a follower confirms, or stops."""
    return f"{config.base_url}/donnees/suivre/{follower_id}/{token_of(config, follower_id)}"


def known(session: Session, config: Config, follower_id: str, token: str) -> Follower:
    """The follower whose link this is. Raises NotFound."""
    if not hmac.compare_digest(token_of(config, follower_id).encode(), token.encode()):
        raise NotFound("opendata.unknown_follower")
    return followers.get(session, follower_id)


def secret_of(config: Config, follower_id: str) -> str:
    """The key that calls to this follower are signed with, as the convention writes it."""
    return f"whsec_{base64.b64encode(_key(config, follower_id)).decode()}"


def _key(config: Config, follower_id: str) -> bytes:
    return hmac.new(keys.derived(config, "opendata.calls"), follower_id.encode(), sha256).digest()


def signature(config: Config, follower_id: str, call_id: str, timestamp_s: int, body: bytes) -> str:
    """The signature of a call."""
    signed = f"{call_id}.{timestamp_s}.".encode() + body
    return f"v1,{base64.b64encode(hmac.new(_key(config, follower_id), signed, sha256).digest()).decode()}"


# ---------------------------------------------------------------- telling


def tell(session: Session, config: Config, event_id: str, now: datetime) -> int:
    """Have everyone told of an event who asked for it, once each: a message, or a job that calls; how many."""
    event = versions.get_event(session, event_id)
    reason = reason_of(event.kind, event.slot)
    told = followers.to_tell(session, event.dataset, reason)
    for follower in told:
        if follower.channel == CALL:
            params = {"follower": follower.id, "event": event.id}
            enqueue(session, JOB, params, None, now, key=f"{event.id}:{follower.id}")
        else:
            key = f"opendata:{event.id}:{follower.id}"
            outbox.send(session, _message(session, config, follower, event), key=key, now=now)
    return len(told)


def _message(session: Session, config: Config, follower: Follower, event: Event) -> outbox.Message:
    title = versions.get_dataset(session, event.dataset).declared.title
    with use_language(follower.language):
        what = gettext(SAID[event.kind])
        body = gettext(
            "%(title)s : %(what)s.\n%(reason)s\n%(address)s\n\nVous suivez ce jeu de données sur Mobigo. Pour ne plus "
            "être prévenu :\n%(link)s\n",
            title=title, what=what, reason=event.reason, address=f"{config.base_url}/donnees/{event.dataset}",
            link=link(config, follower.id),
        )  # fmt: skip
        subject = gettext("%(title)s : %(what)s", title=title, what=what)
    return outbox.Message("email", follower.address, subject, body, follower.person)


def document(session: Session, config: Config, event: Event) -> dict[str, Any]:
    """An event as a call carries it."""
    ids = [each for each in (event.version_id, event.before_id) if each is not None]
    labels = {key: version.label for key, version in versions.versions_of(session, ids).items()}
    return {
        "id": event.id,
        "type": f"dataset.{event.kind}",
        "timestamp": event.at.isoformat(),
        "data": {
            "dataset": event.dataset,
            "slot": None if event.slot is None else event.slot.value,
            "version": labels.get(event.version_id or ""),
            "before": labels.get(event.before_id or ""),
            "reason": event.reason,
            "url": f"{config.base_url}/donnees/{event.dataset}",
        },
    }


def call(tools: "Tools", follower_id: str, event_id: str, now: datetime, limits: CallLimits | None = None) -> Decision:
    """Call a follower about an event. Raises Upstream while it does not answer (the job tries again)."""
    config = tools.config
    with reading(tools.engine) as session:
        try:
            follower = followers.get(session, follower_id)
        except NotFound:
            return Decision("opendata.follower_gone")
        event = versions.get_event(session, event_id)
        body = json.dumps(document(session, config, event), ensure_ascii=False, sort_keys=True).encode()
    timestamp_s = int(now.timestamp())
    headers = {
        "webhook-id": event_id,
        "webhook-timestamp": str(timestamp_s),
        "webhook-signature": signature(config, follower_id, event_id, timestamp_s, body),
    }
    error = ""
    try:
        post(follower.address, body, headers, limits or CallLimits(private=config.fetch_private))
    except MobigoError as failure:
        error = failure.decision.code
        raise
    finally:
        with transaction(tools.engine) as session:
            followers.note_call(session, follower_id, error)
    return Decision("opendata.called", event=event_id)


def _reasons(reasons: Sequence[str]) -> list[str]:
    kept = [each for each in REASONS if each in reasons]
    if not kept or len(kept) != len(set(reasons)):
        raise InvalidInput("opendata.bad_reasons", reasons=list(REASONS))
    return kept


def _title(session: Session, dataset: str) -> str:
    if dataset == ALL:
        return gettext("toutes les données ouvertes")
    return versions.get_dataset(session, dataset).declared.title


# ---------------------------------------------------------------- one person


def export_subject(session: Session, subject: str) -> Mapping[str, object]:
    """What a person follows."""
    return {
        "follows": [
            {"dataset": each.dataset or "*", "reasons": list(each.reasons), "channel": each.channel,
             "address": each.address}
            for each in followers.of_person(session, subject)
        ]
    }  # fmt: skip


def erase_subject(session: Session, subject: str, now: datetime) -> int:
    """Forget what a person follows."""
    return followers.drop_person(session, subject)


register_subject("opendata", export=export_subject, erase=erase_subject)


def _(message: str) -> str:
    """Marks a message for the catalogues; it is translated when it is sent."""
    return message


SAID: Final = {
    "published": _("première publication"),
    "updated": _("mise à jour"),
    "rolled_back": _("retour à une version antérieure"),
    "withdrawn": _("version retirée"),
    "removed": _("jeu de données fermé"),
    "faulty": _("nouvelle version retenue : un contrôle l’a refusée"),
    "expiring": _("les horaires se terminent bientôt"),
    "unavailable": _("fichiers indisponibles"),
    "available": _("fichiers de nouveau disponibles"),
    "deprecated": _("jeu de données déconseillé"),
    "relicensed": _("nouvelle licence"),
}
