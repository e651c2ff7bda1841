"""Letters to the families whom a new version concerns: who gets one, what stands on it, who may see it, sent once.

Eight pupils on one coach. In the second version two children of one home change stop, and one child changes stop at the
second home alone, where the other parent lives; nothing else moves by a minute.
"""

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from io import BytesIO
from pathlib import Path

import pytest
import time_machine
from pypdf import PdfReader
from sqlalchemy import select
from sqlalchemy.orm import Session

from mobigo.infra.clock import new_id
from mobigo.infra.config import load_config
from mobigo.infra.db import reading, transaction
from mobigo.infra.outbox import MessageRow
from scolaire.service import demands, letters, plans
from scolaire.store import plans as store
from scolaire.store.pupils import AddressRow, BondRow, GuardianRow, HomeRow, WalkRow
from scolaire.store.registrations import LegRow
from tests.school_plans_world import APPROVER, PLANNER
from tests.school_running_world import NOW, RunningSite, drawn, site_of

ADDRESSES = "/scolaire/plans/comparer/lettres"
LAST = date(2027, 8, 31)
HOLDS = "2026-12-07"


@dataclass
class Changed:
    """The site, and the versions before and after."""

    site: RunningSite
    before: str
    after: str

    @property
    def query(self) -> str:
        return f"avant={self.before}&apres={self.after}&des={HOLDS}"

    def pages(self, more: str = "") -> list[str]:
        answer = self.site.clients["manager"].get(f"{ADDRESSES}.pdf?{self.query}{more}")
        assert answer.status_code == 200
        return [plain(page.extract_text()) for page in PdfReader(BytesIO(answer.data)).pages]


def plain(text: str) -> str:
    text = re.sub(r"(?s)<(?:head|header|footer)\b.*?</(?:head|header|footer)>", " ", html.unescape(text))
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", text))


def guardian(session: Session, name: str, pupils: dict[str, str], *, access: str = "full", **more: object) -> None:
    """Somebody who answers for these pupils (the home of each that is theirs)."""
    first, last = name.split()
    given = {"email": f"{first.lower()}@example.org", "prefers": "email", **more}
    session.add(GuardianRow(id=f"g{first}", first_name=first, last_name=last, created_at=NOW, last_day=LAST, **given))
    session.flush()
    for pupil, home in pupils.items():
        session.add(
            BondRow(
                id=new_id(NOW), pupil=pupil, guardian=f"g{first}", tie="parent", access=access, home=home,
                first_day=date(2026, 9, 1), recorded_by=PLANNER, recorded_at=NOW + timedelta(seconds=ord(first[0])),
            )
        )  # fmt: skip
    session.flush()


def people(session: Session) -> None:
    for each in session.scalars(select(BondRow)):
        if each.pupil in ("kp000002", "kp000005"):
            session.delete(each)
    session.add(HomeRow(id="h2", pupil="kp000000", kind="second", commune="21584", weeks="odd", first_day=NOW.date()))
    session.flush()
    session.add(LegRow(registration="rp000000", home="h2"))
    session.add_all(WalkRow(home="h2", stop=stop, metres=300, method="estimate") for stop in ("a0000", "a0001"))
    for home in ("hp000002", "hp000005"):
        session.get_one(AddressRow, home).line = "3 rue du Four"
    both = {"kp000002": "hp000002", "kp000005": "hp000005"}
    guardian(session, "Anna Martin", both)
    guardian(session, "Bruno Martin", both)
    guardian(session, "Carl Interdit", both, access="none")
    guardian(
        session, "Dora Deux", {"kp000000": "h2"}, prefers="letter", email=None,
        postal="Mme Dora Deux\n1 place Monge\n21210 SAULIEU",
    )  # fmt: skip


@pytest.fixture(scope="module")
def changed(tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path) -> Iterator[Changed]:
    config = load_config({"MOBIGO_HOME": str(tmp_path_factory.mktemp("letters") / "home")})
    with time_machine.travel(NOW, tick=False), site_of(config, sqlite_template) as site:
        with transaction(site.engine) as session:
            people(session)
            demand = demands.demand_of(session, store.get_plan(session, site.planted.plan), date(2026, 9, 1))
            second = next(each.id for each in demand.pupils if each.id.endswith(".h2"))
            made = []
            for moved in (
                {second: "a0000"},
                {second: "a0001", "rp000002.hp000002": "a0001", "rp000005.hp000005": "a0000"},
            ):
                version = plans.add_version(
                    session, site.planted.plan, demand, drawn(demand, moved), origin="edited", by=PLANNER, why="",
                    now=NOW,
                )  # fmt: skip
                made.append(version.id)
        yield Changed(site, made[0], made[1])


def test_one_page_a_family_and_each_parent_their_own_home(changed: Changed) -> None:
    pages = changed.pages()
    assert len(pages) == 2
    family, other = pages
    assert "Anna Martin Bruno Martin 3 rue du Four 21430 Liernais" in family
    assert family.count("changent") == 2
    assert "LéaC" in family
    assert "LéaF" in family
    assert "À partir du lundi 7 décembre 2026, l’arrêt de car ou les horaires de LéaC" in family
    assert "Mme Dora Deux 1 place Monge 21210 SAULIEU" in other
    assert "Ces horaires sont ceux des jours où LéaA est chez vous." in other
    assert "1 rue du Four" not in "".join(pages)  # the first home of the same child, whose stop stays
    assert "Carl" not in "".join(pages)  # a judge took the right to read away
    assert all("Projet : cette version n’est pas en vigueur." in page for page in pages)
    with reading(changed.site.engine) as session:
        names = {each.id: each.name for each in plans.open_version(session, changed.after).demand.stops}
    # LéaA at the second home: from the first stop to the second; not a word of the first home's stop in the new column
    assert re.search(f"{re.escape(names['a0000'])}, \\d+ h \\d\\d {re.escape(names['a0001'])}, \\d+ h \\d\\d", other)


def test_only_those_to_be_posted(changed: Changed) -> None:
    (page,) = changed.pages("&papier=1")
    assert "Mme Dora Deux" in page


def test_nobody_whose_stop_and_hours_stay_is_written_to(changed: Changed) -> None:
    with reading(changed.site.engine) as session:
        same = letters.letters(session, changed.after, changed.after, first_day=None, now=NOW)
    assert same.letters == ()
    answer = changed.site.clients["manager"].get(f"{ADDRESSES}.pdf?avant={changed.after}&apres={changed.after}")
    assert answer.status_code == 422
    assert "Aucune lettre à imprimer" in plain(answer.get_data(as_text=True))
    shown = plain(changed.site.get("manager", f"{ADDRESSES}?avant={changed.after}&apres={changed.after}"))
    assert "Aucune famille n’est concernée" in shown


@pytest.mark.parametrize("who", ["planner", "counter", "operator", "mairie", "school", "family"])
def test_without_the_right_to_addresses_no_letter_is_seen_printed_or_sent(changed: Changed, who: str) -> None:
    for path in (f"{ADDRESSES}?{changed.query}", f"{ADDRESSES}.pdf?{changed.query}"):
        answer = changed.site.clients[who].get(path)
        assert answer.status_code == 403
        assert not re.search(r"rue du Four|Martin|LéaC|Monge", answer.get_data(as_text=True))
    changed.site.post(who, ADDRESSES, 403, avant=changed.before, apres=changed.after)
    compare = f"/scolaire/plans/comparer?avant={changed.before}&apres={changed.after}"
    if who == "planner":
        page = changed.site.get(who, compare)
        assert "comparer/lettres" not in page
        assert "rp000002.hp000002" in page  # by their number alone
    assert "comparer/lettres?" in changed.site.get("manager", compare)


@pytest.mark.parametrize("day", ["2026-11-30", "2028-12-01", "demain", "0000-00-00"])
def test_a_day_that_cannot_be_is_said(changed: Changed, day: str) -> None:
    answer = changed.site.clients["manager"].get(f"{ADDRESSES}?avant={changed.before}&apres={changed.after}&des={day}")
    assert answer.status_code == 422
    assert "à partir du" in plain(answer.get_data(as_text=True))


def test_letters_leave_once_the_version_is_in_force_and_once_alone(changed: Changed) -> None:
    """Runs last: it puts the version in force."""
    form = {"avant": changed.before, "apres": changed.after, "des": HOLDS}
    refused = plain(changed.site.post("manager", ADDRESSES, **form))
    assert "n’est pas en vigueur : ses lettres ne partent pas" in refused
    with transaction(changed.site.engine) as session:
        assert list(session.scalars(select(MessageRow))) == []
        plans.approve(session, changed.after, by=APPROVER, now=NOW)
        plans.publish(session, changed.after, by=APPROVER, now=NOW)
    for expected in ("5 messages sont écrits.", "0 message est écrit."):
        assert expected in plain(changed.site.post("manager", ADDRESSES, **form))
    with reading(changed.site.engine) as session:
        sent = list(session.scalars(select(MessageRow).order_by(MessageRow.recipient)))
    assert [each.recipient.partition("\n")[0] for each in sent] == [
        "Mme Dora Deux", "anna@example.org", "anna@example.org", "bruno@example.org", "bruno@example.org",
    ]  # fmt: skip
    assert "arrêt" in sent[1].body
    assert all("Projet" not in page for page in changed.pages())
    assert "5 écrits, 0 partis" in plain(changed.site.get("manager", f"{ADDRESSES}?{changed.query}"))
