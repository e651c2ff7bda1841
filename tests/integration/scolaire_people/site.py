"""Who the pages of school transport are looked at by: two parents, a stranger, and one agent of each role."""

import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from pathlib import Path

from flask.testing import FlaskClient
from sqlalchemy import Engine

from mobigo.app import create_app
from mobigo.infra import grants, sessions
from mobigo.infra.config import Config
from mobigo.infra.db import open_engine, transaction
from mobigo.infra.roles import NEEDS_ORGANISATION, Grant, Role
from scolaire.store.schools import AreaRow, get_school
from tests.school_people_world import COLLEGE, LIERNAIS, NOW, account, place

ROLES = (Role.SCHOOL_MANAGER, Role.COUNTER_AGENT, Role.SCHOOL_PLANNER, Role.SCHOOL, Role.AO2, Role.OPERATOR)


def words(page: str) -> str:
    page = re.sub(r"(?s)<(head|footer|header)\b.*?</\1>", " ", page)
    return re.sub(r"[\s\u202f\xa0]+", " ", re.sub(r"<[^>]+>", " ", page))


@dataclass
class SchoolSite:
    """A site, and a browser for each of them."""

    engine: Engine
    config: Config
    clients: dict[str, FlaskClient]
    subjects: dict[str, str]

    def get(self, who: str, path: str, status: int = 200) -> str:
        answer = self.clients[who].get(path, follow_redirects=True)
        assert answer.status_code == status, (path, answer.status_code)
        return words(answer.get_data(as_text=True))

    def post(self, who: str, path: str, status: int = 200, **form: object) -> str:
        answer = self.clients[who].post(path, data=form, follow_redirects=True)
        assert answer.status_code == status, (path, answer.status_code, words(answer.get_data(as_text=True))[:600])
        return words(answer.get_data(as_text=True))


@contextmanager
def site_of(config: Config, sqlite_template: Path) -> Iterator[SchoolSite]:
    """A new site with its people, and what is in `tests.school_people_world`."""
    config = replace(config, environment="demo")
    config.home.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(sqlite_template, config.home / "mobigo.sqlite")
    engine = open_engine(config.database_url)
    app = create_app(config)
    app.config["WTF_CSRF_ENABLED"] = False
    clients, subjects = {}, {}
    with transaction(engine) as session:
        place(session)
        college = grants.create_organisation(session, "Collège François Pompon", NOW).id
        mairie = grants.create_organisation(session, "Mairie de Liernais", NOW).id
        others = grants.create_organisation(session, "Cars d’ailleurs", NOW).id
        get_school(session, COLLEGE).organisation = college
        session.add(AreaRow(organisation=mairie, commune=LIERNAIS, first_day=date(2020, 1, 1)))
        where = {Role.SCHOOL: college, Role.AO2: mairie, Role.OPERATOR: others}
        for name in ("anne", "bruno", "stranger", *map(str, ROLES)):
            subjects[name] = account(session, name.replace("_", "-"))
            if name in set(Role):
                role = Role(name)
                grant = Grant(role, where[role] if role in NEEDS_ORGANISATION else None)
                grants.give(session, subjects[name], grant, NOW, by=None)
            token = sessions.open_session(session, subjects[name], datetime.now(UTC), None, None)
            clients[name] = app.test_client()
            clients[name].set_cookie("mobigo", token)
    clients["nobody"] = app.test_client()
    yield SchoolSite(engine, config, clients, subjects)
    engine.dispose()
