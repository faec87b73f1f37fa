"""A connection to the engine: the only module that imports the Docker SDK, and what turns its errors into ours.

Each call raises an audit event `bosun.step` first, so that a test can end the process before any of them.
"""

from __future__ import annotations

import base64
import json
import socket
import sys
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any, Self
from urllib.parse import quote

import docker  # noqa: TID251  # this is the one module
import docker.auth  # noqa: TID251  # this is the one module
import docker.errors  # noqa: TID251  # this is the one module
import docker.types  # noqa: TID251  # this is the one module
import requests
import requests.exceptions  # what the SDK lets through
from bosun_core.errors import EnvironmentFailure
from bosun_core.redaction import SECRETS

from bosun_docker.engine.errors import lost, refused, unreachable
from bosun_docker.engine.host import EngineHost, is_new_enough

Document = dict[str, Any]
ENGINE_SECONDS = 120.0
_END_SECONDS = 10.0  # for a thread whose call was cut


class _Client(docker.APIClient):  # type: ignore[misc]  # the SDK has no types
    """The SDK's client, for which an authority named for other servers (REQUESTS_CA_BUNDLE) does not count."""

    def merge_environment_settings(self, url: str, proxies: Any, stream: Any, verify: Any, cert: Any) -> Document:
        """Return the settings of one request."""
        own = self.verify if verify is None else verify
        return dict(super().merge_environment_settings(url, proxies, stream, own, cert))

    def prepare_request(self, request: requests.Request) -> requests.PreparedRequest:
        """Return a request as it is sent, the headers that Docker's configuration adds trimmed."""
        headers = request.headers or {}
        request.headers = {key: value.strip() if isinstance(value, str) else value for key, value in headers.items()}
        prepared: requests.PreparedRequest = super().prepare_request(request)
        return prepared


class _Logins(docker.auth.AuthConfig):  # type: ignore[misc]  # the SDK has no types
    """The SDK's credentials for registries; what a credential helper answers is masked from now on."""

    def resolve_authconfig(self, registry: str | None = None) -> Document | None:
        """Return the credentials for one registry."""
        found: Document | None = super().resolve_authconfig(registry)
        _learn(found)
        return found

    def get_all_credentials(self) -> Document:
        """Return the credentials for all registries."""
        found: Document = super().get_all_credentials()
        for login in found.values():
            _learn(login)
        return found


def _learn(login: Document | None) -> None:
    names = ("password", "Password", "IdentityToken")
    SECRETS.learn_values(*(str(value) for name, value in (login or {}).items() if name in names))


class Connection:
    """A connection to an engine.

    Raises:
        EnvironmentFailure: each call, where the engine refuses (`Refused`) or cannot be asked.
    """

    def __init__(self, host: EngineHost, version: str | None = None, seconds: float = ENGINE_SECONDS) -> None:
        self.host = host
        self._seconds = seconds
        self._answer: requests.Response | None = None
        try:
            _reach(host, seconds)
            # What they warn of comes as an error where it matters, or was asked for (DOCKER_TLS without verification).
            warnings.filterwarnings("ignore", module="docker|urllib3")
            self._client = _Client(base_url=host.url, version=version or "auto", timeout=seconds, tls=_tls(host))
            self._client._auth_configs = _Logins(dict(self._client._auth_configs))
        except UnicodeError:  # of requests, which knows Latin-1 alone
            raise EnvironmentFailure(
                "user and password in DOCKER_HOST, or in a proxy variable, contain a character that cannot be sent; "
                "correct them"
            ) from None
        except (docker.errors.DockerException, requests.exceptions.RequestException, OSError) as error:
            raise unreachable(host, error) from error
        if not is_new_enough(self._client.api_version):
            raise EnvironmentFailure(
                f"the engine at {host.url} is too old (its API is {self._client.api_version}); "
                "install Docker 19.03 or later"
            )

    def again(self, seconds: float | None = None) -> Self:
        """Return a connection of its own to the same engine, for another thread; it waits `seconds` for an answer."""
        own = type(self)(self.host, self._client.api_version, self._seconds if seconds is None else seconds)
        own._client.hooks["response"].append(own._note)
        return own

    def _note(self, answer: requests.Response, **_: object) -> None:
        self._answer = answer

    def cut(self, worker: threading.Thread) -> None:
        """End the call that a thread makes on this connection, and wait for the thread.

        One that the engine has not answered yet goes on: only its own limit ends it.
        """
        if self._answer is not None:
            self._shut_down()
            worker.join(_END_SECONDS)

    def _shut_down(self) -> None:
        if self._answer is not None:
            with suppress(Exception):  # it may have ended by itself, in whatever way the SDK finds
                docker.types.CancellableStream(iter(()), self._answer).close()
        self._client.close()  # that ends a call by SSH

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._shut_down()  # first: closing an answer waits for a thread that reads it
        if self._answer is not None:
            with suppress(Exception):  # such a thread may close it this moment, which http.client does not bear
                self._answer.close()

    def _stat(self, container: str, path: str) -> Document:
        """Return what the engine tells of a path in a container; the SDK has no call for it (ContainerArchiveInfo)."""
        url = f"{self._client.base_url}/v{self._client.api_version}/containers/{quote(container)}/archive"
        answer = self._client.head(url, params={"path": path}, timeout=self._client.timeout)
        try:
            answer.raise_for_status()
        except requests.exceptions.HTTPError as error:
            docker.errors.create_api_error_from_http_exception(error)
        return dict(json.loads(base64.b64decode(answer.headers["X-Docker-Container-Path-Stat"])))

    @contextmanager
    def _step(self, doing: str) -> Iterator[None]:
        sys.audit("bosun.step", doing)
        try:
            yield
        except docker.errors.APIError as error:
            raise refused(doing, error.status_code or 0, str(error.explanation or error)) from error
        except (docker.errors.DockerException, requests.exceptions.RequestException, OSError) as error:
            raise lost(doing, error) from error


def is_no_answer(error: EnvironmentFailure) -> bool:
    """Tell whether an error of a call is that no answer came in time."""
    return isinstance(error.__cause__, requests.exceptions.ReadTimeout | requests.exceptions.ConnectionError)


def _reach(host: EngineHost, seconds: float) -> None:
    """Connect to a Unix socket once: a missing one, or one that we may not use, is told by its own error.

    Raises:
        OSError: it cannot be connected to.
    """
    if host.url.startswith("unix://"):
        with socket.socket(socket.AF_UNIX) as probe:
            probe.settimeout(seconds)
            probe.connect(host.url.removeprefix("unix://"))


def _tls(host: EngineHost) -> docker.tls.TLSConfig | bool:
    if host.tls is None:
        return False
    client = (host.tls.certificate, host.tls.key) if host.tls.certificate and host.tls.key else None
    return docker.tls.TLSConfig(client_cert=client, ca_cert=host.tls.ca, verify=host.tls.verify)
