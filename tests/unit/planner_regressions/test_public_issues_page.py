"""docs/public-issues.md says which public reports are tested here, by number; here it is held to it."""

import re
from pathlib import Path

HERE = Path(__file__).parent
PAGE = HERE.parents[2] / "docs" / "public-issues.md"
NAMED = re.compile(r"^def test_([a-z0-9_]+?)_(pr_)?(\d+)_", re.MULTILINE)


def numbers_tested() -> set[str]:
    """What the names of the tests say: `OTP #798` of `test_otp_798_…`, in small letters."""
    found = [NAMED.findall(path.read_text(encoding="utf-8")) for path in HERE.glob("test_planner_public_issues*.py")]
    return {f"{project} {'pr ' if pr else ''}#{number}" for names in found for project, pr, number in names}


def rows(heading: str) -> list[str]:
    """The reports named first in each row under that heading."""
    part = PAGE.read_text(encoding="utf-8").split(f"\n## {heading}\n")[1].split("\n## ")[0]
    return [line.split("|")[1].strip() for line in part.splitlines() if line.startswith("| ") and "#" in line]


def test_every_report_of_the_page_has_its_test_and_every_test_its_report() -> None:
    assert {row.lower() for row in rows("Tested")} == numbers_tested()


# Every report that was read when the planner was designed: each is on the page.
READ = (
    "OTP #798", "rrrr #7", "digitransit-ui #545", "maglev #664", "gtfs2 #36", "r5 #286", "#973", "r5py #508",
    "OTP #6664", "OTP #6962", "OTP #5718", "OTP #3921", "#3732", "OTP #2780", "#3914", "PR #4523", "#5348",
    "OTP #3119", "OTP PR #7221", "OTP #7203", "OTP #7765", "MOTIS #959", "#13", "OTP PR #7467", "OTP #2228",
    "MATSim PR #1314", "R5 #699", "OTP #4467", "OTP #7076", "OTP #6312", "OTP #2063", "OTP #2170", "OTP #1844",
    "OTP #2849", "MOTIS #320", "MOTIS #228", "MOTIS #471", "nigiri PR #102", "Navitia #2392", "Transportr #581",
    "stadtnavi #672", "#846", "OTP #3544", "OTP #896", "stadtnavi #585", "OTP #3021", "MOTIS #699", "#739",
    "OTP #6228", "stadtnavi #726", "OTP #6781", "transit_model #854", "MOTIS #1020", "MOTIS #423", "OTP #2262",
    "Transitous #1349",
)  # fmt: skip


def test_every_report_that_was_read_is_on_the_page() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert [report for report in READ if report not in page] == []
