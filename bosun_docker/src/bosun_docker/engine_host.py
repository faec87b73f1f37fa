"""Where the engine is, found as the Docker CLI finds it: DOCKER_HOST, DOCKER_CONTEXT, the chosen context, TLS."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

from bosun_core.errors import EnvironmentFailure

DEFAULT = "unix:///var/run/docker.sock"
_THIS_MACHINE = {"", "localhost", "127.0.0.1", "::1"}


class TlsFiles(NamedTuple):
    """The files of a connection by TLS; None where there is none."""

    ca: str | None
    certificate: str | None
    key: str | None
    verify: bool


class EngineHost(NamedTuple):
    """The address of an engine."""

    url: str
    tls: TlsFiles | None = None

    @property
    def machine(self) -> str | None:
        """The name of the machine that the engine runs on, or None where it is this one."""
        name = urlsplit(self.url).hostname or "" if self.url.startswith(("tcp://", "ssh://", "http")) else ""
        return None if name in _THIS_MACHINE or name.startswith("127.") else name


def find(environ: Mapping[str, str] = os.environ) -> EngineHost:
    """Return the engine that the environment leads to.

    Raises:
        EnvironmentFailure: the context that is chosen is not there.
    """
    folder = Path(environ.get("DOCKER_CONFIG") or Path(environ.get("HOME", "/")) / ".docker")
    if environ.get("DOCKER_HOST"):
        return EngineHost(environ["DOCKER_HOST"], _tls_of_environment(environ, folder))
    context = environ.get("DOCKER_CONTEXT") or _chosen_context(folder)
    if context in (None, "", "default"):
        return EngineHost(DEFAULT)
    return _of_context(folder / "contexts", str(context))


def _tls_of_environment(environ: Mapping[str, str], folder: Path) -> TlsFiles | None:
    verify = bool(environ.get("DOCKER_TLS_VERIFY"))
    if not verify and not environ.get("DOCKER_TLS"):
        return None
    if environ["DOCKER_HOST"].startswith(("unix://", "npipe://", "ssh://")):
        return None
    return _tls_files(Path(environ.get("DOCKER_CERT_PATH") or folder), verify=verify)


def _tls_files(folder: Path, *, verify: bool) -> TlsFiles:
    found = [str(folder / name) if (folder / name).exists() else None for name in ("ca.pem", "cert.pem", "key.pem")]
    return TlsFiles(found[0], found[1], found[2], verify)


def _chosen_context(folder: Path) -> str | None:
    try:
        chosen = json.loads((folder / "config.json").read_text(encoding="utf-8")).get("currentContext")
    except (OSError, ValueError, AttributeError):
        return None
    return str(chosen) if chosen else None


def _of_context(contexts: Path, name: str) -> EngineHost:
    digest = hashlib.sha256(name.encode()).hexdigest()
    try:
        found = json.loads((contexts / "meta" / digest / "meta.json").read_text(encoding="utf-8"))
        endpoint = found["Endpoints"]["docker"]
        host = str(endpoint["Host"])
    except (OSError, ValueError, KeyError, TypeError):
        raise EnvironmentFailure(
            f"the Docker context {name} is not there; `docker context ls` shows those that are"
        ) from None
    certificates = contexts / "tls" / digest / "docker"
    tls = _tls_files(certificates, verify=not endpoint.get("SkipTLSVerify")) if certificates.is_dir() else None
    return EngineHost(host, tls)
