"""The signed lists that inspectors' devices read: sellers' keys, what is revoked, and the keys that sign the lists.

Public, and asked for often: each answer has an entity tag that changes with its content, so that a device which has it
already is answered 304.
"""

from typing import Final

from flask import Response, jsonify, request
from flask.typing import ResponseReturnValue

from billettique.api import bp
from billettique.service import keys
from mobigo.base.errors import InvalidInput
from mobigo.infra.auth import public
from mobigo.infra.clock import now
from mobigo.infra.db import reading
from mobigo.infra.web import services

KEEP_S: Final = 60  # how long a proxy may answer by itself


@bp.get("/keys")
@public
def list_keys() -> ResponseReturnValue:
    """The key list: `{"list": text, "signature": base64, "by": point}`; the signature is over a purpose and the text.

    Revoked keys say since when. A device refuses a list of a smaller number than the last it took, and one that is
    past its end.
    """
    return _answer(keys.published_keys(services(), now()))


@bp.get("/revocations")
@public
def list_revocations() -> ResponseReturnValue:
    """The revocation list, signed as the key list is; `?since=N`: what was added after list N, or the whole again
    (`since` 0 in it) when something came off. Marks are eight octets, sorted, one behind the other, in base64."""
    since = request.args.get("since", "0")
    if not (since.isascii() and since.isdigit() and len(since) <= 10):
        raise InvalidInput("billettique.bad_sequence", value=since[:20])
    return _answer(keys.published_revocations(services(), now(), int(since)))


@bp.get("/roots")
@public
def list_roots() -> ResponseReturnValue:
    """The points (P-256, compressed, hexadecimal) that may sign the lists. A device takes them when it is enrolled,
    from a channel it trusts, and never from a list."""
    keys.published_keys(services(), now())  # which makes the first one
    with reading(services().engine) as session:
        points = sorted(each.hex() for each in keys.roots(session, now()))
    return jsonify({"roots": points})


def _answer(published: keys.Published) -> Response:
    response = Response(published.octets, mimetype="application/json")
    response.set_etag(published.tag)
    response.headers["Cache-Control"] = f"public, max-age={KEEP_S}"
    return response.make_conditional(request)  # type: ignore[return-value]  # gives back the same response
