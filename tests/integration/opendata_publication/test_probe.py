"""The look from outside, through a real server, over HTTP: what it meets is counted, told once, shown day by day."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from mobigo.base.decisions import Decision
from mobigo.base.errors import Upstream
from mobigo.infra.db import reading
from opendata.gateway.probe import hear, listed, look
from opendata.model.datasets import Slot
from opendata.service import measuring
from opendata.store import files, versions
from tests.integration.opendata_publication.conftest import Published, serving
from tests.live import free_port
from tests.opendata_world import NOW, PLACES, ROWS, Facts


def kinds(site: Published, code: str = "essai-lieux") -> list[str]:
    with reading(site.tools.engine) as session:
        return [event.kind for event in versions.list_events(session, code)][::-1]


def stored(site: Published, code: str = "essai-lieux") -> Path:
    """Where the one file in force lies."""
    with reading(site.tools.engine) as session:
        pointer = versions.find_pointer(session, code, Slot.LATEST)
        assert pointer is not None
        assert pointer.version_id is not None
        (file,) = versions.get_version(session, pointer.version_id).files
    return files.contents_of(site.tools.config.home).path(file.sha256)


def test_what_a_reuser_cannot_have_is_counted_told_once_and_shown(open_site: Published, open_app: Any) -> None:
    open_site.publish(Facts())
    open_site.publish(Facts(replace(PLACES, code="essai-2"), rows=ROWS[:2]))
    path = stored(open_site)
    kept = path.read_bytes()
    with serving(open_app) as base:

        def watch() -> list[str]:
            return measuring.watch(open_site.tools, NOW, look(base), hear(base))

        assert watch() == []
        path.unlink()
        assert watch() == ["essai-lieux"]
        assert watch() == ["essai-lieux"]
        path.write_bytes(kept[:-1])  # cut
        assert watch() == ["essai-lieux"]
        path.write_bytes(kept)
        assert watch() == []
    assert kinds(open_site) == ["published", "unavailable", "available"]
    assert kinds(open_site, "essai-2") == ["published"]
    with reading(open_site.tools.engine) as session:
        other, standing = measuring.standings(session, NOW)
        (day,) = measuring.history(session, "essai-lieux", NOW)
    assert (standing.probes, standing.share, other.share) == (5, 0.4, 1.0)
    assert (day.availability, day.errors, day.available) == (0.0, 0, True)  # 40 % of the day's looks
    assert day.fault is not None
    page = open_site.get("/donnees/essai-lieux/service").text
    assert "40,00" in page
    assert "lieux.csv" in page


def test_a_site_that_is_down_is_seen_down_and_not_waited_for(open_site: Published) -> None:
    for number in range(4):
        open_site.publish(Facts(replace(PLACES, code=f"essai-{number}")))
    asked = []
    at = look(f"http://127.0.0.1:{free_port()}")

    def counted(dataset: str, file: Any) -> Decision | None:
        asked.append(dataset)
        return at(dataset, file)

    nobody = hear(f"http://127.0.0.1:{free_port()}")
    assert measuring.watch(open_site.tools, NOW, counted, nobody) == [f"essai-{number}" for number in range(4)]
    assert asked == ["essai-0", "essai-1"]
    with reading(open_site.tools.engine) as session:
        assert [each.share for each in measuring.standings(session, NOW)] == [0.0] * 4


def test_a_version_published_while_it_is_looked_at_is_no_fault(open_site: Published, open_app: Any) -> None:
    open_site.publish(Facts())
    with serving(open_app) as base:
        at = look(base)
        moved: list[Any] = []

        def moving(dataset: str, file: Any) -> Decision | None:
            if not moved:
                moved.append(open_site.publish(Facts(rows=ROWS[:2]), NOW + timedelta(hours=1)))
            return at(dataset, file)

        assert measuring.watch(open_site.tools, NOW, moving, hear(base)) == []


def test_bytes_that_changed_under_the_same_length_are_found_by_night(open_site: Published) -> None:
    open_site.publish(Facts())
    assert measuring.damaged(open_site.tools, NOW) == []
    path = stored(open_site)
    path.write_bytes(path.read_bytes()[:-1] + b"X")
    assert measuring.damaged(open_site.tools, NOW) == ["essai-lieux"]
    with reading(open_site.tools.engine) as session:
        (day,) = measuring.history(session, "essai-lieux", NOW)
    assert (day.probes, day.good, day.fault and day.fault.code) == (1, 0, "opendata.file_damaged")


def test_anybody_looks_at_a_site_from_elsewhere(open_site: Published, open_app: Any) -> None:
    for number in range(3):
        open_site.publish(Facts(replace(PLACES, code=f"essai-{number}"), rows=[(f"x{number}", 1)]))
    stored(open_site, "essai-1").unlink()
    with serving(open_app) as base:
        found = list(listed(base))
        assert [code for code, _file in found] == ["essai-0", "essai-1", "essai-2"]
        faults = [look(base)(code, file) for code, file in found]
    assert [fault and fault.code for fault in faults] == [None, "opendata.probe_answered", None]
    with pytest.raises(Upstream, match="probe_no_list"):
        list(listed(f"http://127.0.0.1:{free_port()}"))
