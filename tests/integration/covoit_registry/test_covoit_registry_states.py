"""The life of journeys against a naive model, on both databases: post, repeat, correct, withdraw, late proof, check,
freeze, in any order. The model is a list and a few loops, and shares no code with what it judges.
"""

import json
from datetime import datetime, timedelta
from typing import Any, ClassVar

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test
from sqlalchemy import Engine, select

from covoit.gateway import ndjson
from covoit.model.registry import Terms
from covoit.service import journeys as service
from covoit.service import registry
from covoit.store.journeys import JourneyRow, PastRow, PositionRow
from covoit.store.people import OperatorUserRow, PersonRow
from mobigo.base.errors import Conflict
from mobigo.infra.db import reading, transaction
from tests.covoit_registry_world import NOW, correction, declared

OPERATOR = "op"
HOUR = timedelta(hours=1)
PEOPLE = st.sampled_from(["a", "b", "c"])
TRIPS = st.sampled_from(["t1", "t2", "t3", "t4", "t5", "t6", "t7"])
ALIVE = ("pending", "ok")


class Lives(RuleBasedStateMachine):
    engine: ClassVar[Engine]

    def __init__(self) -> None:
        super().__init__()
        self.now: datetime = NOW
        self.model: list[dict[str, Any]] = []
        with transaction(self.engine) as session:
            for table in (PastRow, PositionRow, JourneyRow, OperatorUserRow, PersonRow):
                session.execute(table.__table__.delete())  # type: ignore[attr-defined]

    # ------------------------------------------------ the model's own rules

    def violations(self, one: dict[str, Any]) -> set[str]:
        others = [
            each for each in self.model
            if each["name"] != one["name"] and each["trip"] != one["trip"] and each["status"] in ALIVE
        ]  # fmt: skip
        found = set()
        if one["driver"] == one["passenger"]:
            found.add("driver_is_passenger")
        if one["distance"] < 2_000:
            found.add("distance_too_short")
        for person in (one["driver"], one["passenger"]):
            that_day = {
                each["trip"] for each in others
                if person in (each["driver"], each["passenger"]) and self.day(each) == self.day(one)
            }  # fmt: skip
            if len(that_day) >= 4:
                found.add("too_many_trips_by_day")
        for each in others:
            pair = {each["driver"], each["passenger"]} == {one["driver"], one["passenger"]}
            apart = each["start"] >= one["end"] + HOUR / 2 or each["end"] <= one["start"] - HOUR / 2
            if pair and not apart:
                found.add("too_close_trips")
        if one["received"] > one["start"] + 24 * HOUR:
            found.add("expired")
        return found

    @staticmethod
    def day(one: dict[str, Any]) -> str:
        return (one["start"] + HOUR).strftime("%Y-%m-%d")  # November: Paris is one hour ahead

    @staticmethod
    def anomalous(one: dict[str, Any], others: list[dict[str, Any]]) -> bool:
        for each in others:
            if each["trip"] == one["trip"] and each["driver"] != one["driver"]:
                return True
            if each["passenger"] == one["passenger"]:
                shared = (min(each["end"], one["end"]) - max(each["start"], one["start"])).total_seconds()
                shorter = min((each["end"] - each["start"]), (one["end"] - one["start"])).total_seconds()
                if shared >= 0.7 * shorter:
                    return True
        return False

    # ------------------------------------------------ what may happen

    @rule(
        driver=PEOPLE, passenger=PEOPLE, trip=TRIPS, back=st.integers(1, 26), minutes=st.integers(5, 90),
        distance=st.sampled_from([1_999, 2_000, 30_000]),
    )  # fmt: skip
    def post(self, driver: str, passenger: str, trip: str, back: int, minutes: int, distance: int) -> None:
        self.now += timedelta(minutes=1)
        start = (self.now - back * HOUR).replace(microsecond=0)
        end = min(start + timedelta(minutes=minutes), self.now.replace(microsecond=0))
        document = declared(
            f"j{len(self.model)}", trip, driver, passenger, start, (end - start).total_seconds() / 60, distance,
            operator_class="B",
        )  # fmt: skip
        one = {
            "name": document["operator_journey_id"], "trip": trip, "driver": driver, "passenger": passenger,
            "start": start, "end": end, "distance": distance, "received": self.now, "document": document,
            "checked": False, "frozen": False, "freezes": max(end + 48 * HOUR, self.now + 24 * HOUR), "revision": 0,
        }  # fmt: skip
        found = self.violations(one)
        one["status"] = "terms_violation_error" if found else "pending"
        one["checked"] = bool(found)
        one["answer"] = self.send(document)
        assert set(one["answer"][1]) == found
        self.model.append(one)

    def send(self, document: dict[str, Any]) -> tuple[datetime, tuple[str, ...]]:
        read, digest = ndjson.read_declared(json.dumps(document).encode(), self.now)
        answer = service.receive(self.engine, OPERATOR, read, digest, Terms(), self.now)
        return answer.received_at, tuple(sorted(each["label"] for each in answer.violations))

    @precondition(lambda self: self.model)
    @rule(data=st.data())
    def repeat(self, data: st.DataObject) -> None:
        self.now += timedelta(minutes=1)
        one = data.draw(st.sampled_from(self.model))
        assert self.send(one["document"]) == one["answer"]
        with pytest.raises(Conflict):
            self.send({**one["document"], "licence_plate": "AA-123-AA"})

    @precondition(lambda self: self.model)
    @rule(data=st.data(), distance=st.sampled_from([1_500, 20_000, 30_000]), earlier=st.integers(0, 3))
    def correct(self, data: st.DataObject, distance: int, earlier: int) -> None:
        self.now += timedelta(minutes=1)
        one = data.draw(st.sampled_from(self.model))
        shift = timedelta(minutes=30 * earlier)
        after = {**one, "distance": distance, "start": one["start"] - shift, "end": one["end"] - shift}
        whole = declared(
            one["name"], one["trip"], one["driver"], one["passenger"], after["start"],
            (after["end"] - after["start"]).total_seconds() / 60, distance, operator_class="B",
        )  # fmt: skip
        read, _ = ndjson.read_correction(json.dumps(correction(whole)).encode(), self.now)
        if one["status"] == "canceled" or one["frozen"] or self.now >= one["freezes"]:
            with pytest.raises(Conflict):
                service.correct(self.engine, OPERATOR, one["name"], read, Terms(), self.now)
            return
        _, violations = service.correct(self.engine, OPERATOR, one["name"], read, Terms(), self.now)
        if after == one:
            assert list(violations) == []
            return
        expected = self.violations(after)
        assert {each.label for each in violations} == expected
        if not expected:
            freezes = max(after["end"] + 48 * HOUR, self.now + 24 * HOUR)
            one.update(after, status="pending", checked=False, freezes=freezes, revision=one["revision"] + 1)

    @precondition(lambda self: self.model)
    @rule(data=st.data())
    def withdraw(self, data: st.DataObject) -> None:
        one = data.draw(st.sampled_from(self.model))
        for _ in range(2):
            service.withdraw(self.engine, OPERATOR, one["name"], "x", "", self.now)
        one["revision"] += one["status"] != "canceled"
        one.update(status="canceled", frozen=True, checked=True)

    @rule()
    def check(self) -> None:
        registry.check(self.engine, self.now)
        for one in sorted(self.model, key=lambda each: each["received"]):
            if one["checked"] or one["frozen"]:
                continue
            others = [each for each in self.model if each["status"] in ALIVE and each["received"] < one["received"]]
            one.update(status="anomaly_error" if self.anomalous(one, others) else "ok", checked=True)
        self.freeze_model()

    @rule()
    def checker_is_down(self) -> None:
        registry.freeze(self.engine, self.now)
        self.freeze_model()

    def freeze_model(self) -> None:
        for one in self.model:
            if self.now >= one["freezes"] and not one["frozen"]:
                one.update(frozen=True, checked=True)
                one["status"] = "ok" if one["status"] == "pending" else one["status"]

    @rule(hours=st.integers(1, 30))
    def time_passes(self, hours: int) -> None:
        self.now += hours * HOUR

    # ------------------------------------------------ what must hold

    @invariant()
    def the_books_agree(self) -> None:
        with reading(self.engine) as session:
            columns = (
                JourneyRow.operator_journey_id, JourneyRow.status, JourneyRow.revision, JourneyRow.distance_m,
                JourneyRow.started_at, JourneyRow.frozen_at,
            )  # fmt: skip
            rows = {row[0]: tuple(row[1:]) for row in session.execute(select(*columns))}
        found = {name: (*row[:4], row[4] is not None) for name, row in rows.items()}
        assert found == {
            one["name"]: (one["status"], one["revision"], one["distance"], one["start"], one["frozen"])
            for one in self.model
        }


def run(engine: Engine, examples: int, steps: int) -> None:
    class OnThis(Lives):
        pass

    OnThis.engine = engine
    kept = settings(
        max_examples=examples, stateful_step_count=steps, deadline=None, suppress_health_check=list(HealthCheck)
    )
    run_state_machine_as_test(OnThis, settings=kept)  # type: ignore[no-untyped-call]  # hypothesis leaves it untyped


def test_whatever_happens_journeys_stand_as_a_naive_book_says(engine: Engine) -> None:
    run(engine, 12, 18)


@pytest.mark.slow
def test_whatever_happens_longer_journeys_stand_as_a_naive_book_says(engine: Engine) -> None:
    run(engine, 300, 50)
