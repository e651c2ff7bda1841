"""The secret key and the folder of compiled kernels."""

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from threading import Barrier

import pytest

from mobigo.base.errors import Refused
from mobigo.infra import numba_cache
from mobigo.infra.config import Config
from mobigo.infra.keys import derived, secret_file, secret_key


def test_a_key_is_made_once_and_only_its_owner_reads_it(config: Config) -> None:
    key = secret_key(config)
    assert len(key) >= 32
    assert secret_key(config) == key
    assert secret_file(config.home).stat().st_mode & 0o777 == 0o600
    assert secret_file(config.home).parent.stat().st_mode & 0o777 == 0o700
    assert [path.name for path in secret_file(config.home).parent.iterdir()] == ["secret_key"]


def test_a_given_key_is_the_key_and_nothing_is_written(config: Config) -> None:
    assert secret_key(replace(config, secret_key="given" * 8)) == "given" * 8
    assert not config.home.exists()


def test_ten_processes_starting_at_once_agree(config: Config) -> None:
    start = Barrier(10)

    def read(_number: int) -> str:
        start.wait()
        return secret_key(config)

    with ThreadPoolExecutor(10) as threads:
        assert len(set(threads.map(read, range(10)))) == 1


@pytest.mark.parametrize(("mode", "readable"), [(0o600, False), (0o400, False), (0o640, True), (0o604, True)])
def test_a_key_others_may_read_is_refused(config: Config, mode: int, readable: bool) -> None:
    secret_key(config)
    secret_file(config.home).chmod(mode)
    if readable:
        with pytest.raises(Refused, match=r"config\.secret_readable"):
            secret_key(config)
    else:
        secret_key(config)


@pytest.mark.parametrize("content", ["", "\n", "x" * 31])
def test_a_key_that_was_cut_is_refused(config: Config, content: str) -> None:
    secret_key(config)
    secret_file(config.home).write_text(content)
    with pytest.raises(Refused, match=r"config\.short_secret"):
        secret_key(config)


def test_each_purpose_has_a_key_of_its_own(config: Config) -> None:
    assert derived(config, "session") == derived(config, "session")
    assert derived(config, "session") != derived(config, "link")
    assert len(derived(config, "session")) == 32


# ---------------------------------------------------------------- compiled kernels


def test_the_folder_follows_every_kernel_source(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = tmp_path / "kernel.py"
    source.write_text("a = 1\n")
    monkeypatch.setattr(numba_cache, "kernel_sources", lambda: [source])
    before = numba_cache.fingerprint()
    assert numba_cache.fingerprint() == before
    source.write_text("a = 2\n")
    assert numba_cache.fingerprint() != before


def test_the_kernels_of_the_engines_are_among_the_sources() -> None:
    names = {path.parent.parent.name + "/" + path.name for path in numba_cache.kernel_sources()}
    assert "planner/raptor.py" in names


def _printed(script: str, **environ: str) -> str:
    bare = {name: value for name, value in os.environ.items() if name != "NUMBA_CACHE_DIR"}
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, env={**bare, **environ}
    )
    return done.stdout


def test_the_folder_is_named_for_this_process_and_those_it_starts(tmp_path: Path) -> None:
    script = (
        "import sys, os; from pathlib import Path; from mobigo.infra import numba_cache\n"
        f"folder = numba_cache.use(Path({str(tmp_path)!r}))\n"
        "assert os.environ['NUMBA_CACHE_DIR'] == str(folder) and folder.is_dir() and 'numba' not in sys.modules\n"
        "import numba; assert numba.config.CACHE_DIR == str(folder)\n"
        "assert numba_cache.use(Path('/elsewhere')) == folder\n"
        "print(folder.parents[2])"
    )
    assert _printed(script) == f"{tmp_path}\n"


def test_naming_the_folder_after_numba_was_imported_is_refused(tmp_path: Path) -> None:
    script = (
        "import numba; from pathlib import Path; from mobigo.infra import numba_cache\n"
        f"try:\n    numba_cache.use(Path({str(tmp_path)!r}))\nexcept RuntimeError:\n    print('refused')\n"
    )
    assert _printed(script) == "refused\n"


def test_homes_share_the_folder_that_was_given(tmp_path: Path) -> None:
    script = (
        "from pathlib import Path; from mobigo.infra import numba_cache\n"
        "print(numba_cache.use(Path('/nowhere')).parent)"
    )
    assert _printed(script, NUMBA_CACHE_DIR=str(tmp_path / "shared")) == f"{tmp_path / 'shared'}\n"
