"""A package index on this machine that has Bosun's distributions and all that they need: `make index` runs it.

What others publish is fetched once, from the index that pip is set up for, and kept in the user's cache folder. The
index asks no other one, and takes whatever is published to it.
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import os
import platform
import re
import shutil
import socketserver
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer

ROOT = Path(__file__).parents[1]
DISTRIBUTIONS = sorted(path.parent.name for path in ROOT.glob("bosun_*/pyproject.toml"))
HOST = "127.0.0.1"
LIMIT = 300.0  # seconds that fetching and building may take
_TOOLS = ("hypothesis", "mypy", "pip", "pytest", "ruff")  # what a plugin's author needs, in the versions that we use


class Index(NamedTuple):
    """A running index: where it is, the folder of what is published to it, and one for its users' caches."""

    url: str
    folder: Path
    caches: Path

    def environment(self) -> dict[str, str]:
        """Return variables with which pip and uv know this index and no other."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("PIP_", "UV_", "PYTHON"))}
        return {
            **kept,
            "NO_PROXY": urlsplit(self.url).hostname or "",
            "PIP_CACHE_DIR": str(self.caches / "pip"),
            "PIP_CONFIG_FILE": os.devnull,
            "PIP_DISABLE_PIP_VERSION_CHECK": "1",
            "PIP_INDEX_URL": f"{self.url}simple/",
            "UV_CACHE_DIR": str(self.caches / "uv"),
            "UV_DEFAULT_INDEX": f"{self.url}simple/",
            "UV_NO_CONFIG": "1",
            "UV_PUBLISH_URL": self.url,
            "UV_PUBLISH_USERNAME": "anybody",
            "UV_PUBLISH_PASSWORD": "anything",  # the index asks for none
        }

    def publish(self, *files: Path) -> None:
        """Publish files with `uv publish`."""
        _run(uv(), "publish", "--quiet", *map(str, files), env=self.environment())


def uv() -> str:
    """Return the command uv: the one that the variable UV names, the one of this checkout, or the one on PATH."""
    found = os.environ.get("UV") or shutil.which(ROOT / ".tools/bin/uv") or shutil.which("uv")
    if found is None:
        raise SystemExit("uv is not here; run make setup, or name it in the variable UV")
    return found


def build(source: Path, target: Path, env: Mapping[str, str] | None = None) -> list[Path]:
    """Build wheel and source distribution of the project in `source`; return the files."""
    with tempfile.TemporaryDirectory(dir=target) as made:
        _run(uv(), "build", "--quiet", "--no-config", "--out-dir", made, str(source), env=env)
        found = sorted(path for path in Path(made).iterdir() if path.name.endswith((".whl", ".tar.gz")))
        return [path.rename(target / path.name) for path in found]


def third_party() -> Path:
    """Return the folder with what others publish; fetched where this machine has none for these requirements."""
    wanted = _requirements()
    about = "\n".join([*wanted, platform.platform(), platform.python_version()])
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "bosun"
    folder = cache / f"index-{hashlib.sha256(about.encode()).hexdigest()[:12]}"
    if not folder.exists():
        cache.mkdir(parents=True, exist_ok=True)
        made = Path(tempfile.mkdtemp(dir=cache))
        _run(sys.executable, "-m", "pip", "download", "-q", "--only-binary", ":all:", "--dest", str(made), *wanted)
        with contextlib.suppress(OSError):  # somebody else was faster
            made.rename(folder)
        shutil.rmtree(made, ignore_errors=True)
    return folder


def _requirements() -> list[str]:
    """Return what our distributions need to be built, used and tested, and to be published."""
    wanted = {_version_of_uv(), "editables"}  # which hatchling asks for where an installation is editable
    for name in DISTRIBUTIONS:
        document = tomllib.loads((ROOT / name / "pyproject.toml").read_text())
        project: dict[str, Any] = document["project"]
        wanted |= {*document["build-system"]["requires"], *project.get("dependencies", [])}
        wanted |= {item for extra in project.get("optional-dependencies", {}).values() for item in extra}
    groups = tomllib.loads((ROOT / "pyproject.toml").read_text())["dependency-groups"]
    pinned = (item for name in ("lint", "type", "test") for item in groups[name])
    wanted |= {item for item in pinned if item.partition("==")[0] in _TOOLS}
    return sorted(item for item in wanted if not item.startswith("bosun-"))


def _version_of_uv() -> str:
    told = subprocess.run([uv(), "--version"], capture_output=True, text=True, check=True, timeout=LIMIT).stdout
    return f"uv=={told.split()[1]}"


@contextlib.contextmanager
def running(folder: Path, *more: Path, host: str = HOST) -> Iterator[Index]:
    """Run an index of the files in the folders as a process; what is published to it goes into the first."""
    command = [sys.executable, __file__, "--host", host, "--folders", str(folder), *map(str, more)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            url = re.search(r"http://\S+", process.stdout.readline())
            if url is None:
                raise RuntimeError("the index did not start; see its stderr")
            yield Index(url[0], folder, folder.parent / "caches")
        finally:
            process.terminate()


@contextlib.contextmanager
def of_ours(folder: Path) -> Iterator[Index]:
    """Run an index in `folder` to which our distributions, built just now, have been published."""
    published, made = folder / "published", folder / "made"
    for path in (published, made):
        path.mkdir()
    with running(published, third_party()) as index:
        index.publish(*(file for name in DISTRIBUTIONS for file in build(ROOT / name, made)))
        yield index


class _Server(socketserver.ThreadingMixIn, WSGIServer):
    daemon_threads = True


class _Quiet(WSGIRequestHandler):
    def log_message(self, *_: Any) -> None:
        """Say nothing of each request."""


def serve(folders: list[Path], host: str, port: int) -> None:
    """Serve the files in the folders until the process is ended; the first line says where."""
    import pypiserver

    nobody = "."  # pypiserver's word for no passwords
    app = pypiserver.app(roots=folders, authenticate=[], password_file=nobody, disable_fallback=True)
    with _Server((host, port), _Quiet) as server:
        server.set_app(app)
        print(f"serving at http://{host}:{server.server_port}/", flush=True)
        server.serve_forever()


def _run(*command: str, env: Mapping[str, str] | None = None) -> None:
    subprocess.run(command, check=True, env=env, timeout=LIMIT, stdout=sys.stderr)


def main() -> None:
    """Serve the given folders; without any, build our distributions, fetch what they need, and serve both."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--host", default=HOST, help="the address of this machine to listen at; %(default)s")
    parser.add_argument("--port", type=int, default=0, help="the port; 0 is any that is free")
    parser.add_argument("--folders", type=Path, nargs="+", help="the folders; what is published goes into the first")
    options = parser.parse_args()
    with contextlib.suppress(KeyboardInterrupt), tempfile.TemporaryDirectory() as made:
        folders = options.folders
        if folders is None:
            folders = [Path(made), third_party()]
            for name in DISTRIBUTIONS:
                build(ROOT / name, folders[0])
        serve(folders, options.host, options.port)


if __name__ == "__main__":
    main()
