"""Who opens the pages of `tests/every_page.py`: signs in as the person of a role, and walks through their pages."""

from collections.abc import Iterator

from playwright.sync_api import Page

from mobigo.app.demo.people import PEOPLE
from mobigo.infra import accounts, sessions
from mobigo.infra.clock import now
from mobigo.infra.db import open_engine, transaction
from mobigo.infra.roles import Role
from tests.browser import Visit
from tests.every_page import OPENED, link_for
from tests.live import Site


def enter(visit: Visit, where: Site, role: Role | None, **options: object) -> Page:
    """A page of the person who holds this role in the demonstration; anybody's for None."""
    page = visit("/aide", **options)
    if role is not None:
        engine = open_engine(f"sqlite:///{where.home / 'mobigo.sqlite'}")
        with transaction(engine) as session:
            subject = accounts.find_by_email(session, next(each.email for each in PEOPLE if each.role is role))
            assert subject is not None
            token = sessions.open_session(session, subject, now(), None, None)
        engine.dispose()
        page.context.add_cookies([{"name": "mobigo", "value": token, "url": where.url}])
    return page


def walk(page: Page, where: Site, role: Role | None) -> Iterator[str]:
    """Opens each page of this role in turn, and gives its address once it answered."""
    links: list[str] = []
    for wanted in OPENED[role]:
        address = link_for(wanted, links) if "<" in wanted or "?" in wanted else wanted
        assert address is not None, f"no page of {role or 'anybody'} before it has a link to {wanted}"
        answer = page.goto(where.url + address)
        assert answer is not None
        assert (answer.status, answer.headers["content-type"]) == (200, "text/html; charset=utf-8"), address
        hrefs = page.eval_on_selector_all("a[href]", "all => all.map(each => each.href)")
        links += [href.removeprefix(where.url) for href in hrefs if href.startswith(where.url)]
        yield address
