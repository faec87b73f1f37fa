"""The usual kubeconfig, read without the client: one file, a certificate or a token, and nothing else that is asked.

To import the client takes half of what a look needs before its first request (0.25 of 0.48 s on a slow machine; of the
other half urllib3 is the most), and lifts a replacement over its mark; most of it are ways to log in that few have.
Whatever is not read here the client reads, and says what is wrong with it.
"""

from __future__ import annotations

import base64
import os
import ssl
import tempfile
from pathlib import Path
from typing import Any
from urllib.request import getproxies

import msgspec
import urllib3
import yaml
from bosun_core.credentials import header_credential
from bosun_core.errors import ConfigurationError
from bosun_core.redaction import SECRETS
from bosun_core.yaml_loader import Loader
from urllib3.util.ssl_ import create_urllib3_context

from bosun_k8s.cluster.login import POOL_SIZE, Login


class _Read(msgspec.Struct, rename="kebab", forbid_unknown_fields=True, frozen=True):
    """A part of a kubeconfig of which every key counts."""


class Context(_Read, frozen=True):
    """Which cluster, as whom, and where in it."""

    cluster: str
    user: str
    namespace: str = ""
    extensions: Any = None


class Server(_Read, frozen=True):
    """An API server, and who has signed its certificate; of a file and data the data count, as for kubectl."""

    server: str
    certificate_authority: str = ""
    certificate_authority_data: str = ""
    extensions: Any = None


class User(_Read, frozen=True):
    """A certificate with its key, a token, or both."""

    client_certificate: str = ""
    client_certificate_data: str = ""
    client_key: str = ""
    client_key_data: str = ""
    token: str = ""

    @property
    def has_certificate(self) -> bool:
        """Whether it shows one."""
        return bool(self.client_certificate or self.client_certificate_data)


def login(file: str, context: str) -> Login | None:
    """Return the login of a context of a kubeconfig; None where it takes the client to read it.

    Raises:
        ConfigurationError: its token cannot be sent.
    """
    if os.pathsep in file or set(getproxies()) - {"no"}:
        return None
    path = Path(file).expanduser()
    try:
        found = chosen(yaml.load(path.read_text(encoding="utf-8"), Loader), context)  # noqa: S506  # it is a safe one
        if found is None:
            return None
        where, server, user = found
        trust = _tls(server, user, path.parent)
    except (OSError, ValueError, yaml.YAMLError, ConfigurationError):
        return None
    SECRETS.learn_values(user.client_key_data)
    headers = {}
    if user.token:
        token = header_credential(user.token, f"users[{where.user}].user.token in the kubeconfig {path}")
        headers["authorization"] = f"Bearer {token}"
    pool = urllib3.PoolManager(maxsize=POOL_SIZE, ssl_context=trust)
    return Login(server.server.rstrip("/"), where.namespace or "default", pool, lambda: headers)


def chosen(document: Any, context: str) -> tuple[Context, Server, User] | None:
    """Return what a kubeconfig says of a context; None where it is not the usual. Pure."""
    try:
        where = msgspec.convert(_named(document, "contexts", context)["context"], Context)
        server = msgspec.convert(_named(document, "clusters", where.cluster)["cluster"], Server)
        user = msgspec.convert(_named(document, "users", where.user)["user"], User)
    except (LookupError, TypeError, ValueError, msgspec.ValidationError):
        return None
    has_key = bool(user.client_key or user.client_key_data)
    usual = server.server.startswith("https://") and (user.token or has_key) and user.has_certificate == has_key
    return (where, server, user) if usual else None


def _named(document: Any, plural: str, name: str) -> Any:
    [found] = [one for one in document[plural] if one["name"] == name]
    return found


def _tls(server: Server, user: User, folder: Path) -> ssl.SSLContext:
    """Return whom to trust and what to show.

    Raises:
        OSError, ValueError: a file is not there, or holds no certificate or key.
    """
    made = create_urllib3_context()
    if server.certificate_authority_data:
        made.load_verify_locations(cadata=base64.b64decode(server.certificate_authority_data).decode())
    elif server.certificate_authority:
        made.load_verify_locations(folder / server.certificate_authority)
    else:
        made.load_default_certs()
    if user.has_certificate:
        with tempfile.TemporaryDirectory() as place:  # the ssl module reads them from files alone
            shown = _file(Path(place, "certificate"), user.client_certificate_data, folder / user.client_certificate)
            key = _file(Path(place, "key"), user.client_key_data, folder / user.client_key)
            made.load_cert_chain(shown, key, password="")  # else OpenSSL asks a terminal for that of an encrypted one
    return made


def _file(temporary: Path, data: str, given: Path) -> Path:
    if not data:
        return given
    temporary.write_bytes(base64.b64decode(data))
    return temporary
