"""What changes from one published timetable to the next: compared by a job, told on a page, given as GTFS-Diff."""

import csv
import io
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zipfile import ZipFile

from opendata.service import changes
from opendata.service.comparing import apply
from tests.opendata_feeds import Timetable
from tests.opendata_world import NOW

if TYPE_CHECKING:
    from tests.integration.opendata_publication.conftest import Published


def published(site: "Published", *lats: str) -> list[str]:
    """The labels of the versions whose first stop stands at these latitudes, one an hour."""
    labels = []
    for hour, lat in enumerate(lats):
        outcome: Any = site.publish(Timetable(lat), NOW + timedelta(hours=hour))
        assert outcome.result == "published", outcome.reasons
        labels.append(outcome.version.label)
    return labels


def test_a_stop_that_moved_is_told_in_a_sentence_and_in_a_file_that_can_be_applied(
    open_site: "Published", tmp_path: Path
) -> None:
    first, second = published(open_site, "47.0000", "47.00036")
    base = f"/donnees/horaires-essai/versions/{second}"
    assert "changements" in open_site.get(base).text
    assert "pas encore été comparées" in open_site.get(f"{base}/changements").text
    assert open_site.get(f"{base}/differences.csv").status_code == 404
    assert changes.compare_due(open_site.tools) == 1
    assert changes.compare_due(open_site.tools) == 0  # once
    page = open_site.get(f"{base}/changements").text.replace("\u202f", " ").replace("\xa0", " ")
    assert "L’arrêt Mairie a été déplacé de 40 m." in page
    answer = open_site.get(f"{base}/differences.csv")
    (row,) = csv.DictReader(io.StringIO(answer.text))
    assert (row["action"], row["identifier"], row["new_value"]) == (
        "update", '{"stop_id":"A"}', '{"stop_lat":"47.00036"}',
    )  # fmt: skip
    assert open_site.get(f"{base}/differences.csv", If_None_Match=answer.headers["ETag"]).status_code == 304
    (tmp_path / "d.csv").write_bytes(answer.data)
    (tmp_path / "old.zip").write_bytes(open_site.get(f"/d/horaires-essai/v/{first}/gtfs.zip").data)
    with ZipFile(io.BytesIO(apply(tmp_path / "d.csv", tmp_path / "old.zip"))) as patched:
        assert b"47.00036" in patched.read("stops.txt")


def test_the_first_version_has_nothing_before_it(open_site: "Published") -> None:
    (only,) = published(open_site, "47.0000")
    assert open_site.get(f"/donnees/horaires-essai/versions/{only}/changements").status_code == 404
    assert "changements" not in open_site.get(f"/donnees/horaires-essai/versions/{only}").text


def test_each_version_is_compared_with_the_one_before_it(open_site: "Published") -> None:
    published(open_site, "47.0000", "47.00036", "47.001", "47.0000")
    assert changes.compare_due(open_site.tools, limit=1) == 1
    assert (
        changes.compare_due(open_site.tools) == 1
    )  # four publications of three contents: two steps from one to the next
    assert changes.compare_due(open_site.tools) == 0
