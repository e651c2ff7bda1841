"""The other side of a redirection, as the State's form behaves: as a value, and as a web service on a port."""

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from uuid import uuid4
from xml.etree import ElementTree

from mobigo.base.errors import NotFound


class RedirectPeer:
    """Operations, each a document; `result` of one is empty until its payer ends it."""

    def __init__(self) -> None:
        self.operations: dict[str, dict[str, str]] = {}

    def open(self, asked: Mapping[str, str]) -> str:
        operation = str(uuid4())
        self.operations[operation] = dict(asked)
        return operation

    def detail(self, operation: str) -> Mapping[str, str] | None:
        found = self.operations.get(operation)
        if found is None:
            raise NotFound("payments.unknown_object", ref=operation)
        return found if "resultrans" in found else None

    def end(self, operation: str, result: str) -> None:
        """The payer paid (P by card, V by debit), gave up (A) or was refused (R)."""
        self.operations[operation]["resultrans"] = result


@contextmanager
def served(peer: RedirectPeer, *, broken: str | None = None) -> Iterator[str]:
    """Its web service; `broken` is a body it answers instead."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            answer = (broken if broken is not None else _answer(peer, body)).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_: object) -> None:
            """Nothing is written."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/services"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _answer(peer: RedirectPeer, body: bytes) -> str:
    root = ElementTree.fromstring(body)
    given = {each.tag: each.text or "" for each in root.iter() if not each.tag.startswith("{")}
    if "montant" in given:
        given.pop("arg0", None)
        return f"<e><return><idOp>{peer.open(given)}</idOp></return></e>"
    try:
        found = peer.detail(given["idOp"])
    except NotFound:
        return "<e><FonctionnelleErreur><code>P1</code></FonctionnelleErreur></e>"
    if found is None:
        return "<e><FonctionnelleErreur><code>P5</code></FonctionnelleErreur></e>"
    inner = "".join(f"<{name}>{value}</{name}>" for name, value in found.items())
    return f"<e><return>{inner}</return></e>"
