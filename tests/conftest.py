"""Fixtures every test may use: a configuration in a temporary home, databases, real data, brokers.

A test that needs something says so with its marker and is skipped visibly where that is missing. Under MOBIGO_CI any
skip is an error: there, everything is present (but for nigiri, on another Python than 3.11, and keys of Stripe). What
only a kernel may refuse (a disk mounted, a network, a control group of one's own) is an expected failure where it does.

The tests run in several processes (pytest-xdist), each with its own session fixtures: databases, folders, ports and
queues have random names, so that neither processes nor runs meet on one server. What is long to make and only read is
made once a run, in `run_folder`, under a lock.
"""

import gc
import os
import shutil
import sys
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, settings
from sqlalchemy import Engine, text
from sqlalchemy.engine import make_url

from mobigo.infra import compiled, numba_cache
from mobigo.infra.config import Config, load_config
from mobigo.infra.db import open_engine
from tests import once_a_process
from tests.counts import IN_CI
from tests.demo_home import Demo, shared_demo

# Kernels, words and pages are compiled once for all the homes of the tests, and kept from one session to the next.
compiled.share(Path(__file__).parents[1] / ".compiled_cache")
os.environ.setdefault(numba_cache.VARIABLE, str(Path(__file__).parents[1] / ".numba_cache"))
KERNELS = numba_cache.use(Path())
if "PYTEST_XDIST_WORKER" in os.environ:
    from tests.kernels import compile_in_turn

    compile_in_turn(KERNELS)

# Homes lie in memory where the machine has plenty: no test cuts the power, and waiting for a disk proves nothing. A
# process that is killed finds there what it would find on a disk.
MEMORY = Path("/dev/shm")
if MEMORY.is_dir() and os.access(MEMORY, os.W_OK) and shutil.disk_usage(MEMORY).free > 6_000_000_000:
    os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(MEMORY))

once_a_process.remember_rules()
once_a_process.share_statements()

settings.register_profile("dev", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("ci", settings.get_profile("dev"), derandomize=True, print_blob=True)
settings.load_profile("ci" if IN_CI else "dev")


LONG = frozenset((Path(__file__).parent / "long.txt").read_text("utf-8").split())


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Marks the tests of `tests/long.txt`: those that took three seconds or more beside two others, on two cores."""
    for item in items:
        if item.nodeid.partition("[")[0] in LONG:
            item.add_marker("long")


def pytest_collection_finish(session: pytest.Session) -> None:
    """What is imported and collected stays to the end: the collector need not look at it again after every few hundred
    objects, which took a third of all the time of tests that open an application each."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)


def chromium_path() -> str | None:
    """The browser of the end-to-end tests."""
    named = os.environ.get("MOBIGO_TEST_CHROMIUM")
    return named or shutil.which("chromium") or shutil.which("chromium-browser")


def _folder_in(variable: str) -> bool:
    return variable in os.environ and Path(os.environ[variable]).is_dir()


NEEDS: dict[str, tuple[Callable[[], bool], str]] = {
    "realdata": (lambda: _folder_in("MOBIGO_REALDATA"), "MOBIGO_REALDATA names no folder"),
    "postgres": (lambda: bool(os.environ.get("MOBIGO_TEST_POSTGRES")), "MOBIGO_TEST_POSTGRES is not set"),
    "redis": (lambda: bool(os.environ.get("MOBIGO_TEST_REDIS")), "MOBIGO_TEST_REDIS is not set"),
    "rabbitmq": (lambda: bool(os.environ.get("MOBIGO_TEST_RABBITMQ")), "MOBIGO_TEST_RABBITMQ is not set"),
    "browser": (lambda: chromium_path() is not None, "no Chromium on this machine"),
    "nigiri": (lambda: sys.version_info[:2] == (3, 11), "pynigiri exists for Python 3.11 only"),
    "stripe": (lambda: bool(os.environ.get("MOBIGO_TEST_STRIPE_KEY")), "MOBIGO_TEST_STRIPE_KEY is not set"),
}


# What CI may lack: another Python than 3.11 has no pynigiri; a key of Stripe's test mode is somebody's own.
MAY_BE_MISSING = ("nigiri", "stripe")


def pytest_runtest_setup(item: pytest.Item) -> None:
    for marker, (present, reason) in NEEDS.items():
        if item.get_closest_marker(marker) is not None and not present():
            pytest.skip(f"{marker}: {reason}")


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, "pytest.CallInfo[None]", None]:
    outcome = yield
    report = outcome.get_result()  # type: ignore[attr-defined]  # pluggy's result is untyped in a wrapper
    if not (IN_CI and report.skipped) or hasattr(report, "wasxfail"):
        return
    if any(item.get_closest_marker(name) is not None and not NEEDS[name][0]() for name in MAY_BE_MISSING):
        return
    report.outcome = "failed"
    report.longrepr = f"skipped where it could run: {report.longrepr}"


@pytest.hookimpl(hookwrapper=True)
def pytest_make_collect_report(collector: pytest.Collector) -> Generator[None, None, None]:
    outcome = yield
    report = outcome.get_result()  # type: ignore[attr-defined]  # pluggy's result is untyped in a wrapper
    if IN_CI and report.skipped:
        report.outcome = "failed"
        report.longrepr = f"a whole module skips itself: {report.longrepr}"


@pytest.fixture
def config(tmp_path: Path) -> Config:
    """A configuration in a home of its own, on a SQLite file that does not exist yet."""
    return load_config({"MOBIGO_HOME": str(tmp_path / "home")})


@pytest.fixture(scope="session")
def realdata() -> Path:
    """The folder of real data; its tests carry the marker of the same name."""
    if not NEEDS["realdata"][0]():
        pytest.skip(f"realdata: {NEEDS['realdata'][1]}")
    return Path(os.environ["MOBIGO_REALDATA"]).absolute()


@pytest.fixture(scope="session")
def run_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of this run, the same for all its processes (pytest-xdist); a lock decides who makes what is in it."""
    own = tmp_path_factory.getbasetemp()
    return own.parent if "PYTEST_XDIST_WORKER" in os.environ else own


@pytest.fixture(scope="session")
def demo_template(run_folder: Path) -> Demo:
    """The small demonstration, made once a run; `demo_template.copy(home)` gives a home of one's own in no time."""
    return shared_demo(run_folder)


@pytest.fixture(scope="session")
def redis_url() -> str:
    return os.environ["MOBIGO_TEST_REDIS"]


@pytest.fixture(scope="session")
def rabbitmq_url() -> str:
    return os.environ["MOBIGO_TEST_RABBITMQ"]


@pytest.fixture(scope="session")
def chromium() -> str:
    path = chromium_path()
    assert path is not None
    return path


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite file with every table and no row; tests get copies."""
    from mobigo.app import schema

    path = tmp_path_factory.mktemp("sqlite") / "template.sqlite"
    engine = open_engine(f"sqlite:///{path}")
    schema.create(engine)
    engine.dispose()  # the last connection folds the write-ahead log into the file
    return path


@contextmanager
def postgres_database(template: str | None = None) -> Iterator[str]:
    """The URL of a new database on the test server, dropped at the end: empty, or as the database of that URL (to
    which nobody may be connected meanwhile)."""
    server = make_url(os.environ["MOBIGO_TEST_POSTGRES"])
    name = f"mobigo_test_{uuid4().hex[:12]}"
    like = "" if template is None else f" TEMPLATE {make_url(template).database}"
    admin = open_engine(server.render_as_string(hide_password=False)).execution_options(isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}{like}"))
        connection.execute(text(f"ALTER DATABASE {name} SET synchronous_commit = off"))  # as for files: see MEMORY
    try:
        yield server.set(database=name).render_as_string(hide_password=False)
    finally:
        with admin.connect() as connection:
            connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
        admin.dispose()


@pytest.fixture(scope="session")
def postgres_template() -> Iterator[str]:
    """A PostgreSQL database with every table and no row, to which nobody connects: `postgres_database` copies it."""
    from mobigo.app import schema

    with postgres_database() as url:
        engine = open_engine(url)
        schema.create(engine)
        engine.dispose()
        yield url


@pytest.fixture(scope="session")
def postgres_url(postgres_template: str) -> Iterator[str]:
    """One PostgreSQL database with every table, shared by the session; `engine` empties it between tests."""
    with postgres_database(postgres_template) as url:
        yield url


@pytest.fixture(scope="session")
def postgres_broom(postgres_url: str) -> Iterator[Engine]:
    """Empties that database between tests, over one connection, which knows the tables from the first time on."""
    opened = open_engine(postgres_url)
    yield opened
    opened.dispose()


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    """An engine on an empty database that has every table: the test runs on SQLite and on PostgreSQL."""
    if request.param == "sqlite":
        path = tmp_path / "test.sqlite"
        shutil.copyfile(request.getfixturevalue("sqlite_template"), path)
        opened = open_engine(f"sqlite:///{path}")
        yield opened
        opened.dispose()
        return
    broom = request.getfixturevalue("postgres_broom")
    opened = open_engine(request.getfixturevalue("postgres_url"))
    yield opened
    opened.dispose()
    empty_postgres(broom)


def empty_postgres(engine: Engine) -> None:
    """Delete every row; the triggers that forbid it are off for this one connection (the server's superuser may)."""
    from mobigo.app.tables import metadata

    deletes = "; ".join(f'DELETE FROM "{table.name}"' for table in metadata.sorted_tables)
    with engine.begin() as connection:
        connection.exec_driver_sql("SET LOCAL session_replication_role = replica; SET LOCAL lock_timeout = '10s'")
        connection.exec_driver_sql(deletes)  # one journey to the server, however many tables


@pytest.fixture
def database_config(config: Config, engine: Engine) -> Config:
    """The configuration of a home whose database is the one `engine` is open on (both databases in turn)."""
    return replace(config, database_url=engine.url.render_as_string(hide_password=False))
