"""Publishing, on both databases: what is shown moves in one step, stays byte for byte, and survives what stops it."""

import errno
import os
import random
import threading
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from mobigo.base.errors import Conflict, InvalidInput, MobigoError, Refused
from mobigo.infra.db import reading, transaction
from mobigo.infra.outbox import EffectRow
from opendata.model.checks import Verdict
from opendata.model.datasets import LICENCE_MOBILITES, Slot
from opendata.model.editions import State, Version
from opendata.rules.following import LICENCE, reason_of
from opendata.service import governance, measuring, notices
from opendata.service.publishing import Outcome, publish_all
from opendata.store import addresses, checks, files, versions
from opendata.store.tables import CheckRow
from tests.faults import Boom, Faults
from tests.opendata_world import AUDITED, LEAKS, NOW, PEOPLE, ROWS, Facts, Stern, stern

LATER = NOW + timedelta(days=1)
WHY = "Une colonne était décalée d’une ligne."


def published(tools: Any, facts: Facts, now: Any = NOW, **more: Any) -> Outcome:
    (outcome,) = publish_all(tools, [facts.offer], now, **more)
    return outcome


def shown(tools: Any, code: str = "essai-lieux", slot: Slot = Slot.LATEST) -> Version | None:
    with reading(tools.engine) as session:
        pointer = versions.find_pointer(session, code, slot)
        if pointer is None or pointer.version_id is None:
            return None
        return versions.get_version(session, pointer.version_id)


def content(tools: Any, version: Version | None) -> bytes:
    assert version is not None
    return files.contents_of(tools.config.home).read(version.files[0].sha256)


def kinds(tools: Any, code: str = "essai-lieux") -> list[str]:
    with reading(tools.engine) as session:
        return [event.kind for event in reversed(versions.list_events(session, code))]


def test_the_same_facts_in_another_order_are_the_same_file(tools: Any) -> None:
    first = published(tools, Facts())
    assert (first.result, first.version and first.version.number) == ("published", 1)
    facts = Facts(shuffled=random.Random(7))
    for night in range(1, 4):
        again = published(tools, facts, NOW + timedelta(days=night))
        assert (again.result, again.version) == ("unchanged", first.version)
    assert content(tools, shown(tools)) == b"code,places\r\nbeaune,4\r\ndijon,12\r\nsaulieu,0\r\n"
    with reading(tools.engine) as session:
        pointer = versions.find_pointer(session, "essai-lieux", Slot.LATEST)
    assert pointer is not None
    assert (pointer.moved_at, pointer.seen_at) == (NOW, NOW + timedelta(days=3))


def test_a_content_that_comes_back_is_the_version_it_was(tools: Any) -> None:
    first, facts = published(tools, Facts()), Facts(rows=ROWS[:2])
    assert published(tools, facts, LATER).version.number == 2  # type: ignore[union-attr]
    back = published(tools, Facts(), LATER + timedelta(days=1))
    assert back.result == "published"
    assert back.version == replace(first.version, state=State.PUBLISHED)  # type: ignore[type-var]
    assert kinds(tools) == ["published", "updated", "updated"]


def test_a_rollback_shows_the_same_bytes_and_holds_until_a_person_says_otherwise(tools: Any) -> None:
    before = content(tools, published(tools, Facts()).version)
    wrong = Facts(rows=ROWS[:1])
    published(tools, wrong, LATER)
    version = governance.roll_back(tools, "essai-lieux", "anne", LATER, WHY)
    assert content(tools, shown(tools)) == before == content(tools, version)
    assert published(tools, wrong, LATER + timedelta(days=1)).result == "held"
    assert published(tools, Facts(rows=ROWS[:2]), LATER + timedelta(days=1)).result == "held"
    governance.resume(tools, "essai-lieux", "anne", LATER + timedelta(days=1))
    assert published(tools, Facts(rows=ROWS[:2]), LATER + timedelta(days=2)).result == "published"
    label = version.label
    assert governance.roll_back(tools, "essai-lieux", "anne", LATER + timedelta(days=3), WHY, label) == version
    assert kinds(tools) == ["published", "updated", "rolled_back", "updated", "rolled_back"]
    with pytest.raises(InvalidInput):
        governance.roll_back(tools, "essai-lieux", "anne", LATER, "parce que")


def test_what_is_to_come_has_an_address_of_its_own_until_its_day(tools: Any) -> None:
    published(tools, Facts())
    coming = Facts(rows=ROWS[:2], first_day=date(2026, 12, 13), last_day=date(2027, 6, 30))
    assert published(tools, coming).slot is Slot.NEXT
    assert (shown(tools).number, shown(tools, slot=Slot.NEXT).number) == (1, 2)  # type: ignore[union-attr]
    day = NOW.replace(month=12, day=13)
    assert (published(tools, coming, day).result, shown(tools).number) == ("published", 2)  # type: ignore[union-attr]
    assert shown(tools, slot=Slot.NEXT) is None


def test_a_period_that_will_not_be_is_announced_no_more(tools: Any) -> None:
    published(tools, Facts(rows=ROWS[:2], first_day=date(2026, 12, 13)))
    assert shown(tools, slot=Slot.NEXT) is not None
    published(tools, Facts(), LATER)
    assert shown(tools, slot=Slot.NEXT) is None


def test_what_is_on_its_way_out_says_so_once(tools: Any) -> None:
    ending = Facts(replace(Facts().declared, deprecated="Prenez essai-personnes."))
    published(tools, Facts())
    for night in range(1, 4):
        published(tools, ending, NOW + timedelta(days=night))
    assert kinds(tools) == ["published", "deprecated"]


def test_another_licence_is_said_once(tools: Any) -> None:
    closed = Facts(replace(Facts().declared, licence=LICENCE_MOBILITES))
    published(tools, closed)
    for night in range(1, 4):
        published(tools, Facts(), NOW + timedelta(days=night))
    assert kinds(tools) == ["published", "relicensed"]
    assert reason_of("relicensed", None) == LICENCE


def test_a_judge_that_refuses_leaves_the_old_version_until_the_finding_is_waived(tools: Any) -> None:
    old = published(tools, Facts(), judges=[Stern()]).version
    bad = Facts(rows=ROWS[:2])
    for night in range(1, 3):
        refused = published(tools, bad, NOW + timedelta(days=night), judges=[stern("bad_stop")])
        assert refused.result == "faulty"
        assert [reason.code for reason in refused.reasons] == ["opendata.found_faulty"]
    assert shown(tools) == old
    assert kinds(tools) == ["published", "faulty"]  # told once
    governance.waive(tools, "essai-lieux", "severe", "bad_stop", LATER.date() + timedelta(days=9), "anne", LATER, WHY)
    assert published(tools, bad, LATER + timedelta(days=2), judges=[stern("bad_stop")]).result == "published"
    with reading(tools.engine) as session:
        (check, required, _at), *_ = checks.of_version(session, shown(tools).id)  # type: ignore[union-attr]
    assert (check.judge, check.judge_version, required, check.errors[0].total) == ("severe", "2.0", True, 3)
    again = Facts(rows=ROWS[:1])
    assert published(tools, again, LATER + timedelta(days=9), judges=[stern("bad_stop")]).result == "published"
    third = Facts(rows=ROWS[1:2])  # the waiver's last day is over: the same finding stands in the way again
    assert published(tools, third, LATER + timedelta(days=10), judges=[stern("bad_stop")]).result == "faulty"
    assert kinds(tools) == ["published", "faulty", "updated", "updated", "faulty"]
    with pytest.raises(InvalidInput, match="reason_needed"):
        governance.waive(tools, "essai-lieux", "severe", "x", LATER.date(), "anne", LATER, "bof")
    with pytest.raises(Refused):
        governance.waive(tools, "essai-lieux", "confidentialite", "x", LATER.date(), "anne", LATER, WHY)
    with pytest.raises(InvalidInput):
        governance.waive(tools, "essai-lieux", "severe", "x", LATER.date() + timedelta(days=400), "anne", LATER, WHY)


def test_data_about_people_take_an_audit_and_two_persons(tools: Any) -> None:
    people = Facts(PEOPLE)
    assert published(tools, people).result == "faulty"  # nobody audited it
    assert published(tools, replace(people, rows=ROWS[:1], checks=(LEAKS,))).result == "faulty"
    waiting = published(tools, replace(people, rows=ROWS[:2], checks=(AUDITED,)))
    assert (waiting.result, waiting.reasons[0].code) == ("waiting", "opendata.needs_approval")
    assert waiting.version is not None
    version = waiting.version.id
    assert shown(tools, PEOPLE.code) is None
    with pytest.raises(Refused, match="needs_approval"):
        governance.publish(tools, version, "anne", NOW)
    governance.approve(tools, version, "anne", NOW, "J’ai relu les trente lignes.")
    with pytest.raises(Refused, match="needs_second_person"):
        governance.publish(tools, version, "anne", NOW)
    assert published(tools, replace(people, rows=ROWS[:2], checks=(AUDITED,)), LATER).result == "waiting"
    governance.publish(tools, version, "karim", LATER)
    assert shown(tools, PEOPLE.code).id == version  # type: ignore[union-attr]


def test_a_rejected_content_never_comes_out(tools: Any) -> None:
    waiting = published(tools, Facts(PEOPLE, checks=(AUDITED,))).version
    assert waiting is not None
    governance.reject(tools, waiting.id, "anne", NOW, WHY)
    assert published(tools, Facts(PEOPLE, checks=(AUDITED,)), LATER).result == "held"
    for act in (governance.approve, governance.publish):
        with pytest.raises(Refused):
            act(tools, waiting.id, "karim", LATER)


def test_a_withdrawn_version_leaves_the_disk_and_the_one_before_is_shown(tools: Any) -> None:
    first = published(tools, Facts()).version
    wrong = published(tools, Facts(rows=ROWS[:1]), LATER).version
    assert first is not None
    assert wrong is not None
    governance.withdraw(tools, wrong.id, "anne", LATER, WHY)
    assert shown(tools) == first
    contents = files.contents_of(tools.config.home)
    assert list(contents.digests()) == [first.files[0].sha256]
    assert published(tools, Facts(rows=ROWS[:1]), LATER + timedelta(days=1)).result == "held"
    with pytest.raises(Conflict):
        governance.withdraw(tools, wrong.id, "anne", LATER, WHY)
    assert kinds(tools)[-1] == "withdrawn"


def test_a_closed_dataset_is_not_published_again(tools: Any) -> None:
    published(tools, Facts())
    governance.remove(tools, "essai-lieux", "anne", LATER, WHY)
    assert published(tools, Facts(rows=ROWS[:1]), LATER).result == "removed"
    with pytest.raises(Conflict):
        governance.roll_back(tools, "essai-lieux", "anne", LATER, WHY)


def test_older_facts_never_take_the_place_of_newer_ones(tools: Any) -> None:
    published(tools, Facts(rows=ROWS[:2]), LATER)
    late = published(tools, Facts(), NOW)
    assert late.result == "superseded"
    assert shown(tools).number == 1  # type: ignore[union-attr]
    with reading(tools.engine) as session:
        assert len(versions.list_versions(session, "essai-lieux")) == 2  # both survive


def test_two_at_once_both_survive_and_one_wins(tools: Any) -> None:
    published(tools, Facts(rows=()))
    start = threading.Barrier(4)
    found: list[Outcome] = []

    def work(count: int) -> None:
        start.wait()
        found.append(published(tools, Facts(rows=[("x", count)]), LATER + timedelta(seconds=count)))

    threads = [threading.Thread(target=work, args=(count,)) for count in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {each.result for each in found} <= {"published", "superseded"}
    assert content(tools, shown(tools)) == b"code,places\r\nx,3\r\n"  # the newest facts
    with reading(tools.engine) as session:
        assert sorted(each.number for each in versions.list_versions(session, "essai-lieux")) == [1, 2, 3, 4, 5]


POINTS = (
    ("opendata.store.files", "keep"),
    ("opendata.store.files", "compress"),
    ("opendata.service.publishing", "record"),
    ("opendata.service.publishing", "check"),
    ("opendata.service.publishing", "show"),
    ("opendata.store.versions", "add_version"),
    ("opendata.store.versions", "move_pointer"),
    ("opendata.store.versions", "add_event"),
    ("opendata.store.versions", "add_approval"),
)


def test_whatever_stops_it_the_old_or_the_new_is_shown_and_the_next_run_ends_it(
    tools: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = [(f"arret-{number:03d}", number) for number in range(200)]  # long enough for a compressed twin
    old = published(tools, Facts()).version
    faults = Faults()
    with faults.everywhere(monkeypatch, POINTS):
        for at in range(1, 200):
            facts = Facts(rows=[*rows, ("essai", at)])
            now = NOW + timedelta(hours=at)
            faults.arm(at)
            stopped = published(tools, facts, now)
            faults.arm(None)
            seen = shown(tools)
            if stopped.result == "failed":
                assert stopped.reasons[0].params["kind"] == Boom.__name__
            assert seen is not None
            new = published(tools, facts, now)
            assert new.result in ("published", "unchanged")
            assert seen in (old, new.version)

            assert f"essai,{at}\r\n".encode() in content(tools, shown(tools))
            old = new.version
            if stopped.result == "published":  # past the last point
                break
        else:
            raise AssertionError("the points never ended")
    assert at > 15
    with reading(tools.engine) as session:
        every = versions.list_versions(session, "essai-lieux")
    assert [each.number for each in every] == list(range(len(every), 0, -1))  # no number was lost or given twice


@pytest.mark.parametrize("call", ["write", "fsync"])
def test_a_full_disk_keeps_the_old_version_and_says_so(tools: Any, monkeypatch: pytest.MonkeyPatch, call: str) -> None:
    old = published(tools, Facts()).version

    def full(*_arguments: Any, **_named: Any) -> Any:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        if call == "fsync":
            patch.setattr(os, "fsync", full)
        else:
            patch.setattr("opendata.store.files.compress", full)
        rows = [(f"arret-{number:03d}", number) for number in range(200)]
        outcome = published(tools, Facts(rows=rows), LATER)
    assert (outcome.result, outcome.reasons[0].code) == ("failed", "opendata.no_room")
    assert shown(tools) == old
    assert not list((files.contents_of(tools.config.home).root / "incoming").glob("*"))
    assert published(tools, Facts(rows=rows), LATER).result == "published"


def test_one_that_fails_leaves_the_others_alone(tools: Any) -> None:
    def broken(*_arguments: Any) -> Any:
        raise ZeroDivisionError

    def refuses(*_arguments: Any) -> Any:
        raise MobigoError("opendata.unknown_act")

    ill = replace(Facts().offer, declared=replace(Facts().declared, code="essai-casse"), produce=broken)
    poor = replace(ill, declared=replace(Facts().declared, code="essai-refus"), produce=refuses)
    results = {each.dataset: each.result for each in publish_all(tools, [ill, poor, Facts().offer], NOW)}
    assert results == {"essai-casse": "failed", "essai-refus": "failed", "essai-lieux": "published"}


def test_files_other_than_those_declared_are_refused(tools: Any) -> None:
    facts = Facts()
    odd = replace(
        facts.offer, declared=replace(facts.declared, files=(replace(facts.declared.files[0], name="autre.csv"),))
    )
    (outcome,) = publish_all(tools, [odd], NOW)
    assert (outcome.result, outcome.reasons[0].code) == ("failed", "opendata.other_files")


def test_a_sweep_takes_what_no_version_needs_and_nothing_else(tools: Any) -> None:
    version = published(tools, Facts()).version
    contents = files.contents_of(tools.config.home)
    orphan = contents.root / "ab" / ("c" * 62)
    orphan.parent.mkdir(exist_ok=True)
    orphan.write_bytes(b"never recorded")
    for path in contents.root.glob("??/*"):
        os.utime(path, (0, 0))
    assert measuring.sweep(tools, NOW) == 1
    assert version is not None
    assert list(contents.digests()) == [version.files[0].sha256]


def test_the_end_of_a_timetable_is_told_once_at_each_step(tools: Any) -> None:
    published(tools, Facts(last_day=NOW.date() + timedelta(days=40)))
    told = [day for day in range(45) if _told(tools, NOW + timedelta(days=day))]  # the clock moves night by night
    assert told == [10, 33]  # thirty days before, and seven
    assert kinds(tools) == ["published", "expiring", "expiring"]
    later = NOW + timedelta(days=50)
    published(tools, Facts(rows=ROWS[:2], last_day=later.date() + timedelta(days=5)), later)
    assert [_told(tools, later + timedelta(days=day)) for day in range(3)] == [["essai-lieux"], [], []]  # late: once


def _told(tools: Any, now: Any) -> list[str]:
    with transaction(tools.engine) as session:
        return notices.tell_expiring(session, now)


def test_what_happens_is_announced_in_the_transaction_in_which_it_happens(tools: Any) -> None:
    published(tools, Facts())
    with reading(tools.engine) as session:
        (effect,) = session.query(EffectRow).all()
        (event,) = versions.list_events(session)
    assert (effect.topic, effect.key, effect.payload) == (notices.TOPIC, event.id, {"event": event.id})


def test_addresses_lead_where_they_say(tools: Any) -> None:
    version = published(tools, Facts()).version
    assert version is not None
    with reading(tools.engine) as session:
        moving = addresses.at_slot(session, "essai-lieux", Slot.LATEST, "lieux.csv")
        fixed = addresses.at_label(session, "essai-lieux", version.label, "lieux.csv")
        assert addresses.at_label(session, "essai-lieux", "%" * 12, "lieux.csv") is None
        assert addresses.at_slot(session, "essai-lieux", Slot.NEXT, "lieux.csv") is None
    assert moving == fixed
    assert moving is not None
    assert (moving.sha256, moving.label, moving.since) == (version.files[0].sha256, version.label, NOW)


def test_what_is_public_is_judged_again_on_another_day_and_a_judge_is_kept_when_it_changes_its_mind(tools: Any) -> None:
    judge = Stern()
    published(tools, Facts(), judges=[judge])
    for hours in (1, 24, 48):
        published(tools, Facts(), NOW + timedelta(hours=hours), judges=[judge])
    assert len(judge.asked) == 3  # not twice on a day
    assert published(tools, Facts(), NOW + timedelta(hours=72), judges=[stern("ended")]).result == "unchanged"
    with reading(tools.engine) as session:
        rows = session.query(CheckRow).filter(CheckRow.judge == "severe").count()
        heard = {check.judge: check.verdict for check, *_ in checks.of_version(session, shown(tools).id)}  # type: ignore[union-attr]
    assert rows == 2
    assert heard == {"severe": Verdict.FAILED, "table-schema": Verdict.PASSED}
