"""The files over HTTP: tags, parts, digests, what is gone, what another site's page may read."""

import base64
import gzip
import shutil
from dataclasses import replace
from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from limits import parse

from mobigo.app import create_app
from mobigo.infra.config import load_config
from opendata.model.datasets import LICENCE_OUVERTE
from opendata.service import governance
from opendata.service.publishing import publish_all
from opendata.store import files
from opendata.web import rates
from opendata.web.rates import RATE
from tests.integration.opendata_publication.conftest import Published
from tests.opendata_world import AUDITED, NOW, PEOPLE, ROWS, Facts, tools_of

LATEST = "/d/essai-lieux/latest/lieux.csv"
LONG = [(f"arret-{number:03d}", number) for number in range(200)]
WHY = "Une colonne était décalée d’une ligne."


def digest(content: bytes) -> str:
    return f"sha-256=:{base64.b64encode(sha256(content).digest()).decode()}:"


def test_a_file_says_what_it_is_and_under_what_terms(open_site: Published) -> None:
    open_site.publish(Facts())
    whole = open_site.get(LATEST)
    content = b"code,places\r\nbeaune,4\r\ndijon,12\r\nsaulieu,0\r\n"
    assert (whole.status_code, whole.data) == (200, content)
    headers = whole.headers
    assert headers["Content-Type"] == "text/csv; charset=utf-8"
    assert headers["ETag"] == f'"{sha256(content).hexdigest()}"'  # strong: the hash of these very bytes
    assert headers["Content-Digest"] == headers["Repr-Digest"] == digest(content)
    assert headers["Content-Length"] == str(len(content))
    assert headers["Last-Modified"] == "Thu, 26 Nov 2026 02:40:00 GMT"
    assert headers["Cache-Control"] == "public, no-cache"
    assert headers["Access-Control-Allow-Origin"] == "*"
    assert f'<{LICENCE_OUVERTE.url}>; rel="license"' in headers.getlist("Link")
    fixed = open_site.get(headers["Content-Location"])
    assert (fixed.data, fixed.headers["Cache-Control"]) == (content, "public, max-age=31536000, immutable")
    assert "Set-Cookie" not in headers
    assert "Cookie" not in headers.get("Vary", "")


def test_what_did_not_change_is_not_sent_again(open_site: Published) -> None:
    open_site.publish(Facts())
    first = open_site.get(LATEST)
    for night in range(1, 4):
        open_site.publish(Facts(rows=ROWS[::-1]), NOW + timedelta(days=night))
        again = open_site.get(LATEST, If_None_Match=first.headers["ETag"])
        assert (again.status_code, again.data, again.headers["ETag"]) == (304, b"", first.headers["ETag"])
    assert open_site.get(LATEST, If_Modified_Since=first.headers["Last-Modified"]).status_code == 304
    assert open_site.get(LATEST, If_Match='"other"').status_code == 412
    assert open_site.get(LATEST, If_Match=first.headers["ETag"]).status_code == 200
    open_site.publish(Facts(rows=ROWS[:1]), NOW + timedelta(days=9))
    changed = open_site.get(LATEST, If_None_Match=first.headers["ETag"])
    assert (changed.status_code, changed.data) == (200, b"code,places\r\ndijon,12\r\n")
    assert open_site.get(first.headers["Content-Location"]).data == first.data  # the old address, the old bytes


def test_who_reads_compressed_text_gets_it_under_a_tag_of_its_own(open_site: Published) -> None:
    open_site.publish(Facts(rows=LONG))
    plain, packed = open_site.get(LATEST), open_site.get(LATEST, Accept_Encoding="gzip")
    assert packed.headers["Content-Encoding"] == "gzip"
    assert "Accept-Encoding" in packed.headers["Vary"]
    assert gzip.decompress(packed.data) == plain.data
    assert packed.headers["ETag"] == f'"{sha256(packed.data).hexdigest()}"' != plain.headers["ETag"]
    assert packed.headers["Content-Digest"] == digest(packed.data)
    assert len(packed.data) < len(plain.data)
    for held in (plain, packed):  # whichever form is held, it is not sent again
        again = open_site.get(LATEST, Accept_Encoding="gzip", If_None_Match=held.headers["ETag"])
        assert (again.status_code, again.headers["ETag"]) == (304, held.headers["ETag"])


def test_a_download_goes_on_where_it_stopped(open_site: Published) -> None:
    open_site.publish(Facts(rows=LONG))
    whole = open_site.get(LATEST)
    size = len(whole.data)
    tag = whole.headers["ETag"]
    first = open_site.get(LATEST, Range="bytes=0-99", Accept_Encoding="gzip")
    rest = open_site.get(LATEST, Range="bytes=100-", If_Range=tag, Accept_Encoding="gzip")
    assert (first.status_code, rest.status_code) == (206, 206)
    assert first.data + rest.data == whole.data
    assert rest.headers["Content-Range"] == f"bytes 100-{size - 1}/{size}"
    assert rest.headers["Repr-Digest"] == digest(whole.data)
    assert "Content-Digest" not in rest.headers
    assert open_site.get(LATEST, Range="bytes=100-", If_Range='"changed"').data == whole.data
    assert open_site.get(LATEST, Range="bytes=0-9", If_None_Match=tag).status_code == 304  # before any part
    for ignored in ("lines=1-2", "bytes=0-1,5-6", "bytes=x"):
        assert (open_site.get(LATEST, Range=ignored).status_code, len(whole.data)) == (200, size)
    for wanted, status in ((10, 206), (size, 206), (size + 1, 200)):  # the end; more of it than there is: all
        end = open_site.get(LATEST, Range=f"bytes=-{wanted}")
        assert (end.status_code, end.data) == (status, whole.data[-wanted:])
    outside = open_site.get(LATEST, Range=f"bytes={size}-", Accept="application/json")
    assert (outside.status_code, outside.headers["Content-Range"]) == (416, f"bytes */{size}")
    head = open_site.client.head(LATEST)
    assert (head.status_code, head.data, head.headers["Content-Length"]) == (200, b"", str(size))


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.integers(0, 4_000), st.integers(0, 4_000))
def test_any_part_is_that_part(parts_site: Any, first: int, last: int) -> None:
    site, whole = parts_site
    got = site.get(LATEST, Range=f"bytes={first}-{last}")
    if first > last:
        assert got.status_code == 200  # no range at all
    elif first >= len(whole):
        assert got.status_code == 416
    else:
        assert (got.status_code, got.data) == (206, whole[first : last + 1])


@pytest.fixture
def parts_site(open_site: Published) -> Any:
    open_site.publish(Facts(rows=LONG))
    return open_site, open_site.get(LATEST).data


def test_a_page_of_another_site_may_read_and_ask_in_parts(open_site: Published) -> None:
    open_site.publish(Facts())
    asked = open_site.client.options(
        LATEST, headers={"Origin": "https://carte.example", "Access-Control-Request-Headers": "range, if-none-match"}
    )
    assert asked.status_code == 200
    assert "Range" in asked.headers["Access-Control-Allow-Headers"]
    assert "If-None-Match" in asked.headers["Access-Control-Allow-Headers"]
    missing = open_site.get("/d/essai-lieux/latest/autre.csv", Accept="application/json")
    assert (missing.status_code, missing.headers["Access-Control-Allow-Origin"]) == (404, "*")
    assert missing.json["code"] == "opendata.unknown_file"
    for own in ("/donnees/gestion", "/donnees/suivre"):
        assert "Access-Control-Allow-Origin" not in open_site.get(own).headers


@pytest.mark.parametrize(
    "path",
    [
        "/d/essai-lieux/next/lieux.csv", "/d/nulle-part/latest/lieux.csv", "/d/essai-lieux/v/0123456789ab/lieux.csv",
        "/d/essai-lieux/v/%25/lieux.csv", "/d/essai-lieux/v/____________/lieux.csv", "/d/essai-lieux/latest/..%2Fx",
    ],
)  # fmt: skip
def test_what_was_never_there_is_not_found(open_site: Published, path: str) -> None:
    open_site.publish(Facts())
    assert open_site.get(path).status_code == 404
    if "/next/" in path:
        assert LATEST in open_site.get(path, Accept="application/json").text  # nothing changes: what is in force holds


def test_what_was_withdrawn_or_closed_answers_that_it_is_gone_and_why(open_site: Published) -> None:
    first = open_site.publish(Facts()).version
    wrong = open_site.publish(Facts(rows=ROWS[:1]), NOW + timedelta(days=1)).version
    assert first is not None
    assert wrong is not None
    own = open_site.get(LATEST).headers["Content-Location"]
    governance.withdraw(open_site.tools, wrong.id, "anne", NOW, WHY)
    gone = open_site.get(own, Accept="application/json")
    assert (gone.status_code, gone.json["params"]["reason"]) == (410, WHY)
    assert b"saulieu" in open_site.get(LATEST).data  # back to the version before
    governance.remove(open_site.tools, "essai-lieux", "anne", NOW, WHY)
    for path in (LATEST, f"/d/essai-lieux/v/{first.label}/lieux.csv", "/donnees/essai-lieux"):
        assert open_site.get(path).status_code == 410, path
    assert "essai-lieux" not in open_site.get("/donnees").text


def test_a_file_that_is_lost_is_said_to_be_lost(open_site: Published) -> None:
    version = open_site.publish(Facts()).version
    assert version is not None
    files.contents_of(open_site.tools.config.home).path(version.files[0].sha256).unlink()
    lost = open_site.get(LATEST, Accept="application/json")
    assert (lost.status_code, lost.json["code"]) == (502, "opendata.file_missing")
    assert open_site.publish(Facts(), NOW + timedelta(days=1)).result == "unchanged"  # and made again
    assert open_site.get(LATEST).status_code == 200


def test_nobody_is_refused_under_what_the_law_lets_free() -> None:
    """Code des transports, R. 1115-3: 60 requests an hour, 1,500 a day."""
    rate = parse(RATE)
    assert rate.get_expiry() == 3_600
    assert rate.amount >= 1_500  # a whole day's free requests in one hour


def test_a_hasty_reader_of_other_pages_is_still_served_data(
    sqlite_template: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The rate of the other pages may be set as low as one likes."""
    shutil.copyfile(sqlite_template, tmp_path / "mobigo.sqlite")
    config = replace(load_config({"MOBIGO_HOME": str(tmp_path)}), requests_per_minute=1)
    app = create_app(config)
    publish_all(tools_of(config, app.extensions["mobigo"].engine), [Facts().offer], NOW)
    client = app.test_client()
    paths = (LATEST, "/donnees", "/donnees/essai-lieux", "/donnees/catalogue.ttl", "/data.json", "/donnees/flux.atom")
    for path in (*paths, "/api/v1/opendata/datasets"):
        assert [client.get(path).status_code for _ in range(9)] == [200] * 9, path
    assert [client.get("/aide").status_code for _ in range(2)] == [200, 429]
    monkeypatch.setattr(rates, "RATE", "3 per hour")
    answers = [client.get(LATEST) for _ in range(80)]
    assert answers[-1].status_code == 429
    assert int(answers[-1].headers["Retry-After"]) > 0
    app.extensions["mobigo"].engine.dispose()


def test_no_cache_keeps_what_people_are_behind(open_site: Published) -> None:
    version = open_site.publish(Facts(PEOPLE, checks=(AUDITED,))).version
    assert version is not None
    own = f"/d/essai-personnes/v/{version.label}/lieux.csv"
    assert open_site.get(own).status_code == 404  # it waits
    governance.approve(open_site.tools, version.id, "anne", NOW)
    governance.publish(open_site.tools, version.id, "karim", NOW)
    assert open_site.get(own).headers["Cache-Control"] == "public, no-cache"
