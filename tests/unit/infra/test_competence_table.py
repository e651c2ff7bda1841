"""Who answers for what: the table as it is published, both sides of its borders; and how a commune is found by name."""

from datetime import date

import pytest

from mobigo.base.errors import NotFound
from mobigo.infra import competence
from mobigo.infra.competence import Service

DAY = date(2026, 11, 24)
SAULIEU, DIJON, BELFORT, BESANCON, DELLE, NEVERS = "21584", "21231", "90010", "25056", "90033", "58194"


@pytest.mark.parametrize(
    ("commune", "service", "authority"),
    [
        (SAULIEU, Service.TOWN, "region"),
        (SAULIEU, Service.SCHOOL, "region"),
        (SAULIEU, Service.ADAPTED_SCHOOL, "departement-21"),
        (DIJON, Service.TOWN, "dijon-metropole"),
        (DIJON, Service.SCHOOL, "dijon-metropole"),
        (DIJON, Service.COACH, "region"),
        (DIJON, Service.RAIL, "region"),
        (DIJON, Service.ADAPTED_SCHOOL, "departement-21"),
        (BESANCON, Service.CARPOOL, "grand-besancon"),
        (NEVERS, Service.ON_DEMAND, "nevers"),
        # the whole Territoire de Belfort has one authority for the road, the Region keeps the trains
        (BELFORT, Service.TOWN, "smtc90"),
        (BELFORT, Service.COACH, "smtc90"),
        (DELLE, Service.SCHOOL, "smtc90"),
        (DELLE, Service.RAIL, "region"),
        (DELLE, Service.ADAPTED_SCHOOL, "departement-90"),
    ],
)
def test_each_service_has_its_authority(commune: str, service: Service, authority: str) -> None:
    assert competence.table().competent(commune, service, DAY).authority.code == authority


def test_every_commune_of_the_region_has_an_authority_for_every_service() -> None:
    table = competence.table()
    for code in competence.communes():
        assert set(table.of_commune(code, DAY)) == set(Service)


def test_a_commune_belongs_to_one_urban_authority_and_is_one_of_ours() -> None:
    named = [code for rule in competence.table().rules for code in rule.communes]
    assert len(named) == len(set(named))
    assert set(named) <= set(competence.communes())


@pytest.mark.parametrize(("commune", "day"), [("75056", DAY), (SAULIEU, date(2025, 12, 31))])
def test_out_of_the_region_or_of_the_dates_nobody_is_named(commune: str, day: date) -> None:
    with pytest.raises(NotFound, match=r"competence\.unknown"):
        competence.table().competent(commune, Service.TOWN, day)


def test_every_authority_can_be_reached_and_every_rule_says_its_source() -> None:
    table = competence.table()
    for authority in table.authorities.values():
        assert authority.link.startswith("https://")
        assert len(authority.phone.split()) == 5
        assert authority.phone_link.startswith("+33")
    assert all(rule.source and rule.authority in table.authorities for rule in table.rules)


def test_a_number_nobody_checked_is_never_shown_in_production() -> None:
    for authority in competence.table().authorities.values():
        assert authority.shown(production=False) == authority
        reached = authority.shown(production=True)
        assert reached.name == authority.name
        ways = (reached.phone, reached.link, reached.postal, reached.hours)
        assert any(ways) is (authority.confirmed is not None)
        if authority.confirmed is None:
            assert authority.phone.startswith("03 53 01")  # kept by Arcep for fiction


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("saulieu", ["Saulieu"]),
        ("SAULIEU ", ["Saulieu"]),
        ("21584", ["Saulieu"]),
        ("chatillon sur seine", ["Châtillon-sur-Seine"]),
        ("st claude", ["Saint-Claude"]),
        ("L'Abergement-Sainte-Colombe", ["L’Abergement-Sainte-Colombe"]),
        ("", []),
        ("xyzzy", []),
    ],
)
def test_a_commune_is_found_by_its_name(text: str, names: list[str]) -> None:
    assert [commune.name for commune in competence.communes_named(text)] == names


def test_the_beginning_of_a_name_gives_the_exact_one_then_those_that_begin_so() -> None:
    found = competence.communes_named("châtillon")
    assert found[0].name == "Châtillon"
    assert "Châtillon-sur-Seine" in [commune.name for commune in found]
    assert found == sorted(found)
    assert all(commune.name.startswith("Châtillon") for commune in found)


def test_departements_follow_insee() -> None:
    assert competence.departement_of("21584") == "21"
    assert competence.departement_of("97411") == "974"
