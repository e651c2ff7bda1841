"""A long transaction may keep more pages in memory; afterwards its connection is as it was."""

import pytest
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from mobigo.infra.db import ROOMY_KIB, roomy, transaction


def test_there_is_room_until_the_block_ends_whatever_ends_it(engine: Engine) -> None:
    if engine.dialect.name != "sqlite":
        with transaction(engine) as session, roomy(session):
            assert session.connection().exec_driver_sql("SELECT 1").scalar_one() == 1
        return
    with transaction(engine) as session:
        before = pages(session)
        with roomy(session):
            assert pages(session) == -ROOMY_KIB
        assert pages(session) == before
        with pytest.raises(ZeroDivisionError), roomy(session):
            _ = 1 // 0
        assert pages(session) == before


def pages(session: Session) -> int:
    return int(session.connection().exec_driver_sql("PRAGMA cache_size").scalar_one())
