"""Search for inputs that a reader neither reads nor refuses, led by what each one makes the code do (atheris).

    python -m tests.fuzz --list
    python -m tests.fuzz "gtfs archive" --seconds 60
    make fuzz                       every reader in turn

A reader runs in a process of its own, for a library in C++ that falls takes the process with it. What is found is
written down beside the others in a folder of its own, and the exit status says so; it becomes a test.
"""

import argparse
import subprocess
import sys
import tempfile
from contextlib import nullcontext
from pathlib import Path

from tests.fuzz.readers import READERS, Reader

MEMORY_MB = 2_000
SLOW_S = 20  # an input that takes longer is a fault too


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz")
    parser.add_argument("reader", nargs="?")
    parser.add_argument("--seconds", type=int, default=20, help="for each reader")
    parser.add_argument("--found", type=Path, default=None, help="where faults are written")
    parser.add_argument("--list", action="store_true")
    options = parser.parse_args()
    if options.list:
        print("\n".join(reader.name for reader in READERS))
        return 0
    found = options.found or Path(tempfile.mkdtemp(prefix="readers-found-"))
    found.mkdir(parents=True, exist_ok=True)
    if options.reader is not None:
        _search(next(reader for reader in READERS if reader.name == options.reader), options.seconds, found)
    fallen = [reader.name for reader in READERS if not _apart(reader, options.seconds, found)]
    print(f"{len(READERS)} readers, {options.seconds} s each; faults: {', '.join(fallen) or 'none'}")
    if fallen:
        print(f"what was found is in {found}")
    return 1 if fallen else 0


def _apart(reader: Reader, seconds: int, found: Path) -> bool:
    command = [sys.executable, "-m", "tests.fuzz", reader.name, "--seconds", str(seconds), "--found", str(found)]
    ran = subprocess.run(command, capture_output=True, text=True, errors="replace", check=False)
    done = next((line for line in reversed(ran.stderr.splitlines()) if line.startswith("Done ")), "")
    print(f"{'  ' if ran.returncode == 0 else '! '}{reader.name}: {done or 'stopped'}", flush=True)
    if ran.returncode:
        (found / f"{reader.name.replace('/', '-')}.log").write_text(ran.stdout + ran.stderr, encoding="utf-8")
    return ran.returncode == 0


def _search(reader: Reader, seconds: int, found: Path) -> None:
    """Never returns: the library ends the process, with a status that tells."""
    import atheris  # type: ignore[import-untyped]  # it ships no types

    seeds = reader.seeds()
    # Kernels are compiled by numba, which reads their own code: those readers are changed blindly.
    ours = ["mobigo", "covoit", "scolaire", "billettique", "opendata"]
    with nullcontext() if reader.kernels else atheris.instrument_imports(include=ours):
        for seed in seeds:  # what it needs is imported under watch
            _one(reader, seed)
    corpus = Path(tempfile.mkdtemp(prefix="readers-corpus-"))
    for number, seed in enumerate(seeds):
        (corpus / str(number)).write_bytes(seed)
    told = [
        f"-max_total_time={seconds}", f"-rss_limit_mb={MEMORY_MB}", f"-timeout={SLOW_S}", "-print_final_stats=0",
        f"-artifact_prefix={found}/{reader.name.replace('/', '-').replace(' ', '-')}-", f"-max_len={1 << 20}",
        str(corpus),
    ]  # fmt: skip
    atheris.Setup([sys.argv[0], *told], lambda data: _one(reader, data))
    atheris.Fuzz()


def _one(reader: Reader, data: bytes) -> None:
    try:
        reader.read(data)
    except reader.refuses:
        return


if __name__ == "__main__":
    sys.exit(main())
