"""The marks on the views, on every kind of view that Flask and APIFlask know, without a database."""

from collections.abc import Iterator

import pytest
from apiflask import APIBlueprint, APIFlask
from apiflask.views import MethodView as ApiMethodView
from flask import Blueprint, Flask, g
from flask.testing import FlaskClient
from flask.views import MethodView

from mobigo.base.errors import MobigoError
from mobigo.infra import auth, http_errors
from mobigo.infra.auth import Access, Permission, access_of, mark, public, requires
from mobigo.infra.config import Config
from mobigo.infra.db import open_engine
from mobigo.infra.roles import Grant, Identity, Role

P = Permission


def say() -> str:
    return "inside"


class Both(MethodView):
    @public
    def get(self) -> str:
        return "inside"

    @requires(P.FEEDS_WRITE)
    def post(self) -> str:
        return "inside"


@requires(P.JOBS_READ)
class Whole(MethodView):
    def get(self) -> str:
        return "inside"


class OfTheApi(ApiMethodView):
    @requires(P.FEEDS_READ)
    def get(self) -> dict[str, str]:
        return {"said": "inside"}


@pytest.fixture
def app(config: Config) -> Iterator[Flask]:
    app = APIFlask("marks", spec_path=None, docs_path=None, json_errors=False)
    app.config["SECRET_KEY"] = "a key for the tests of the marks"
    engine = open_engine(config.database_url)
    auth.install(app, config, engine)

    def told(error: MobigoError) -> tuple[str, int]:
        return error.decision.code, http_errors.status_of(error)

    app.register_error_handler(MobigoError, told)
    app.add_url_rule("/connexion", "account.login", public(lambda: "sign in"))
    app.add_url_rule("/public", "public", public(lambda: say()))
    app.add_url_rule("/unmarked", "unmarked", lambda: say())
    app.add_url_rule("/feeds", "feeds", requires(P.FEEDS_READ)(lambda: say()))
    app.add_url_rule("/two", "two", requires(P.FEEDS_READ, P.JOBS_READ)(lambda: say()))
    app.add_url_rule("/everywhere", "everywhere", requires(P.FEEDS_READ, everywhere=True)(lambda: say()))
    app.add_url_rule("/both", view_func=Both.as_view("both"))
    app.add_url_rule("/whole", view_func=Whole.as_view("whole"))
    app.add_url_rule("/of-the-api", view_func=OfTheApi.as_view("of_the_api"))
    marked, api = Blueprint("marked", __name__), APIBlueprint("api", __name__, url_prefix="/api/v1")
    marked.add_url_rule("/marked", "view", lambda: say())
    marked.add_url_rule("/marked/own", "own", public(lambda: say()))
    mark(marked, P.AUDIT_READ)

    @api.get("/feeds")
    @api.output({}, status_code=200)
    @requires(P.FEEDS_READ)
    def feeds() -> dict[str, str]:
        return {}

    app.register_blueprint(marked)
    app.register_blueprint(api)
    yield app
    engine.dispose()


def ask(app: Flask, path: str, identity: Identity | None, method: str = "GET", accept: str = "text/html") -> str:
    """`200` or `404 code`: who asks is put where the session would put them."""
    app.config["WTF_CSRF_ENABLED"] = False
    client: FlaskClient = app.test_client()
    with app.app_context():
        g.mobigo_identity = identity
        answer = client.open(path, method=method, headers={"Accept": accept})
    where = answer.headers.get("Location", "")
    return f"{answer.status_code} {where or (answer.text if answer.status_code >= 400 else '')}".strip()


OPERATOR = Identity("S", (Grant(Role.OPERATOR, "cars"),))
ADMINISTRATOR = Identity("S", (Grant(Role.ADMINISTRATOR),))


@pytest.mark.parametrize(
    ("path", "method", "identity", "answer"),
    [
        ("/public", "GET", None, "200"),
        ("/public", "GET", OPERATOR, "200"),
        ("/unmarked", "GET", None, "403 auth.unmarked_view"),
        ("/unmarked", "GET", ADMINISTRATOR, "403 auth.unmarked_view"),
        ("/feeds", "GET", None, "303 /connexion?next=/feeds"),
        ("/feeds?q=1", "GET", None, "303 /connexion?next=/feeds?q%3D1"),
        ("/feeds", "GET", OPERATOR, "200"),
        ("/feeds", "HEAD", None, "303 /connexion"),
        ("/two", "GET", OPERATOR, "403 auth.not_permitted"),
        ("/two", "GET", ADMINISTRATOR, "200"),
        ("/everywhere", "GET", OPERATOR, "403 auth.not_permitted"),
        ("/everywhere", "GET", ADMINISTRATOR, "200"),
        ("/both", "GET", None, "200"),
        ("/both", "POST", None, "303 /connexion"),
        ("/both", "POST", OPERATOR, "200"),
        ("/both", "POST", Identity("S"), "403 auth.not_permitted"),
        ("/whole", "GET", OPERATOR, "403 auth.not_permitted"),
        ("/whole", "GET", ADMINISTRATOR, "200"),
        ("/of-the-api", "GET", OPERATOR, "200"),
        ("/of-the-api", "GET", Identity("S"), "403 auth.not_permitted"),
        ("/marked", "GET", OPERATOR, "403 auth.not_permitted"),
        ("/marked", "GET", ADMINISTRATOR, "200"),
        ("/marked/own", "GET", None, "200"),
        ("/api/v1/feeds", "GET", None, "401 auth.sign_in_needed"),
        ("/nowhere", "GET", None, "404"),
    ],
)
def test_a_door_opens_to_those_its_mark_names(
    app: Flask, path: str, method: str, identity: Identity | None, answer: str
) -> None:
    assert ask(app, path, identity, method).startswith(answer)


def test_a_program_is_told_401_where_a_person_is_shown_the_sign_in_page(app: Flask) -> None:
    assert ask(app, "/feeds", None, accept="*/*") == "401 auth.sign_in_needed"


def test_asking_what_methods_exist_needs_no_identity(app: Flask) -> None:
    assert ask(app, "/feeds", None, "OPTIONS") == "200"


def test_a_route_without_a_mark_is_listed_as_such(app: Flask) -> None:
    unmarked = [rule for rule, _, _, access in auth.routes(app) if access is None]
    assert unmarked == ["/unmarked"]


def test_the_mark_of_the_method_wins_over_the_mark_of_the_blueprint(app: Flask) -> None:
    assert access_of(app, "marked.own", "GET") == Access(public=True)
    assert access_of(app, "both", "POST") == Access(public=False, permissions=(P.FEEDS_WRITE,))


def test_a_mark_that_names_nothing_is_a_mistake_in_the_code() -> None:
    with pytest.raises(ValueError, match="@public"):
        requires()
