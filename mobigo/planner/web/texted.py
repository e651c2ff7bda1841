"""Text messages that come in: the gateway brings them to an address that only it knows. Each is answered by one message
of two parts at most, to French mobile numbers alone, and not without end: a message costs."""

import hmac
from hashlib import sha256

from flask import jsonify, request
from flask.typing import ResponseReturnValue

from mobigo.base.errors import MobigoError, NotFound
from mobigo.infra import keys, outbox, ratelimit
from mobigo.infra.auth import machine_only, public
from mobigo.infra.clock import now
from mobigo.infra.config import Config
from mobigo.infra.db import transaction
from mobigo.infra.i18n import use_language
from mobigo.infra.web import services
from mobigo.network.service.disruptions import channel_of
from mobigo.planner.web import bp
from mobigo.planner.web.here import pinned_today

BY_NUMBER = "20 per day"
BY_ALL = "2000 per day"
ID_MAX = 100


def token_of(config: Config) -> str:
    """What the gateway has in the address it calls."""
    return hmac.new(keys.derived(config, "planner.texted"), b"inbound", sha256).hexdigest()[:40]


@bp.post("/sms/<token>")
@machine_only
@public
def texted(token: str) -> ResponseReturnValue:
    """A message that came: `from`, `text`, and `id`, the same when it is brought twice. Raises NotFound for another
    address. A number that is not answered is told to the gateway, which pays nothing for it."""
    if not hmac.compare_digest(token_of(services().config).encode(), token.encode()):
        raise NotFound("planner.no_such_gateway")
    sender, text, given = (request.form.get(name, "") for name in ("from", "text", "id"))
    return jsonify({"answered": answer_text(sender, text, given[:ID_MAX])})


def answer_text(sender: str, text: str, message_id: str) -> bool:
    """Answer a message; False where it is not answered: no French mobile number, no id, or too many of them."""
    try:
        channel, number = channel_of(sender)
    except MobigoError:
        return False
    if channel != "sms" or not message_id:
        return False
    counters, at = ratelimit.attempts(), now()
    try:
        counters.count("sms.number", BY_NUMBER, number)
        counters.count("sms.all", BY_ALL, "all")
    except ratelimit.TooMany:
        return False
    from mobigo.planner.export.texted import answer

    with pinned_today() as here, use_language("fr"):
        body = answer(here.live, here.places, here.boards, text, here.now)
    key = hmac.new(keys.derived(services().config, "planner.texted"), message_id.encode(), sha256).hexdigest()
    with transaction(services().engine) as session:
        outbox.send(session, outbox.Message("sms", number, "", body), key=f"texted:{key}", now=at)
    return True
