"""One look at what is the signed-in person's."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.orm import Session

from covoit.web.forms import me, viewer, writing
from mobigo.infra.db import reading
from mobigo.infra.web import services


@contextmanager
def looking() -> Iterator[tuple[Session, str]]:
    """A reading of the database, and the person who looks: made at their first visit."""
    person = viewer()
    if person is None:
        with writing() as session:
            person = me(session)
    with reading(services().engine) as session:
        yield session, person
