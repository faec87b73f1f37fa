"""Where the engine is, found as the Docker CLI finds it: DOCKER_HOST, DOCKER_CONTEXT, the chosen context, TLS."""

from __future__ import annotations

import base64
import hashlib
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit, urlunsplit

from bosun_core.credentials import header_credential
from bosun_core.errors import EnvironmentFailure
from bosun_core.redaction import SECRETS

DEFAULT = "unix:///var/run/docker.sock"
_PORT, _TLS_PORT = 2375, 2376
_OLDEST_API = (1, 40)  # Docker 19.03
_SCHEMES = ("unix", "tcp", "http", "https", "ssh")
_OBJECTS = ("auths", "credHelpers", "proxies", "HttpHeaders")
"""What must be a mapping in Docker's configuration, which the SDK reads too."""
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


def is_new_enough(api_version: str) -> bool:
    """Tell whether an engine with this version of the API has all that is asked of it."""
    return tuple(int(part) for part in api_version.split(".")) >= _OLDEST_API


def find(environ: Mapping[str, str] = os.environ) -> EngineHost:
    """Return the engine that the environment leads to.

    Raises:
        ConfigurationError: a header in Docker's configuration cannot be sent.
        EnvironmentFailure: what leads to it cannot be read, or names no engine.
    """
    folder = Path(environ.get("DOCKER_CONFIG") or Path(environ.get("HOME", "/")) / ".docker")
    configuration = _configuration(folder / "config.json")
    if environ.get("DOCKER_HOST"):
        tls = _tls_of_environment(environ, folder)
        return EngineHost(_address(environ["DOCKER_HOST"], "DOCKER_HOST", tls), tls)
    context = environ.get("DOCKER_CONTEXT") or configuration.get("currentContext")
    if context in (None, "", "default"):
        return EngineHost(DEFAULT)
    return _of_context(folder / "contexts", str(context))


def _configuration(file: Path) -> dict[str, Any]:
    """Return Docker's configuration, empty where there is none that this user may read.

    Raises:
        ConfigurationError: a header in it cannot be sent.
        EnvironmentFailure: it is broken. A context or credentials may be chosen in it: without them we would do harm.
    """
    try:
        found = json.loads(file.read_bytes())
    except (FileNotFoundError, NotADirectoryError, PermissionError):
        return {}
    except OSError as error:
        raise EnvironmentFailure(f"Docker's configuration {file} cannot be read: {error.strerror}; mend it") from None
    except ValueError as error:
        raise EnvironmentFailure(f"Docker's configuration {file} is no JSON ({error}); mend it") from None
    if not isinstance(found, dict):
        raise EnvironmentFailure(f"Docker's configuration {file} is no JSON object; mend it")
    for name in _OBJECTS:
        if not isinstance(found.get(name, {}), dict):
            raise EnvironmentFailure(f"Docker's configuration {file}: {name} is no JSON object; mend it")
    for name, value in found.get("HttpHeaders", {}).items():
        if str(value).strip():
            sent = header_credential(str(value), f"HttpHeaders.{name} in Docker's configuration {file}")
            SECRETS.learn_values(sent.partition(" ")[2])
    for registry, entry in found.get("auths", {}).items():
        _check_login(entry if isinstance(entry, dict) else {}, f"Docker's configuration {file}: auths of {registry}")
    return found


def _check_login(entry: Mapping[str, Any], place: str) -> None:
    """Check the credentials for a registry, which are masked from now on.

    Raises:
        EnvironmentFailure: they are not in the form that Docker writes.
    """
    SECRETS.learn_values(*(str(entry.get(key) or "") for key in ("auth", "password", "identitytoken", "registrytoken")))
    if "auth" not in entry or "identitytoken" in entry:  # the SDK looks at no other
        return
    try:
        _, colon, password = base64.b64decode(str(entry["auth"]).encode("ascii")).decode().partition(":")
    except ValueError:
        colon = password = ""
    if not colon:
        raise EnvironmentFailure(f"{place} is not the Base64 of user:password; run `docker login` again")
    SECRETS.learn_values(password)


def _address(given: str, name: str, tls: TlsFiles | None) -> str:
    """Return an engine's address, with the port that the Docker CLI would take; `name` says where it stands.

    Raises:
        EnvironmentFailure: it is none.
    """
    url = given if "://" in given else f"tcp://{given}"
    SECRETS.learn_url(url)
    shown = url if "@" in given else given  # a password is masked where a URL has it
    problem = EnvironmentFailure(
        f"{name} {shown!r} is no address of an engine; write say {DEFAULT}, tcp://192.0.2.7:2376 or ssh://user@192.0.2.7"
    )
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise problem from None
    if parts.scheme not in _SCHEMES or any(one.isspace() for one in url):
        raise problem
    if not (parts.path if parts.scheme == "unix" else parts.hostname):
        raise problem
    if parts.scheme != "tcp" or port is not None:
        return url
    return urlunsplit(parts._replace(netloc=f"{parts.netloc.rstrip(':')}:{_PORT if tls is None else _TLS_PORT}"))


def _tls_of_environment(environ: Mapping[str, str], folder: Path) -> TlsFiles | None:
    verify = bool(environ.get("DOCKER_TLS_VERIFY"))
    if not verify and not environ.get("DOCKER_TLS"):
        return None
    if environ["DOCKER_HOST"].startswith(("unix://", "npipe://", "ssh://")):
        return None
    certificates = Path(environ.get("DOCKER_CERT_PATH") or folder)
    tls = _tls_files(certificates, verify=verify)
    if verify and tls.ca is None:
        raise EnvironmentFailure(
            f"DOCKER_TLS_VERIFY is set, and {certificates} has no ca.pem; let DOCKER_CERT_PATH name the folder with "
            "the engine's ca.pem, cert.pem and key.pem"
        )
    return tls


def _tls_files(folder: Path, *, verify: bool) -> TlsFiles:
    """Return the files for TLS in a folder.

    Raises:
        EnvironmentFailure: a certificate is there without its key, or a key without its certificate.
    """
    found = [str(folder / name) if (folder / name).exists() else None for name in ("ca.pem", "cert.pem", "key.pem")]
    if (found[1] is None) != (found[2] is None):
        raise EnvironmentFailure(f"{folder} has one of cert.pem and key.pem; put both there, or neither")
    return TlsFiles(found[0], found[1], found[2], verify)


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
    return EngineHost(_address(host, f"the Docker context {name} leads to", tls), tls)
