"""Roles, permissions and identities as tables: who may do what, where, and with which key."""

from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mobigo.infra.roles import (
    EVERYONE,
    NEVER_BY_KEY,
    PERMISSIONS,
    Grant,
    Identity,
    Permission,
    Role,
    clash,
    scopes_offered,
)

P = Permission
grants = st.lists(st.builds(Grant, st.sampled_from(Role), st.none() | st.sampled_from(["cars", "mairie"])), max_size=5)
scope_sets = st.none() | st.frozensets(st.sampled_from(Permission))


def test_every_role_has_its_line_of_permissions() -> None:
    assert set(PERMISSIONS) == set(Role)


def test_every_permission_is_given_by_some_role_or_to_everybody() -> None:
    given_by_roles = frozenset().union(*PERMISSIONS.values())
    assert given_by_roles | EVERYONE == frozenset(Permission)


@pytest.mark.parametrize(
    ("held", "permission", "where"),
    [
        ((), P.ACCOUNT_OWN, None),
        ((), P.FEEDS_READ, frozenset()),
        ((Grant(Role.TRAVELLER),), P.FEEDS_READ, frozenset()),
        ((Grant(Role.OPERATOR, "cars"),), P.FEEDS_READ, frozenset({"cars"})),
        ((Grant(Role.OPERATOR, "cars"), Grant(Role.AO2, "mairie")), P.FEEDS_READ, frozenset({"cars", "mairie"})),
        ((Grant(Role.OPERATOR, "cars"), Grant(Role.PUBLISHER)), P.FEEDS_READ, None),
        ((Grant(Role.OPERATOR, "cars"), Grant(Role.ADMINISTRATOR)), P.JOBS_READ, None),
        ((Grant(Role.ADMINISTRATOR, "cars"),), P.JOBS_READ, frozenset({"cars"})),
    ],
)
def test_a_permission_holds_everywhere_or_inside_the_organisations_that_give_it(
    held: tuple[Grant, ...], permission: Permission, where: frozenset[str] | None
) -> None:
    assert Identity("S", held).organisations(permission) == where


@pytest.mark.parametrize(
    ("organisation", "allowed"),
    [("cars", True), ("mairie", False), (None, False)],
)
def test_a_grant_inside_an_organisation_stops_at_its_walls(organisation: str | None, allowed: bool) -> None:
    identity = Identity("S", (Grant(Role.OPERATOR, "cars"),))
    assert identity.may_in(P.FEEDS_WRITE, organisation) is allowed


@pytest.mark.parametrize(
    ("scopes", "key_organisation", "permission", "where"),
    [
        ({P.FEEDS_READ}, None, P.FEEDS_READ, None),
        ({P.FEEDS_READ}, None, P.FEEDS_WRITE, frozenset()),  # held, not in the scopes
        ({P.FEEDS_READ}, "cars", P.FEEDS_READ, frozenset({"cars"})),  # narrowed by the key
        (set(), None, P.ACCOUNT_OWN, frozenset()),  # what everybody signed in may do, no key may
        (set(Permission), None, P.GRANTS_WRITE, frozenset()),  # whatever its scopes say
    ],
)
def test_a_key_gives_its_scopes_and_no_more(
    scopes: set[Permission], key_organisation: str | None, permission: Permission, where: frozenset[str] | None
) -> None:
    key = Identity("S", (Grant(Role.ADMINISTRATOR),), scopes=frozenset(scopes), key_organisation=key_organisation)
    assert key.organisations(permission) == where


def test_a_key_limited_to_an_organisation_of_somebody_else_gives_nothing() -> None:
    key = Identity("S", (Grant(Role.OPERATOR, "cars"),), scopes=frozenset({P.FEEDS_READ}), key_organisation="mairie")
    assert not key.may(P.FEEDS_READ)


@given(held=grants, scopes=scope_sets, organisation=st.none() | st.sampled_from(["cars", "mairie"]))
def test_a_key_never_gives_more_than_its_person_holds(
    held: list[Grant], scopes: frozenset[Permission] | None, organisation: str | None
) -> None:
    person = Identity("S", tuple(held))
    key = Identity("S", tuple(held), scopes=scopes or frozenset(), key_organisation=organisation)
    assert key.permissions() <= person.permissions() - NEVER_BY_KEY
    for permission in Permission:
        where, mine = key.organisations(permission), person.organisations(permission)
        assert mine is None or (where is not None and where <= mine)


@given(held=grants)
def test_scopes_offered_are_held_and_may_be_carried(held: list[Grant]) -> None:
    person = Identity("S", tuple(held))
    assert frozenset(scopes_offered(person)) == person.permissions() - NEVER_BY_KEY


@given(held=grants, more=grants)
def test_one_grant_more_never_takes_anything_away(held: list[Grant], more: list[Grant]) -> None:
    before, after = Identity("S", tuple(held)), Identity("S", tuple(held + more))
    for permission in before.permissions():
        was, now = before.organisations(permission), after.organisations(permission)
        assert now is None or (was is not None and was <= now)


@pytest.mark.parametrize(("first", "second"), list(combinations(Role, 2)))
def test_ordonnateur_and_comptable_public_are_the_pair_that_one_person_may_not_hold(first: Role, second: Role) -> None:
    # décret n° 2012-1246 du 7 novembre 2012, article 9
    pair = frozenset({first, second})
    separated = pair == {Role.ORDONNATEUR, Role.COMPTABLE_PUBLIC}
    assert clash([first, second]) == (pair if separated else None)


def test_the_administrator_does_not_handle_public_money() -> None:
    assert clash([Role.ADMINISTRATOR, Role.ORDONNATEUR]) is None
    assert not PERMISSIONS[Role.ADMINISTRATOR] >= frozenset(Permission)
