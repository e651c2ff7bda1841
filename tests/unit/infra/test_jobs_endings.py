"""How a job ended, from what its function raised: what may be tried again, and what may not."""

import errno

import pytest
from sqlalchemy.exc import OperationalError

from mobigo.base.decisions import Decision
from mobigo.base.errors import InvalidInput, Upstream
from mobigo.infra.jobs import context, registry
from mobigo.infra.jobs.context import Failed


@pytest.mark.parametrize(
    ("raised", "code", "again"),
    [
        (OSError(errno.ENOSPC, "no room"), "jobs.disk_full", True),
        (OSError(errno.EDQUOT, "no room of one's own"), "jobs.disk_full", True),
        (OSError(errno.EIO, "a broken disk"), "jobs.defect", False),
        (OperationalError("INSERT", {}, Exception("database or disk is full")), "jobs.unavailable", True),
        (ConnectionResetError(), "jobs.unavailable", True),
        (Upstream("sample.down"), "sample.down", True),
        (InvalidInput("sample.bad"), "sample.bad", False),
        (ZeroDivisionError(), "jobs.defect", False),
    ],
)
def test_the_end_of_a_job(raised: Exception, code: str, again: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    def function(_context: object) -> Decision:
        raise raised

    class Kind:
        name = "sample.raises"

    Kind.function = staticmethod(function)  # type: ignore[attr-defined]

    class Job:
        name, id, generation, params = "sample.raises", "1", 1, {}

    monkeypatch.setattr(registry, "find_kind", lambda _name: Kind)
    ending = context.execute(None, Job())  # type: ignore[arg-type]
    assert isinstance(ending, Failed)
    assert (ending.error.code, ending.retryable) == (code, again)
