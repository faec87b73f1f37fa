"""The variables that tell the tests what there is, in a file that they read."""

from collections.abc import Mapping
from pathlib import Path

from testbed.places import cache

RUN_DOCKER_TESTS = "BOSUN_TEST_DOCKER"


def docker_file() -> Path:
    """Return the file with the Docker half's variables; it is there while that half is up."""
    return cache() / "docker.env"


def write(file: Path, variables: Mapping[str, str | None]) -> None:
    """Write `variables`, but for those that are None, as lines that a shell reads too."""
    file.write_text(as_text(variables), encoding="utf-8")


def as_text(variables: Mapping[str, str | None]) -> str:
    """Return `variables`, but for those that are None, as lines NAME='value'."""
    return "".join(f"{name}={value}\n" for name, value in variables.items() if value is not None)
