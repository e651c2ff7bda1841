"""What every answer of the site has in common: errors in two forms, headers, languages, delivery, figures, logs."""

import errno
import gzip
import json
import logging
import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from apiflask import APIFlask
from flask import request
from flask.testing import FlaskClient

from mobigo.app import factory
from mobigo.app.factory import create_app
from mobigo.base.errors import Conflict, InvalidInput, MobigoError, NotFound, Refused, Upstream
from mobigo.infra import csp, delivery, log
from mobigo.infra.auth import public
from mobigo.infra.config import Config
from mobigo.infra.web import body_limit

REFERENCE = re.compile(r"[0-9A-HJKMNP-TV-Z]{5}-[0-9A-HJKMNP-TV-Z]{5}")


def add(app: APIFlask, path: str, view: Callable[..., Any], methods: tuple[str, ...] = ("GET",)) -> None:
    app.add_url_rule(path, endpoint=f"test-{path}", view_func=public(view), methods=list(methods))


def raising(error: Exception) -> Callable[[], str]:
    def view() -> str:
        raise error

    return view


# ---- Errors


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (NotFound("http.reason_404"), 404),
        (InvalidInput("paging.bad_limit", most=200), 422),
        (Refused("http.reason_403"), 403),
        (Conflict("http.reason_409"), 409),
        (Upstream("http.reason_502"), 502),
    ],
)
def test_the_five_words_have_their_status_as_a_page_and_as_a_problem(
    app: APIFlask, client: FlaskClient, error: MobigoError, status: int
) -> None:
    add(app, "/t", raising(error))
    add(app, "/api/v1/t", raising(error))
    page = client.get("/t", headers={"Accept": "text/html"})
    assert page.status_code == status
    assert page.content_type == "text/html; charset=utf-8"
    assert REFERENCE.search(page.text)
    problem = client.get("/api/v1/t")
    assert problem.status_code == status
    assert problem.content_type == "application/problem+json"
    body = problem.get_json(force=True)
    assert body["status"] == status
    assert body["code"] == error.decision.code
    assert REFERENCE.fullmatch(body["reference"])
    assert body["instance"] == "/api/v1/t"


def test_a_defect_says_nothing_of_itself_to_the_visitor_and_all_to_the_log(
    app: APIFlask, client: FlaskClient, caplog: pytest.LogCaptureFixture
) -> None:
    add(app, "/t", raising(RuntimeError("inside /srv/secret")))
    with caplog.at_level(logging.ERROR):
        page = client.get("/t", headers={"Accept": "text/html"})
    assert page.status_code == 500
    assert "secret" not in page.text
    assert "erreur 500" not in page.text.lower()
    assert "Traceback" not in page.text
    found = REFERENCE.search(page.text)
    assert found is not None
    record = next(record for record in caplog.records if getattr(record, "reference", None) == found[0])
    assert record.exc_info is not None
    assert "inside /srv/secret" in str(record.exc_info[1])


@pytest.mark.parametrize(
    ("number", "status", "code"),
    [
        (errno.ENOSPC, 503, "http.disk_full"), (errno.EDQUOT, 503, "http.disk_full"),
        (errno.EIO, 500, "http.reason_500"), (errno.EACCES, 500, "http.reason_500"),
    ],
)  # fmt: skip
def test_a_full_disk_is_told_and_any_other_trouble_of_files_is_a_defect(
    app: APIFlask, client: FlaskClient, number: int, status: int, code: str
) -> None:
    add(app, "/files", raising(OSError(number, "a file")))
    refused = client.get("/files", headers={"Accept": "application/json"})
    assert (refused.status_code, refused.get_json()["code"]) == (status, code)
    assert ("Retry-After" in refused.headers) == (status == 503)


def test_a_machine_without_memory_is_told_as_such_and_asked_again(app: APIFlask, client: FlaskClient) -> None:
    add(app, "/large", raising(MemoryError()))
    refused = client.get("/large", headers={"Accept": "application/json"})
    assert (refused.status_code, refused.get_json()["code"]) == (503, "http.no_memory")
    assert refused.headers["Retry-After"]


def test_a_page_that_cannot_even_say_its_error_says_it_in_plain_text(app: APIFlask, client: FlaskClient) -> None:
    @app.context_processor
    def broken() -> dict[str, Any]:
        raise RuntimeError("the layout is broken")

    page = client.get("/nulle-part", headers={"Accept": "text/html"})
    assert page.status_code == 404
    assert page.content_type == "text/plain; charset=utf-8"
    assert "Cette page n’existe pas" in page.text


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("GET", "/nulle-part", 404), ("DELETE", "/aide", 405), ("GET", "/static/nulle-part.css", 404)],
)
def test_what_the_web_itself_refuses_is_said_in_our_words(
    client: FlaskClient, method: str, path: str, status: int
) -> None:
    page = client.open(path, method=method, headers={"Accept": "text/html"})
    assert page.status_code == status
    assert REFERENCE.search(page.text)
    if status == 405:
        assert "GET" in page.headers["Allow"]


def test_a_problem_speaks_the_language_asked_for(client: FlaskClient) -> None:
    french = client.get("/api/v1/nulle-part", headers={"Accept-Language": "fr"}).get_json(force=True)
    english = client.get("/api/v1/nulle-part", headers={"Accept-Language": "en"}).get_json(force=True)
    assert french["title"] == "Introuvable"
    assert english["title"] == "Not found"
    assert french["code"] == english["code"]


@pytest.mark.parametrize("path", ["/aide?lang=<script>", "/competences?commune=<script>alert(1)</script>", "/<b>x"])
def test_nothing_given_comes_back_as_markup(client: FlaskClient, path: str) -> None:
    page = client.get(path, headers={"Accept": "text/html"})
    assert "<script>alert" not in page.text
    assert "<b>x" not in page.text


# ---- Bodies and hosts


def test_a_body_is_bounded_and_a_marked_view_has_its_own_bound(app: APIFlask, client: FlaskClient) -> None:
    def length() -> str:
        return str(len(request.get_data()))

    add(app, "/api/v1/small", length, ("POST",))
    add(app, "/api/v1/large", body_limit(3_000_000)(lambda: length()), ("POST",))
    limit = factory.BODY_LIMIT_BYTES
    assert client.post("/api/v1/small", data=b"x" * limit).text == str(limit)
    refused = client.post("/api/v1/small", data=b"x" * (limit + 1))
    assert refused.status_code == 413
    assert refused.get_json(force=True)["params"] == {"limit": limit}
    assert client.post("/api/v1/large", data=b"x" * (limit + 1)).text == str(limit + 1)
    assert client.post("/api/v1/large", data=b"x" * 3_000_001).status_code == 413


@pytest.mark.parametrize(("host", "status"), [("localhost:8000", 200), ("127.0.0.1", 200), ("evil.example", 400)])
def test_the_site_answers_to_its_own_names_only(client: FlaskClient, host: str, status: int) -> None:
    assert client.get("/aide", headers={"Host": host}).status_code == status


# ---- Headers


@pytest.mark.parametrize("path", ["/aide", "/api/v1/openapi.json", "/nulle-part", "/static/mobigo.css"])
def test_every_answer_carries_the_headers_that_protect_a_visitor(client: FlaskClient, path: str) -> None:
    headers = client.get(path).headers
    assert "'unsafe-inline'" not in headers["Content-Security-Policy"]
    assert "script-src 'self';" in headers["Content-Security-Policy"]
    assert "worker-src 'self';" in headers["Content-Security-Policy"]
    for name in csp.HEADERS:
        assert name in headers
    assert REFERENCE.fullmatch(headers["X-Request-Id"])
    assert "Strict-Transport-Security" not in headers  # this site is on http


def test_https_is_said_where_it_is_served(site_config: Config) -> None:
    app = create_app(replace(site_config, base_url="https://mobigo.example"))
    headers = app.test_client().get("/healthz", base_url="https://mobigo.example").headers
    assert headers["Strict-Transport-Security"].startswith("max-age=31536000")
    assert "upgrade-insecure-requests" in headers["Content-Security-Policy"]


def test_a_view_may_be_allowed_more_and_only_that_view(app: APIFlask, client: FlaskClient) -> None:
    add(app, "/wasm", csp.policy(script_src=("'wasm-unsafe-eval'",))(lambda: "x"))
    assert "script-src 'self' 'wasm-unsafe-eval';" in client.get("/wasm").headers["Content-Security-Policy"]
    assert "wasm" not in client.get("/aide").headers["Content-Security-Policy"]
    with pytest.raises(ValueError, match="script-source"):
        csp.policy(script_source=("'self'",))


def test_a_style_of_the_page_is_allowed_by_its_hash(app: APIFlask, client: FlaskClient) -> None:
    add(app, "/style", lambda: str(csp.page_style(".l-7{--line:#1d4e89}")))
    answer = client.get("/style")
    assert answer.text == "<style>.l-7{--line:#1d4e89}</style>"
    # sha256 of the text between the tags, base64
    assert re.search(r"style-src 'self' 'sha256-[A-Za-z0-9+/]{43}=';", answer.headers["Content-Security-Policy"])
    with pytest.raises(ValueError, match="end its element"):
        csp.page_style("</style><script>")


# ---- Languages


@pytest.mark.parametrize(
    ("accept", "path", "language"),
    [
        ("", "/aide", "fr"),
        ("en", "/aide", "en"),
        ("de, en;q=0.5", "/aide", "en"),
        ("de", "/aide", "fr"),
        ("en", "/aide?lang=fr", "fr"),
        ("fr", "/aide?lang=en", "en"),
        ("fr", "/aide?lang=de", "fr"),
    ],
)
def test_the_language_is_asked_then_kept_then_the_browsers(
    client: FlaskClient, accept: str, path: str, language: str
) -> None:
    answer = client.get(path, headers={"Accept-Language": accept})
    assert f'<html lang="{language}">' in answer.text
    assert answer.headers["Content-Language"] == language
    assert "Accept-Language" in answer.headers["Vary"]


def test_a_language_chosen_is_kept(client: FlaskClient) -> None:
    client.get("/aide?lang=en")
    assert '<html lang="en">' in client.get("/accessibilite", headers={"Accept-Language": "fr"}).text


def test_the_language_switch_keeps_the_question(client: FlaskClient) -> None:
    assert 'href="/competences?commune=Saulieu&amp;lang=en"' in client.get("/competences?commune=Saulieu").text


# ---- Delivery


def test_a_file_has_an_address_that_changes_with_its_content_and_may_be_kept_for_ever(client: FlaskClient) -> None:
    found = re.search(r'href="(/static/mobigo\.css\?v=([0-9a-f]{12}))"', client.get("/aide").text)
    assert found is not None
    kept = client.get(found[1])
    assert kept.headers["Cache-Control"] == delivery.FOR_EVER
    assert client.get("/static/mobigo.css").headers["Cache-Control"] == "no-cache"
    assert client.get("/static/mobigo.css?v=000000000000").headers["Cache-Control"] == "no-cache"


def test_a_file_is_compressed_for_who_reads_gzip(client: FlaskClient) -> None:
    plain = client.get("/static/mobigo.css")
    packed = client.get("/static/mobigo.css", headers={"Accept-Encoding": "gzip"})
    assert gzip.decompress(packed.data) == plain.data
    assert "Content-Encoding" not in plain.headers
    assert packed.headers["Vary"] == plain.headers["Vary"] == "Accept-Encoding"
    assert packed.headers["ETag"] != plain.headers["ETag"]
    again = client.get(
        "/static/mobigo.css", headers={"Accept-Encoding": "gzip", "If-None-Match": packed.headers["ETag"]}
    )
    assert again.status_code == 304
    assert again.data == b""


@pytest.mark.parametrize("name", ["../factory.py", "..%2ffactory.py", "vendor", "", "mobigo.css\x00"])
def test_only_files_of_the_folder_are_served(client: FlaskClient, name: str) -> None:
    assert client.get(f"/static/{name}").status_code == 404


def test_a_page_is_compressed_and_not_sent_twice(client: FlaskClient) -> None:
    packed = client.get("/aide", headers={"Accept-Encoding": "gzip"})
    assert packed.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(packed.data).startswith(b"<!doctype html>")
    again = client.get("/aide", headers={"If-None-Match": packed.headers["ETag"]})
    assert again.status_code == 304


def test_the_same_content_is_the_same_bytes_once_compressed() -> None:
    assert delivery.gzipped(b"x" * 5_000, 9) == delivery.gzipped(b"x" * 5_000, 9)


# ---- Health and figures


def test_alive_is_not_ready(site_config: Config) -> None:
    client = create_app(site_config).test_client()
    assert client.get("/healthz").text == "ok\n"
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.get_json() == {"ready": False, "database": True, "migrations": False, "network": False}


def test_a_migrated_site_waits_only_for_its_network(client: FlaskClient) -> None:
    assert client.get("/readyz").get_json() == {
        "ready": False,
        "database": True,
        "migrations": True,
        "network": False,
    }


def test_figures_count_routes_and_never_addresses(client: FlaskClient) -> None:
    client.get("/competences?commune=Saulieu")
    client.get("/nulle-part/Dupont")
    text = client.get("/metrics").text
    assert 'mobigo_http_requests_total{method="GET",route="/competences",status="200"} 1.0' in text
    assert 'route="—",status="404"' in text
    assert "Saulieu" not in text
    assert "Dupont" not in text


@pytest.mark.parametrize(
    ("remote", "headers", "status"),
    [
        ("127.0.0.1", {}, 200),
        ("::1", {}, 200),
        ("192.0.2.7", {}, 404),
        ("127.0.0.1", {"X-Forwarded-For": "192.0.2.7"}, 404),
    ],
)
def test_figures_are_for_this_machine(client: FlaskClient, remote: str, headers: dict[str, str], status: int) -> None:
    answer = client.get("/metrics", headers=headers, environ_base={"REMOTE_ADDR": remote})
    assert answer.status_code == status


# ---- Logs


def test_the_log_of_a_request_says_its_route_and_reference_and_nobody(
    client: FlaskClient, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, logger="mobigo.request"):
        answer = client.get("/competences?commune=Saulieu", environ_base={"REMOTE_ADDR": "198.51.100.23"})
    record = next(each for each in caplog.records if each.name == "mobigo.request")
    assert record.__dict__["route"] == "/competences"
    assert record.__dict__["network"] == "198.51.100.0/24"
    written = json.dumps({name: str(value) for name, value in vars(record).items()})
    assert "Saulieu" not in written
    assert "198.51.100.23" not in written
    assert answer.headers["X-Request-Id"]


@pytest.mark.parametrize(
    ("given", "written"),
    [
        ({"event": "x", "email": "a@b.fr"}, {"event": "x", "email": "…"}),
        ({"event": "sent to a.b+c@exemple.fr"}, {"event": "sent to …"}),
        ({"event": "GET /t?from=47.3,4.2&to=x"}, {"event": "GET /t?…"}),
        ({"event": "x", "api_key": "k"}, {"event": "x", "api_key": "…"}),
        ({"event": "x", "logger": "mobigo.name"}, {"event": "x", "logger": "mobigo.name"}),
        ({"event": "x", "took_ms": 3}, {"event": "x", "took_ms": 3}),
    ],
)
def test_what_may_be_personal_is_withheld_from_the_log(given: dict[str, Any], written: dict[str, Any]) -> None:
    assert log.withhold(None, "info", given) == written


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("198.51.100.23", "198.51.100.0/24"),
        ("2001:db8:1:2::3", "2001:db8:1::/48"),
        ("no address", "—"),
        (None, "—"),
    ],
)
def test_a_visitor_is_a_network(address: str | None, network: str) -> None:
    assert log.network_of(address) == network


def test_json_logs_are_one_object_a_line(config: Config, capfd: pytest.CaptureFixture[str]) -> None:
    root = logging.getLogger()
    before, level = list(root.handlers), root.level
    try:
        log.configure(replace(config, log_format="json"))
        logging.getLogger("mobigo.test").warning("hello %s", "you", extra={"took_ms": 2, "email": "a@b.fr"})
        line = capfd.readouterr().err.strip().splitlines()[-1]
    finally:
        root.handlers[:] = before
        root.setLevel(level)
    said = json.loads(line)
    assert said["event"] == "hello you"
    assert said["level"] == "warning"
    assert said["took_ms"] == 2
    assert said["email"] == "…"
    assert "a@b.fr" not in line


# ---- The table of pages


def test_a_package_that_cannot_be_imported_stops_the_start(site_config: Config) -> None:
    with pytest.raises(ModuleNotFoundError, match="nowhere"):
        create_app(site_config, ("mobigo.app.web.shell:bp", "mobigo.nowhere:bp"))
