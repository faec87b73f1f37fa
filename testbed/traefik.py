"""Traefik from its Go module."""

from pathlib import Path

from testbed import golang
from testbed.parts import digest

VERSION = "v3.6.12"
PROGRAM = golang.Program(
    module="github.com/traefik/traefik/v3",
    version=VERSION,
    package="cmd/traefik",
    module_hash="h1:6pe4s7aaDTQs+AsF7KP3sM/xnq7zOVvibRQe5tw9eFo=",
    go_mod_hash="h1:CAiMG7xwkYlNbIKsFzvgxSuHCqZ2KI/0DTQVkvS5Nuo=",
    variables=(f"github.com/traefik/traefik/v3/pkg/version.Version={VERSION.removeprefix('v')}",),
)
KEY = digest(repr(PROGRAM))


def binary() -> Path:
    """Return the static traefik binary, built where the cache has none.

    Raises:
        TestbedError: it cannot be built.
    """
    return golang.built(PROGRAM, "traefik", "traefik", "ten")
