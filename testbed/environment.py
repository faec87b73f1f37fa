"""The variables that tell the tests what there is, in a file that they read."""

from collections.abc import Mapping
from pathlib import Path

from testbed.places import cache

RUN_DOCKER_TESTS = "BOSUN_TEST_DOCKER"
RUN_K8S_TESTS = "BOSUN_TEST_K8S"


def file_of(half: str) -> Path:
    """Return the file with the variables of a half, `docker` or `k8s`; it is there while that half is up."""
    return cache() / f"{half}.env"


def write(file: Path, variables: Mapping[str, str | None]) -> None:
    """Write `variables`, but for those that are None, as lines that a shell reads too."""
    file.write_text(as_text(variables), encoding="utf-8")


def as_text(variables: Mapping[str, str | None]) -> str:
    """Return `variables`, but for those that are None, as lines NAME='value'."""
    return "".join(f"{name}={value}\n" for name, value in variables.items() if value is not None)
