"""The menus of the head say where one is: on a page of theirs, or under one."""

import pytest

from mobigo.app.web import section

ADDRESSES = ("/", "/covoiturage", "/covoiturage/agents", "/covoiturage/chiffres", "/scolaire/plans/")


@pytest.mark.parametrize(
    ("path", "here"),
    [
        ("/", "/"),
        ("/departs", None),  # the home page holds nothing
        ("/covoiturage", "/covoiturage"),
        ("/covoiturage/lignes/sens-auxerre", "/covoiturage"),
        ("/covoiturage/agents", "/covoiturage/agents"),
        ("/covoiturage/agents/lots", "/covoiturage/agents"),
        ("/covoiturage/agentsx", "/covoiturage"),  # a whole step of the address, not its beginning
        ("/covoiturages", None),
        ("/scolaire/plans/", "/scolaire/plans/"),
        ("/scolaire/plans/versions/1", "/scolaire/plans/"),
        ("/scolaire/plans", None),
    ],
)
def test_the_link_that_says_most_of_the_address_is_where_one_is(path: str, here: str | None) -> None:
    assert section(path, ADDRESSES) == here


def test_nothing_is_where_one_is_without_links() -> None:
    assert section("/", ()) is None
