"""The API server: the only module that talks to the Kubernetes client, for its configuration, credentials, transport.

Documents go out and come in as plain dicts; errors are turned into ours. Each request raises an audit event
`bosun.step` first, so that a test can end the process before any of them.
"""

from __future__ import annotations

import functools
import json
import os
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self, TypedDict, TypeVar, Unpack
from urllib.parse import urlencode

import msgspec
import urllib3
from bosun_core.errors import ConfigurationError, EnvironmentFailure, one_line
from bosun_core.redaction import SECRETS
from bosun_core.reporting import progress
from kubernetes import config as kube_config  # noqa: TID251  # this is the one module
from kubernetes.client import Configuration  # noqa: TID251  # this is the one module
from kubernetes.client.rest import RESTClientObject  # noqa: TID251  # this is the one module

from bosun_k8s.cluster.errors import (
    TOO_MANY,
    UNAUTHORIZED,
    UNAVAILABLE,
    Refused,
    no_configuration,
    refused,
    unreachable,
)
from bosun_k8s.cluster.limits import within
from bosun_k8s.settings import IN_CLUSTER, KubernetesSettings

Document = dict[str, Any]
Answer = urllib3.BaseHTTPResponse
ReadT = TypeVar("ReadT")

APPLY = "application/apply-patch+yaml"
MERGE = "application/merge-patch+json"
_JSON = "application/json"
_WEBHOOK_SECONDS = 30.0  # the API server itself may wait so long for an admission webhook
_CONNECT_SECONDS = 10.0
_SHORT_SECONDS = 3.0  # for one that has not answered just now
_FIRST_PAUSE, _LONGEST_PAUSE = 0.1, 2.0
_POD_NAMESPACE = Path("/var/run/secrets/kubernetes.io/serviceaccount/namespace")
_CLIENT_ERROR = 400
_DOCUMENT = msgspec.json.Decoder(Document)


class Sent(TypedDict, total=False):
    """What goes along with a request, and how long its answer may take."""

    query: Mapping[str, str]
    body: Document
    content_type: str
    accept: str
    answer_seconds: float


class Cluster:
    """A connection to the API server that the settings name; `namespace` is that of the deployments.

    Raises:
        ConfigurationError: there is no such configuration.
        EnvironmentFailure: each request, where the API server refuses (`Refused`) or cannot be asked.
    """

    def __init__(self, settings: KubernetesSettings) -> None:
        self._settings = settings
        self._configuration, namespace = _configuration(settings)
        self.namespace = settings.kube_namespace or namespace
        self.host = str(self._configuration.host)
        self._client = RESTClientObject(self._configuration)
        self._answers: bool | None = None  # not known before it was asked

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()

    def request(self, doing: str, method: str, path: str, **more: Unpack[Sent]) -> bytes:
        """Return what the API server answers; `doing` says in an error what was asked, verb and resource."""
        with self.opened(doing, method, path, **more) as answer:
            return bytes(answer.data)

    def ask(self, doing: str, method: str, path: str, **more: Unpack[Sent]) -> Document:
        """Return the document that the API server answers with."""
        return self.read(self.request(doing, method, path, **more), _DOCUMENT)

    def read(self, answer: bytes, decoder: msgspec.json.Decoder[ReadT]) -> ReadT:
        """Return what an answer holds.

        Raises:
            EnvironmentFailure: it is none of an API server.
        """
        try:
            return decoder.decode(answer)
        except msgspec.DecodeError as error:
            raise EnvironmentFailure(
                f"{self.host} answers with no document of Kubernetes; correct the kubeconfig's server, or what stands "
                "before it"
            ) from error

    @contextmanager
    def opened(self, doing: str, method: str, path: str, **more: Unpack[Sent]) -> Iterator[Answer]:
        """Yield an answer that is not read yet. While the API server is too busy or starts anew, it is asked again."""
        sys.audit("bosun.step", doing)
        query, body = more.get("query"), more.get("body")
        url = self.host + path + (f"?{urlencode(query)}" if query else "")
        sent = None if body is None else json.dumps(body).encode()
        headers = {"Accept": more.get("accept", _JSON), "User-Agent": "bosun-k8s"}
        if sent is not None:
            headers["Content-Type"] = more.get("content_type", _JSON)
        answer = self._answered(doing, method, url, sent, headers, more.get("answer_seconds", self._answer_seconds))
        try:
            yield answer
        except urllib3.exceptions.HTTPError as error:
            raise unreachable(self.host, error) from error
        finally:
            answer.close()  # one that was read whole has given its connection back before

    @property
    def _answer_seconds(self) -> float:
        """How long the API server may take to answer."""
        return self._settings.api_limit + _WEBHOOK_SECONDS

    def _answered(
        self, doing: str, method: str, url: str, body: bytes | None, headers: dict[str, str], seconds: float
    ) -> Answer:
        deadline = time.monotonic() + self._settings.api_limit
        pause, renewed = _FIRST_PAUSE, False
        while True:
            try:
                answer: Answer = self._client.pool_manager.request(
                    method,
                    url,
                    body=body,
                    headers=headers | self._credentials(),
                    timeout=self._timeout(seconds),
                    retries=False,
                    preload_content=False,
                )
                failure = _refused(doing, answer.status, answer.data) if answer.status >= _CLIENT_ERROR else None
            except (urllib3.exceptions.HTTPError, OSError) as error:
                if not self._answers or time.monotonic() + pause > deadline:
                    self._answers = False  # what is asked on the way out does not wait so long once more
                    raise unreachable(self.host, error) from error
            else:
                self._answers = True
                if failure is None:
                    return answer
                wait = answer.headers.get("Retry-After", "")
                if answer.status == UNAUTHORIZED and not renewed:
                    renewed = True
                    self._configuration, _ = _configuration(self._settings)
                    continue
                if answer.status not in (TOO_MANY, UNAVAILABLE):
                    raise failure
                pause = max(pause, float(wait) if wait.isdigit() else 0.0)
                if time.monotonic() + pause > deadline:
                    raise failure
            progress("waiting for the API server", 0)
            time.sleep(pause)
            pause = min(2 * pause, _LONGEST_PAUSE)

    def _timeout(self, seconds: float) -> urllib3.Timeout:
        if self._answers is False:
            return urllib3.Timeout(_SHORT_SECONDS)
        return urllib3.Timeout(connect=_CONNECT_SECONDS, read=seconds)

    def _credentials(self) -> dict[str, str]:
        """Return the headers that say who asks; the client renews what expires."""
        found = {one["key"]: str(one["value"]) for one in self._configuration.auth_settings().values() if one["value"]}
        for value in found.values():
            SECRETS.learn({"token": value.partition(" ")[2]})
        return found

    def attached(self, path: str, query: list[tuple[str, str]]) -> Any:
        """Return an open connection (a WSClient) to the streams of a container."""
        from kubernetes.stream.ws_client import WSClient, get_websocket_url  # noqa: TID251  # this is the one module

        doing = f"attach to {path.rpartition('/pods/')[2].partition('/')[0]}"
        sys.audit("bosun.step", doing)
        url = get_websocket_url(self.host + path, query)
        try:
            stream = within(
                self._answer_seconds,
                lambda: WSClient(self._configuration, url, self._credentials(), capture_all=False, binary=True),
            )
        except TimeoutError as error:
            raise unreachable(self.host, error) from error
        except Exception as error:  # the client raises what its connection does, of several libraries
            code = getattr(error, "status_code", None)
            if code is None:
                raise EnvironmentFailure(f"cannot {doing}: {one_line(error)}; see that the cluster runs") from error
            raise _refused(doing, code, getattr(error, "resp_body", None) or b"") from error
        stream.sock.settimeout(self._answer_seconds)
        return stream


def _refused(doing: str, code: int, content: bytes) -> Refused:
    try:
        found = msgspec.json.decode(content)
    except msgspec.DecodeError:
        found = content.decode(errors="replace")[:500]
    return refused(doing, code, found if isinstance(found, dict) else str(found))


def _configuration(settings: KubernetesSettings) -> tuple[Configuration, str]:
    """Return the client's configuration, and the namespace that goes with it."""
    made = Configuration()
    made.connection_pool_maxsize = 8  # a rollout has some watches open beside what it asks
    context = settings.kube_config_context
    file = os.environ.get("KUBECONFIG") or "~/.kube/config"
    try:
        if context == IN_CLUSTER:
            kube_config.load_incluster_config(client_configuration=made)
            return made, _POD_NAMESPACE.read_text().strip() if _POD_NAMESPACE.exists() else "default"
        read = functools.partial(kube_config.load_kube_config, file, context, made, persist_config=False)
        within(settings.api_limit + _WEBHOOK_SECONDS, read)  # a program that it names may wait for a network
        contexts, _ = kube_config.list_kube_config_contexts(config_file=file)
    except Exception as error:  # the client raises whatever its files, and programs named in them, lead to
        raise ConfigurationError(no_configuration(context, file, error)) from error
    chosen: Document = next((one["context"] for one in contexts if one["name"] == context), {})
    return made, chosen.get("namespace") or "default"
