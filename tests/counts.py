"""How much of a long proof runs: all of it in CI, less where somebody waits for an answer."""

import os

IN_CI = os.environ.get("MOBIGO_CI", "") not in ("", "0")


def count(in_ci: int, otherwise: int) -> int:
    """The count promised for CI under MOBIGO_CI, a smaller one anywhere else."""
    return in_ci if IN_CI else otherwise
