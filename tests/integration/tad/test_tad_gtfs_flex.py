"""Services leave as GTFS-Flex and come back the same; a real feed is read; our own rules find nothing to say."""

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from mobigo.base.errors import InvalidInput
from mobigo.network.gateway.gtfs import read_feed
from mobigo.network.model.notices import Severity
from mobigo.network.rules.validation import validate
from mobigo.tad.export.gtfs_flex import gtfs_flex
from mobigo.tad.gateway.gtfs_flex import LACKING, read_drafts
from mobigo.tad.rules.documents import service_of
from tests.tad_world import document, service

ZONE = {"id": "bourg", "name": "Le bourg", "ring": [[47.0, 4.0], [47.0, 4.1], [47.1, 4.1], [47.1, 4.0]]}
RULES: list[dict[str, Any]] = [
    {"kind": "none"},
    {"kind": "minutes", "minutes": 30, "ahead_days": 20},
    {"kind": "days", "days": 1, "at": "17:00", "ahead_days": 30},
    {"kind": "days", "days": 2, "at": "12:00", "weekdays": [0, 1, 2, 3, 4], "ahead_days": 30},
]


@pytest.mark.parametrize("booking", RULES, ids=["real-time", "same-day", "eve", "working-days"])
def test_a_service_comes_back_as_it_left(booking: dict[str, Any], tmp_path: Path) -> None:
    left = document(booking=booking, zones=[ZONE], last_day="2027-08-31", closed_days=["2026-12-25"])
    path = tmp_path / "flex.zip"
    path.write_bytes(gtfs_flex([service_of(left)], base_url="https://example.org", publisher="Essai"))
    (draft,) = read_drafts(path)
    assert not set(draft.document) & set(LACKING)
    back = service_of(
        {
            **draft.document,
            **{name: left[name] for name in LACKING},
            "code": left["code"],
            "closed_days": ["2026-12-25"],
        }
    )
    sent = service_of(left)
    for name in ("name", "operator", "phone", "period", "stops", "windows", "cutoff", "vehicles"):
        assert getattr(back, name) == getattr(sent, name), name
    assert back.zones[0].ring == sent.zones[0].ring
    assert booking["kind"] == "none" or back.ahead_days == sent.ahead_days


def test_the_same_services_are_the_same_bytes() -> None:
    made = [gtfs_flex([service()], base_url="https://example.org", publisher="Essai") for _ in range(2)]
    assert made[0] == made[1]


def test_our_own_rules_find_nothing_to_say(tmp_path: Path) -> None:
    path = tmp_path / "flex.zip"
    made = service_of(document(zones=[ZONE], last_day="2027-08-31"))
    path.write_bytes(gtfs_flex([made], base_url="https://example.org", publisher="Essai"))
    report = validate(read_feed(path), date(2026, 11, 23))
    assert [(each.code, each.severity) for each in report.findings if each.severity is Severity.ERROR] == []


@pytest.mark.realdata
def test_a_real_feed_gives_its_services(realdata: Path) -> None:
    drafts = read_drafts(realdata / "gtfs" / "ctran-flex-faresv2-2025-11.zip")
    assert drafts
    rose = [zone["name"] for draft in drafts for zone in draft.document["zones"]]
    assert "Rose Village" in rose
    assert all(draft.document["windows"] and draft.document["phone"] for draft in drafts)
    with pytest.raises(InvalidInput):  # a draft is no service: nobody said with which vehicles, at what price
        service_of({**drafts[0].document, "code": "current"})
