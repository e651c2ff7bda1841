"""From a family's form to a decision and a pass: what is measured, what the rule proposes, what a person decides."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any, Final

import pytest
from sqlalchemy import Engine, select

from mobigo.base.errors import Conflict, InvalidInput, NotFound, Refused
from mobigo.base.geo import Point
from mobigo.base.instants import paris_day
from mobigo.infra.blobs import Blobs
from mobigo.infra.config import Config
from mobigo.infra.db import transaction
from mobigo.infra.outbox import EffectRow, MessageRow
from scolaire.model.asked import AskedHome, Channel
from scolaire.model.people import HomeKind, Weeks
from scolaire.model.rights import Outcome
from scolaire.model.schools import Level
from scolaire.service import access, deciding, documents, homes, joining, judging, passes, reference
from scolaire.service.registering import Entered, cancel, doubles, register, renew
from scolaire.store import pupils as store
from scolaire.store.registrations import LegRow, RegistrationRow, get_registration
from tests.school_people_world import (
    AGENT,
    ASKED,
    COLLEGE,
    CONTACT,
    HOME,
    LIERNAIS,
    NOW,
    OTHER_AGENT,
    account,
    place,
    two_homes,
)

PDF = b"%PDF-1.7\n"
NEXT_YEAR = NOW + timedelta(days=365)


def _code(refused: "pytest.ExceptionInfo[Exception]") -> str:
    return refused.value.decision.code  # type: ignore[attr-defined]  # one of the five words


def test_a_family_registers_and_is_decided(engine: Engine, config: Config) -> None:
    with transaction(engine) as session:
        stops = place(session)
        anne = account(session, "anne")
        asked = replace(ASKED, homes=(replace(HOME, stop=stops["Liernais Mairie"]),))
        row = register(session, asked, CONTACT, config=config, subject=anne, now=NOW)
        assert (row.state, row.late, row.channel, row.first_day) == ("received", False, "online", date(2026, 9, 1))
        leg = session.scalars(select(LegRow)).one()
        # 10 007.56 m as the crow flies, times 1.3
        assert leg.measure is not None
        assert (leg.measure["distance_m"], leg.measure["method"], leg.measure["margin_pct"]) == (13010, "estimate", 30)
        assert leg.in_sector is True
        # 111 m as the crow flies, times 1.3; the suspended one and the far one are not within reach
        reach = store.walks(session, [leg.home])[leg.home]
        assert [(walk.stop, walk.metres) for walk in reach] == [(stops["Liernais Mairie"], 145)]
        assert judging.judge(session, row, config).right.outcome is Outcome.ENTITLED

        made = deciding.decide(
            session, row.id, Outcome.ENTITLED, by=AGENT, words="", config=config, now=NOW + timedelta(days=1)
        )
        assert (made.number, made.outcome, made.price_cents, made.rules) == (1, "entitled", 0, "21-exemple")
        assert (row.state, row.outcome) == ("decided", "entitled")
        card = passes.current_pass(session, row.id)
        assert card is not None
        assert (card.number, card.price_cents, card.first_day) == (1, 0, date(2026, 9, 1))
        assert [each.topic for each in session.scalars(select(EffectRow))] == ["scolaire.pass_issued"]
        told = session.scalars(select(MessageRow).order_by(MessageRow.id)).all()
        assert [(each.channel, each.recipient) for each in told] == [("email", "anne@example.org")] * 2
        assert "Liernais" not in told[1].body
        assert "rue du Four" not in told[1].body
        assert "Sylvie Gestionnaire" in told[1].body


WRONG_FORMS: Final[tuple[tuple[dict[str, Any], str], ...]] = (
    ({"first_name": "  "}, "scolaire.bad_name"),
    ({"last_name": "Martin<script>"}, "scolaire.bad_name"),
    ({"born_on": date(1990, 1, 1)}, "scolaire.bad_birth"),
    ({"born_on": date(2026, 1, 1)}, "scolaire.bad_birth"),
    ({"level": Level.CP}, "scolaire.level_not_of_school"),
    ({"homes": ()}, "scolaire.no_home"),
    ({"homes": (replace(HOME, kind=HomeKind.SECOND),)}, "scolaire.no_home"),
    ({"homes": (replace(HOME, postcode="2143"),)}, "scolaire.bad_address"),
    ({"homes": (replace(HOME, line="x"),)}, "scolaire.bad_address"),
    ({"homes": (replace(HOME, commune="Liernais"),)}, "scolaire.bad_commune"),
    ({"homes": (replace(HOME, weeks=Weeks.EVEN), replace(HOME, kind=HomeKind.SECOND))}, "scolaire.weeks_overlap"),
    ({"homes": (replace(HOME, weekdays=frozenset()),)}, "scolaire.weeks_overlap"),
    ({"uai": "0000000A"}, "scolaire.unknown_school"),
    ({"year": 2024}, "scolaire.year_not_open"),
    ({"year": 2027}, "scolaire.year_not_open"),
)
WRONG_CONTACTS: Final = (
    (replace(CONTACT, phone="12"), "scolaire.bad_phone"),
    (replace(CONTACT, email=None), "scolaire.no_way_to_write"),
    (replace(CONTACT, prefers="letter"), "scolaire.no_way_to_write"),
    (replace(CONTACT, first_name=""), "scolaire.bad_name"),
)


def test_what_a_form_says_wrong_is_named(engine: Engine, config: Config) -> None:
    with transaction(engine) as session:
        place(session)
        for changed, code in WRONG_FORMS:
            with pytest.raises((InvalidInput, NotFound, Refused)) as refused:
                register(session, replace(ASKED, **changed), CONTACT, config=config, now=NOW)
            assert _code(refused) == code
        # the campaign of the year that ends is open till the end of August
        assert register(session, replace(ASKED, year=2025), CONTACT, config=config, now=NOW).year == 2025


def test_who_asks_can_be_written_to(engine: Engine, config: Config) -> None:
    with transaction(engine) as session:
        place(session)
        for contact, code in WRONG_CONTACTS:
            with pytest.raises(InvalidInput) as refused:
                register(session, ASKED, contact, config=config, now=NOW)
            assert _code(refused) == code


def test_a_pupil_is_registered_once_a_year_and_a_namesake_is_told_to_nobody(engine: Engine, config: Config) -> None:
    with transaction(engine) as session:
        place(session)
        anne, other = account(session, "anne"), account(session, "other")
        first = register(session, ASKED, CONTACT, config=config, subject=anne, now=NOW)
        with pytest.raises(Conflict) as refused:
            register(
                session, replace(ASKED, first_name="Lea", last_name="MARTIN"), CONTACT, config=config, subject=anne,
                now=NOW,
            )  # fmt: skip
        assert _code(refused) == "scolaire.already_registered"
        second = register(
            session, ASKED, replace(CONTACT, email="b@example.org"), config=config, subject=other, now=NOW
        )
        assert [row.id for row in doubles(session, second)] == [first.id]
        twin = replace(ASKED, first_name="Zoé")
        assert doubles(session, register(session, twin, CONTACT, config=config, subject=anne, now=NOW)) == []
        # a double is not signed in one go with the others: only the twin is
        assert deciding.decide_entitled(session, by=AGENT, config=config, now=NOW) == (1, 3)


def test_a_paper_form_is_entered_once_under_its_reference(engine: Engine, config: Config) -> None:
    paper = Entered("agent", Channel.PAPER, " F-2026  17 ")
    by_letter = replace(
        CONTACT, email=None, phone=None, postal="Anne Martin\n3 rue du Four\n21430 Liernais", prefers="letter"
    )
    with transaction(engine) as session:
        place(session)
        row = register(session, ASKED, by_letter, config=config, entered=paper, now=NOW)
        assert (row.channel, row.paper, row.entered_by) == ("paper", "F-2026 17", "agent")
        assert [each.channel for each in session.scalars(select(MessageRow))] == ["letter"]
        with pytest.raises(Conflict) as refused:
            register(session, replace(ASKED, first_name="Zoé"), by_letter, config=config, entered=paper, now=NOW)
        assert _code(refused) == "scolaire.paper_known"


def test_a_home_that_is_not_located_is_measured_by_an_agent(engine: Engine, config: Config) -> None:
    with transaction(engine) as session:
        place(session)
        asked = replace(ASKED, homes=(replace(HOME, at=None),))
        row = register(session, asked, CONTACT, config=config, now=NOW)
        leg = session.scalars(select(LegRow)).one()
        assert judging.judge(session, row, config).right.reason.code == "scolaire.not_located"
        assert deciding.decide_entitled(session, by=AGENT, config=config, now=NOW) == (0, 1)
        homes.measure_by_hand(session, row.id, leg.home, 1_999, "agent", NOW)
        judged = judging.judge(session, row, config).right
        assert (judged.outcome, judged.reason.code) == (Outcome.PAYING, "scolaire.too_near")
        assert HOME.at is not None
        homes.locate(session, leg.home, HOME.at, "agent", config, NOW)  # what was measured on the road stays
        assert (leg.measure or {})["distance_m"] == 1_999
        homes.measure_by_hand(session, row.id, leg.home, 2_000, "agent", NOW)
        assert judging.judge(session, row, config).right.outcome is Outcome.ENTITLED


def test_a_commune_far_from_school_is_enough_to_know(engine: Engine, config: Config) -> None:
    """30 km away less the 10 km of the commune's own reach is more than 2 km; 11 km away says nothing."""
    folder = config.home / "territory"
    folder.mkdir(parents=True)
    asked = replace(ASKED, homes=(replace(HOME, at=None),))
    for lat, outcome in ((47.01, Outcome.ENTITLED), (47.18, Outcome.PENDING)):
        (folder / "communes.csv").write_text(f"code,lat,lon\n{LIERNAIS},{lat},4.23\n", encoding="utf-8")
        with transaction(engine) as session:
            if outcome is Outcome.ENTITLED:
                place(session)
            row = register(session, asked, CONTACT, config=config, now=NOW)
            assert judging.judge(session, row, config).right.outcome is outcome


def test_a_person_decides_otherwise_with_a_reason_and_signs(engine: Engine, config: Config) -> None:
    with transaction(engine) as session:
        place(session)
        row = register(session, ASKED, CONTACT, config=config, now=NOW)

        def decide(
            outcome: Outcome, words: str = "", days: int = 0, by: deciding.Signatory = AGENT, **more: bool
        ) -> str:
            at = NOW + timedelta(days=days)
            return deciding.decide(session, row.id, outcome, by=by, words=words, config=config, now=at, **more).outcome

        for outcome, by, code in (
            (Outcome.REFUSED, AGENT, "scolaire.decision_without_reason"),
            (Outcome.PENDING, AGENT, "scolaire.pending_is_no_decision"),
            (Outcome.ENTITLED, replace(AGENT, capacity=" "), "scolaire.decision_unsigned"),
        ):
            with pytest.raises(InvalidInput) as refused:
                decide(outcome, by=by)
            assert _code(refused) == code
        assert decide(Outcome.ENTITLED) == "entitled"
        # a right is taken back within four months (CRPA, L242-1): till the 15th of October
        with pytest.raises(Refused) as late:
            decide(Outcome.REFUSED, "erreur", days=(date(2026, 10, 16) - date(2026, 6, 15)).days)
        assert (_code(late), late.value.decision.params["day"]) == ("scolaire.withdrawal_too_late", date(2026, 10, 15))
        assert decide(Outcome.REFUSED, "déménagement", days=200, facts_changed=True) == "refused"
        assert passes.current_pass(session, row.id) is None
        assert [each.topic for each in session.scalars(select(EffectRow).order_by(EffectRow.id))] == [
            "scolaire.pass_issued", "scolaire.pass_ended",
        ]  # fmt: skip


def test_a_paying_pupil_has_a_pass_once_it_is_paid_for(engine: Engine, config: Config) -> None:
    with transaction(engine) as session:
        place(session)
        near = replace(HOME, at=None)
        row = register(session, replace(ASKED, homes=(near,)), CONTACT, config=config, now=NOW)
        leg = session.scalars(select(LegRow)).one()
        homes.measure_by_hand(session, row.id, leg.home, 500, "agent", NOW)
        made = deciding.decide(session, row.id, Outcome.PAYING, by=AGENT, words="", config=config, now=NOW)
        assert (made.price_cents, passes.current_pass(session, row.id)) == (24_000, None)
        with pytest.raises(InvalidInput):
            passes.pay(session, row.id, " ", "agent", NOW)
        card = passes.pay(session, row.id, "R-0001", "agent", NOW)
        assert (card.price_cents, card.paid_with) == (24_000, "R-0001")
        with pytest.raises(Conflict):
            passes.pay(session, row.id, "R-0002", "agent", NOW)
        again = passes.replace(session, row.id, "lost", receipt="R-0003", by="agent", config=config, now=NOW)
        assert (again.number, again.price_cents, card.ended_at is not None) == (2, 1_500, True)
        with pytest.raises(Conflict) as refused:
            passes.replace(session, row.id, "lost", receipt="R-0003", by="agent", config=config, now=NOW)
        assert _code(refused) == "scolaire.receipt_known"
        ours = passes.replace(session, row.id, "faulty", receipt="", by="agent", config=config, now=NOW)
        assert (ours.number, ours.price_cents, ours.paid_with) == (3, 0, None)


def test_an_appeal_is_made_in_two_months_and_answered_by_somebody_else(engine: Engine, config: Config) -> None:
    with transaction(engine) as session:
        place(session)
        row = register(session, ASKED, CONTACT, config=config, now=NOW)
        with pytest.raises(NotFound):
            deciding.contest(session, row.id, "Pourquoi ?", "anne", NOW)
        deciding.decide(session, row.id, Outcome.REFUSED, by=AGENT, words="Trop près.", config=config, now=NOW)
        with pytest.raises(Refused) as late:  # decided on 15 June: till 15 August
            deciding.contest(session, row.id, "Non.", "anne", NOW + timedelta(days=62))
        assert (_code(late), late.value.decision.params["day"]) == ("scolaire.appeal_too_late", date(2026, 8, 15))
        appeal = deciding.contest(session, row.id, "Nous sommes à 13 km.", "anne", NOW + timedelta(days=61))
        assert appeal.answer_by == date(2026, 10, 15)
        with pytest.raises(Conflict):
            deciding.contest(session, row.id, "Encore.", "anne", NOW + timedelta(days=61))

        def answer(by: deciding.Signatory, words: str) -> str:
            at = NOW + timedelta(days=70)
            return deciding.answer(
                session, appeal.id, Outcome.ENTITLED, by=by, words=words, config=config, now=at
            ).outcome  # fmt: skip

        with pytest.raises(Refused) as own:
            answer(AGENT, "Vu.")
        assert _code(own) == "scolaire.own_decision"
        with pytest.raises(InvalidInput):
            answer(OTHER_AGENT, " ")
        assert answer(OTHER_AGENT, "La distance est de 13 km.") == "entitled"
        assert (appeal.upheld, deciding.open_appeals(session)) == (True, [])
        with pytest.raises(Conflict):
            answer(OTHER_AGENT, "Encore.")


def test_shared_custody_waits_for_its_document_then_gives_both_homes(engine: Engine, config: Config) -> None:
    blobs = Blobs(config.home / "blobs")
    with transaction(engine) as session:
        place(session)
        row = register(session, two_homes(), CONTACT, config=config, now=NOW)
        before = judging.judge(session, row, config)
        assert [str(each.outcome) for each in before.right.homes] == ["entitled", "pending"]
        paper = documents.give(session, blobs, row.id, "custody", PDF, "anne", NOW)
        assert documents.give(session, blobs, row.id, "custody", PDF, "anne", NOW).id == paper.id
        with pytest.raises(InvalidInput):
            documents.look(session, paper.id, accepted=False, words=" ", by="agent", config=config, now=NOW)
        documents.look(session, paper.id, accepted=False, words="Illisible", by="agent", config=config, now=NOW)
        assert row.state == "incomplete"
        documents.give(session, blobs, row.id, "custody", PDF + b"2", "anne", NOW)
        assert row.state == "received"
        documents.look(session, paper.id, accepted=True, words="", by="agent", config=config, now=NOW)
        after = judging.judge(session, row, config)
        # the other home: 556 m as the crow flies, 723 m by the factor, 940 m at most: surely nearer than 2 000 m
        assert [(str(each.outcome), each.reason.code) for each in after.right.homes] == [
            ("entitled", "scolaire.surely_far"), ("pending", "scolaire.sector_unknown"),
        ]  # fmt: skip


WRONG_FILES: Final = (
    (b"", "scolaire.empty_document"),
    (b"MZ\x90\x00", "scolaire.bad_document"),
    (b"<html>", "scolaire.bad_document"),
    (b"GIF89a", "scolaire.bad_document"),
    (PDF + b"x" * 5_000_000, "scolaire.document_too_large"),
)


def test_a_file_is_what_it_begins_with(engine: Engine, config: Config) -> None:
    with transaction(engine) as session:
        place(session)
        row = register(session, ASKED, CONTACT, config=config, now=NOW)
        for content, code in WRONG_FILES:
            with pytest.raises(InvalidInput) as refused:
                documents.give(session, Blobs(config.home / "blobs"), row.id, "home", content, "anne", NOW)
            assert _code(refused) == code


def test_a_year_later_the_family_renews_and_moves(engine: Engine, config: Config) -> None:
    with transaction(engine) as session:
        place(session)
        anne = account(session, "anne")
        first = register(session, ASKED, CONTACT, config=config, subject=anne, now=NOW)
        guardian = store.find_guardian(session, anne)
        assert guardian is not None
        old = session.scalars(select(LegRow)).one().home
        moved = replace(HOME, line="12 route de Dijon", at=None)
        again = renew(
            session, first.pupil, replace(ASKED, year=2027, level=Level.CINQUIEME), config=config,
            guardian=guardian.id, subject=anne, now=NEXT_YEAR, moved=moved,
        )  # fmt: skip
        assert (again.year, again.pupil, again.first_day) == (2027, first.pupil, date(2027, 9, 1))
        (now_at,) = store.homes(session, first.pupil, date(2027, 9, 1))
        (then_at,) = store.homes(session, first.pupil, date(2027, 8, 31))
        assert (then_at.id, then_at.id == now_at.id) == (old, False)
        with pytest.raises(Conflict):
            renew(
                session, first.pupil, replace(ASKED, year=2027, level=Level.CINQUIEME), config=config,
                guardian=guardian.id, subject=anne, now=NEXT_YEAR,
            )  # fmt: skip
        cancel(session, again.id, anne, NEXT_YEAR)
        renewed = renew(
            session, first.pupil, replace(ASKED, year=2027, level=Level.CINQUIEME), config=config,
            guardian=guardian.id, subject=anne, now=NEXT_YEAR,
        )  # fmt: skip
        assert session.scalars(select(LegRow).where(LegRow.registration == renewed.id)).one().home == now_at.id


def test_who_has_no_bond_finds_nothing(engine: Engine, config: Config) -> None:
    with transaction(engine) as session:
        place(session)
        anne, other = account(session, "anne"), account(session, "other")
        row = register(session, ASKED, CONTACT, config=config, subject=anne, now=NOW)
        today = paris_day(NOW)
        assert access.registration_of(session, anne, row.id, today, act=True)[0].id == row.id
        for who, which in ((other, row.id), (anne, "0" * 26)):
            with pytest.raises(NotFound):
                access.registration_of(session, who, which, today)
        bond = store.bonds_of_pupil(session, row.pupil, today)[0]
        bond.access = "read"
        session.flush()
        assert access.registration_of(session, anne, row.id, today)[1].acts is False
        with pytest.raises(Refused):
            access.registration_of(session, anne, row.id, today, act=True)
        bond.access = "none"
        session.flush()
        with pytest.raises(NotFound):
            access.registration_of(session, anne, row.id, today)


def test_in_production_nothing_invented_decides(engine: Engine, config: Config) -> None:
    with transaction(engine) as session:
        place(session)
        row = register(session, ASKED, CONTACT, config=config, now=NOW)
        production = replace(config, environment="production")
        judged = judging.judge(session, row, production)
        assert (judged.right.outcome, judged.right.reason.code) == (Outcome.PENDING, "scolaire.no_rules")
        with pytest.raises(Refused) as refused:
            deciding.decide(session, row.id, Outcome.ENTITLED, by=AGENT, words="oui", config=production, now=NOW)
        assert _code(refused) == "scolaire.no_rules_no_decision"
        with pytest.raises(Refused):
            register(session, replace(ASKED, first_name="Zoé"), CONTACT, config=production, now=NOW)


def test_an_urban_authority_answers_inside_its_own_area(engine: Engine, config: Config) -> None:
    inside = judging.elsewhere("21231", "21231", date(2026, 9, 1), production=False)
    assert inside is not None
    assert (inside.code, inside.params["authority"]) == ("scolaire.other_authority", "Dijon Métropole")
    assert judging.elsewhere(LIERNAIS, "21231", date(2026, 9, 1), production=False) is None
    assert judging.elsewhere("21231", LIERNAIS, date(2026, 9, 1), production=False) is None
    outside = judging.elsewhere("10387", "21231", date(2026, 9, 1), production=False)
    assert outside is not None
    assert outside.code == "scolaire.home_outside_region"


def test_an_agent_sees_the_schools_and_communes_of_an_organisation_alone(engine: Engine, config: Config) -> None:
    everywhere = access.Scope(everywhere=True)
    with transaction(engine) as session:
        place(session)
        row = register(session, ASKED, CONTACT, config=config, now=NOW)
        for scope, found in (
            (everywhere, True),
            (access.Scope(False, frozenset({COLLEGE})), True),
            (access.Scope(False, frozenset(), frozenset({LIERNAIS})), True),
            (access.Scope(False, frozenset({"0211033J"}), frozenset({"21231"})), False),
            (access.Scope(False), False),
        ):
            rows = session.scalars(select(RegistrationRow.id).where(access.within(scope))).all()
            assert (rows == [row.id]) is found
            if not found:
                with pytest.raises(NotFound):
                    access.get_in_scope(session, row.id, scope)
        assert get_registration(session, row.id) is row


def test_a_placement_is_hidden_from_the_commune(engine: Engine, config: Config) -> None:
    placed = AskedHome(HomeKind.PLACEMENT, "1 chemin du Bois", "21430", LIERNAIS)
    with transaction(engine) as session:
        place(session)
        register(session, replace(ASKED, homes=(placed,)), CONTACT, config=config, now=NOW)
        scope = access.Scope(False, frozenset(), frozenset({LIERNAIS}))
        assert session.scalars(select(RegistrationRow.id).where(access.within(scope))).all() == []


def test_the_other_parent_is_told_the_answer_and_not_how_far_the_first_home_is(engine: Engine, config: Config) -> None:
    with transaction(engine) as session:
        place(session)
        anne, bruno = account(session, "anne"), account(session, "bruno")
        row = register(session, ASKED, CONTACT, config=config, subject=anne, now=NOW)
        code = joining.invite_other(session, row.pupil, "Bruno", "Martin", by=anne, now=NOW).code
        joining.join(session, bruno, code, NOW)
        guardian = store.find_guardian(session, bruno)
        assert guardian is not None
        guardian.email = "bruno@example.org"
        bonds = store.bonds_of_pupil(session, row.pupil, paris_day(NOW))
        (bond,) = [each for each in bonds if each.guardian == guardian.id]
        (other,) = session.scalars(select(LegRow))
        home = homes.add(session, row.pupil, replace(HOME, kind=HomeKind.SECOND), date(2026, 9, 1), NOW)
        bond.home = home.id  # a home of his own, of which this registration asks nothing
        session.flush()
        deciding.decide(session, row.id, Outcome.ENTITLED, by=AGENT, words="", config=config, now=NOW)
        sent = [each for each in session.scalars(select(MessageRow)) if "Décidé par" in each.body]
        told = {each.recipient: each.body.replace("\u202f", "") for each in sent}
        assert other.home != home.id
        assert ("13010" in told["anne@example.org"], "13010" in told["bruno@example.org"]) == (True, False)
        assert "a droit au transport scolaire" in told["bruno@example.org"]


def test_a_stop_that_comes_later_is_within_reach_of_homes_that_were_there(engine: Engine, config: Config) -> None:
    with transaction(engine) as session:
        place(session)
        register(session, ASKED, CONTACT, config=config, now=NOW)
        home = session.scalars(select(LegRow)).one().home
        made = reference.ask_stop(
            session, name="Le Pont", commune=LIERNAIS, at=Point(47.188, 4.23), why="Trois élèves", organisation=None,
            by="mairie", now=NOW,
        )  # fmt: skip
        far = reference.ask_stop(
            session, name="Le Bois", commune=LIERNAIS, at=Point(47.25, 4.23), why="Un élève", organisation=None,
            by="mairie", now=NOW,
        )  # fmt: skip
        # 222.4 m as the crow flies, times 1.3
        reach = {walk.stop: walk.metres for walk in store.walks(session, [home])[home]}
        assert (reach[made.id], far.id in reach) == (289, False)


def test_those_that_need_a_look_do_not_keep_the_entitled_waiting(engine: Engine, config: Config) -> None:
    with transaction(engine) as session:
        place(session)
        for name in ("Ana", "Bea", "Cleo"):
            unknown = replace(ASKED, first_name=name, homes=(replace(HOME, at=None),))
            register(session, unknown, CONTACT, config=config, now=NOW)
        for name in ("Dina", "Eva"):
            register(session, replace(ASKED, first_name=name), CONTACT, config=config, now=NOW + timedelta(hours=1))
        assert deciding.decide_entitled(session, by=AGENT, config=config, now=NOW, most=1) == (1, 4)
        assert deciding.decide_entitled(session, by=AGENT, config=config, now=NOW) == (1, 4)
