"""Cheap password hashes: what is tested is the branches, not the cost."""

import pytest
from argon2 import PasswordHasher

from mobigo.infra import passwords


@pytest.fixture(autouse=True)
def cheap_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passwords, "hasher", PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
